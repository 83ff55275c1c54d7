//! Personal data into tokens: by the keys of a document, by the position in a sentence, by form.
//!
//! What becomes of a text depends on the text, its role and the key alone, never on what was read
//! before: one row redacts to the same bytes in every capture, or its hash would change.

pub(super) mod address;
pub(crate) mod clue;
mod code;
pub(crate) mod key;
mod literal;
mod path;
mod place;
mod prompt;
mod quote;
mod stamp;
mod url;
mod user;
mod uuid;

use std::cell::LazyCell;
use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;

use crate::model::token::{TokenKind, end, is_token};
use crate::redact::edits::Edits;
use crate::redact::json::is_json;
use crate::redact::personal::clue::Clue;
use crate::redact::personal::key::Class;
use crate::redact::personal::literal::Rules;
use crate::redact::personal::path::Folders;
use crate::redact::personal::place::{Doc, Place};
use crate::redact::personal::quote::Quote;
use crate::redact::personal::stamp::Stamp;
use crate::redact::role::Role;
use crate::redact::scan::run;

/// Literals inside strings of literals are followed this deep; below, text is text.
const DEPTH_MAX: u8 = 8;
/// Quotes of typographers before a name.
const OPENING_QUOTES: [char; 5] = ['“', '„', '‘', '‚', '«'];
/// Longer than the name of any file.
const NAME_BYTES_MAX: usize = 512;

/// What of a text was looked at already: a path has many parts that hint at it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Where the last path ends.
    path: usize,
}

/// Replaces personal data under one key.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    stamp: Stamp,
    strict: bool,
    hints: AhoCorasick,
    /// Number of the first clue among the literals of `hints`.
    first: usize,
}

impl Pass {
    pub(super) fn new(key: &[u8; 32], strict: bool, hints: AhoCorasick, first: usize) -> Self {
        Self { stamp: Stamp::new(key), strict, hints, first }
    }

    /// Whether a role is looked into even without a clue.
    pub(super) fn is_needed(&self, role: Role) -> bool {
        match role {
            Role::Plain | Role::Prose => false,
            Role::Details | Role::Project => self.strict,
            Role::Parameters
            | Role::Location
            | Role::Output
            | Role::Person
            | Role::Owner
            | Role::Private
            | Role::Secret(_) => true,
        }
    }

    /// A whole value; `None` when nothing of it is personal. `spoken`: a clue of this very text was found to speak,
    /// and need not be looked for again.
    pub(super) fn value(&self, role: Role, text: &str, spoken: bool) -> Option<String> {
        let whole = |kind| {
            let hidden = !text.trim().is_empty() && !is_token(text);
            hidden.then(|| self.stamp.token(kind, text))
        };
        let prose = || {
            let place = Place::root(Doc::Prose, false);
            if spoken { self.spoken(place, text) } else { self.text(place, text) }
        };
        let changed = match role {
            Role::Plain | Role::Prose | Role::Secret(_) => prose(),
            Role::Parameters => self.document(Place::root(Doc::Parameters, self.strict), text),
            Role::Details => self.document(Place::root(Doc::Details, self.strict), text),
            Role::Location => self.location(text, true),
            Role::Output => self.location(text, false),
            Role::Person => whole(TokenKind::User),
            Role::Owner if uuid::is(text.trim()) => whole(TokenKind::User),
            Role::Owner => self.text(Place::root(Doc::Prose, false), text),
            Role::Private => whole(TokenKind::Text),
            Role::Project if self.strict => whole(TokenKind::Project),
            Role::Project => prose(),
        }?;
        Some(self.known_users(&changed).unwrap_or(changed))
    }

    /// The clue of a hit at `start..end`, when it leads to something.
    pub(super) fn speaks(
        &self,
        text: &str,
        number: usize,
        at: (usize, usize),
        seen: &mut Seen,
    ) -> bool {
        let (start, end) = at;
        let clue = clue::of(number);
        match clue {
            Clue::Key => clue::key_class(text, start, end).is_some(),
            Clue::Escape => true,
            Clue::Prompt if self.quoted_key(text, end) || prompt::is_escaped(text, end) => true,
            Clue::Clip => true,
            Clue::User if user::is_key(text, start, end) => true,
            Clue::At
            | Clue::Url
            | Clue::EscapedUrl
            | Clue::Prompt
            | Clue::User
            | Clue::Uid
            | Clue::Suffix
            | Clue::Stored
            | Clue::Home
            | Clue::Data
            | Clue::Upload
            | Clue::Dotted => {
                let mut edits = Edits::default();
                self.follow(clue, text, at, seen, &mut edits);
                edits.end() > 0
            }
        }
    }

