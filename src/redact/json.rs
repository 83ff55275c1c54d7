//! JSON, string by string: nothing outside its string literals is ever touched.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use crate::redact::hint::key_kind;
use crate::redact::mask::{is_marker, marker};

/// Whether a whole text is one JSON value with strings in it.
pub(super) fn is_json(text: &str) -> bool {
    let first = text.trim_start().bytes().next();
    matches!(first, Some(b'{' | b'[' | b'"')) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// The JSON with secrets masked; `None` when it holds none. `inner` masks the content of a string.
pub(super) fn masked(text: &str, inner: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut walk = Walk { text, inner, out: String::new(), copied: 0, key: None, open: Vec::new() };
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let mut next = at + 1;
        match byte {
            b'"' => {
                next = literal_end(bytes, at);
                walk.string(at, next);
            }
            b'[' => {
                let key = walk.key.take();
                walk.open.push(key);
            }
            b'{' => {
                walk.key = None;
                walk.open.push(None);
            }
            b']' | b'}' => {
                walk.open.pop();
                walk.key = None;
            }
            b',' => walk.key = None,
            _ => {}
        }
        at = next;
    }
    if walk.copied == 0 {
        return None;
    }
    walk.out.push_str(&text[walk.copied..]);
    Some(walk.out)
}

struct Walk<'a> {
    text: &'a str,
    inner: &'a dyn Fn(&str) -> Option<String>,
    out: String,
    copied: usize,
    /// What the key before this value says the value is.
    key: Option<&'static str>,
    /// The same for the elements of every array that is open; objects have none.
    open: Vec<Option<&'static str>>,
}

impl Walk<'_> {
    /// The string literal at `start..end`, a key or a value.
    fn string(&mut self, start: usize, end: usize) {
        let content = decoded(&self.text[start..end]);
        let is_key = self.text[end..].trim_start().starts_with(':');
        let of_array = self.open.last().copied().flatten();
        let kind = if is_key { None } else { self.key.take().or(of_array) };
        let masked = match kind {
            Some(_) if content.is_empty() || is_marker(&content) => None,
            Some(kind) => Some(marker(kind)),
            None => (self.inner)(&content),
        };
        if is_key {
            self.key = key_kind(&content);
        }
        if let Some(masked) = masked {
            self.out.push_str(&self.text[self.copied..start]);
            self.out.push_str(&serde_json::Value::String(masked).to_string());
            self.copied = end;
        }
    }
}

/// Where the string literal that opens at `start` ends, closing quote included.
fn literal_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn decoded(literal: &str) -> Cow<'_, str> {
    let inside = &literal[1..literal.len() - 1];
    if !inside.contains('\\') {
        return Cow::Borrowed(inside);
    }
    serde_json::from_str(literal).map_or(Cow::Borrowed(inside), Cow::Owned)
}
