//! What a value is, as far as redaction has to know. Which column has which role is not told here.

use crate::redact::named::Named;
use crate::redact::personal::key::Class;

/// The role of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An id, a state, a type: kept, but for what betrays itself (secrets, addresses).
    Plain,
    /// A message or an error text.
    Prose,
    /// JSON of a user's request: what its keys do not clear is the user's own.
    Parameters,
    /// JSON that a machine wrote about itself.
    Details,
    /// A URL, a path or a file's name.
    Location,
    /// The same, or JSON, or a sentence.
    Output,
    /// An account's id: a token as a whole.
    Person,
    /// Somebody, by id or by a word such as `service`: an id is a token as a whole.
    Owner,
    /// A project's id: kept, a token under `strict`.
    Project,
    /// Something a person wrote: a token as a whole.
    Private,
    /// A secret of this kind.
    Secret(&'static str),
}

impl Role {
    /// The role of a value that has nothing but a name.
    pub fn of_name(name: &str) -> Self {
        if let Some(named) = Named::of_key(name).filter(|named| named.is_of_column()) {
            return Self::Secret(named.kind);
        }
        match Class::of(name) {
            Some(Class::Person) => Self::Person,
            Some(Class::Text | Class::Email | Class::Address) => Self::Private,
            Some(Class::Media | Class::Place) => Self::Location,
            Some(Class::Payload | Class::Listed) => Self::Parameters,
            Some(Class::Owner) => Self::Owner,
            Some(Class::Kept) | None => Self::Prose,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_secrets_is_one_however_many_it_holds() {
        for name in [
            "secret",
            "secrets",
            "passwords",
            "password1",
            "api_keys",
            "api_key_2",
            "tokens",
            "access_tokens",
            "cookies",
            "API_KEY_PROD",
            "credentials",
        ] {
            assert!(matches!(Role::of_name(name), Role::Secret(_)), "{name}");
        }
        for name in ["first_pass", "token_count", "secretary", "keys", "note"] {
            assert!(!matches!(Role::of_name(name), Role::Secret(_)), "{name}");
        }
    }
}
