//! Ids of accounts, by the word before them: `User {uuid}:`, `user: {uuid}`, `user_id={id}`.

use crate::model::token::is_token;
use crate::redact::personal::uuid;
use crate::redact::scan::run;

/// Separators between the word and the id.
const SEPARATORS_MAX: usize = 8;
/// Ids in one list.
const LIST_MAX: usize = 10_000;

/// The ids after the word that ends at `end`.
pub(super) fn find(text: &str, end: usize) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut at, named) = after_name(bytes, end);
    let separators = run(bytes, at, |b| {
        matches!(b, b' ' | b':' | b'=' | b'"' | b'\'' | b'\\' | b'/' | b'(' | b'[' | b'>' | b'#')
    });
    let between = &text[at..at + separators.min(SEPARATORS_MAX)];
    at += between.len();
    let wrapped = bytes[at..].starts_with(b"UUID(");
    if wrapped {
        at += 5 + run(bytes, at + 5, |b| matches!(b, b'"' | b'\'' | b'\\'));
    }
    let mut found = Vec::new();
    while !between.is_empty() && uuid::begins(bytes, at) && found.len() < LIST_MAX {
        found.push((at, at + uuid::BYTES));
        at += uuid::BYTES;
        at +=
            run(bytes, at, |b| matches!(b, b'"' | b'\'' | b'\\' | b',' | b' ')).min(SEPARATORS_MAX);
    }
    if found.is_empty() && named && between.contains([':', '=']) {
        found.extend(bare(text, at));
    }
    found
}

/// `_id`, `s`, ` ID`, ...: where the name ends, and whether it says that an id follows.
fn after_name(bytes: &[u8], end: usize) -> (usize, bool) {
    let joint = matches!(bytes.get(end), Some(b'_' | b'-' | b' '));
    let at = end + usize::from(joint);
    for (word, named) in [("ids", true), ("id", true), ("uuid", true)] {
        let head = bytes.get(at..at + word.len());
        let ends = !bytes.get(at + word.len()).is_some_and(u8::is_ascii_alphanumeric);
        if ends && head.is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes())) {
            return (at + word.len(), named);
        }
    }
    let plural = matches!(bytes.get(end), Some(b's'));
    (end + usize::from(plural), false)
}

/// An id of another form after `user_id=`.
fn bare(text: &str, from: usize) -> Option<(usize, usize)> {
    let length = run(text.as_bytes(), from, |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'|' | b'-' | b'_' | b'.' | b'~' | b':' | b'@')
    });
    let value = text[from..from + length].trim_end_matches(['.', ':']);
    let nothing = ["none", "null", "nil", "undefined", "eq", "uuid", "missing", "required"];
    let hidden = value.is_empty() || is_token(value);
    let kept = hidden || nothing.iter().any(|word| value.eq_ignore_ascii_case(word));
    (!kept).then_some((from, from + value.len()))
}
