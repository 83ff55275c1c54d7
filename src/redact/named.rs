//! What the name of a key says of its value, and whether a value bears it out.

use crate::redact::hint::{HINTS, Hint};
use crate::redact::scan::{begins_word, is_secretish, name_start, run};

/// The longest name of a program in CamelCase that is taken for no secret.
const NAME_BYTES_MAX: usize = 24;
/// A word of this length is no word of prose.
const WORD_BYTES_MIN: usize = 16;
/// A word in mixed case of this length neither.
const MIXED_BYTES_MIN: usize = 10;
/// A password of letters and digits.
const PASSWORD_BYTES_MIN: usize = 6;

/// Whose `pass` is a password, however it is joined: `db_pass`, `SMTP_PASS`, `sshpass`. Of others it is as often
/// a step of a program: `first_pass`, `render_pass`.
const OWNERS: &[&str] = &[
    "admin", "api", "app", "basic", "db", "ftp", "http", "imap", "login", "mail", "mongo", "mq",
    "mysql", "pg", "postgres", "proxy", "redis", "root", "service", "sftp", "smtp", "ssh", "sudo",
    "supabase", "user", "vnc",
];

/// What a key's name says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) kind: &'static str,
    /// Any value is the secret; otherwise one that looks like it.
    pub(super) is_sure: bool,
    /// So is any word after `=`.
    pub(super) is_assigned: bool,
    /// The name is that of many: `api_keys`.
    pub(super) is_plural: bool,
}

impl Named {
    /// A name that means nothing else.
    pub(super) fn surely(kind: &'static str) -> Self {
        Self { kind, is_sure: true, is_assigned: true, is_plural: false }
    }

    /// The word at `start..end` of a text, where it is a word of its own.
    pub(super) fn by_word(
        text: &str,
        start: usize,
        end: usize,
        kind: &'static str,
    ) -> Option<Self> {
        let bytes = text.as_bytes();
        let before = &bytes[name_start(bytes, start)..start];
        let apart = before.iter().rev().take_while(|b| !b.is_ascii_alphanumeric()).count();
        let before = &before[..before.len() - apart];
        let owner = before.iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
        let (owned, owner) = (start - apart - owner, &before[before.len() - owner..]);
        let unescaped = unescaped(bytes, owned, start - apart);
        let known = |known: &str| {
            [owner, unescaped].iter().any(|owner| owner.eq_ignore_ascii_case(known.as_bytes()))
        };
        let is_sure = kind == "password" && OWNERS.iter().any(|owner| known(owner));
        let is_camel = apart == 0
            && owner.last().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            && matches!(bytes[start..end], [b'A'..=b'Z', b'a'..=b'z', ..]);
        let is_word = apart > 0 || is_camel || begins_word(bytes, start);
        let is_assigned = kind == "password" && !unescaped.iter().any(u8::is_ascii_lowercase);
        (is_sure || is_word).then_some(Self { kind, is_sure, is_assigned, is_plural: false })
    }

    /// The same where as often something else stands.
    pub(super) fn unsure(self) -> Self {
        Self { is_sure: false, is_assigned: false, ..self }
    }

    /// What a whole name says.
    pub(super) fn of(name: &str) -> Option<Self> {
        let name = name.trim();
        let lower = name.to_ascii_lowercase();
        HINTS.iter().find_map(|(literal, hint)| match hint {
            Hint::Key(kind) if lower.ends_with(literal) => Some(Self::surely(kind)),
            Hint::Word(kind) if lower.ends_with(literal) => {
                Self::by_word(name, name.len() - literal.len(), name.len(), kind)
            }
            Hint::Key(_)
            | Hint::Word(_)
            | Hint::Token(_)
            | Hint::Bearer
            | Hint::PemBegin
            | Hint::PemEnd
            | Hint::Dsn
            | Hint::Login
            | Hint::EscapedSlashes
            | Hint::Parameter => None,
        })
    }

    /// Whether a column of this name holds secrets, whatever a value of it looks like.
    pub(super) fn is_of_column(self) -> bool {
        self.is_sure || self.is_assigned || self.kind != "password"
    }

    /// Whether a value is the secret that this name speaks of.
    pub(super) fn hides(self, value: &str) -> bool {
        let value = value.trim();
        let schemed = value.split_once(' ').filter(|(scheme, _)| is_scheme(scheme));
        let value = schemed.map_or(value, |(_, credential)| credential.trim_start());
        let place = value.contains("://") || value.starts_with(['/', '~', '.']);
        let word = !place && !value.contains(char::is_whitespace);
        let password = self.kind == "password"
            && value.len() >= PASSWORD_BYTES_MIN
            && value.bytes().any(|b| b.is_ascii_digit())
            && value.bytes().any(|b| b.is_ascii_alphabetic());
        self.is_sure
            || (word
                && (password || (schemed.is_some() && is_credential(value)) || is_chosen(value)))
    }

    /// The same of what is assigned to it: `pass=hunter`.
    pub(super) fn hides_assigned(self, value: &str) -> bool {
        let word = value.bytes().any(|b| b.is_ascii_alphabetic());
        self.hides(value) || (self.is_assigned && word)
    }
}