    fn quoted_key(&self, text: &str, end: usize) -> bool {
        let end = end + usize::from(text.as_bytes().get(end) == Some(&b's'));
        matches!(text.as_bytes().get(end), Some(b'"' | b'\'' | b'\\'))
    }

    /// A document, whether a clue speaks or not.
    fn document(&self, place: Place, text: &str) -> Option<String> {
        if is_json(text) {
            let written = place.doc != Doc::Parameters && !place.listed;
            if let Some(named) = self.file_alone(text).filter(|_| written) {
                return Some(named);
            }
            let mut edits = Edits::default();
            let start = text.len() - text.trim_start().len();
            literal::walk(text, start, place, self, &mut edits);
            return edits.apply(text);
        }
        if place.doc == Doc::Parameters && !text.contains(['{', '[', '"']) {
            let bare = text.trim();
            let scalar = bare.parse::<f64>().is_ok() || ["true", "false", "null"].contains(&bare);
            return if scalar || is_token(bare) { None } else { self.free(place, text) };
        }
        self.sentence(place, text)
    }

    /// `"my photo.png"`, a whole text: its quotes say that the spaces belong to the name.
    fn file_alone(&self, text: &str) -> Option<String> {
        let inside = text.trim().strip_prefix('"')?.strip_suffix('"')?;
        let named = path::has_media_suffix(inside) && !inside.contains(['\\', '"', ':']);
        let shaped = named.then(|| path::shape(&self.stamp, inside, Folders::Kept)).flatten()?;
        Some(text.replacen(inside, &shaped, 1))
    }

    /// A URL, a path, JSON with URLs, or a sentence; `only` the first two where nothing else belongs.
    fn location(&self, text: &str, only: bool) -> Option<String> {
        let bare = text.trim();
        if bare.is_empty() || is_token(bare) {
            return None;
        }
        let document = bare.starts_with(['{', '[', '"']);
        if only && !document {
            return self.media(Place::root(Doc::Parameters, self.strict), text);
        }
        let told = bare.contains(": ") || !path::has_media_suffix(bare);
        let sentence = document || (bare.contains(char::is_whitespace) && told);
        let placed = bare.contains('/') || path::has_media_suffix(bare);
        let place = Place::root(Doc::Details, false);
        if placed && !sentence {
            return self.media(Place { class: Some(Class::Place), ..place }, text);
        }
        self.text(place, text)
    }

    /// A text in which something may stand.
    fn text(&self, place: Place, text: &str) -> Option<String> {
        let needed = place.depth > 0 && place.doc != Doc::Prose && self.is_literal(text);
        if needed || self.has_clue(text) { self.spoken(place, text) } else { None }
    }

    /// A text with a clue that speaks.
    fn spoken(&self, place: Place, text: &str) -> Option<String> {
        let place = Place { class: None, ..place };
        if place.depth < DEPTH_MAX && is_json(text) {
            let doc = if self.names_a_prompt(text) { Doc::Parameters } else { place.doc };
            return self.document(Place { doc, ..place }, text);
        }
        self.sentence(place, text)
    }

    /// Whether a text is JSON or a Python literal.
    fn is_literal(&self, text: &str) -> bool {
        let text = text.trim_start();
        literal::begins(text.as_bytes(), 0) || (text.starts_with(['{', '[']) && is_json(text))
    }

    fn has_clue(&self, text: &str) -> bool {
        let mut seen = Seen::default();
        self.hits(text)
            .any(|(number, start, end)| self.speaks(text, number, (start, end), &mut seen))
    }

    /// Number, start and end of every clue.
    fn hits<'t>(&'t self, text: &'t str) -> impl Iterator<Item = (usize, usize, usize)> + 't {
        self.hints.find_overlapping_iter(text).filter_map(|hit| {
            let number = hit.pattern().as_usize().checked_sub(self.first)?;
            Some((number, hit.start(), hit.end()))
        })
    }

    /// Whether one of a text's keys is that of a prompt: then it is somebody's request.
    fn names_a_prompt(&self, text: &str) -> bool {
        self.hits(text)
            .any(|(number, _, end)| clue::of(number) == Clue::Prompt && self.quoted_key(text, end))
    }

