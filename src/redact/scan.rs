//! Small steps over bytes. All of them stop at ASCII only, so no character is ever split.

/// Spaces that may stand between a key and its value.
const SPACES_MAX: usize = 16;

/// How many bytes from `at` on satisfy the condition.
pub(super) fn run(bytes: &[u8], at: usize, want: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|b| !want(*b)).unwrap_or(rest.len())
}

/// Where the spaces at `at` end.
pub(super) fn after_spaces(bytes: &[u8], at: usize) -> usize {
    at + run(bytes, at, |b| b == b' ' || b == b'\t').min(SPACES_MAX)
}

/// A byte of a key's name.
pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Where the name that reaches up to `end` begins.
pub(super) fn name_start(bytes: &[u8], end: usize) -> usize {
    let back = bytes[..end].iter().rev().take(64).take_while(|b| is_name(**b)).count();
    end - back
}

/// A byte of a word: nothing that is one goes on to the left of a token.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Whether a word may begin at `at`: the letter before it is none, or belongs to an escape (`\n`).
pub(super) fn begins_word(bytes: &[u8], at: usize) -> bool {
    match bytes[..at] {
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., before] => !is_word(before),
        [] => true,
    }
}

/// Whether a text looks random rather than like a word of prose.
pub(super) fn is_secretish(text: &str) -> bool {
    let digit = text.bytes().any(|b| b.is_ascii_digit());
    let letter = text.bytes().any(|b| b.is_ascii_alphabetic());
    (text.len() >= 8 && digit && letter) || text.len() >= 24
}