/// The word at `from..to` without the letters of an escape that hides where it begins: `\nssh`, `ESC[36mssh`.
fn unescaped(bytes: &[u8], from: usize, to: usize) -> &[u8] {
    let escaped = matches!(bytes[..from], [.., b'\\' | b'[' | b';' | b'%']);
    let begins = (from + 1..=to).rev().find(|at| escaped && begins_word(bytes, *at));
    &bytes[begins.unwrap_or(from)..to]
}

/// A word before a credential that says how it is used.
pub(super) fn is_scheme(word: &str) -> bool {
    let schemes = ["bearer", "basic", "token", "digest", "apikey"];
    schemes.iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// What stands behind a scheme when it is not the next word of a sentence: `auth: basic authentication failed`.
pub(super) fn is_credential(value: &str) -> bool {
    value.bytes().any(|b| !b.is_ascii_lowercase())
}

/// A value that says there is none, or that hides itself.
pub(super) fn is_literal(value: &str) -> bool {
    let words = ["null", "none", "nil", "true", "false", "undefined"];
    words.iter().any(|word| value.eq_ignore_ascii_case(word)) || value.bytes().all(|b| b == b'*')
}

/// Whether what stands behind the word that ends at `end` may join it to a value; what stands before it may be
/// hidden by an escape.
pub(super) fn leads(text: &str, end: usize) -> bool {
    let bytes = text.as_bytes();
    let at = end + run(bytes, end, |b| b == b' ' || b == b'\t');
    match &bytes[at..] {
        [b'"' | b'\'' | b'\\' | b'=' | b':' | b'%' | b'>' | b'#' | 0x1b | 0xef, ..] => true,
        [b'-', b'>', ..] => true,
        [_, ..] => at > end && bytes[name_start(bytes, end)..].starts_with(b"--"),
        [] => false,
    }
}

/// Whether a value looks like a secret rather than like a word of prose or the name of a class.
pub(super) fn is_chosen(value: &str) -> bool {
    let bytes = value.as_bytes();
    let plain = bytes.iter().all(u8::is_ascii_alphanumeric);
    let capital = bytes.iter().skip(1).any(u8::is_ascii_uppercase);
    let mixed = capital && bytes.iter().any(u8::is_ascii_lowercase);
    let long = bytes.len() >= WORD_BYTES_MIN || (mixed && bytes.len() >= MIXED_BYTES_MIN);
    is_secretish(value) || (plain && long && !is_camel_case(bytes))
}

/// `AuthenticationError`, `confirmPassword`, `JSONDecodeError`: words of three letters and more, each with its
/// capitals before it.
fn is_camel_case(bytes: &[u8]) -> bool {
    const CAPITALS_MAX: usize = 5;
    let (mut at, mut words) = (0, 0);
    while at < bytes.len() {
        let capitals = run(bytes, at, |b| b.is_ascii_uppercase());
        let small = run(bytes, at + capitals, |b| b.is_ascii_lowercase());
        let last = at + capitals == bytes.len() && words > 0;
        if capitals > CAPITALS_MAX || (small < 3 && !last) {
            return false;
        }
        at += capitals + small;
        words += 1;
    }
    words > 1 && bytes.len() < NAME_BYTES_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_password_where_it_is_one() {
        let of = |name: &str| Named::of(name).map(|named| (named.kind, named.is_sure));
        for name in
            ["SMTP_PASS", "db_pass", "sshpass", "PGPASS", "dbPass", "ssh-pw", "password_hash"]
        {
            assert_eq!(of(name), Some(("password", true)), "{name}");
        }
        for name in ["pass", "PW", "first_pass", "renderPass", "MY_PASS"] {
            assert_eq!(of(name), Some(("password", false)), "{name}");
        }
        for name in
            ["bypass", "compass", "passed", "passes", "author", "oauth", "session_id", "ssh_key"]
        {
            assert_eq!(of(name), None, "{name}");
        }
        for name in ["serviceKey", "RUNPOD_KEY", "openai_key", "auth_key", "SECRET_KEY_BASE"] {
            assert!(of(name).is_some_and(|(_, sure)| sure), "{name}");
        }
        for name in ["auth", "credentials", "jwt", "registry_auth", "Bearer"] {
            assert!(of(name).is_some_and(|(_, sure)| !sure), "{name}");
        }
    }

    #[test]
    fn a_value_is_chosen_or_a_word() {
        for value in [
            "XPUKFKsMqRlujwgzwHVK",
            "correcthorsebattery",
            "hunter2hunter2",
            "aBcDeFgHiJ",
            "ABCDEFGHIJKLMNOPQR",
        ] {
            assert!(is_chosen(value), "{value}");
        }
        for value in [
            "expired",
            "AuthenticationError",
            "PermissionDenied",
            "JSONDecodeError",
            "confirmPassword",
            "InvalidJWT",
            "unauthenticated",
            "not-authenticated",
            "",
        ] {
            assert!(!is_chosen(value), "{value}");
        }
    }
}
