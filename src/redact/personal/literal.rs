//! JSON and Python literals inside a text, string by string, with the key that governs each string.
//!
//! The walk is tolerant: a literal that was cut off goes to the end of its text, brackets that do not
//! match close what they can. Nothing outside string literals is touched, but for scalars where the
//! rules say so.

use crate::redact::edits::Edits;
use crate::redact::personal::quote::{Quote, decoded, encoded};

/// Brackets that may be open at once; deeper ones inherit from the last.
const OPEN_MAX: usize = 512;
/// White space between a bracket and the quote that makes it a literal.
const SPACES_MAX: usize = 64;

/// What happens to the strings of a literal.
pub(super) trait Rules {
    /// Where something stands.
    type Place: Copy;
    /// The place of the value of a key.
    fn under(&self, place: Self::Place, key: &str) -> Self::Place;
    /// What replaces the content of a string, if anything does.
    fn string(&self, place: Self::Place, content: &str) -> Option<String>;
    /// What replaces a key.
    fn key(&self, place: Self::Place, content: &str) -> Option<String>;
    /// Whether a number or a truth value is taken away.
    fn drops_scalar(&self, place: Self::Place) -> bool;
}

/// Whether a literal begins at `at`: an opening bracket that a quote or a bracket follows.
pub(super) fn begins(bytes: &[u8], at: usize) -> bool {
    if !matches!(bytes.get(at), Some(b'{' | b'[' | b'(')) {
        return false;
    }
    let rest = &bytes[at + 1..];
    let spaces = rest.iter().take(SPACES_MAX).take_while(|b| b.is_ascii_whitespace()).count();
    match rest.get(spaces) {
        Some(b'"' | b'\'' | b'{' | b'[') => true,
        Some(b'b' | b'u' | b'r' | b'f') => matches!(rest.get(spaces + 1), Some(b'"' | b'\'')),
        _ => false,
    }
}

/// Walks the literal at `start`, adds what changes to `edits`, and returns where it ends.
pub(super) fn walk<R: Rules>(
    text: &str,
    start: usize,
    place: R::Place,
    rules: &R,
    edits: &mut Edits,
) -> usize {
    let bytes = text.as_bytes();
    let mut walk = Walk { text, rules, edits, open: vec![Frame { dict: false, place }], key: None };
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => at = walk.string(at),
            b'{' | b'[' | b'(' => {
                let place = walk.here();
                if walk.open.len() < OPEN_MAX {
                    walk.open.push(Frame { dict: *byte == b'{', place });
                }
                walk.key = None;
                at += 1;
            }
            b'}' | b']' | b')' => {
                if walk.open.len() > 1 {
                    walk.open.pop();
                }
                walk.key = None;
                at += 1;
            }
            b',' => {
                walk.key = None;
                at += 1;
            }
            b'-' | b'0'..=b'9' | b't' | b'f' | b'T' | b'F' => at = walk.scalar(at),
            _ => at += 1,
        }
        if walk.open.len() == 1 {
            break;
        }
    }
    at
}

struct Frame<P> {
    dict: bool,
    place: P,
}

struct Walk<'a, R: Rules> {
    text: &'a str,
    rules: &'a R,
    edits: &'a mut Edits,
    open: Vec<Frame<R::Place>>,
    /// The place of the value that follows the last key.
    key: Option<R::Place>,
}

impl<R: Rules> Walk<'_, R> {
    fn frame(&self) -> (bool, R::Place) {
        let last = &self.open[self.open.len() - 1];
        (last.dict, last.place)
    }

    /// The place of what comes next.
    fn here(&self) -> R::Place {
        self.key.unwrap_or(self.frame().1)
    }

    /// The string literal whose quote opens at `at`; returns where it ends.
    fn string(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let quote = Quote { mark: bytes[at], bytes: is_bytes(&bytes[..at]) };
        let close = closing(bytes, at);
        let end = (close + 1).min(bytes.len());
        let content = decoded(&self.text[at + 1..close], quote);
        let after = self.text[end..].trim_start();
        let (dict, place) = self.frame();
        let is_key = dict && self.key.is_none() && after.starts_with(':');
        let with = if is_key {
            let with = self.rules.key(place, &content);
            self.key = Some(self.rules.under(place, &content));
            with
        } else {
            self.rules.string(self.here(), &content)
        };
        if let Some(with) = with {
            self.edits.add(at + 1, close, encoded(&with, quote));
        }
        end
    }

    /// A number or a truth value, or whatever else begins like one.
    fn scalar(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'_');
        let end = at + bytes[at..].iter().take_while(part).count().max(1);
        if self.rules.drops_scalar(self.here()) && self.open.len() > 1 {
            self.edits.add(at, end, "null".to_string());
        }
        end
    }
}

/// Where the literal's closing quote stands, or the end of the text.
fn closing(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            byte if *byte == bytes[open] => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `b'`, `rb"`, ...
fn is_bytes(before: &[u8]) -> bool {
    let prefix = before.iter().rev().take(3).take_while(|b| b.is_ascii_alphabetic()).count();
    let prefix = &before[before.len() - prefix..];
    prefix.len() <= 2 && prefix.iter().any(|b| matches!(b, b'b' | b'B'))
}
