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

/// What a name says of which of several secrets it is: `API_KEY_PROD`, `passwordOld`.
const SUFFIXES: &[&str] = &[
    "backup",
    "dev",
    "development",
    "live",
    "local",
    "main",
    "new",
    "old",
    "prod",
    "production",
    "stage",
    "staging",
];
/// The same, where as often the outcome of a test, or a count, is called so.
const DOUBTFUL: &[&str] = &["read", "test", "write"];
/// Longer than any of them with what joins it.
const SUFFIX_BYTES_MAX: usize = 12;
/// The longest version: `v99`.
const VERSION_BYTES_MAX: usize = 3;

impl Named {
    /// What the name says whose known part ends at `end`, and where the whole name ends: `api_keys`, `password2`,
    /// `RUNPOD_API_KEY_2`, `DB_PASSWORD_PROD`.
    pub(super) fn to_end(self, bytes: &[u8], end: usize) -> (Self, usize) {
        let is_plural = self.is_sure && matches!(bytes.get(end), Some(b's' | b'S'));
        let last = end + usize::from(is_plural);
        let joint = usize::from(matches!(bytes.get(last), Some(b'_' | b'-')));
        if let Some((length, is_told)) = suffix(bytes, last).filter(|_| self.is_sure) {
            let named = self.one_of(is_plural);
            return (Self { is_sure: named.is_sure && is_told, ..named }, last + length);
        }
        let digits = run(bytes, last + joint, |b| b.is_ascii_digit());
        let is_numbered = self.is_sure && (1..=NUMBER_DIGITS_MAX).contains(&digits);
        match (is_plural, is_numbered) {
            (false, false) => (self, end),
            (_, false) => (self.one_of(is_plural), last),
            (_, true) => (self.one_of(is_plural), last + joint + digits),
        }
    }

    /// The same of one of many, or of one with a suffix. Tokens are as often parts of a text, or counted.
    fn one_of(self, is_plural: bool) -> Self {
        let is_sure = self.kind != "token";
        Self { is_sure, is_assigned: is_sure, is_plural, ..self }
    }

    /// What the name of a key says, of one secret or of many.
    pub(super) fn of_key(name: &str) -> Option<Self> {
        let name = name.trim();
        Self::of(name).or_else(|| {
            let bytes = name.as_bytes();
            let ends =
                |at: &usize| suffix(bytes, *at).is_some_and(|(end, _)| at + end == bytes.len());
            let stem = match (1..bytes.len()).rev().take(SUFFIX_BYTES_MAX).find(ends) {
                Some(at) => name.get(..at)?,
                None => {
                    let digits = bytes.iter().rev().take_while(|b| b.is_ascii_digit()).count();
                    let stem = &name[..name.len() - digits];
                    if digits > 0 { stem.trim_end_matches(['_', '-']) } else { stem }
                }
            };
            let singular = stem.strip_suffix(['s', 'S']).unwrap_or(stem);
            [stem, singular].into_iter().filter(|stem| stem.len() < name.len()).find_map(|stem| {
                let (named, end) = Self::of(stem)?.to_end(bytes, stem.len());
                (end == name.len()).then_some(named)
            })
        })
    }
}

/// The length of the suffix at `at`, and whether it is sure to say which secret this is.
fn suffix(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let before = at.checked_sub(1).and_then(|at| bytes.get(at))?;
    let joint = usize::from(matches!(bytes.get(at), Some(b'_' | b'-')));
    let is_camel = before.is_ascii_lowercase() && bytes.get(at).is_some_and(u8::is_ascii_uppercase);
    if joint == 0 && !is_camel {
        return None;
    }
    let near = &bytes[..bytes.len().min(at + SUFFIX_BYTES_MAX + 1)];
    let word = &near[at + joint..at + joint + run(near, at + joint, |b| b.is_ascii_alphanumeric())];
    let is_any = |of: &[&str]| of.iter().any(|one| word.eq_ignore_ascii_case(one.as_bytes()));
    let is_version = (2..=VERSION_BYTES_MAX).contains(&word.len())
        && matches!(word[0], b'v' | b'V')
        && word[1..].iter().all(u8::is_ascii_digit);
    let is_told = is_version || is_any(SUFFIXES);
    (is_told || is_any(DOUBTFUL)).then_some((joint + word.len(), is_told))
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
            ("SUPABASE_SERVICE_ROLE_KEY_PROD", "service_role_key"),
            ("RUNPOD_API_KEY_V2", "api_key"),
            ("apiKeyV12", "api_key"),
            ("DB_PASSWORD_STAGING", "password"),
            ("passwordProd", "password"),
            ("api-keys-old", "api_key"),
            ("db_pass_dev", "password"),
        ] {
            assert_eq!(of(name), Some((kind, true)), "{name}");
        }
        for name in
            ["tokens", "token2", "access_token_1", "HF_TOKEN_PROD", "token_read", "tokens_old"]
        {
            assert_eq!(of(name), Some(("token", false)), "{name}");
        }
        for name in
            ["pass2", "auth2", "password_hashes", "token_1234", "secretss", "keys", "2", "s"]
        {
            assert_eq!(of(name), None, "{name}");
        }
        assert_eq!(of("password_test"), Some(("password", false)));
        for name in [
            "password_reset",
            "passwordProduct",
            "API_KEY_PROD_URL",
            "api_key_v",
            "api_key_v100",
            "secretary_new",
            "passwordprod",
            "pass_test",
        ] {
            assert_eq!(of(name), None, "{name}");
        }
        assert!(describes("type") && describes("expires_at") && !describes("value"));
    }
}
