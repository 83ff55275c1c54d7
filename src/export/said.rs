//! Names and sentences of others, fit to be shown: a terminal only shows them, and no secret is among them.

use std::net::IpAddr;

use crate::redact::Redactor;
use crate::redact::policy::Policy;

/// Of a sentence, so much is told.
const CHARS_MAX: usize = 200;

/// `: it says ...`, of someone who lets nobody in; nothing where the password itself stands in it.
pub(super) fn quoted(message: &str, password: Option<&str>) -> String {
    let given = password.filter(|password| !password.is_empty());
    let message = message.trim();
    if message.is_empty() || given.is_some_and(|password| message.contains(password)) {
        return String::new();
    }
    // nothing is kept of it, so that any key will do
    let redactor = Redactor::new(Policy::Standard, &[0; 32]);
    let told = redactor.text(message);
    let mut short: String = told.chars().take(CHARS_MAX).collect();
    if short.len() < told.len() {
        short.push_str("...");
    }
    format!(": it says `{}`", printable(&short))
}

/// A name in backticks. One that is a connection text, or a piece of one that was cut wrongly, may have a password
/// in it.
pub(super) fn name(text: &str) -> String {
    if text.contains(['=', ':', ';', ',']) {
        return "of a name that may hold a password".to_string();
    }
    format!("`{}`", printable(text))
}

/// The name or address of a machine; no sign stands in one that parts a password from what is around it.
pub(super) fn host(text: &str) -> String {
    let is_address = text.parse::<IpAddr>().is_ok();
    if !is_address && text.contains(['=', ':', ';', ',', '@', '/']) {
        return "a host of a name that may hold a password".to_string();
    }
    printable(text)
}

/// A text whose control characters, and what else is not shown, are spelled out.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' => out.push(c),
            c => out.extend(c.escape_debug()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_short_and_harms_no_terminal() {
        assert_eq!(quoted(" no \"user\"\x1b[2J\n", None), ": it says `no \"user\"\\u{1b}[2J`");
        assert_eq!(quoted(" ", None), "");
        let told = quoted(&"wörd ".repeat(100), None);
        assert!(told.ends_with("...`") && told.chars().count() < CHARS_MAX + 20, "{told}");
        assert_eq!(printable("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn no_secret_is_repeated() {
        for text in [
            "postgres://ann:hunter2@db/x",
            "host=db password=hunter2",
            "ann:hunter2",
            "ann,hunter2",
            "db.example;Password=hunter2",
        ] {
            assert!(!name(text).contains("hunter2"));
            assert!(!host(text).contains("hunter2"));
        }
        assert!(!host("hunter2@db").contains("hunter2"));
        for plain in ["db.example", "10.0.0.5", "2001:db8::1", "a_b-c.local"] {
            assert_eq!(host(plain), plain);
        }
        assert_eq!(name("postgres.abc"), "`postgres.abc`");
        assert_eq!(name("ann@project.iam"), "`ann@project.iam`");
        assert_eq!(quoted("no role for hunter2", Some("hunter2")), "");
        let told = quoted("cannot reach postgres://ann:hunter2@db:5432/x", None);
        assert!(!told.contains("hunter2"), "{told}");
        for plain in
            ["password authentication failed", "password authentication failed for user \"ann\""]
        {
            assert_eq!(quoted(plain, Some("")), format!(": it says `{plain}`"));
        }
    }
}
