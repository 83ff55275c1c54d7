//! Where a uuid stands.

/// Bytes of a uuid with its dashes.
pub(super) const BYTES: usize = 36;

/// Whether a uuid begins at `at` and nothing that could belong to it follows.
pub(super) fn begins(bytes: &[u8], at: usize) -> bool {
    let Some(found) = bytes.get(at..at + BYTES) else { return false };
    let shaped = found.iter().enumerate().all(|(n, b)| match n {
        8 | 13 | 18 | 23 => *b == b'-',
        _ => b.is_ascii_hexdigit(),
    });
    shaped && !bytes.get(at + BYTES).is_some_and(|b| b.is_ascii_alphanumeric())
}

/// Whether a text is one uuid.
pub(super) fn is(text: &str) -> bool {
    text.len() == BYTES && begins(text.as_bytes(), 0)
}
