//! Sequences that may be larger than memory: what does not fit stands in sorted runs in files without a
//! name, which a killed process cannot leave behind. Must not know what it holds.

pub mod frames;
pub mod keyed;
pub mod leaving;
pub mod lent;
pub mod merge;
pub mod pieces;
pub mod run;
pub mod runs;
mod share;
pub mod sorted;
pub mod stored;

use std::any::Any;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::spool::share::Held;

/// Where and when to spill, shared by all sequences of one replay.
#[derive(Debug)]
pub struct Spool {
    /// Where files go; `None` keeps everything in memory.
    dir: Option<PathBuf>,
    budget: usize,
    held: Held,
    /// What items in files have in common, one of each type.
    shelves: Mutex<Vec<Arc<dyn Any + Send + Sync>>>,
    failed: Mutex<Option<io::Error>>,
}

impl Spool {
    /// Never spills.
    pub fn in_memory() -> Arc<Self> {
        Self::of(None, usize::MAX)
    }

    /// Lets all sequences together hold so many bytes in memory, about, and puts the rest into files of a
    /// directory that exists.
    pub fn in_files(dir: &Path, budget: usize) -> Arc<Self> {
        Self::of(Some(dir.to_path_buf()), budget)
    }

    fn of(dir: Option<PathBuf>, budget: usize) -> Arc<Self> {
        Arc::new(Self {
            dir,
            budget,
            held: Held::default(),
            shelves: Mutex::default(),
            failed: Mutex::default(),
        })
    }

    /// Bytes that all sequences may hold in memory.
    pub fn budget(&self) -> usize {
        self.budget
    }

    /// The first thing that went wrong: until this was asked, sequences that could not be written or read
    /// are short, and what was made of them is worth nothing.
    ///
    /// # Errors
    /// What the operating system said.
    pub fn check(&self) -> io::Result<()> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }

    fn file(&self) -> io::Result<File> {
        let dir = self.dir.as_ref().ok_or_else(|| io::Error::other("nowhere to spill to"))?;
        tempfile::tempfile_in(dir)
    }

    /// What items of one type have in common.
    fn shelf<S: Default + Send + Sync + 'static>(&self) -> Arc<S> {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shelves.iter().find_map(|shelf| shelf.clone().downcast().ok());
        known.unwrap_or_else(|| {
            let made = Arc::<S>::default();
            shelves.push(made.clone());
            made
        })
    }

    /// Keeps the first failure.
    fn note(&self, failure: io::Error) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get_or_insert(failure);
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::spool::sorted::{Piece, Sorted};
    use crate::spool::stored::{Stored, put_whole, take_whole};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Item {
        key: u8,
        tie: u8,
        name: Option<u8>,
        /// Which of several repeats it is.
        number: usize,
    }

    impl Piece for Item {
        type Key = u8;
        type Name = (u8, u8, u8);

        fn key(&self) -> u8 {
            self.key
        }

        fn tie(&self, other: &Self) -> Ordering {
            (self.tie, self.name).cmp(&(other.tie, other.name))
        }

        fn name(&self) -> Option<Self::Name> {
            Some((self.key, self.tie, self.name?))
        }

        fn weight(&self) -> usize {
            1
        }
    }

    impl Stored for Item {
        type Shelf = ();
        type Hand = ();

        fn put(&self, (): &(), (): &mut (), to: &mut Vec<u8>) -> io::Result<()> {
            put_whole(self, to)
        }

        fn take((): &(), from: &[u8]) -> io::Result<Self> {
            take_whole(from)
        }
    }

    fn filled(spool: &Arc<Spool>, items: &[(u8, u8, Option<u8>)]) -> Sorted<Item> {
        let mut sorted = Sorted::new(spool);
        for (number, (key, tie, name)) in items.iter().enumerate() {
            sorted.push(Item { key: *key, tie: *tie, name: *name, number });
        }
        sorted.sort();
        sorted
    }

    fn all(sorted: &Sorted<Item>) -> Vec<Item> {
        sorted.iter().map(|item| Item::clone(&item)).collect()
    }

    proptest! {
        #[test]
        fn files_change_nothing(
            items in prop::collection::vec((0u8..9, 0u8..3, prop::option::of(0u8..3)), 0..200),
            budget in 1usize..40,
        ) {
            let dir = tempfile::tempdir().expect("a directory");
            let files = Spool::in_files(dir.path(), budget);
            let mut expected = filled(&Spool::in_memory(), &items);
            let mut spilled = filled(&files, &items);
            prop_assert_eq!(spilled.in_memory().is_none(), items.len() > budget);
            prop_assert_eq!(all(&spilled), all(&expected));
            for sorted in [&mut expected, &mut spilled] {
                sorted.change(|| (), |(), item| item.key = item.key.wrapping_mul(37) % 9);
                sorted.sort();
            }
            prop_assert_eq!(all(&spilled), all(&expected));
            let given: Vec<Item> = spilled.into_iter().map(|held| *held.item).collect();
            prop_assert_eq!(given, all(&expected));
            prop_assert!(files.check().is_ok());
            prop_assert_eq!(std::fs::read_dir(dir.path()).expect("a directory").count(), 0);
        }
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let dir = tempfile::tempdir().expect("a directory");
        let spool = Spool::in_files(&dir.path().join("gone"), 2);
        let sorted = filled(&spool, &[(1, 0, None), (2, 0, None), (3, 0, None)]);
        assert!(all(&sorted).is_empty());
        assert!(spool.check().is_err());
        assert!(Spool::in_memory().check().is_ok());
    }
}
