//! Private keys in PEM: whole, cut off, with real or escaped line ends.

use crate::redact::mask::Mask;
use crate::redact::scan::run;

/// Longer than any private key in PEM.
const PEM_BYTES_MAX: usize = 32 << 10;
/// A run of base64 that is too long for a word.
const BASE64_RUN_MIN: usize = 16;

/// The block that begins at `start`; `end` is the end of `-----BEGIN `.
pub(super) fn block(text: &str, start: usize, end: usize) -> Option<Mask> {
    let bytes = text.as_bytes();
    let body = after_label(text, end)?;
    let limit = bytes.len().min(body + PEM_BYTES_MAX);
    let window = &bytes[body..limit];
    let next = |needle: &[u8]| window.windows(needle.len()).position(|w| w == needle);
    let closing = next(b"-----END ").filter(|at| next(b"-----BEGIN ").is_none_or(|b| b > *at));
    let whole = closing.and_then(|at| after_label(text, body + at + "-----END ".len()));
    let end = whole.unwrap_or_else(|| cut_end(bytes, body));
    (end > body).then_some(Mask { start, end, kind: "private_key" })
}

/// The rest of a key whose beginning was cut off; `start` is where `-----END ` stands.
pub(super) fn tail(text: &str, start: usize, end: usize, floor: usize) -> Option<Mask> {
    let after = after_label(text, end)?;
    let back = text.as_bytes()[floor..start].iter().rev();
    let length = back.take(PEM_BYTES_MAX).take_while(|b| is_base64(**b) || is_break(**b)).count();
    let base64 = start - length;
    (length >= BASE64_RUN_MIN).then_some(Mask { start: base64, end: after, kind: "private_key" })
}

/// Where `... PRIVATE KEY-----` ends, when that is what stands at `from`.
fn after_label(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let label = run(bytes, from, |b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ');
    let end = from + label;
    let is_key = text[from..end].ends_with("PRIVATE KEY");
    (is_key && bytes[end..].starts_with(b"-----")).then_some(end + 5)
}

/// Where a key that was cut off ends: at the first thing that is no base64, line end or PEM header.
fn cut_end(bytes: &[u8], body: usize) -> usize {
    let mut at = body;
    let mut line = body;
    while let Some(byte) = bytes.get(at) {
        let header = [&b"Proc-Type:"[..], b"DEK-Info:"].iter().any(|h| bytes[at..].starts_with(h));
        if header {
            at += run(bytes, at, |b| !is_break(b) && b != b'"');
        } else if *byte == b' ' && (at == body || at - line >= BASE64_RUN_MIN) {
            // Line ends that became spaces: what follows a line of the key is a line of the key.
            at += 1;
            line = at;
        } else if is_base64(*byte) || is_break(*byte) {
            at += 1;
        } else {
            break;
        }
    }
    // A line end, or the escape before a closing quote, is not part of the key.
    while at > body && (is_break(bytes[at - 1]) || bytes[at - 1] == b' ') {
        at -= 1;
    }
    at
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b'\\')
}
