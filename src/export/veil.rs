//! The redaction of one column, which remembers what texts became: most columns of a log repeat theirs.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::redact::Redactor;
use crate::redact::role::Role;

/// Texts longer than this hardly repeat.
const TEXT_BYTES_MAX: usize = 512;
/// Bytes of texts that a column remembers; then it begins anew.
const BYTES_MAX: usize = 1 << 20;

/// Redacts the texts of one column.
pub(super) struct Veil<'r> {
    redactor: &'r Redactor,
    role: Role,
    /// The number of what a text became; nothing: it stayed as it is.
    known: FxHashMap<Box<str>, Option<usize>>,
    hidden: Vec<Box<str>>,
    bytes: usize,
}

impl<'r> Veil<'r> {
    pub(super) fn new(redactor: &'r Redactor, role: Role) -> Self {
        Self { redactor, role, known: FxHashMap::default(), hidden: Vec::new(), bytes: 0 }
    }

    /// What a text may be kept as.
    pub(super) fn text<'a>(&'a mut self, text: Cow<'a, str>) -> Cow<'a, str> {
        if text.len() > TEXT_BYTES_MAX {
            return match text {
                Cow::Borrowed(text) => self.redactor.value(self.role, text),
                Cow::Owned(text) => Cow::Owned(self.redactor.value(self.role, &text).into_owned()),
            };
        }
        let became = match self.known.get(&*text) {
            Some(became) => *became,
            None => self.remember(&text),
        };
        match became {
            Some(number) => Cow::Borrowed(&*self.hidden[number]),
            None => text,
        }
    }

    /// What a uuid may be kept as: sixteen bytes betray nothing, whatever they are, unless they are
    /// somebody's.
    pub(super) fn uuid<'a>(&'a mut self, text: String) -> Cow<'a, str> {
        match self.role {
            Role::Plain | Role::Prose => Cow::Owned(text),
            Role::Parameters
            | Role::Details
            | Role::Location
            | Role::Output
            | Role::Person
            | Role::Project
            | Role::Private
            | Role::Secret(_) => self.text(Cow::Owned(text)),
        }
    }

    fn remember(&mut self, text: &str) -> Option<usize> {
        if self.bytes > BYTES_MAX {
            self.known.clear();
            self.hidden.clear();
            self.bytes = 0;
        }
        // an entry takes more than its text
        self.bytes += text.len() + 64;
        let became = match self.redactor.value(self.role, text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(hidden) => {
                self.bytes += hidden.len();
                self.hidden.push(hidden.into_boxed_str());
                Some(self.hidden.len() - 1)
            }
        };
        self.known.insert(text.into(), became);
        became
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
                let said = veil.text(Cow::Borrowed(text)).into_owned();
                assert_eq!(said, redactor.value(Role::Prose, text));
            }
        }
        assert!(!veil.text(Cow::Borrowed(&long)).contains("some.one"));
    }

    #[test]
    fn memory_stays_bounded() {
        let redactor = Redactor::new(Policy::Standard, &[7; 32]);
        let mut veil = Veil::new(&redactor, Role::Prose);
        for n in 0..200_000 {
            let text = format!("line {n}");
            assert_eq!(veil.text(Cow::Borrowed(&text)), text);
        }
        assert!(veil.bytes <= BYTES_MAX + TEXT_BYTES_MAX * 2, "{}", veil.bytes);
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
