//! The `backstory` binary: parse, run, exit code.

/// Events are many small pieces, made by one thread and dropped by another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    backstory::cli::run(std::env::args_os())
}
