//! Keys with a secret value: JSON, Python repr, environment, headers, command lines, prose.

use crate::redact::header::{self, Header};
use crate::redact::mask::{Mask, Masks, begins_with_marker, is_marker};
use crate::redact::member;
use crate::redact::named::{Named, is_chosen, is_credential, is_literal, is_scheme};
use crate::redact::nested;
use crate::redact::pem;
use crate::redact::quoted::{self, Quoted};
use crate::redact::scan::{after_spaces, is_name, name_start, run};
use crate::redact::wrapped;

/// Words between `Password from` and its colon, in bytes.
const PROSE_BYTES_MAX: usize = 40;

/// So much of a value without quotes says whether it is a secret.
const NEAR_BYTES_MAX: usize = 1_024;

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

impl Joint {
    /// Whether what follows is as often an error as a value: `token: ('Connection aborted.', ...)`.
    fn is_prose(self) -> bool {
        matches!(self, Self::Colon | Self::Arrow)
    }
}

/// Masks the value of the key whose name ends in `start..end`. Keys that begin before what is returned are
/// looked at with it.
pub(super) fn mask(text: &str, start: usize, end: usize, named: Named, masks: &mut Masks) -> usize {
    let bytes = text.as_bytes();
    let (named, end) = named.to_end(bytes, end);
    let Some((joint, at)) = joint(text, start, end, named) else {
        wrapped::find(text, start, end, named).into_iter().for_each(|mask| masks.add(mask));
        return start;
    };
    let at = after_spaces(bytes, at);
    // `key:\ value` of a shell
    let at = if bytes[at..].starts_with(b"\\ ") { after_spaces(bytes, at + 1) } else { at };
    // it says itself where the key ends
    if pem::begins(bytes, at) {
        return start;
    }
    if nested::begins(text, at) {
        let told = joint.is_prose() && !(named.kind == "password" && bytes[at] == b'{');
        return nested::mask(text, at, if told { named.unsure() } else { named }, masks);
    }
    let found = if let Some(string) = quoted::string(text, at) {
        in_quotes(text, string, named, joint)
    } else if called(text, at, named, joint, masks) {
        None
    } else {
        bare(text, start, at, joint, named)
    };
    found.into_iter().for_each(|mask| masks.add(mask));
    start
}

/// A value in quotes.
fn in_quotes(text: &str, quoted: Quoted, named: Named, joint: Joint) -> Option<Mask> {
    let value = &text[quoted.from..quoted.end];
    let hidden = value.is_empty() || is_marker(value);
    let secret = !hidden && hides(named, joint, value);
    secret.then_some(Mask { start: quoted.from, end: quoted.end, kind: named.kind })
}