    /// First the literals in a sentence, then the sentence around them.
    fn sentence(&self, place: Place, text: &str) -> Option<String> {
        let walked = self.literals(place, text);
        let text = walked.as_deref().unwrap_or(text);
        let around = self.patterns(text);
        around.or(walked)
    }

    fn literals(&self, place: Place, text: &str) -> Option<String> {
        if place.depth >= DEPTH_MAX {
            return None;
        }
        // most sentences hold no literal, and need not be searched for its keys
        let place = LazyCell::new(|| {
            let doc = if self.names_a_prompt(text) { Doc::Parameters } else { place.doc };
            Place { doc, ..place }
        });
        let bytes = text.as_bytes();
        let mut edits = Edits::default();
        let mut at = 0;
        while at < bytes.len() {
            let next = bytes[at..].iter().position(|b| matches!(b, b'{' | b'[' | b'('));
            let Some(next) = next.map(|next| at + next) else { break };
            at = if literal::begins(bytes, next) {
                let name = clue::requested(text, next);
                let place = name.map_or(*place, |name| self.under(*place, name));
                literal::walk(text, next, place, self, &mut edits)
            } else if matches!(bytes[next + 1..], [b'\\', b'"' | b'\'', ..]) {
                self.escaped(*place, text, next, &mut edits)
            } else {
                next + 1
            };
        }
        edits.apply(text)
    }

    /// `{\"prompt\": \"...\"}`: the inside of a string whose quotes are not there.
    fn escaped(&self, place: Place, text: &str, start: usize, edits: &mut Edits) -> usize {
        let quote = Quote { mark: text.as_bytes()[start + 2], bytes: false };
        let end = start + text[start..].rfind(['}', ']']).map_or(text.len() - start, |at| at + 1);
        let inside = quote::decoded(&text[start..end], quote);
        if let Some(with) = self.sentence(place.deeper(), &inside) {
            edits.add(start, end, quote::encoded(&with, quote));
        }
        end.max(start + 1)
    }

    /// What betrays itself by its form or by the words before it.
    fn patterns(&self, text: &str) -> Option<String> {
        let mut hits: Vec<_> = self.hits(text).collect();
        hits.sort_by_key(|(number, start, end)| (*start, std::cmp::Reverse(*end), *number));
        let (mut edits, mut seen) = (Edits::default(), Seen::default());
        for (number, start, end) in hits {
            if start >= edits.end() {
                self.follow(clue::of(number), text, (start, end), &mut seen, &mut edits);
            }
        }
        edits.apply(text)
    }

    fn follow(
        &self,
        clue: Clue,
        text: &str,
        (start, end): (usize, usize),
        seen: &mut Seen,
        edits: &mut Edits,
    ) {
        let token =
            |kind, (from, to): (usize, usize)| (from, to, self.stamp.token(kind, &text[from..to]));
        if matches!(clue, Clue::Prompt | Clue::User | Clue::Key) && code::is_quoted(text, start) {
            return;
        }
        let found = match clue {
            Clue::At => address::email(text, start, end).map(|(from, to)| {
                let local = text[from..start].trim_end_matches('\\');
                let address = format!("{local}@{}", &text[end..to]).replace("%40", "@");
                (from, to, self.stamp.token(TokenKind::Email, &address))
            }),
            Clue::Uid => user::uid(text, start, end).map(|at| token(TokenKind::User, at)),
            Clue::Dotted => address::ip(text, start).map(|at| token(TokenKind::Ip, at)),
            Clue::Url => url::find(&self.stamp, text, start, end, false),
            Clue::EscapedUrl => url::find(&self.stamp, text, start, end, true),
            Clue::Escape | Clue::Clip => None,
            Clue::Suffix | Clue::Stored | Clue::Home => self.path(text, start, end, seen),
            Clue::Data => self.data(text, end),
            Clue::Upload => self.upload(text, end),
            Clue::Prompt => {
                let hide = |value: &str| self.stamp.token(TokenKind::Text, value);
                prompt::hide(prompt::find(text, end), text, edits, hide);
                None
            }
            Clue::User => {
                for at in user::find(text, end) {
                    let (from, to, with) = token(TokenKind::User, at);
                    edits.add(from, to, with);
                }
                None
            }
            Clue::Key => {
                if clue::key_class(text, start, end) == Some(Class::Text) {
                    let hide = |value: &str| self.stamp.token(TokenKind::Text, value);
                    prompt::hide(prompt::find(text, end), text, edits, hide);
                }
                None
            }
        };
        if let Some((from, to, with)) = found {
            edits.add(from, to, with);
        }
    }

