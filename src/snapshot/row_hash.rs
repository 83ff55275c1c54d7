//! What tells two versions of one row apart, in 64 bits that say nothing to who has no key.
//!
//! A hash is only ever compared with those of rows of the same key, so that a change goes unseen where two
//! versions of one row share theirs: once in 2^64 changes, and no writer of rows can bring it about, as the hash
//! is keyed. That is also why nobody can confirm a guess of what a row says by it. No compression makes it
//! smaller, and a log has one for each of its small rows: twice the bits were a third of the evidence.

use std::fmt::Display;
use std::io::Write;

use highway::{HighwayHash, HighwayHasher, Key};

use crate::snapshot::column::{Column, Value};
use crate::snapshot::older_hash;

/// What stands before a time, in the place of a length below it.
const IS_TIME: u8 = 254;
/// What stands before a length of eight bytes.
const IS_LONG: u8 = 255;

/// What the key of these hashes is derived for.
const CONTEXT: &str = "backstory 2026-11-29 row hash";

/// The hash of a row as a file has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowHash {
    /// Of this build, or of the one before.
    Short(u64),
    /// Of a still older one.
    Long(u128),
}

impl RowHash {
    /// A hash in hexadecimal; `None` where that is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() == older_hash::LONG_DIGITS {
            return u128::from_str_radix(text, 16).ok().map(Self::Long);
        }
        u64::from_str_radix(text, 16).ok().map(Self::Short)
    }

    /// The number that sums are made of.
    pub(crate) fn number(self) -> u128 {
        match self {
            Self::Short(hash) => u128::from(hash),
            Self::Long(hash) => hash,
        }
    }
}

/// Hashes the rows of one table, after redaction, over names and values of the columns that are not NULL: a
/// column that appears later and is NULL changes no hash, nor does the order of columns.
pub(crate) struct RowHasher {
    key: HighwayHasher,
    row_key: [u8; 32],
    /// Columns in the order of their names, each with what stands for its name.
    order: Vec<(usize, u64)>,
    names: Vec<String>,
    hashed: Vec<u8>,
}

