//! Which rows earlier captures hold, so that a new capture keeps only what is new.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use ahash::RandomState;
use arrow::array::{Array, AsArray};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::record_batch::RecordBatch;
use rayon::prelude::*;

use crate::model::table::Table;
use crate::model::time::Micros;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::open::Snapshot;
use crate::snapshot::parquet_file::{read_columns, read_columns_of, row_groups};
use crate::snapshot::row_hash::RowHash;

/// Keys of rows.
pub type Keys = HashSet<Box<str>, RandomState>;

/// Which rows of a table a capture will bring.
#[derive(Clone, Copy)]
pub enum Coming<'a> {
    /// Any.
    All,
    /// Those of these keys.
    Keys(&'a Keys),
    /// Those of this time or a later one; times never change.
    Since(Micros),
}

/// Whether a file holds any of these keys. Its parts are looked at beside each other, until one has.
fn has_any(path: &Path, keys: &Keys) -> Result<bool, SnapshotError> {
    // a column of another type is told by who reads it
    let has = |batch: &RecordBatch| match batch
        .column_by_name("id")
        .map(|ids| ids.as_string_opt::<i32>())
    {
        Some(Some(ids)) => ids.iter().flatten().any(|id| keys.contains(id)),
        Some(None) => true,
        None => false,
    };
    let of_group = |group: usize| {
        let mut found = false;
        read_columns_of(path, &["id"], Some(group..group + 1), |batch| {
            found = found || has(&batch);
            Ok(())
        })?;
        Ok(found)
    };
    let found = (0..row_groups(path)?).into_par_iter().map(of_group);
    found.find_any(|found| !matches!(found, Ok(false))).unwrap_or(Ok(false))
}

/// Key and latest hash of every row of one table in earlier captures.
#[derive(Default)]
pub struct KnownRows {
    latest: HashMap<Box<str>, RowHash, RandomState>,
    seen: Keys,
    changed: u64,
}

impl KnownRows {
    /// Of a table that was never captured.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Reads keys and hashes of all earlier captures, oldest first, of the rows that will come.
    pub(crate) fn read(
        snapshot: &Snapshot,
        table: Table,
        coming: Coming<'_>,
    ) -> Result<Self, SnapshotError> {
        let mut known = Self::default();
        if matches!(coming, Coming::Keys(keys) if keys.is_empty()) {
            return Ok(known);
        }
        let wanted = ["id", "_row_hash", table.time_column()];
        let wanted = if matches!(coming, Coming::Since(_)) { &wanted[..] } else { &wanted[..2] };
        for path in snapshot.whole_files(table)? {
            // most files have none of a few keys, and half of their bytes need not be looked at to know that
            if let Coming::Keys(keys) = coming
                && !has_any(&path, keys)?
            {
                continue;
            }
            read_columns(&path, wanted, |batch| {
                let (Some(ids), Some(hashes)) =
                    (batch.column_by_name("id"), batch.column_by_name("_row_hash"))
                else {
                    return Ok(());
                };
                let (Some(ids), Some(hashes)) =
                    (ids.as_string_opt::<i32>(), hashes.as_string_opt::<i32>())
                else {
                    return Err(SnapshotError::ColumnType {
                        path: path.clone(),
                        column: "id".into(),
                    });
                };
                let times = batch.column_by_name(table.time_column());
                let times = times.and_then(|of| of.as_primitive_opt::<TimestampMicrosecondType>());
                let comes = |row| match coming {
                    Coming::All => true,
                    Coming::Keys(keys) => keys.contains(ids.value(row)),
                    // a row without a time may be any
                    Coming::Since(from) => {
                        times.is_none_or(|times| times.is_null(row) || times.value(row) >= from.0)
                    }
                };
                for row in 0..ids.len() {
                    if ids.is_valid(row) && comes(row) {
                        // what is none is that of no row
                        let hash = RowHash::parse(hashes.value(row)).unwrap_or(RowHash::Short(0));
                        known.latest.insert(ids.value(row).into(), hash);
                    }
                }
                Ok(())
            })?;
        }
        Ok(known)
    }

    /// Whether a row has to be written; remembers that its key was seen. `is_now` says whether a hash is that of
    /// the row as it is now.
    pub(crate) fn is_new(
        &mut self,
        key: Option<&str>,
        is_now: impl FnOnce(RowHash) -> bool,
        append_only: bool,
    ) -> bool {
        let Some(key) = key else { return true };
        if self.latest.is_empty() {
            return true;
        }
        if !append_only {
            self.seen.insert(key.into());
        }
        match self.latest.get(key) {
            Some(known) if append_only => {
                self.changed += u64::from(!is_now(*known));
                false
            }
            Some(known) => !is_now(*known),
            None => true,
        }
    }

    /// The hash of a key that an earlier capture has; remembers that it was seen.
    pub(crate) fn stands(&mut self, key: &str) -> Option<RowHash> {
        let (key, hash) = self.latest.get_key_value(key)?;
        self.seen.insert(key.clone());
        Some(*hash)
    }

    /// Rows of an append-only table whose key is known with other content: the first one stays.
    pub(crate) fn changed(&self) -> u64 {
        self.changed
    }

    /// Keys that an earlier capture had and this one did not, sorted; append-only tables lose rows to
    /// retention by design, so nothing is said about them.
    pub(crate) fn disappeared(&self, append_only: bool) -> Vec<String> {
        if append_only {
            return Vec::new();
        }
        let mut gone: Vec<String> = self
            .latest
            .keys()
            .filter(|key| !self.seen.contains(*key))
            .map(|key| key.to_string())
            .collect();
        gone.sort();
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a row has now, from this build and from an older one.
    fn is_now(known: RowHash) -> bool {
        matches!(known, RowHash::Short(1) | RowHash::Long(2))
    }

    #[test]
    fn a_row_is_known_by_the_hash_of_whichever_build_wrote_it() {
        for (known, is_new) in [
            (RowHash::Short(1), false),
            (RowHash::Long(2), false),
            (RowHash::Short(2), true),
            (RowHash::Long(1), true),
        ] {
            let latest = HashMap::from_iter([("a".into(), known)]);
            let mut rows = KnownRows { latest, ..KnownRows::none() };
            assert_eq!(rows.is_new(Some("a"), is_now, false), is_new, "{known:?}");
            assert_eq!(rows.disappeared(false), Vec::<String>::new());
            assert!(!rows.is_new(Some("a"), is_now, true), "the first of a log row stays");
            assert_eq!(rows.changed(), u64::from(is_new), "{known:?}");
        }
        let mut rows = KnownRows::none();
        assert!(rows.is_new(Some("a"), is_now, true) && rows.is_new(None, is_now, true));
    }
}
