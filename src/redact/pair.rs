//! Keys with a secret value: JSON, Python repr, environment, headers, command lines, prose.

use crate::redact::mask::{Mask, begins_with_marker, is_marker};
use crate::redact::named::{Named, is_chosen, is_credential, is_literal, is_scheme};
use crate::redact::scan::{after_spaces, is_name, name_start, run};
use crate::redact::wrapped;

/// Words between `Password from` and its colon, in bytes.
const PROSE_BYTES_MAX: usize = 40;

/// How a key and its value are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joint {
    /// `"key": value`
    QuotedKey,
    /// `key: value`
    Colon,
    /// `key=value`
    Equals,
    /// `--key value`, `Password from RunPod: value`
    Sure,
    /// `key => value`, `key == value`, `key -> value`: as often code or prose as a value.
    Arrow,
}

/// The value of the key whose name ends in `start..end`.
pub(super) fn find(text: &str, start: usize, end: usize, named: Named) -> Option<Mask> {
    let bytes = text.as_bytes();
    let Some((joint, at)) = joint(text, start, end, named) else {
        return wrapped::find(text, start, end, named);
    };
    let mut at = after_spaces(bytes, at);
    if let [b'b' | b'u' | b'r' | b'f', b'"' | b'\'', ..] = bytes[at..] {
        at += 1;
    }
    let slashes = run(bytes, at, |b| b == b'\\');
    if let Some(quote @ (b'"' | b'\'' | b'`')) = bytes.get(at + slashes) {
        let from = at + slashes + 1;
        let end = string_end(bytes, from, *quote, slashes);
        let value = text.get(from..end).unwrap_or_default();
        let secret = hides(named, joint, value);
        let hidden = value.is_empty() || is_marker(value);
        return (secret && !hidden).then_some(Mask { start: from, end, kind: named.kind });
    }
    bare(text, start, at, joint, named)
}

/// Whether a value is what its key's name speaks of.
fn hides(named: Named, joint: Joint, value: &str) -> bool {
    match joint {
        Joint::Equals | Joint::Sure => named.hides_assigned(value),
        Joint::QuotedKey | Joint::Colon | Joint::Arrow => named.hides(value),
    }
}

/// What follows the key's name, and where the value may begin.
fn joint(text: &str, start: usize, end: usize, named: Named) -> Option<(Joint, usize)> {
    let bytes = text.as_bytes();
    let slashes = run(bytes, end, |b| b == b'\\');
    if let Some(b'"' | b'\'') = bytes.get(end + slashes) {
        let at = after_spaces(bytes, end + slashes + 1);
        return match bytes[at..] {
            [b'=', b'>', ..] => Some((Joint::QuotedKey, at + 2)),
            [b':' | b'=', ..] => Some((Joint::QuotedKey, at + 1)),
            [b',', ..] => member(text, name_start(bytes, start), at + 1),
            _ => None,
        };
    }
    if slashes > 0 || bytes.get(end).is_some_and(|b| is_name(*b)) {
        return None;
    }
    let at = after_spaces(bytes, end);
    match bytes[at..] {
        [b'=', b'=' | b'>', ..] | [b'-', b'>', ..] => Some((Joint::Arrow, at + 2)),
        [b':', b'=', ..] => Some((Joint::Equals, at + 2)),
        [b'=', ..] => Some((Joint::Equals, at + 1)),
        [b':', ..] => Some((Joint::Colon, at + 1)),
        // a colon of full width
        [0xef, 0xbc, 0x9a, ..] => Some((Joint::Colon, at + 3)),
        [next, ..] if at > end => {
            let name = name_start(bytes, start);
            if text[name..].starts_with("--") && next != b'-' {
                return Some((Joint::Sure, at));
            }
            let told = named.is_sure && named.kind == "password";
            if told { prose(text, at) } else { None }
        }
        _ => None,
    }
}

/// `('apikey', 'value')`, and `'name': 'apikey', 'value': 'value'`: what follows the comma at `from`, where the
/// key's name begins at `name`.
fn member(text: &str, name: usize, from: usize) -> Option<(Joint, usize)> {
    let bytes = text.as_bytes();
    let is_quote = |at: usize| matches!(bytes.get(at), Some(b'"' | b'\''));
    let begins_string = |at: usize| {
        is_quote(at) || (matches!(bytes.get(at), Some(b'b' | b'u')) && is_quote(at + 1))
    };
    let at = after_spaces(bytes, from);
    let quote = name.checked_sub(1).filter(|quote| is_quote(*quote))?;
    let head = match &bytes[..quote] {
        [head @ .., b'b' | b'u'] => head,
        head => head,
    };
    if matches!(head, [.., b'(' | b'[']) && begins_string(at) {
        return Some((Joint::QuotedKey, at));
    }
    let at = at + run(bytes, at, |b| b == b'\\');
    let word = ["value", "val"]
        .into_iter()
        .find(|word| is_quote(at) && text.as_bytes()[at + 1..].starts_with(word.as_bytes()))?;
    let end = at + 1 + word.len();
    let end = end + run(bytes, end, |b| b == b'\\');
    let colon = after_spaces(bytes, end + 1);
    (is_quote(end) && bytes.get(colon) == Some(&b':')).then_some((Joint::QuotedKey, colon + 1))
}

