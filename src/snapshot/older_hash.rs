//! The hash of a row as builds wrote it until November 2026: 128 bits of a keyed BLAKE3.
//!
//! Snapshots that have it stay as they are, and rows that come again are held against it.

use crate::snapshot::column::Value;

/// Digits of such a hash.
pub(crate) const DIGITS: usize = 32;

/// The hash of a row: its columns, in the order of their names.
pub(crate) fn of<'v>(
    row_key: &[u8; 32],
    columns: impl Iterator<Item = (&'v str, &'v Value<'v>)>,
) -> u128 {
    let mut hashed = Vec::new();
    for (name, value) in columns {
        if let Some(value) = spelled(value) {
            add(name, &mut hashed);
            add(&value, &mut hashed);
        }
    }
    let mut first = [0; 16];
    first.copy_from_slice(&blake3::keyed_hash(row_key, &hashed).as_bytes()[..16]);
    u128::from_be_bytes(first)
}

/// A value as a text; `None` for NULL.
fn spelled(value: &Value<'_>) -> Option<String> {
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
