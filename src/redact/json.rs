//! JSON, string by string: nothing outside its string literals is ever touched.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use crate::redact::edits::Edits;
use crate::redact::many::describes;
use crate::redact::mask::{is_marker, marker};
use crate::redact::named::Named;

/// Whether a whole text is one JSON value with strings in it.
pub(super) fn is_json(text: &str) -> bool {
    let first = text.trim_start().bytes().next();
    matches!(first, Some(b'{' | b'[' | b'"')) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// The JSON with secrets masked; `None` when it holds none. `inner` masks the content of a string.
pub(super) fn masked(text: &str, inner: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut walk = Walk { text, inner, edits: BTreeMap::new(), key: None, open: Vec::new() };
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
                let members = walk.below();
                walk.open.push(Open { members, is_array: true, ..Open::default() });
            }
            b'{' => {
                let members = walk.below();
                walk.open.push(Open { members, ..Open::default() });
            }
            b']' | b'}' => {
                walk.open.pop();
                walk.key = None;
            }
            b',' => {
                walk.key = None;
                walk.open.iter_mut().last().into_iter().for_each(|open| open.commas += 1);
            }
            _ => {}
        }
        at = next;
    }
    let mut edits = Edits::default();
    walk.edits.into_iter().for_each(|(start, (end, with))| edits.add(start, end, with));
    edits.apply(text)
}

/// An array or object that is open.
#[derive(Default)]
struct Open {
    is_array: bool,
    /// What the key before it says that its members are.
    members: Option<Named>,
    /// What a member says that its neighbour is: `{"key": "api_key", "value": "x"}`, `["cookie", "x"]`.
    pair: Option<Named>,
    /// The same of the option before it, by where that stood: `["run", "--token", "x"]`.
    option: Option<(usize, Named)>,
    /// The literal of such a neighbour that came first.
    value: Option<(usize, usize)>,
    /// The member whose value comes.
    member: Member,
    commas: usize,
}

impl Open {
    /// What the option before it says that an argument is: options are none themselves.
    fn of_option(&mut self, content: &str) -> Option<Named> {
        let before = self.option.take().filter(|(place, _)| place + 1 == self.commas);
        if !self.is_array {
            return None;
        }
        if content.starts_with("--") {
            self.option = Named::of_key(content).map(|named| (self.commas, named));
        }
        before.map(|(_, named)| named).filter(|_| !content.starts_with('-'))
    }
}

/// The part that a member has in a pair of key and value.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Member {
    Name,
    Value,
    #[default]
    Other,
}

impl Member {
    fn of(key: &str) -> Self {
        const NAMES: [&str; 5] = ["key", "name", "header", "variable", "field"];
        const VALUES: [&str; 3] = ["value", "val", "content"];
        let is_any = |of: &[&str]| of.iter().any(|one| key.trim().eq_ignore_ascii_case(one));
        match (is_any(&NAMES), is_any(&VALUES)) {
            (true, _) => Self::Name,
            (false, true) => Self::Value,
            (false, false) => Self::Other,
        }
    }
}

struct Walk<'a> {
    text: &'a str,
    inner: &'a dyn Fn(&str) -> Option<String>,
    /// What replaces the literals, by where they begin.
    edits: BTreeMap<usize, (usize, String)>,
    /// What the key before this value says the value is.
    key: Option<Named>,
    open: Vec<Open>,
}

impl Walk<'_> {
    /// What the key before an array or an object says of all that stands in it, or the one around it says.
    fn below(&mut self) -> Option<Named> {
        self.key.take().or_else(|| self.open.last().filter(|open| open.is_array)?.members)
    }

    /// The string literal at `start..end`, a key or a value.
    fn string(&mut self, start: usize, end: usize) {
        let content = decoded(&self.text[start..end]);
        let is_key = self.text[end..].trim_start().starts_with(':');
        if is_key {
            self.masked(start, end, None, &content);
            let open = self.open.last_mut();
            let around = open.as_ref().and_then(|open| open.members);
            let around = around.filter(|_| !describes(&content));
            self.key = Named::of_key(&content).or(around);
            open.into_iter().for_each(|open| open.member = Member::of(&content));
            return;
        }
        let of_array = self.open.last().filter(|open| open.is_array).and_then(|open| open.members);
        let named = self.key.take().or(of_array).or_else(|| self.of_pair(start, end, &content));
        self.masked(start, end, named, &content);
    }

    /// What the neighbour of a value says that it is. A value that says so of its neighbour is kept.
    fn of_pair(&mut self, start: usize, end: usize, content: &str) -> Option<Named> {
        let is_last = self.text[end..].trim_start().starts_with(']');
        let open = self.open.last_mut()?;
        if let Some(named) = open.of_option(content) {
            return Some(named);
        }
        let part = match (open.is_array, open.commas) {
            (true, 0) => Member::Name,
            (true, 1) if is_last => Member::Value,
            (true, _) => Member::Other,
            (false, _) => std::mem::take(&mut open.member),
        };
        match part {
            Member::Name => {
                open.pair = Named::of_key(content);
                if let Some((named, (start, end))) = open.pair.zip(open.value.take()) {
                    let earlier = decoded(&self.text[start..end]);
                    self.masked(start, end, Some(named), &earlier);
                }
                None
            }
            Member::Value => {
                open.value = Some((start, end));
                open.pair
            }
            Member::Other => None,
        }
    }

    /// Replaces a literal of this content, where it is a secret or holds one.
    fn masked(&mut self, start: usize, end: usize, named: Option<Named>, content: &str) {
        let masked = match named {
            Some(_) if content.is_empty() || is_marker(content) => None,
            Some(named) if named.hides(content) => Some(marker(named.kind)),
            Some(_) | None => (self.inner)(content),
        };
        if let Some(masked) = masked {
            self.edits.insert(start, (end, serde_json::Value::String(masked).to_string()));
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
