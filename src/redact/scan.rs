//! Small steps over bytes. All of them stop at ASCII only, so no character is ever split.

/// Spaces that may stand between a key and its value: a table of settings is padded to its longest name.
const SPACES_MAX: usize = 128;
/// Colour codes there.
const COLOURS_MAX: usize = 4;
/// Numbers of one colour code.
const CODE_BYTES_MAX: usize = 16;

/// How many bytes from `at` on satisfy the condition.
pub(super) fn run(bytes: &[u8], at: usize, want: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|b| !want(*b)).unwrap_or(rest.len())
}

/// Where the spaces at `at` end, and the colours of a terminal among them.
pub(super) fn after_spaces(bytes: &[u8], at: usize) -> usize {
    let spaces = |at: usize| at + run(bytes, at, |b| b == b' ' || b == b'\t').min(SPACES_MAX);
    let mut to = spaces(at);
    for _ in 0..COLOURS_MAX {
        let length = colour(bytes.get(to..).unwrap_or_default());
        if length == 0 {
            break;
        }
        to = spaces(to + length);
    }
    to
}

/// The length of a colour code at the beginning (`ESC[1;31m`), its escape as a byte or as a program writes it,
/// perhaps inside a string.
fn colour(bytes: &[u8]) -> usize {
    let slashes =
        run(&bytes[..bytes.len().min(CODE_BYTES_MAX)], 0, |b| b == b'\\').saturating_sub(1);
    let bytes = &bytes[slashes..];
    const ESCAPES: [&[u8]; 5] = [b"\x1b", b"\\x1b", b"\\u001b", b"\\033", b"#033"];
    let begins = |escape: &&&[u8]| {
        bytes.get(..escape.len()).is_some_and(|head| head.eq_ignore_ascii_case(escape))
    };
    let Some(escape) = ESCAPES.iter().find(begins) else { return 0 };
    let numbers = escape.len() + 1;
    let end =
        numbers + run(bytes, numbers, |b| b.is_ascii_digit() || b == b';').min(CODE_BYTES_MAX);
    let whole = bytes.get(escape.len()) == Some(&b'[')
        && bytes.get(end).is_some_and(u8::is_ascii_alphabetic);
    if whole { slashes + end + 1 } else { 0 }
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

/// Whether a word may begin at `at`: the letter before it is none, or belongs to an escape.
pub(super) fn begins_word(bytes: &[u8], at: usize) -> bool {
    bytes[..at].last().is_none_or(|before| !is_word(*before)) || ends_escape(&bytes[..at])
}

/// Whether a text ends with `\n`, `\x1b`, `\u0022`, `\033`, `%3D`, or with the colour of a terminal: `[1;31m`.
pub(super) fn ends_escape(before: &[u8]) -> bool {
    let hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    let ends = |opening: &[u8], digits: usize| {
        let at = before.len().checked_sub(digits);
        at.is_some_and(|at| before[..at].ends_with(opening) && hex(&before[at..]))
    };
    let escaped = matches!(before, [.., b'\\', _])
        || ends(b"%", 2)
        || ends(b"\\x", 2)
        || ends(b"\\u", 4)
        || ends(b"\\", 3);
    let Some((letter, numbers)) = before.split_last() else { return false };
    let code = numbers.iter().rev().take(CODE_BYTES_MAX);
    let code = code.take_while(|b| b.is_ascii_digit() || **b == b';').count();
    escaped || (letter.is_ascii_alphabetic() && numbers[..numbers.len() - code].ends_with(b"["))
}

/// Whether a text looks random rather than like a word of prose.
pub(super) fn is_secretish(text: &str) -> bool {
    let digit = text.bytes().any(|b| b.is_ascii_digit());
    let letter = text.bytes().any(|b| b.is_ascii_alphabetic());
    (text.len() >= 8 && digit && letter) || text.len() >= 24
}
