//! Names of many secrets and of one of many, and what stands beside them under one key.

use crate::redact::named::Named;
use crate::redact::scan::run;

/// The longest number of one of many.
const NUMBER_DIGITS_MAX: usize = 3;

/// What a secret's literal says about the secret.
const DESCRIPTIONS: &[&str] = &[
    "alg",
    "algorithm",
    "created",
    "description",
    "email",
    "error",
    "expires",
    "expiry",
    "format",
    "host",
    "id",
    "kind",
    "label",
    "length",
    "loc",
    "message",
    "mode",
    "msg",
    "name",
    "prefix",
    "provider",
    "reason",
    "region",
    "role",
    "scope",
    "scopes",
    "source",
    "state",
    "status",
    "title",
    "type",
    "uri",
    "url",
    "user",
    "username",
];

impl Named {
    /// What the name says whose known part ends at `end`, and where the whole name ends: `api_keys`, `password2`,
    /// `RUNPOD_API_KEY_2`.
    pub(super) fn to_end(self, bytes: &[u8], end: usize) -> (Self, usize) {
        let is_plural = self.is_sure && matches!(bytes.get(end), Some(b's' | b'S'));
        let last = end + usize::from(is_plural);
        let joint = usize::from(matches!(bytes.get(last), Some(b'_' | b'-')));
        let digits = run(bytes, last + joint, |b| b.is_ascii_digit());
        let is_numbered = self.is_sure && (1..=NUMBER_DIGITS_MAX).contains(&digits);
        match (is_plural, is_numbered) {
            (false, false) => (self, end),
            (_, false) => (self.one_of(is_plural), last),
            (_, true) => (self.one_of(is_plural), last + joint + digits),
        }
    }

    /// The same of one of many. Tokens are as often parts of a text, or counted.
    fn one_of(self, is_plural: bool) -> Self {
        let is_sure = self.kind != "token";
        Self { is_sure, is_assigned: is_sure, is_plural, ..self }
    }

    /// What the name of a key says, of one secret or of many.
    pub(super) fn of_key(name: &str) -> Option<Self> {
        let name = name.trim();
        Self::of(name).or_else(|| {
            let bytes = name.as_bytes();
            let digits = bytes.iter().rev().take_while(|b| b.is_ascii_digit()).count();
            let stem = &name[..name.len() - digits];
            let stem = if digits > 0 { stem.trim_end_matches(['_', '-']) } else { stem };
            let singular = stem.strip_suffix(['s', 'S']).unwrap_or(stem);
            [stem, singular].into_iter().filter(|stem| stem.len() < name.len()).find_map(|stem| {
                let (named, end) = Self::of(stem)?.to_end(bytes, stem.len());
                (end == name.len()).then_some(named)
            })
        })
    }
}

/// Whether the name of a key in the literal of a secret says something about the secret, and is not its own.
pub(super) fn describes(name: &str) -> bool {
    let plain =
        name.trim().trim_end_matches(|c: char| !c.is_ascii_alphabetic()).to_ascii_lowercase();
    let ends = ["_at", "_in", "_id", "_by", "_type", "_name", "_url", "_uri"];
    DESCRIPTIONS.contains(&plain.as_str()) || ends.iter().any(|end| plain.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_of_many() {
        let of = |name: &str| Named::of_key(name).map(|named| (named.kind, named.is_sure));
        for (name, kind) in [
            ("password1", "password"),
            ("PASSWORD_2", "password"),
            ("RUNPOD_API_KEY_12", "api_key"),
            ("apiKeys", "api_key"),
            ("secrets", "secret"),
            ("db_pass2", "password"),
            ("cookies", "cookie"),
        ] {
            assert_eq!(of(name), Some((kind, true)), "{name}");
        }
        for name in ["tokens", "token2", "access_token_1"] {
            assert_eq!(of(name), Some(("token", false)), "{name}");
        }
        for name in
            ["pass2", "auth2", "password_hashes", "token_1234", "secretss", "keys", "2", "s"]
        {
            assert_eq!(of(name), None, "{name}");
        }
        assert!(describes("type") && describes("expires_at") && !describes("value"));
    }
}
