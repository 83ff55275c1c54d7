//! How large the pages are in which the system hands out memory.

/// Keeps them small for this process. Rows stream through buffers that are soon free again; in huge pages of 2 MiB
/// a few bytes keep each alive, which took a quarter more memory and saved no time. Where the system does not heed it,
/// nothing else changes.
pub(super) fn keep_small() {
    #[cfg(target_os = "linux")]
    let _heeded = rustix::thread::disable_transparent_huge_pages(true);
}