/// `from RunPod: `
fn prose(text: &str, at: usize) -> Option<(Joint, usize)> {
    let rest = &text.as_bytes()[at..];
    if !rest.starts_with(b"from ") && !rest.starts_with(b"for ") {
        return None;
    }
    let words = run(rest, 0, |b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'_' | b'-'));
    let ends = words <= PROSE_BYTES_MAX && rest.get(words) == Some(&b':');
    ends.then_some((Joint::Sure, at + words + 1))
}

/// A value without quotes.
fn bare(text: &str, start: usize, from: usize, joint: Joint, named: Named) -> Option<Mask> {
    let (bytes, kind) = (text.as_bytes(), named.kind);
    let before = name_start(bytes, start);
    let in_query = matches!(bytes[..before], [.., b'?' | b'&']);
    let (mut from, mut end) = (from, bare_end(text, from, in_query));
    let schemed = is_scheme(&text[from..end]);
    if schemed {
        from = after_spaces(bytes, end);
        end = bare_end(text, from, in_query);
    }
    while kind == "cookie" && bytes.get(end) == Some(&b';') {
        let next = after_spaces(bytes, end + 1);
        if !begins_pair(bytes, next) {
            break;
        }
        end = bare_end(text, next, in_query);
    }
    let value = &text[from..end];
    if is_directory(&text[start..], value) {
        return None;
    }
    if value.is_empty() || begins_with_marker(&text[from..]) || is_literal(value) {
        return None;
    }
    let number = value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    let nested = matches!(bytes[from], b'[' | b'{' | b'(' | b'<');
    let name = &text[before..];
    let header = ["apikey:", "x-api-key:", "api-key:"];
    let is_header = header.iter().any(|h| starts_with_ignoring_case(name, h));
    if !named.is_sure {
        let told = schemed && is_credential(value);
        let secret = !nested && !number && (told || hides(named, joint, value));
        return secret.then_some(Mask { start: from, end, kind });
    }
    let secret = match joint {
        Joint::QuotedKey => !number && !nested,
        Joint::Sure => true,
        Joint::Arrow => is_chosen(value),
        Joint::Equals => !number || kind == "password" || kind == "secret",
        Joint::Colon => kind == "password" || is_header || schemed || is_chosen(value),
    };
    secret.then_some(Mask { start: from, end, kind })
}

fn starts_with_ignoring_case(text: &str, want: &str) -> bool {
    text.as_bytes().get(..want.len()).is_some_and(|head| head.eq_ignore_ascii_case(want.as_bytes()))
}

/// Where a value without quotes ends. In a URL's query, at the next parameter.
pub(super) fn bare_end(text: &str, from: usize, in_query: bool) -> usize {
    let bytes = text.as_bytes();
    let mut end = from;
    while let Some(byte) = bytes.get(end) {
        let stop = match byte {
            b'"' | b'\'' | b'`' | b'\x1b' => true,
            b'<' => begins_with_marker(&text[end..]) || !goes_on(bytes, end + 1),
            b'>' => !goes_on(bytes, end + 1),
            b'|' => !goes_on(bytes, end + 1) || begins_pair(bytes, end + 1),
            b'&' | b'#' if in_query => true,
            b'&' | b',' | b';' => begins_pair(bytes, end + 1),
            b'\\' => {
                in_query
                    || matches!(bytes.get(end + 1), Some(b'n' | b'r' | b't' | b'"' | b'\'' | b'\\'))
            }
            other => other.is_ascii_whitespace(),
        };
        if stop {
            break;
        }
        end += 1;
    }
    while end > from && matches!(bytes[end - 1], b',' | b';' | b'.' | b':' | b')' | b']' | b'}') {
        end -= 1;
    }
    end
}

/// Whether a value may go on at `at`.
fn goes_on(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(u8::is_ascii_alphanumeric)
}

/// `PWD=/workspace`: where a program stands.
fn is_directory(name: &str, value: &str) -> bool {
    starts_with_ignoring_case(name, "pwd") && value.starts_with(['/', '~'])
}

/// `name=`
fn begins_pair(bytes: &[u8], at: usize) -> bool {
    let name = run(&bytes[..bytes.len().min(at + 64)], at, is_name);
    name > 0 && bytes.get(at + name) == Some(&b'=')
}

/// Where the string ends that `quote` opened at `from`, when `slashes` stood before that quote: its
/// own closing quote, or that of a string around it (a cut off text).
fn string_end(bytes: &[u8], from: usize, quote: u8, slashes: usize) -> usize {
    let mut before = 0;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        if *byte == quote
            && let Some(own) = closing_slashes(before, slashes)
        {
            return at - own;
        }
        before = if *byte == b'\\' { before + 1 } else { 0 };
    }
    bytes.len()
}

/// How many of the `before` backslashes belong to a closing quote of a string that was opened with
/// `slashes`; `None` when the quote is content. Strings in strings need 0, 1, 3, 7, ... of them.
fn closing_slashes(before: usize, slashes: usize) -> Option<usize> {
    let mut left = before;
    let mut own = 0;
    while own <= slashes {
        if left.is_multiple_of(2) {
            return Some(own);
        }
        left = (left - 1) / 2;
        own = own * 2 + 1;
    }
    None
}