impl RowHasher {
    pub(crate) fn new(row_key: &[u8; 32], columns: &[Column]) -> Self {
        let bytes = blake3::derive_key(CONTEXT, row_key);
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| bytes[8 * at + byte]));
        let key = HighwayHasher::new(Key(std::array::from_fn(word)));
        let mut order: Vec<usize> = (0..columns.len()).collect();
        order.sort_by(|a, b| columns[*a].name.cmp(&columns[*b].name));
        let named = |at: usize| (at, key.clone().hash64(columns[at].name.as_bytes()));
        let order = order.into_iter().map(named).collect();
        Self {
            key,
            row_key: *row_key,
            order,
            names: columns.iter().map(|column| column.name.clone()).collect(),
            hashed: Vec::with_capacity(1024),
        }
    }

    /// The hash of a row: of the sum of what stands for the names, then of the values in the order of the names.
    pub(crate) fn of(&mut self, values: &[Value<'_>]) -> u64 {
        self.hashed.clear();
        self.hashed.extend_from_slice(&[0; 8]);
        let mut names = 0u64;
        for (at, name) in &self.order {
            if spelled(&values[*at], &mut self.hashed) {
                names = names.wrapping_add(*name);
            }
        }
        self.hashed[..8].copy_from_slice(&names.to_le_bytes());
        self.key.clone().hash64(&self.hashed)
    }

    /// Whether an older build gave the row this hash.
    pub(crate) fn had(&self, known: RowHash, values: &[Value<'_>]) -> bool {
        let named = |(at, _): &(usize, u64)| (self.names[*at].as_str(), &values[*at]);
        let named = self.order.iter().map(named);
        match known {
            RowHash::Short(known) => known == older_hash::short(&self.row_key, named),
            RowHash::Long(known) => known == older_hash::long(&self.row_key, named),
        }
    }
}

/// Adds a value so that it ends where the next one begins, the same from an export and from a dump, which knows
/// no types; whether there is one.
pub(super) fn spelled(value: &Value<'_>, out: &mut Vec<u8>) -> bool {
    match value {
        Value::Null => return false,
        Value::Time(at) => {
            out.push(IS_TIME);
            out.extend_from_slice(&at.0.to_le_bytes());
        }
        Value::Text(of) | Value::Verbatim(of) => text(of, out),
        Value::Int(of) => number(*of, out),
        Value::Double(of) => number(*of, out),
        Value::Bool(of) => text(if *of { "t" } else { "f" }, out),
    }
    true
}

/// The text of a number, whose length stands before it.
fn number(of: impl Display, out: &mut Vec<u8>) {
    let at = out.len();
    out.push(0);
    if write!(out, "{of}").is_ok() && out.len() - at <= usize::from(IS_TIME) {
        out[at] = (out.len() - at - 1) as u8;
    } else {
        // a double may take more than three hundred digits
        out.truncate(at);
        text(&of.to_string(), out);
    }
}

fn text(text: &str, out: &mut Vec<u8>) {
    match u8::try_from(text.len()) {
        Ok(length) if length < IS_TIME => out.push(length),
        Ok(_) | Err(_) => {
            out.push(IS_LONG);
            out.extend_from_slice(&(text.len() as u64).to_le_bytes());
        }
    }
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hex::{DIGITS, printed};
    use crate::model::time::Micros;
    use crate::snapshot::column::ColumnType;

    const KEY: [u8; 32] = [7; 32];

    fn columns(names: &[&str]) -> Vec<Column> {
        let column = |name: &&str| Column {
            name: name.to_string(),
            kind: ColumnType::Text,
            source_type: String::new(),
        };
        names.iter().map(column).collect()
    }

    fn of(pairs: &[(&str, Value<'_>)]) -> u64 {
        let names: Vec<&str> = pairs.iter().map(|(name, _)| *name).collect();
        let values: Vec<Value<'_>> = pairs.iter().map(|(_, value)| value.clone()).collect();
        RowHasher::new(&KEY, &columns(&names)).of(&values)
    }

    fn text(text: &str) -> Value<'_> {
        Value::Text(text.into())
    }

    /// Snapshots hold them: another number would make every row of theirs a changed one.
    #[test]
    fn a_row_has_the_hash_that_it_always_had() {
        let at = Micros::parse("2025-11-03T14:00:00.25Z").expect("a time");
        let row = [
            ("id", text("w1")),
            ("instance_type", text("gpu")),
            ("status", text("active")),
            ("created_at", Value::Time(at)),
            ("current_model", Value::Null),
        ];
        assert_eq!(printed(of(&row), &mut [0; DIGITS]), "56f3e3d14338277d");
        let names: Vec<&str> = row.iter().map(|(name, _)| *name).collect();
        let hasher = RowHasher::new(&KEY, &columns(&names));
        let values = row.map(|(_, value)| value);
        for older in ["06302250edc85cab", "a1b6ee96d32d9d4327ccd81e476ff8dc"] {
            let older = RowHash::parse(older).expect("a hash");
            assert!(hasher.had(older, &values), "{older:?}");
        }
        assert!(!hasher.had(RowHash::Short(1), &values) && !hasher.had(RowHash::Long(1), &values));
    }

    #[test]
    fn what_differs_hashes_otherwise_and_what_is_the_same_does_not() {
        let row = of(&[("a", text("x")), ("b", Value::Int(5))]);
        assert_eq!(row, of(&[("b", Value::Int(5)), ("a", text("x"))]), "the order of columns");
        assert_eq!(row, of(&[("a", text("x")), ("b", text("5"))]), "a dump knows no type");
        assert_eq!(row, of(&[("a", text("x")), ("c", Value::Null), ("b", Value::Int(5))]));
        let others = [
            of(&[("a", text("x")), ("b", Value::Int(6))]),
            of(&[("b", text("x")), ("a", Value::Int(5))]),
            of(&[("a", text("x5")), ("b", text(""))]),
            of(&[("a", text("x"))]),
            of(&[("a", text("x")), ("b", Value::Time(Micros(5)))]),
            of(&[("a", text("x")), ("c", Value::Int(5))]),
            RowHasher::new(&[8; 32], &columns(&["a", "b"])).of(&[text("x"), text("5")]),
        ];
        assert!(others.iter().all(|other| *other != row), "{row} {others:?}");
    }

    #[test]
    fn a_hash_is_known_by_its_length() {
        assert_eq!(RowHash::parse("00000000000000ff"), Some(RowHash::Short(255)));
        assert_eq!(RowHash::parse("000000000000000000000000000000ff"), Some(RowHash::Long(255)));
        assert_eq!(RowHash::parse("no hash"), None);
        assert_eq!(RowHash::parse(""), None);
    }
}