/// Masks what stands in quotes in the call at `at`: `SecretStr('x')`. Whether that is all there is to look at.
fn called(text: &str, at: usize, named: Named, joint: Joint, masks: &mut Masks) -> bool {
    let strings = quoted::call(text, at);
    let Some(first) = strings.first() else { return false };
    let callee = text[at..first.from].split('(').next().unwrap_or_default();
    let error = joint.is_prose() && !starts_with_ignoring_case(callee, "secret");
    let named = if error { named.unsure() } else { named };
    let mut hidden = false;
    for string in &strings {
        let found = in_quotes(text, *string, named, joint).map(|mask| {
            // what is called may be the first half of a secret with a bracket in it
            let whole = string == first && is_chosen(callee);
            Mask { start: if whole { at } else { mask.start }, ..mask }
        });
        hidden |= found.is_some() || is_marker(&text[string.from..string.end]);
        found.into_iter().for_each(|mask| masks.add(mask));
    }
    hidden || !error
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
    if let Some(quote @ (b'"' | b'\'')) = bytes.get(end + slashes) {
        // `""key"": ""value""` of CSV
        let doubled = usize::from(slashes == 0 && bytes.get(end + 1) == Some(quote));
        let at = after_spaces(bytes, end + slashes + 1 + doubled);
        return match bytes[at..] {
            [b'=', b'>', ..] => Some((Joint::QuotedKey, at + 2)),
            [b':' | b'=', ..] => Some((Joint::QuotedKey, at + 1)),
            [b']', ..] => assigned(bytes, at + 1),
            [b',' | b'v' | b'V', ..] => {
                let value = member::value(text, name_start(bytes, start), at)?;
                Some((Joint::QuotedKey, value))
            }
            _ => None,
        };
    }
    let at = after_spaces(bytes, end);
    if (slashes > 0 && at == end) || bytes.get(end).is_some_and(|b| is_name(*b)) {
        return None;
    }
    match bytes[at..] {
        [b'=', b'=' | b'>', ..] | [b'-', b'>', ..] => Some((Joint::Arrow, at + 2)),
        [b':', b'=', ..] => Some((Joint::Equals, at + 2)),
        [b'=', ..] => Some((Joint::Equals, at + 1)),
        // `Key (api_key)=(x) already exists.` of PostgreSQL
        [b')', b'=', b'(', ..] => Some((Joint::Equals, at + 3)),
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

/// `['key'] = value`
fn assigned(bytes: &[u8], at: usize) -> Option<(Joint, usize)> {
    let at = after_spaces(bytes, at);
    let joins = bytes.get(at) == Some(&b'=') && bytes.get(at + 1) != Some(&b'=');
    joins.then_some((Joint::Arrow, at + 1))
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
    let header = Header { name: before, from, colon: joint == Joint::Colon };
    let in_line = match kind {
        _ if in_query || !named.is_sure || begins_with_marker(&text[from..]) => None,
        "cookie" => header::cookies(text, header),
        "authorization" => header::credentials(text, header),
        _ => None,
    };
    if let Some((start, end)) = in_line {
        return Some(Mask { start, end, kind });
    }
    let mut from = from;
    let schemed = is_scheme(near(text, from, in_query));
    if schemed {
        from = after_spaces(bytes, from + near(text, from, in_query).len());
        if let Some(quoted) = header::quoted(text, from) {
            let secret = header::is_quoted_credential(text, quoted, true);
            return secret.then_some(Mask { start: quoted.from, end: quoted.end, kind });
        }
    }
    let value = near(text, from, in_query);
    if is_directory(&text[start..], value) {
        return None;
    }
    if value.is_empty() || begins_with_marker(&text[from..]) || is_literal(value) {
        return None;
    }
    // a scheme whose credential is hidden
    let after = after_spaces(bytes, from + value.len());
    if kind == "authorization" && begins_with_marker(&text[after..]) {
        return None;
    }
    let secret = is_secret(&text[before..], value, joint, named, schemed);
    secret.then(|| Mask { start: from, end: bare_end(text, from, in_query), kind })
}

/// Whether a value without quotes is what the name says that `name` begins with.
fn is_secret(name: &str, value: &str, joint: Joint, named: Named, schemed: bool) -> bool {
    let kind = named.kind;
    let number = value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    let nested = value.starts_with(['[', '{', '(', '<']);
    let listed = nested || number || joint != Joint::Equals || kind == "token";
    if named.is_plural && (listed || !is_chosen(value)) {
        return false;
    }
    if !named.is_sure {
        let told = schemed && is_credential(value);
        return !nested && !number && (told || hides(named, joint, value));
    }
    let header = ["apikey:", "x-api-key:", "api-key:"];
    let is_header = header.iter().any(|h| starts_with_ignoring_case(name, h));
    match joint {
        Joint::QuotedKey => !number && !nested,
        Joint::Sure => true,
        Joint::Arrow => is_chosen(value),
        Joint::Equals => !number || kind == "password" || kind == "secret",
        Joint::Colon => kind == "password" || is_header || schemed || is_chosen(value),
    }
}

fn starts_with_ignoring_case(text: &str, want: &str) -> bool {
    text.as_bytes().get(..want.len()).is_some_and(|head| head.eq_ignore_ascii_case(want.as_bytes()))
}

/// A value without quotes, or its beginning: enough to say what it is. One without a blank in a long line would be
/// measured once for every key in it.
pub(super) fn near(text: &str, from: usize, in_query: bool) -> &str {
    let limit = text.floor_char_boundary(text.len().min(from + NEAR_BYTES_MAX));
    &text[from..bare_end(&text[..limit], from, in_query)]
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
pub(super) fn begins_pair(bytes: &[u8], at: usize) -> bool {
    let name = run(&bytes[..bytes.len().min(at + 64)], at, is_name);
    name > 0 && bytes.get(at + name) == Some(&b'=')
}
