//! The redaction of one column, which remembers what texts became: most columns of a log repeat theirs.

use std::borrow::Cow;
use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::redact::Redactor;
use crate::redact::role::Role;

/// Texts longer than this hardly repeat.
const TEXT_BYTES_MAX: usize = 512;
/// Texts that a column remembers, each in the place that its hash names, where it makes way for the next one.
const PLACES: usize = 4_096;

/// Redacts the texts of one column.
pub(super) struct Veil<'r> {
    redactor: &'r Redactor,
    role: Role,
    known: Vec<Known>,
    /// The place of the last text: the next one is often the same.
    last: usize,
    /// The last uuid.
    uuid: [u8; Hyphenated::LENGTH],
}

/// A text and what it became. Whoever comes next gets the room of both.
#[derive(Clone, Default)]
struct Known {
    /// `None`: no text stood here yet.
    text: Option<String>,
    /// `None`: it stays as it is.
    became: Option<String>,
}

impl Known {
    fn is(&self, bytes: &[u8]) -> bool {
        self.text.as_ref().is_some_and(|text| text.as_bytes() == bytes)
    }

    fn kept(&self) -> &str {
        self.became.as_deref().or(self.text.as_deref()).unwrap_or_default()
    }
}

impl<'r> Veil<'r> {
    pub(super) fn new(redactor: &'r Redactor, role: Role) -> Self {
        Self { redactor, role, known: Vec::new(), last: 0, uuid: [0; Hyphenated::LENGTH] }
    }

    /// What a text may be kept as. What is remembered was found to be UTF-8 when it came first.
    pub(super) fn text<'a>(&'a mut self, bytes: &'a [u8]) -> Cow<'a, str> {
        if bytes.len() > TEXT_BYTES_MAX {
            return match utf8(bytes) {
                Cow::Borrowed(text) => self.redactor.value(self.role, text),
                Cow::Owned(text) => Cow::Owned(self.redactor.value(self.role, &text).into_owned()),
            };
        }
        if self.known.is_empty() {
            // a column of numbers needs none
            self.known.resize(PLACES, Known::default());
        }
        if !self.known[self.last].is(bytes) {
            self.last = FxBuildHasher.hash_one(bytes) as usize % PLACES;
            let known = &mut self.known[self.last];
            if !known.is(bytes) {
                let text = utf8(bytes);
                known.became = match self.redactor.value(self.role, &text) {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(hidden) => Some(hidden),
                };
                let kept = known.text.get_or_insert_default();
                kept.clear();
                kept.push_str(&text);
            }
        }
        Cow::Borrowed(self.known[self.last].kept())
    }

    /// What a uuid may be kept as: sixteen bytes betray nothing, whatever they are, unless they are
    /// somebody's.
    pub(super) fn uuid<'a>(&'a mut self, uuid: Uuid) -> Cow<'a, str> {
        match self.role {
            Role::Plain | Role::Prose => {
                Cow::Borrowed(uuid.hyphenated().encode_lower(&mut self.uuid))
            }
            Role::Parameters
            | Role::Details
            | Role::Location
            | Role::Output
            | Role::Person
            | Role::Owner
            | Role::Project
            | Role::Private
            | Role::Secret(_) => {
                uuid.hyphenated().encode_lower(&mut self.uuid);
                let text = self.uuid;
                Cow::Owned(self.text(&text).into_owned())
            }
        }
    }
}

/// A database in SQL_ASCII may hold bytes that are no UTF-8; they become U+FFFD rather than the end of
/// the export.
fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::redact::policy::Policy;

    #[test]
    fn what_is_remembered_is_what_the_redactor_says() {
        let redactor = Redactor::new(Policy::Standard, &[7; 32]);
        let mut veil = Veil::new(&redactor, Role::Prose);
        let long = format!("mail to some.one@example.com {}", "x".repeat(TEXT_BYTES_MAX));
        for _ in 0..3 {
            for text in ["nothing", "mail to some.one@example.com", "", &long] {
                let said = veil.text(text.as_bytes()).into_owned();
                assert_eq!(said, redactor.value(Role::Prose, text));
            }
        }
        assert!(!veil.text(long.as_bytes()).contains("some.one"));
    }

    #[test]
    fn memory_stays_bounded() {
        let redactor = Redactor::new(Policy::Standard, &[7; 32]);
        let mut veil = Veil::new(&redactor, Role::Prose);
        for n in 0..200_000 {
            let text = format!("line {n}");
            assert_eq!(veil.text(text.as_bytes()), text);
        }
        let bytes = veil.known.iter().flat_map(|known| &known.text).map(String::capacity);
        assert!(bytes.sum::<usize>() <= PLACES * TEXT_BYTES_MAX && veil.known.len() == PLACES);
    }

    #[test]
    fn bytes_that_are_no_utf8_are_kept_as_what_they_show_and_never_taken_for_it() {
        let redactor = Redactor::new(Policy::Standard, &[7; 32]);
        let mut veil = Veil::new(&redactor, Role::Prose);
        for _ in 0..2 {
            assert_eq!(
                veil.text(b"mail a\xff@example.com"),
                redactor.value(Role::Prose, "mail a\u{fffd}@example.com")
            );
            assert_eq!(veil.text("a\u{fffd}b".as_bytes()), "a\u{fffd}b");
            assert_eq!(veil.text(b"a\xffb"), "a\u{fffd}b");
        }
    }

    #[test]
    fn texts_of_one_place_are_told_apart() {
        let redactor = Redactor::new(Policy::Standard, &[7; 32]);
        let mut veil = Veil::new(&redactor, Role::Prose);
        let mail = |n: usize| format!("mail to some.one{n}@example.com");
        for round in 0..2 {
            for n in 0..2 * PLACES {
                let text = if n % 2 == 0 { mail(n) } else { format!("line {n}") };
                let said = veil.text(text.as_bytes()).into_owned();
                assert_eq!(said, redactor.value(Role::Prose, &text), "round {round}");
            }
        }
    }

    proptest! {
        /// An import meets a uuid as a text, and has to keep it as an export does.
        #[test]
        fn a_uuid_betrays_nothing(bytes: [u8; 16], strict: bool) {
            let policy = if strict { Policy::Strict } else { Policy::Standard };
            let redactor = Redactor::new(policy, &[7; 32]);
            let text = uuid::Uuid::from_bytes(bytes).to_string();
            for role in [Role::Plain, Role::Prose] {
                prop_assert_eq!(redactor.value(role, &text), text.as_str());
            }
        }
    }
}
