//! A table written by what its rows are about: rows of one kind stand together, in their own order. Whoever
//! asks for a few kinds of many then reads those, and passes over the rest by the statistics of the file.

use std::collections::BTreeMap;

use arrow::array::ArrayRef;

use crate::derived::rows::{Cell, Rows};
use crate::derived::table_file::{BATCH_ROWS, TableFile};
use crate::derived::tables::DerivedTable;
use crate::snapshot::error::SnapshotError;

/// Rows of many kinds held at once: beyond it, what there is most of is written.
pub(super) const MANY_KINDS: usize = 131_072;
/// The same of a few kinds.
pub(super) const FEW_KINDS: usize = 32_768;
/// The same in bytes of text.
const HELD_TEXT_MAX: usize = 64 << 20;
/// Rows that are worth a row group: of rare kinds, several share one.
const GROUP_ROWS_MIN: usize = 8_192;

/// A file being written.
pub(super) struct ByKind {
    table: &'static DerivedTable,
    file: TableFile,
    held: BTreeMap<&'static str, Held>,
    rows: usize,
    rows_max: usize,
    text: usize,
}

/// Rows of one kind.
struct Held {
    /// Whole batches: rows that grow in one piece are moved again and again.
    batches: Vec<Vec<ArrayRef>>,
    rows: Rows,
    len: usize,
    text: usize,
}

impl Held {
    /// What they take, as if in bytes.
    fn room(&self, rows_max: usize) -> usize {
        self.len * HELD_TEXT_MAX / rows_max + self.text
    }

    fn write(mut self, file: &mut TableFile) {
        self.batches.push(self.rows.take());
        self.batches.iter().for_each(|batch| file.append(batch));
    }
}

impl ByKind {
    /// Into this file, with so many rows held at most.
    pub(super) fn new(file: TableFile, rows_max: usize) -> Self {
        Self { table: file.table(), file, held: BTreeMap::new(), rows: 0, rows_max, text: 0 }
    }

    /// Takes one row of a kind.
    pub(super) fn push<const N: usize>(&mut self, kind: &'static str, cells: [Cell<'_>; N]) {
        let rows = || Rows::new(self.table);
        let fresh = || Held { batches: Vec::new(), rows: rows(), len: 0, text: 0 };
        let held = self.held.entry(kind).or_insert_with(fresh);
        let before = held.rows.text();
        held.rows.push(cells);
        let text = held.rows.text() - before;
        held.len += 1;
        held.text += text;
        if held.rows.len() == BATCH_ROWS {
            held.batches.push(held.rows.take());
        }
        self.rows += 1;
        self.text += text;
        if self.rows >= self.rows_max || self.text >= HELD_TEXT_MAX {
            self.write_most();
        }
    }

    /// Writes the rows of the kind that takes most room; of equals, the first by name.
    fn write_most(&mut self) {
        let most = self.held.iter().rev().max_by_key(|(_, held)| held.room(self.rows_max));
        let most = most.map(|(kind, _)| *kind);
        let Some(held) = most.and_then(|kind| self.held.remove(kind)) else { return };
        self.rows -= held.len;
        self.text -= held.text;
        held.write(&mut self.file);
        self.file.end_group();
    }

    /// Writes what is left, and syncs; returns how many rows there are.
    ///
    /// # Errors
    /// The first thing that went wrong since the file was begun.
    pub(super) fn finish(mut self) -> Result<u64, SnapshotError> {
        let mut in_group = 0;
        for (_, held) in std::mem::take(&mut self.held) {
            in_group += held.len;
            held.write(&mut self.file);
            if in_group >= GROUP_ROWS_MIN {
                self.file.end_group();
                in_group = 0;
            }
        }
        self.file.finish()
    }
}
