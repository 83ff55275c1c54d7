//! A table written by what its rows are about: rows of one kind stand together, in their own order. Whoever
//! asks for a few kinds of many then reads those, and passes over the rest by the statistics of the file.

use std::collections::BTreeMap;

use crate::derived::rows::{Cell, Rows};
use crate::derived::table_file::TableFile;
use crate::derived::tables::DerivedTable;
use crate::snapshot::error::SnapshotError;

/// Rows held at once: beyond it, what there is most of is written.
const HELD_ROWS_MAX: usize = 131_072;
/// The same in bytes of text.
const HELD_TEXT_MAX: usize = 64 << 20;
/// Rows that are worth a row group: of rare kinds, several share one.
const GROUP_ROWS_MIN: usize = 8_192;

/// A file being written.
pub(super) struct ByKind {
    table: &'static DerivedTable,
    file: TableFile,
    held: BTreeMap<&'static str, Rows>,
    rows: usize,
    text: usize,
}

impl ByKind {
    /// Into this file.
    pub(super) fn new(file: TableFile, table: &'static DerivedTable) -> Self {
        Self { table, file, held: BTreeMap::new(), rows: 0, text: 0 }
    }

    /// Takes one row of a kind.
    pub(super) fn push<const N: usize>(&mut self, kind: &'static str, cells: [Cell<'_>; N]) {
        self.rows += 1;
        let rows = self.held.entry(kind).or_insert_with(|| Rows::new(self.table));
        let before = rows.text();
        rows.push(cells);
        self.text += rows.text() - before;
        if self.rows >= HELD_ROWS_MAX || self.text >= HELD_TEXT_MAX {
            self.write_most();
        }
    }

    /// Writes the rows of the kind that takes most room; of equals, the first by name.
    fn write_most(&mut self) {
        let room = |rows: &Rows| rows.len() * HELD_TEXT_MAX / HELD_ROWS_MAX + rows.text();
        let most = self.held.iter().rev().max_by_key(|(_, rows)| room(rows)).map(|(kind, _)| *kind);
        let Some(mut rows) = most.and_then(|kind| self.held.remove(kind)) else { return };
        self.rows -= rows.len();
        self.text -= rows.text();
        self.file.append(&mut rows);
        self.file.end_group();
    }

    /// Writes what is left, and syncs; returns how many rows there are.
    ///
    /// # Errors
    /// The first thing that went wrong since the file was begun.
    pub(super) fn finish(mut self) -> Result<u64, SnapshotError> {
        let mut in_group = 0;
        for (_, mut rows) in std::mem::take(&mut self.held) {
            in_group += rows.len();
            self.file.append(&mut rows);
            if in_group >= GROUP_ROWS_MIN {
                self.file.end_group();
                in_group = 0;
            }
        }
        self.file.finish()
    }
}
