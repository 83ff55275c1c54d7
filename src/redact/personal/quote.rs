//! String literals of JSON and of Python, out of their escapes and back.

use std::borrow::Cow;

/// How a literal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quote {
    /// `"` or `'`.
    pub(super) mark: u8,
    /// `b'...'`: what it holds are bytes.
    pub(super) bytes: bool,
}

/// What the inside of a literal says. Escapes that nobody knows stay as they are.
pub(super) fn decoded(inside: &str, quote: Quote) -> Cow<'_, str> {
    if !inside.contains('\\') {
        return Cow::Borrowed(inside);
    }
    let mut out: Vec<u8> = Vec::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        rest = &rest[escape(rest, quote, &mut out)..];
    }
    out.extend_from_slice(rest.as_bytes());
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// Takes the escape whose backslash stands before `rest`; returns the bytes it took.
fn escape(rest: &str, quote: Quote, out: &mut Vec<u8>) -> usize {
    let digits = |from: usize, count: usize| {
        let text = rest.get(from..from + count)?;
        u32::from_str_radix(text, 16).ok().filter(|_| text.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let simple = match rest.as_bytes().first() {
        None => {
            out.push(b'\\');
            return 0;
        }
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'r') => b'\r',
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(mark @ (b'"' | b'\'' | b'\\' | b'/')) => *mark,
        Some(b'x') => {
            let Some(code) = digits(1, 2) else { return unknown(out) };
            push(out, code, quote.bytes);
            return 3;
        }
        Some(b'u') => {
            let Some(first) = digits(1, 4) else { return unknown(out) };
            let low =
                || (rest.as_bytes().get(5..7) == Some(b"\\u")).then(|| digits(7, 4)).flatten();
            match (first, low()) {
                (0xD800..0xDC00, Some(low @ 0xDC00..0xE000)) => {
                    push(out, 0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00), false);
                    return 11;
                }
                _ => push(out, first, false),
            }
            return 5;
        }
        Some(b'U') => {
            let Some(code) = digits(1, 8) else { return unknown(out) };
            push(out, code, false);
            return 9;
        }
        Some(_) => return unknown(out),
    };
    out.push(simple);
    1
}

fn unknown(out: &mut Vec<u8>) -> usize {
    out.push(b'\\');
    0
}

fn push(out: &mut Vec<u8>, code: u32, byte: bool) {
    match u8::try_from(code) {
        Ok(code) if byte => out.push(code),
        _ => {
            let char = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
            out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// The inside of a literal that says this, in escapes that JSON and Python share where the mark is
/// theirs both.
pub(super) fn encoded(content: &str, quote: Quote) -> String {
    let plain = |b: u8| matches!(b, b' '..=b'~') && b != b'\\' && b != quote.mark;
    if content.bytes().all(plain) {
        return content.to_string();
    }
    let mut out = String::with_capacity(content.len() + 8);
    for char in content.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if char == quote.mark as char => {
                out.push('\\');
                out.push(char);
            }
            _ if quote.bytes && !char.is_ascii_graphic() && char != ' ' => {
                for byte in char.encode_utf8(&mut [0; 4]).bytes() {
                    out.push_str(&format!("\\x{byte:02x}"));
                }
            }
            _ if char < ' ' || char == '\u{7f}' => {
                out.push_str(&format!("\\u{:04x}", char as u32));
            }
            _ => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_decoded_encodes_to_the_same_content() {
        let json = Quote { mark: b'"', bytes: false };
        for text in ["", "plain", "é\n\t\"'\\ \u{1} 🦀", "\\u0041", "a/b"] {
            let written = serde_json::to_string(text).expect("a string");
            assert_eq!(decoded(&written[1..written.len() - 1], json), text);
            let back = format!("\"{}\"", encoded(text, json));
            assert_eq!(serde_json::from_str::<String>(&back).expect("JSON"), text);
        }
        assert_eq!(decoded(r"\ud83e\udd80 \/ \x41 \q \ud83e", json), "🦀 / A \\q \u{fffd}");
        let bytes = Quote { mark: b'\'', bytes: true };
        assert_eq!(decoded(r"caf\xc3\xa9", bytes), "café");
        assert_eq!(encoded("café's", bytes), r"caf\xc3\xa9\'s");
    }
}
