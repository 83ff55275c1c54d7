//! Passwords in connection URLs, signatures in signed ones. Scheme, host and path stay.

use crate::redact::mask::{Mask, begins_with_marker};
use crate::redact::pair::bare_end;
use crate::redact::scan::{name_start, run};

/// Longer than any user name and password in a URL.
const USER_INFO_BYTES_MAX: usize = 512;

/// The password of `scheme://user:password@host`; `from` is the end of `://`.
pub(super) fn password(text: &str, from: usize) -> Option<Mask> {
    let bytes = text.as_bytes();
    let limit = bytes.len().min(from + USER_INFO_BYTES_MAX);
    let web = is_web(&text[..from]);
    let part = |b: u8| !(is_end(b) || web && b == b'/');
    let length = run(&bytes[..limit], from, part);
    let authority = &bytes[from..from + length];
    let first = authority.iter().position(|b| *b == b'@')?;
    // An unescaped `@` may be part of the password, but the host ends at the next of these.
    let host = run(authority, first, |b| !matches!(b, b'/' | b'?' | b'#' | b','));
    let at = authority[..first + host].iter().rposition(|b| *b == b'@')?;
    let colon = authority[..at].iter().position(|b| *b == b':')?;
    let (start, end) = (from + colon + 1, from + at);
    let user_is_plain = authority[..colon].iter().all(|b| !matches!(b, b'/' | b'?' | b'#'));
    let hidden = start == end || begins_with_marker(&text[start..end]);
    (user_is_plain && !hidden).then_some(Mask { start, end, kind: "password" })
}

/// The value of a parameter whose name ends in `start..end`, `=` included.
pub(super) fn parameter(text: &str, start: usize, end: usize) -> Option<Mask> {
    let bytes = text.as_bytes();
    let name = name_start(bytes, start);
    let in_query = matches!(bytes[..name], [.., b'?' | b'&' | b';']) || escaped_and(&bytes[..name]);
    let stop = bare_end(text, end, true);
    let hidden = stop == end || begins_with_marker(&text[end..]);
    let short = text[start..end].eq_ignore_ascii_case("sig=") && name != start;
    (in_query && !hidden && !short).then_some(Mask { start: end, end: stop, kind: "signature" })
}

/// `\u0026`, which is how some write `&` in JSON, reads as a part of the name.
fn escaped_and(before: &[u8]) -> bool {
    before.ends_with(b"\\")
}

fn is_end(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b'|')
}

/// Whether the scheme before `://` is one whose passwords hold no slash.
fn is_web(before: &str) -> bool {
    let ends = |want: &str| {
        let from = before.len().checked_sub(want.len());
        from.is_some_and(|from| before.as_bytes()[from..].eq_ignore_ascii_case(want.as_bytes()))
    };
    ends("http://") || ends("https://")
}
