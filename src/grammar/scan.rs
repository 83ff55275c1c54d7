//! Where a field that begins somewhere in a line can end.

use crate::grammar::field::{FieldType, Shape};

/// Ends of a field, as bytes of the line; the longest text is tried first.
pub(super) enum Ends {
    /// Nowhere: the field does not begin here.
    None,
    /// At any character between two places, both included.
    Between(usize, usize),
    /// After any of this closing bracket between two places.
    After(u8, usize, usize),
    /// At one of up to two runs of digits: behind the point, and before it.
    Number { whole: (usize, usize), fraction: Option<(usize, usize)> },
}

/// The ends of a field of this type that begins at a place.
pub(super) fn ends(kind: FieldType, line: &str, at: usize) -> Ends {
    let bytes = line.as_bytes();
    let run = |from: usize, takes: fn(u8) -> bool| {
        bytes[from..].iter().position(|byte| !takes(*byte)).map_or(bytes.len(), |n| from + n)
    };
    let some = |least: usize, most: usize| {
        if least <= most { Ends::Between(least, most) } else { Ends::None }
    };
    match kind {
        FieldType::Worker => match bytes.get(at) {
            Some(byte) if byte.is_ascii_alphanumeric() => some(at + 1, run(at, is_of_worker)),
            Some(_) | None => Ends::None,
        },
        FieldType::Pod => some(at + 1, run(at, |b| b.is_ascii_lowercase() || b.is_ascii_digit())),
        FieldType::Task => match bytes.get(at..at + 36) {
            Some(text) if is_uuid(text) => Ends::Between(at + 36, at + 36),
            Some(_) | None => Ends::None,
        },
        FieldType::Short => match bytes.get(at..at + 8) {
            Some(text) if text.iter().all(|byte| is_hex(*byte)) => Ends::Between(at + 8, at + 8),
            Some(_) | None => Ends::None,
        },
        FieldType::Int | FieldType::Num => {
            let from = at + usize::from(bytes.get(at) == Some(&b'-'));
            let digits = |from| run(from, |byte| byte.is_ascii_digit());
            let end = digits(from);
            if end == from {
                return Ends::None;
            }
            let point = kind == FieldType::Num && bytes.get(end) == Some(&b'.');
            let behind = if point { digits(end + 1) } else { end };
            let fraction = (point && behind > end + 1).then_some((end + 2, behind));
            Ends::Number { whole: (from + 1, end), fraction }
        }
        FieldType::Word => some(at + 1, run(at, |byte| byte != b' ' && byte != b'\t')),
        FieldType::Url => {
            let rest = &line[at..];
            let head = ["https://", "http://"].iter().find(|head| rest.starts_with(**head));
            let from = head.map_or(line.len(), |head| at + head.len());
            some(from + 1, run(from, |byte| byte != b' ' && byte != b'\t'))
        }
        FieldType::Time => match bytes.get(at) {
            Some(byte) if byte.is_ascii_digit() => some(at + 1, run(at, is_of_time)),
            Some(_) | None => Ends::None,
        },
        FieldType::Text => some(at + 1, bytes.len()),
        FieldType::Any => Ends::Between(at, bytes.len()),
        FieldType::List => bracketed(b'[', b']', bytes, at),
        FieldType::Dict => bracketed(b'{', b'}', bytes, at),
    }
}

fn bracketed(open: u8, close: u8, bytes: &[u8], at: usize) -> Ends {
    if bytes.get(at) == Some(&open) { Ends::After(close, at + 2, bytes.len()) } else { Ends::None }
}

/// The end of the decoration that begins at a place.
pub(super) fn decoration(line: &str, at: usize) -> Ends {
    let stops = |c: char| c.is_ascii_alphanumeric() || c == '[' || c == '(';
    Ends::Between(at, line[at..].find(stops).map_or(line.len(), |n| at + n))
}

fn is_of_worker(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

fn is_of_time(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'T' | b':' | b'.' | b'+' | b'-' | b'Z' | b' ')
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

fn is_uuid(text: &[u8]) -> bool {
    text.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => is_hex(*byte),
    })
}

impl Shape {
    /// Calls `then` with each end of the field, the longest first, until it says true. `next` is the
    /// fixed text that follows, if one does: ends before which it does not stand are left out.
    pub(super) fn each_end(
        &self,
        line: &str,
        at: usize,
        next: &str,
        then: &mut dyn FnMut(usize) -> bool,
    ) -> bool {
        let ends = match self {
            Self::Of(kind) => ends(*kind, line, at),
            Self::Decoration => decoration(line, at),
            Self::Except(head) if line[at..].starts_with(head.as_str()) => Ends::None,
            Self::Except(_) => ends(FieldType::Text, line, at),
            Self::OneOf(texts) => {
                return texts
                    .iter()
                    .any(|text| line[at..].starts_with(text.as_str()) && then(at + text.len()));
            }
        };
        match ends {
            Ends::None => false,
            Ends::Between(least, most) => before(line, next, least, most, then),
            Ends::After(close, least, most) => {
                let mut most = most;
                while let Some(n) =
                    line.as_bytes()[least - 1..most].iter().rposition(|b| *b == close)
                {
                    let end = least + n;
                    if line[end..].starts_with(next) && then(end) {
                        return true;
                    }
                    most = end - 1;
                    if most < least {
                        return false;
                    }
                }
                false
            }
            Ends::Number { whole, fraction } => {
                fraction.is_some_and(|(least, most)| before(line, next, least, most, then))
                    || before(line, next, whole.0, whole.1, then)
            }
        }
    }
}

/// Each place between two at which a text stands, the last first. With no text: each character.
fn before(
    line: &str,
    next: &str,
    least: usize,
    most: usize,
    then: &mut dyn FnMut(usize) -> bool,
) -> bool {
    // places are tried one by one: a searcher costs more than the few that there are
    let (bytes, next) = (line.as_bytes(), next.as_bytes());
    (least..=most).rev().any(|at| {
        let stands = match next {
            [] => line.is_char_boundary(at),
            // a text begins with a whole character, so this is a boundary
            [first, ..] => bytes.get(at) == Some(first) && bytes[at..].starts_with(next),
        };
        stands && then(at)
    })
}
