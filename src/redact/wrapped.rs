//! Values between the tags of XML, and behind a key whose `=` or `:` was escaped for a URL.

use crate::redact::mask::{Mask, begins_with_marker};
use crate::redact::named::{Named, is_literal};
use crate::redact::pair::bare_end;
use crate::redact::scan::name_start;

/// Longer than any value that is looked for to its end.
const VALUE_BYTES_MAX: usize = 4_096;
/// The length of an escape: `%3D`.
const ESCAPE: usize = 3;

/// The value of the key whose name ends in `start..end`, where a tag or an escape ends the name.
pub(super) fn find(text: &str, start: usize, end: usize, named: Named) -> Option<Mask> {
    let bytes = text.as_bytes();
    let place = |text: &str| match bytes.get(end)? {
        b'>' => tagged(bytes, name_start(bytes, start), end),
        b'%' => escaped(text, end),
        _ => None,
    };
    // the beginning of a value says what it is
    let near = text.floor_char_boundary(text.len().min(end + VALUE_BYTES_MAX));
    let (from, to) = place(&text[..near])?;
    let value = &text[from..to];
    let number = value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    let secret = if number { named.kind == "password" } else { named.hides_assigned(value) };
    let hidden = value.trim().is_empty() || begins_with_marker(value) || is_literal(value);
    if !secret || hidden {
        return None;
    }
    let (start, end) = place(text)?;
    Some(Mask { start, end, kind: named.kind })
}

/// `<name>value</name>`
fn tagged(bytes: &[u8], name: usize, end: usize) -> Option<(usize, usize)> {
    if !bytes[..name].ends_with(b"<") {
        return None;
    }
    let from = end + 1;
    let window = &bytes[from..bytes.len().min(from + VALUE_BYTES_MAX)];
    let closes = |at: &usize| {
        let rest = window[*at..].strip_prefix(b"</");
        let rest = rest.and_then(|rest| rest.strip_prefix(&bytes[name..end]));
        rest.is_some_and(|rest| rest.first().is_none_or(|b| !b.is_ascii_alphanumeric()))
    };
    let mut opening = window.iter().enumerate().filter(|(_, b)| **b == b'<').map(|(at, _)| at);
    opening.find(closes).map(|at| (from, from + at))
}

/// `%3Dvalue%26`, `%22%3A%22value%22`
fn escaped(text: &str, end: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let stands = |at: usize, escape: &[u8]| {
        bytes.get(at..at + ESCAPE).is_some_and(|there| there.eq_ignore_ascii_case(escape))
    };
    let after = |at: usize, escape: &[u8]| if stands(at, escape) { at + ESCAPE } else { at };
    let joint = after(end, b"%22");
    let at = after(after(joint, b"%3D"), b"%3A");
    if at == joint {
        return None;
    }
    let spaced = after(at, b"%20");
    let from = after(spaced, b"%22");
    let close: &[u8] = if from > spaced { b"%22" } else { b"%26" };
    let stop = bare_end(text, from, true);
    let to = (from..stop.min(from + VALUE_BYTES_MAX)).find(|at| stands(*at, close));
    Some((from, to.unwrap_or(stop)))
}
