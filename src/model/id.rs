//! Ids as the source spells them.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::model::shared;

/// An id whose text stands in one piece of memory however often it is named.
pub trait Shared: Clone + Eq + Hash {
    /// Where its text stands, for as long as somebody holds it: two at one address are the same.
    fn address(&self) -> usize;
}

/// Declares one kind of id.
macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(#[serde(deserialize_with = "shared::text")] Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, as others may share it.
            pub(crate) fn shared(&self) -> &Arc<str> {
                &self.0
            }

            /// Of a text that others may share.
            pub(crate) fn of_shared(text: Arc<str>) -> Self {
                Self(text)
            }
        }

        impl Shared for $name {
            fn address(&self) -> usize {
                Arc::as_ptr(&self.0).addr()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id_type!(
    /// A worker, as `workers.id` spells it; also its pod's name.
    WorkerId
);
id_type!(
    /// A task, as `tasks.id` spells it.
    TaskId
);
id_type!(
    /// A pod, as the cloud names it (`metadata.runpod_id`).
    PodId
);
id_type!(
    /// One orchestrator process: `source_id` and a number from 1.
    RunId
);
/// An event: a uuid v5 of its primary evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventId(pub Uuid);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The id of a row, as its table spells it. Ordered as the texts are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RowKey {
    /// A uuid in PostgreSQL's spelling: lower case, with hyphens.
    Uuid(Uuid),
    /// Any other text.
    Text(#[serde(deserialize_with = "shared::text")] Arc<str>),
}

impl RowKey {
    /// Bytes of a text that may be long.
    pub fn text_len(&self) -> usize {
        match self {
            Self::Uuid(_) => 0,
            Self::Text(text) => text.len(),
        }
    }

    /// Calls `with` with the text, without making one.
    pub fn with_text<T>(&self, with: impl FnOnce(&str) -> T) -> T {
        match self {
            Self::Uuid(uuid) => with(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer())),
            Self::Text(text) => with(text),
        }
    }
}

impl From<&str> for RowKey {
    fn from(text: &str) -> Self {
        let is_upper = |byte: u8| byte.is_ascii_uppercase();
        match Uuid::try_parse(text) {
            // the parser takes other spellings too
            Ok(uuid) if text.len() == Hyphenated::LENGTH && !text.bytes().any(is_upper) => {
                Self::Uuid(uuid)
            }
            Ok(_) | Err(_) => Self::Text(text.into()),
        }
    }
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(uuid) => fmt::Display::fmt(uuid, f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Ord for RowKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            // bytes in order are hexadecimal digits in order
            (Self::Uuid(a), Self::Uuid(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Uuid(_), Self::Text(_)) | (Self::Text(_), Self::Uuid(_)) => {
                self.with_text(|a| other.with_text(|b| a.cmp(b)))
            }
        }
    }
}

impl PartialOrd for RowKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_row_key_is_its_text(a in any_key(), b in any_key()) {
            let (x, y) = (RowKey::from(a.as_str()), RowKey::from(b.as_str()));
            prop_assert_eq!(x.to_string(), &*a);
            prop_assert_eq!(x.with_text(str::to_string), &*a);
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(x == y, a == b);
        }
    }

    fn any_key() -> impl Strategy<Value = String> {
        let uuid = any::<u128>().prop_map(Uuid::from_u128);
        prop_oneof![
            uuid.clone().prop_map(|id| id.to_string()),
            uuid.clone().prop_map(|id| id.to_string().to_uppercase()),
            uuid.clone().prop_map(|id| id.simple().to_string()),
            uuid.prop_map(|id| id.urn().to_string()),
            "[0-9a-f-]{0,40}".prop_map(|text| text),
            any::<String>(),
        ]
    }
}
