//! What becomes of a string inside JSON or a Python literal: decided by its keys, then by its form.

use crate::model::token::{TokenKind, is_token};
use crate::redact::mask::is_marker;
use crate::redact::personal::Pass;
use crate::redact::personal::address::is_nobody;
use crate::redact::personal::key::Class;
use crate::redact::personal::literal::Rules;
use crate::redact::personal::path::{self, Folders};
use crate::redact::personal::{url, uuid};

/// The longest word that may be a code and not a sentence.
const CODE_BYTES_MAX: usize = 64;

/// Whose words a document holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doc {
    /// A user's request.
    Parameters,
    /// A machine's notes.
    Details,
    /// A sentence with a literal in it.
    Prose,
}

/// Where a value stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) doc: Doc,
    pub(super) class: Option<Class>,
    /// Only what the allow-list names is kept.
    pub(super) listed: bool,
    /// Literals inside strings of literals.
    pub(super) depth: u8,
}

impl Place {
    pub(super) fn root(doc: Doc, listed: bool) -> Self {
        Self { doc, class: None, listed, depth: 0 }
    }

    /// Inside a string that stands here.
    pub(super) fn deeper(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

impl Rules for Pass {
    type Place = Place;

    fn under(&self, place: Place, key: &str) -> Place {
        let own = Class::of(key);
        let kept = || Class::is_kept(key, place.doc == Doc::Details).then_some(Class::Kept);
        let class = match place.class {
            Some(Class::Text | Class::Person | Class::Email | Class::Address) => place.class,
            Some(Class::Media | Class::Place) => own.or(place.class),
            // whose id it is was said one level above
            Some(Class::Owner) if is_id(key) => place.class,
            Some(Class::Owner | Class::Payload | Class::Listed | Class::Kept) | None => {
                own.or_else(kept)
            }
        };
        let copies = own == Some(Class::Listed);
        let doc = if copies || own == Some(Class::Payload) { Doc::Parameters } else { place.doc };
        Place { doc, class, listed: place.listed || copies, depth: place.depth }
    }

    fn string(&self, place: Place, content: &str) -> Option<String> {
        let hidden = |kind| Some(self.stamp.token(kind, content));
        if content.trim().is_empty() || is_token(content) || is_marker(content) {
            return None;
        }
        match place.class {
            Some(Class::Text) => hidden(TokenKind::Text),
            Some(Class::Person) => hidden(TokenKind::User),
            Some(Class::Owner) if uuid::is(content) => hidden(TokenKind::User),
            Some(Class::Email) if content.contains('@') => hidden(TokenKind::Email),
            Some(Class::Email) => hidden(TokenKind::Text),
            Some(Class::Address) if is_nobody(content) => None,
            Some(Class::Address) => hidden(TokenKind::Ip),
            Some(Class::Media | Class::Place) => self.media(place, content),
            Some(Class::Kept) => self.inside(place, content),
            Some(Class::Owner | Class::Payload | Class::Listed) | None => self.free(place, content),
        }
    }

    fn key(&self, place: Place, content: &str) -> Option<String> {
        let people = matches!(place.class, Some(Class::Person | Class::Owner));
        if people && uuid::is(content) {
            return Some(self.stamp.token(TokenKind::User, content));
        }
        if place.class == Some(Class::Text) && !is_code(content) && !is_token(content) {
            return Some(self.stamp.token(TokenKind::Text, content));
        }
        self.inside(Place::root(Doc::Prose, false), content)
    }

    fn drops_scalar(&self, place: Place) -> bool {
        self.strict && place.listed && place.class != Some(Class::Kept)
    }
}

impl Pass {
    /// A string under a key that says nothing.
    pub(super) fn free(&self, place: Place, content: &str) -> Option<String> {
        let own_words = place.listed || place.doc == Doc::Parameters;
        if !own_words || self.is_literal(content) {
            return self.inside(place, content);
        }
        if content.starts_with("data:") || is_url(content) || is_file(content) {
            return self.media(place, content);
        }
        let id = uuid::is(content) && !(place.listed && self.strict);
        if id || (!place.listed && is_code(content)) {
            return self.inside(place, content);
        }
        Some(self.stamp.token(TokenKind::Text, content))
    }

    /// A URL, a path or the name of a file.
    pub(super) fn media(&self, place: Place, content: &str) -> Option<String> {
        let content = content.trim();
        if self.is_literal(content) {
            return self.inside(place, content);
        }
        if content.starts_with("data:") {
            return Some(self.stamp.token(TokenKind::File, content));
        }
        if is_url(content) {
            return url::shape(&self.stamp, content).or_else(|| self.inside(place, content));
        }
        let machine = place.doc != Doc::Parameters && !place.listed;
        if content.contains("://") || (machine && content.contains(char::is_whitespace)) {
            return self.inside(place, content);
        }
        let folders = if content.starts_with('/') { Folders::Kept } else { Folders::Hidden };
        if content.contains('/') || path::has_media_suffix(content) {
            let shaped = path::shape(&self.stamp, content, folders);
            // a sentence after a path is no part of its name
            let rest = self.inside(place, shaped.as_deref().unwrap_or(content));
            return rest.or(shaped);
        }
        let word = machine && place.class == Some(Class::Place) && is_code(content);
        if word || uuid::is(content) {
            return self.inside(place, content);
        }
        Some(self.stamp.token(TokenKind::File, content))
    }

    /// What betrays itself inside a string that is kept.
    fn inside(&self, place: Place, content: &str) -> Option<String> {
        self.text(place.deeper(), content)
    }
}

fn is_id(key: &str) -> bool {
    ["id", "uuid", "uid", "sub"].iter().any(|known| key.eq_ignore_ascii_case(known))
}

fn is_url(content: &str) -> bool {
    let scheme = content.split_once("://").map_or("", |(scheme, _)| scheme);
    !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn is_file(content: &str) -> bool {
    path::has_media_suffix(content) || (content.contains("/tasks/") && !content.contains(' '))
}

/// A word of a program's: a model, a mode, a size, a time.
fn is_code(content: &str) -> bool {
    let sign = |b: u8| b.is_ascii_alphanumeric() || b"_.+:/#-~".contains(&b);
    content.len() <= CODE_BYTES_MAX && content.bytes().all(sign)
}
