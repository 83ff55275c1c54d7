//! Text and JSON into the same, safe to keep. Must not know tables.
//!
//! Every value that a source hands over passes here before a byte of it is written. A text without a
//! hint of a secret or of a person costs one pass of aho-corasick and no allocation.

pub mod policy;
pub mod role;

mod edits;
mod header;
mod hint;
mod json;
mod login;
mod many;
mod mask;
mod member;
mod named;
mod nested;
mod pair;
mod pem;
mod personal;
mod quoted;
mod scan;
mod secrets;
mod token;
mod url;
mod wrapped;

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::redact::hint::HINTS;
use crate::redact::mask::{Mask, Masks, is_marker, marker};
use crate::redact::personal::{Pass, Seen, clue};
use crate::redact::policy::Policy;
use crate::redact::role::Role;
use crate::redact::secrets::Secrets;

/// What was hidden may lay bare what stood in its shadow, so a redacted text is looked at until
/// nothing is found.
const ROUNDS_MAX: usize = 8;

/// Redacts under one policy and one key. Made once, used for every value; a copy shares what it searches with.
#[derive(Clone, Debug)]
pub struct Redactor {
    policy: Policy,
    hints: AhoCorasick,
    secrets: Secrets,
    personal: Pass,
}

impl Redactor {
    /// A redactor. Tokens are the same under the same key, whatever the policy.
    pub fn new(policy: Policy, key: &[u8; 32]) -> Self {
        let literals = HINTS.iter().map(|(literal, _)| (*literal).to_string());
        let hints = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(literals.chain(clue::literals()))
            .expect("a fixed list of short literals always builds");
        let strict = policy == Policy::Strict;
        Self {
            policy,
            secrets: Secrets::new(hints.clone()),
            personal: Pass::new(key, strict, hints.clone(), HINTS.len()),
            hints,
        }
    }

    /// The policy.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// A message, an id, anything without a role of its own.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.value(Role::Prose, text)
    }

    /// The value with secrets as `<redacted:KIND>` and personal data as tokens. JSON stays JSON, and
    /// what was redacted before stays as it is.
    pub fn value<'a>(&self, role: Role, text: &'a str) -> Cow<'a, str> {
        if self.policy == Policy::None {
            return Cow::Borrowed(text);
        }
        if let Role::Secret(kind) = role {
            let hidden = text.is_empty() || is_marker(text);
            return if hidden { Cow::Borrowed(text) } else { Cow::Owned(marker(kind)) };
        }
        let Some(mut redacted) = self.round(role, text) else { return Cow::Borrowed(text) };
        for _ in 1..ROUNDS_MAX {
            match self.round(role, &redacted) {
                Some(again) if again != redacted => redacted = again,
                Some(_) | None => break,
            }
        }
        Cow::Owned(redacted)
    }

    /// One look at a text; `None` when there was nothing to hide.
    fn round(&self, role: Role, text: &str) -> Option<String> {
        let needed = self.personal.is_needed(role);
        let (mut secret, mut personal) = (false, needed);
        let mut seen = Seen::default();
        for hit in self.hints.find_overlapping_iter(text) {
            match hit.pattern().as_usize().checked_sub(HINTS.len()) {
                None => {
                    let hint = HINTS[hit.pattern().as_usize()].1;
                    secret = secret || secrets::speaks(hint, text, hit.start(), hit.end());
                }
                Some(clue) => {
                    personal = personal
                        || self.personal.speaks(text, clue, (hit.start(), hit.end()), &mut seen);
                }
            }
            if secret && personal {
                break;
            }
        }
        let masked = if secret { self.secrets.masked(text) } else { None };
        let text = masked.as_deref().unwrap_or(text);
        let spoken = masked.is_none() && !needed;
        let hidden = if personal { self.personal.value(role, text, spoken) } else { None };
        hidden.or(masked)
    }
}

#[cfg(test)]
mod any_text;
#[cfg(test)]
mod tests;

/// A text without the passwords of the URLs and connection texts in it, fit to be shown.
pub fn without_passwords(text: &str) -> Cow<'_, str> {
    const KEY: &str = "password=";
    let urls = text.match_indices("://").filter_map(|(at, of)| url::password(text, at + of.len()));
    let logins = text.match_indices('@').filter_map(|(at, _)| login::password(text, at));
    let lower = text.to_ascii_lowercase();
    let keys = lower.match_indices(KEY).filter_map(|(at, _)| {
        let start = at + KEY.len();
        let length = text[start..].find(|c: char| c.is_whitespace() || matches!(c, ';' | '&'));
        let end = length.map_or(text.len(), |length| start + length);
        (start < end).then_some(Mask { start, end, kind: "password" })
    });
    let mut all: Vec<Mask> = urls.chain(logins).chain(keys).collect();
    all.sort_by_key(|mask| mask.start);
    let mut masks = Masks::default();
    all.into_iter().for_each(|mask| masks.add(mask));
    masks.apply(text).map_or(Cow::Borrowed(text), Cow::Owned)
}
