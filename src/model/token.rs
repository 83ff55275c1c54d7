//! What stands in the place of a personal value: `~user-4f2a9c01d3e7b8a6~`.
//!
//! The form needs no escape in JSON, in a URL (RFC 3986 calls `~` and `-` unreserved), in a Python repr
//! or in a log line. `~` occurs in no uuid, no worker id and no pod id, so none of them can be a token.

use std::borrow::Cow;

use crate::model::hex::{self, DIGITS};

/// What a token opens and closes with.
const MARK: char = '~';

/// What sort of position the value stood in. The digits depend on the value only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An account.
    User,
    /// A mail address.
    Email,
    /// Something a person wrote: a prompt, a name, a free parameter.
    Text,
    /// The name of a file, or a folder on the way to it.
    File,
    /// An internet address.
    Ip,
    /// A project.
    Project,
}

impl TokenKind {
    const ALL: [Self; 6] =
        [Self::User, Self::Email, Self::Text, Self::File, Self::Ip, Self::Project];

    /// The word inside the token.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Email => "email",
            Self::Text => "text",
            Self::File => "file",
            Self::Ip => "ip",
            Self::Project => "project",
        }
    }
}

/// The token of a value with this digest: of 64 bits, so that a million values still share none.
pub fn print(kind: TokenKind, digest: u64) -> String {
    let name = kind.name();
    let mut token = String::with_capacity(name.len() + DIGITS + 3);
    token.push(MARK);
    token.push_str(name);
    token.push('-');
    token.push_str(hex::printed(digest, &mut [0; DIGITS]));
    token.push(MARK);
    token
}

/// Where the token ends that begins at `start`.
pub fn end(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?.strip_prefix(MARK)?;
    let kind = TokenKind::ALL
        .iter()
        .find(|kind| rest.strip_prefix(kind.name()).is_some_and(|after| after.starts_with('-')))?;
    let digits = &rest.as_bytes()[kind.name().len() + 1..];
    let hex = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    let whole = digits.len() > DIGITS && digits[..DIGITS].iter().all(hex);
    (whole && digits[DIGITS] == MARK as u8).then_some(start + kind.name().len() + DIGITS + 3)
}

/// Whether a text is one token and nothing else.
pub fn is_token(text: &str) -> bool {
    end(text, 0) == Some(text.len())
}

/// The text with every token replaced by the same words: what does not depend on the key.
pub fn without_digits<'a>(text: &'a str, with: &str) -> Cow<'a, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut from = 0;
    while let Some(at) = text[from..].find(MARK).map(|at| from + at) {
        from = at + 1;
        if let Some(end) = end(text, at) {
            out.push_str(&text[copied..at]);
            out.push_str(with);
            (copied, from) = (end, end);
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_again_and_nothing_else_is_one() {
        for kind in TokenKind::ALL {
            let token = print(kind, 0x4f2a);
            assert!(is_token(&token), "{token}");
            let line = format!("é {token}: {token}!");
            assert_eq!(without_digits(&line, "<id>"), "é <id>: <id>!");
        }
        for text in
            ["", "~", "~user~", "~user-4f2a~", "~user-4F2A9C01D3E7B8A6~", "~usa-4f2a9c01d3e7b8a6~"]
        {
            assert!(!is_token(text), "{text}");
            assert!(matches!(without_digits(text, "x"), Cow::Borrowed(_)), "{text}");
        }
    }
}
