//! A table written by what its rows are about: rows of one kind stand together, in their own order. Whoever
//! asks for a few kinds of many then reads those, and passes over the rest by the statistics of the file.

use std::collections::BTreeMap;

use arrow::array::ArrayRef;

use crate::derived::rows::Rows;
use crate::derived::table_file::{BATCH_ROWS, TableFile};
use crate::snapshot::error::SnapshotError;

/// Things of many kinds held at once: beyond it, what there is most of is written.
pub(super) const MANY_KINDS: usize = 131_072;
/// The same of a few kinds.
pub(super) const FEW_KINDS: usize = 32_768;
/// The same in bytes of text.
const HELD_TEXT_MAX: usize = 64 << 20;
/// Rows that are worth a row group: of rare kinds, several share one.
const GROUP_ROWS_MIN: usize = 8_192;

/// A file being written. What its rows are made of is held, and smaller than they are; `R` makes one.
pub(super) struct ByKind<T, R> {
    file: TableFile,
    batches: Batches<R>,
    held: BTreeMap<&'static str, Held<T>>,
    things: usize,
    things_max: usize,
    text: usize,
}

/// Things of one kind.
struct Held<T> {
    things: Vec<T>,
    text: usize,
}

impl<T> Held<T> {
    /// What they take, as if in bytes.
    fn room(&self, things_max: usize) -> usize {
        self.things.len() * HELD_TEXT_MAX / things_max + self.text
    }
}

/// Makes rows, and their arrays.
struct Batches<R> {
    row: R,
    rows: Rows,
}

impl<R> Batches<R> {
    /// Writes the rows of batches of things, some of which end a row group: while one batch is encoded, another
    /// thread makes the next.
    fn write<'t, T: Sync + 't>(
        &mut self,
        mut batches: impl Iterator<Item = (&'t [T], bool)> + Send,
        file: &mut TableFile,
    ) where
        R: FnMut(&mut Rows, &T) + Send,
    {
        let mut make = || -> Option<(Vec<ArrayRef>, bool)> {
            let (things, ends_group) = batches.next()?;
            things.iter().for_each(|thing| (self.row)(&mut self.rows, thing));
            Some((self.rows.take(), ends_group))
        };
        let mut made = make();
        while let Some((arrays, ends_group)) = made.take() {
            let append = || {
                file.append(&arrays);
                if ends_group {
                    file.end_group();
                }
            };
            ((), made) = rayon::join(append, &mut make);
        }
    }
}

/// The batches of things of one kind, the last of which may end a row group.
fn batches<T>(things: &[T], ends_group: bool) -> impl Iterator<Item = (&[T], bool)> {
    let last = things.len().div_ceil(BATCH_ROWS).saturating_sub(1);
    let batches = things.chunks(BATCH_ROWS).enumerate();
    batches.map(move |(n, batch)| (batch, ends_group && n == last))
}

impl<T: Sync, R: FnMut(&mut Rows, &T) + Send> ByKind<T, R> {
    /// Into this file, with so many things held at most.
    pub(super) fn new(file: TableFile, things_max: usize, row: R) -> Self {
        let batches = Batches { row, rows: Rows::new(file.table()) };
        Self { file, batches, held: BTreeMap::new(), things: 0, things_max, text: 0 }
    }

    /// Takes one thing of a kind, with so many bytes of text that may be long.
    pub(super) fn push(&mut self, kind: &'static str, thing: T, text: usize) {
        let fresh = || Held { things: Vec::new(), text: 0 };
        let held = self.held.entry(kind).or_insert_with(fresh);
        held.things.push(thing);
        held.text += text;
        self.things += 1;
        self.text += text;
        if self.things >= self.things_max || self.text >= HELD_TEXT_MAX {
            self.write_most();
        }
    }

    /// Writes the rows of the kind that takes most room; of equals, the first by name.
    fn write_most(&mut self) {
        let all = self.held.values_mut().rev();
        let Some(held) = all.max_by_key(|held| held.room(self.things_max)) else { return };
        self.things -= held.things.len();
        self.text -= std::mem::take(&mut held.text);
        self.batches.write(batches(&held.things, true), &mut self.file);
        held.things.clear();
    }

    /// Writes what is left, and syncs; returns how many rows there are.
    ///
    /// # Errors
    /// The first thing that went wrong since the file was begun.
    pub(super) fn finish(mut self) -> Result<u64, SnapshotError> {
        let mut in_group = 0;
        let all = self.held.values().flat_map(|held| {
            in_group += held.things.len();
            let ends_group = in_group >= GROUP_ROWS_MIN;
            if ends_group {
                in_group = 0;
            }
            batches(&held.things, ends_group)
        });
        self.batches.write(all, &mut self.file);
        self.file.finish()
    }
}
