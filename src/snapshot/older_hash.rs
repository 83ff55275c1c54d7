//! The hash of a row as builds wrote it until November 2026: 128 bits of a keyed BLAKE3, then 64 of SipHash.
//!
//! Snapshots that have them stay as they are, and rows that come again are held against them.

use siphasher::sip::SipHasher24;

use crate::snapshot::column::Value;
use crate::snapshot::row_hash;

/// Digits of the longer one.
pub(crate) const LONG_DIGITS: usize = 32;

/// What the key of the shorter one is derived for.
const CONTEXT: &str = "backstory 2026-11-26 row hash";

/// The hash of a row until 2026-11-29: its columns, in the order of their names.
pub(crate) fn short<'v>(
    row_key: &[u8; 32],
    columns: impl Iterator<Item = (&'v str, &'v Value<'v>)>,
) -> u64 {
    let mut sixteen = [0; 16];
    sixteen.copy_from_slice(&blake3::derive_key(CONTEXT, row_key)[..16]);
    let key = SipHasher24::new_with_key(&sixteen);
    let (mut hashed, mut names) = (vec![0; 8], 0u64);
    for (name, value) in columns {
        if row_hash::spelled(value, &mut hashed) {
            names = names.wrapping_add(key.hash(name.as_bytes()));
        }
    }
    hashed[..8].copy_from_slice(&names.to_le_bytes());
    key.hash(&hashed)
}

/// The hash of a row until 2026-11-26: its columns, in the order of their names.
pub(crate) fn long<'v>(
    row_key: &[u8; 32],
    columns: impl Iterator<Item = (&'v str, &'v Value<'v>)>,
) -> u128 {
    let mut hashed = Vec::new();
    for (name, value) in columns {
        if let Some(value) = as_text(value) {
            add(name, &mut hashed);
            add(&value, &mut hashed);
        }
    }
    let mut first = [0; 16];
    first.copy_from_slice(&blake3::keyed_hash(row_key, &hashed).as_bytes()[..16]);
    u128::from_be_bytes(first)
}

/// A value as a text; `None` for NULL.
fn as_text(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Int(of) => Some(of.to_string()),
        Value::Double(of) => Some(of.to_string()),
        Value::Bool(of) => Some(if *of { "t" } else { "f" }.to_string()),
        Value::Time(at) => Some(at.to_string()),
        Value::Text(of) | Value::Verbatim(of) => Some(of.to_string()),
    }
}

/// Length-prefixed, so that two neighbouring texts never hash like one.
fn add(text: &str, out: &mut Vec<u8>) {
    out.push(1);
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}
