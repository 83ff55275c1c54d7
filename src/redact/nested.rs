//! Secrets in a literal under the key of a secret: `'password': {'value': 'x'}`, `api_keys=['x', 'y']`.

use crate::redact::many::describes;
use crate::redact::mask::{Mask, Masks, is_marker};
use crate::redact::named::Named;
use crate::redact::quoted::string;
use crate::redact::scan::{after_spaces, is_name, run};

/// Longer than any such literal; what follows is looked at on its own.
const LITERAL_BYTES_MAX: usize = 4_096;
/// The same where a key does not say for sure that secrets follow: its literals may be looked at once for each of
/// their keys.
const UNSURE_BYTES_MAX: usize = 512;
/// Brackets before the first string.
const OPEN_MAX: usize = 16;

/// Whether a literal with strings in it begins at `at`.
pub(super) fn begins(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let brackets = run(&bytes[..bytes.len().min(at + OPEN_MAX)], at, is_opening);
    brackets > 0 && string(text, after_spaces(bytes, at + brackets)).is_some()
}

/// Masks the strings of the literal at `at` that are what `named` says, but for the names of its members. Returns
/// where all is done.
pub(super) fn mask(text: &str, at: usize, named: Named, masks: &mut Masks) -> usize {
    let bytes = text.as_bytes();
    let longest = if named.is_sure { LITERAL_BYTES_MAX } else { UNSURE_BYTES_MAX };
    let limit = bytes.len().min(at + longest);
    let (begin, mut at, mut open, mut kept) = (at, at, 0, false);
    while at < limit {
        if let Some(quoted) = string(text, at) {
            let content = &text[quoted.from..quoted.end];
            if bytes.get(after_spaces(bytes, quoted.after)) == Some(&b':') {
                kept = describes(content);
            } else if !kept && !content.is_empty() && !is_marker(content) && named.hides(content) {
                masks.add(Mask { start: quoted.from, end: quoted.end, kind: named.kind });
            }
            at = quoted.after;
            continue;
        }
        match bytes[at] {
            b',' => kept = false,
            b'}' | b']' | b')' if open <= 1 => break,
            b'}' | b']' | b')' => (open, kept) = (open - 1, false),
            byte if is_opening(byte) => open += 1,
            _ => {}
        }
        at += run(bytes, at, |b| is_name(b) || b == b'\\').max(1);
    }
    if named.is_sure { at } else { begin }
}

fn is_opening(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'(')
}

#[cfg(test)]
mod tests {
    use crate::redact::tests::redact;

    #[test]
    fn secrets_below_their_key_are_masked() {
        for (text, want) in [
            (
                r#"{"password": {"value": "x", "type": "plain", "n": 1}}"#,
                r#"{"password": {"value": "<redacted:password>", "type": "plain", "n": 1}}"#,
            ),
            (r#"{"secrets": {"runpod": "x"}}"#, r#"{"secrets": {"runpod": "<redacted:secret>"}}"#),
            (r#"{"api_key": [[{"a": "x"}]]}"#, r#"{"api_key": [[{"a": "<redacted:api_key>"}]]}"#),
            (
                r#"{"tokens": ["ab12cd34", "the"], "n": "the"}"#,
                r#"{"tokens": ["<redacted:token>", "the"], "n": "the"}"#,
            ),
            (
                r#"{"env": [{"key": "API_KEY_2", "value": "x"}]}"#,
                r#"{"env": [{"key": "API_KEY_2", "value": "<redacted:api_key>"}]}"#,
            ),
            (
                "{'password': {'value': b'x', 'type': 'y'}, 'n': 'x'}",
                "{'password': {'value': b'<redacted:password>', 'type': 'y'}, 'n': 'x'}",
            ),
            (
                "{'credentials': ('u', 'ab12cd34'), 'n': 1}",
                "{'credentials': ('u', '<redacted:credentials>'), 'n': 1}",
            ),
            ("api_keys=['x', 'y'] z", "api_keys=['<redacted:api_key>', '<redacted:api_key>'] z"),
            (
                r#"cut {\"token\": {\"access\": \"x\", \"n\": 1"#,
                r#"cut {\"token\": {\"access\": \"<redacted:token>\", \"n\": 1"#,
            ),
        ] {
            assert_eq!(redact(text), want, "{text}");
        }
    }

    #[test]
    fn structures_that_hold_no_secret_are_left_alone() {
        for text in [
            "refresh token: ('Connection aborted.', RemoteDisconnected('Remote end closed'))",
            "tokens=[1, 2], tokens: ['the', 'cat']",
            r#"{"usage": {"tokens": {"sent": 5, "text": "the cat"}}, "max_tokens": "512"}"#,
            r#"{"token": {"type": "bearer", "expires_at": "soon"}, "password": {"error": "too short"}}"#,
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