    fn path(
        &self,
        text: &str,
        start: usize,
        end: usize,
        seen: &mut Seen,
    ) -> Option<(usize, usize, String)> {
        if text[start..].starts_with('\\') {
            return self.windows_home(text, end);
        }
        let suffix = text[start..].starts_with('.');
        if suffix && text.as_bytes().get(end).is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        if end <= seen.path {
            return None;
        }
        let (from, to) = path::around(text, start, end);
        if text[from..to].contains("://") {
            seen.path = to;
            return None;
        }
        // `x.png:12`, `x.png?w=1`, `“x.png”`: the name ends with its suffix
        let ended = |b: &u8| matches!(b, b':' | b'?' | b'#' | b'&' | b'*' | b'\\') || !b.is_ascii();
        let ends = suffix && text.as_bytes().get(end).is_some_and(ended);
        let to = if ends { end } else { to };
        let from = to - text[from..to].trim_start_matches(OPENING_QUOTES).len();
        seen.path = to;
        // `outputs/x.mp4.`: a sentence ends, not the name
        let to = from + text[from..to].trim_end_matches(['.', ':', '!', '?']).len();
        let shaped = path::shape(&self.stamp, text.get(from..to)?, Folders::Kept)?;
        Some((from, to, shaped))
    }

    /// `C:\Users\name\`, however often the backslashes were escaped.
    fn windows_home(&self, text: &str, end: usize) -> Option<(usize, usize, String)> {
        let bytes = text.as_bytes();
        let from = end + run(bytes, end, |b| b == b'\\');
        let stop = |b: u8| matches!(b, b'\\' | b'/' | b'"' | b'\'' | b'\n' | b':' | b'|');
        let to = from + run(bytes, from, |b| !stop(b));
        let name = text.get(from..to)?;
        let hidden = !name.is_empty() && !is_token(name);
        hidden.then(|| (from, to, self.stamp.token(TokenKind::User, name)))
    }

    /// `data:image/png;base64,...`
    fn data(&self, text: &str, end: usize) -> Option<(usize, usize, String)> {
        let base64 =
            |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_');
        let length = run(text.as_bytes(), end, base64);
        let content = &text[end..end + length];
        (length > 0).then(|| (end, end + length, self.stamp.token(TokenKind::File, content)))
    }

    /// `Uploading 5 bytes (1MB) to Supabase storage as {file} (type: image/png)`
    fn upload(&self, text: &str, end: usize) -> Option<(usize, usize, String)> {
        let window = &text.as_bytes()[end..text.len().min(end + NAME_BYTES_MAX)];
        let to = end + window.windows(7).position(|bytes| bytes == b" (type:")?;
        let name = &text[end..to];
        let shaped = path::shape(&self.stamp, name, Folders::Hidden)?;
        Some((end, to, shaped))
    }

    /// A user's id that stands once more in the same text, where nothing says whose it is.
    fn known_users(&self, text: &str) -> Option<String> {
        let mut known = BTreeSet::new();
        let mut from = 0;
        while let Some(at) = text[from..].find("~user-").map(|at| from + at) {
            from = at + 1;
            if let Some(end) = end(text, at) {
                known.insert(&text[at..end]);
                from = end;
            }
        }
        if known.is_empty() {
            return None;
        }
        let bytes = text.as_bytes();
        let mut edits = Edits::default();
        for (dash, _) in text.match_indices('-') {
            let Some(start) = dash.checked_sub(8) else { continue };
            let begins =
                start == 0 || !bytes[start - 1].is_ascii_alphanumeric() || escaped(bytes, start);
            if begins && uuid::begins(bytes, start) {
                let token = self.stamp.token(TokenKind::User, &text[start..start + uuid::BYTES]);
                if known.contains(token.as_str()) {
                    edits.add(start, start + uuid::BYTES, token);
                }
            }
        }
        edits.apply(text)
    }
}

/// `\n` before an id is no letter of it.
fn escaped(bytes: &[u8], at: usize) -> bool {
    at >= 2 && bytes[at - 2] == b'\\'
}

#[cfg(test)]
mod tests;
