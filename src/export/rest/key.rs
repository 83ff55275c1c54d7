//! What an API key says of itself. Nothing here is verified: the server does that.

use serde_json::Value;

use crate::model::time::{Micros, SECOND};

/// Roles of Supabase to which row-level security applies.
const SEES_SOME: [&str; 2] = ["anon", "authenticated"];

/// What can be read in a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyClaims {
    /// The database role it stands for, where that can be told.
    pub role: Option<String>,
    /// When it ends.
    pub expires: Option<Micros>,
}

impl KeyClaims {
    /// Reads a JSON web token, or the prefix of one of the newer keys.
    pub fn of(key: &str) -> Self {
        let of_role = |role: &str| Self { role: Some(role.to_string()), expires: None };
        if key.starts_with("sb_secret_") {
            return of_role("service_role");
        }
        if key.starts_with("sb_publishable_") {
            return of_role("anon");
        }
        let Some(claims) = claims(key) else { return Self::default() };
        let expires = claims["exp"].as_i64().and_then(|s| s.checked_mul(SECOND));
        // a role is a word; a token may say anything
        let is_word = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        let role = claims["role"]
            .as_str()
            .filter(|role| !role.is_empty() && role.len() <= 63 && role.chars().all(is_word));
        Self { role: role.map(str::to_string), expires: expires.map(Micros) }
    }

    /// Why rows may be hidden from it without a word; `None` for a role that sees all of them.
    pub fn doubt(&self) -> Option<String> {
        match self.role.as_deref() {
            Some("service_role") => None,
            Some(role) if SEES_SOME.contains(&role) => Some(format!(
                "the key is one of the role `{role}`, from which row-level security hides rows without a word: \
                 absence proves nothing here"
            )),
            Some(role) => Some(format!(
                "the key is one of the role `{role}`; where row-level security applies to it, rows are hidden \
                 without a word"
            )),
            None => Some(
                "the key does not tell its role; where row-level security applies to it, rows are hidden without \
                 a word"
                    .to_string(),
            ),
        }
    }
}

fn claims(key: &str) -> Option<Value> {
    let mut parts = key.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    serde_json::from_slice(&base64_url(payload)?).ok().filter(Value::is_object)
}

/// Base64 in its spelling for URLs, without padding.
fn base64_url(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut bytes) = (0u32, 0, Vec::with_capacity(text.len()));
    for byte in text.trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        (bits, count) = (bits << 6 | u32::from(six), count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    // {"alg":"HS256","typ":"JWT"} . {"iss":"supabase","role":...,"exp":1983812996} . no signature
    const ANON: &str =
        "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJzdXBhYmFzZSIsInJvbGUiOiJhbm9uIiwiZXhwIjoxOTgzODEyOTk2fQ.x";

    #[test]
    fn a_token_tells_its_role_and_its_end() {
        let claims = KeyClaims::of(ANON);
        assert_eq!(claims.role.as_deref(), Some("anon"));
        assert_eq!(claims.expires, Some(Micros(1_983_812_996 * SECOND)));
        assert!(claims.doubt().is_some_and(|doubt| doubt.contains("`anon`")));
    }

    #[test]
    fn newer_keys_tell_it_by_their_prefix() {
        assert_eq!(KeyClaims::of("sb_secret_x").doubt(), None);
        assert!(KeyClaims::of("sb_publishable_x").doubt().is_some());
    }

    #[test]
    fn what_is_no_token_tells_nothing() {
        for key in ["", "a.b", "a.!.c", "a.eA.c", "a.W10.c", "eyJh.eyJyb2xlIjoiYVxuYiJ9.x"] {
            assert_eq!(KeyClaims::of(key), KeyClaims::default(), "{key}");
        }
    }
}
