//! Values into tokens, under a key.

use std::borrow::Cow;

use crate::model::token::{TokenKind, print};

/// Separates the key of tokens from the key of row hashes, which is the same 32 bytes.
const CONTEXT: &str = "backstory 2026-01 tokens of personal data";

/// Makes tokens: the same one for the same value, wherever it stands.
#[derive(Clone)]
pub(super) struct Stamp {
    key: [u8; 32],
}

impl std::fmt::Debug for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stamp")
    }
}

impl Stamp {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self { key: blake3::derive_key(CONTEXT, key) }
    }

    /// The token of a value. Spaces around it, and the case of ids and addresses, make no other value.
    pub(super) fn token(&self, kind: TokenKind, value: &str) -> String {
        let value = value.trim();
        let hash = match kind {
            TokenKind::User | TokenKind::Email | TokenKind::Ip | TokenKind::Project => {
                blake3::keyed_hash(&self.key, lowercase(value).as_bytes())
            }
            TokenKind::Text | TokenKind::File => blake3::keyed_hash(&self.key, value.as_bytes()),
        };
        let mut first = [0u8; 8];
        first.copy_from_slice(&hash.as_bytes()[..8]);
        print(kind, u64::from_be_bytes(first))
    }
}

/// Ids and addresses mostly are already.
fn lowercase(text: &str) -> Cow<'_, str> {
    let is = text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase());
    if is { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}
