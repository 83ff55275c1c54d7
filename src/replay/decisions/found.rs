//! Decisions as they are found: each is put away at once, as there are many; what a later line changes of
//! one is kept beside.

use std::cmp::Ordering;
use std::io;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::replay::decisions::Decision;
use crate::replay::rules::answer::Answer;
use crate::spool::Spool;
use crate::spool::sorted::{Piece, Sorted};
use crate::spool::stored::{Stored, put_whole, take_whole};

/// All decisions of a pass, by their places.
pub(super) struct Found {
    all: Sorted<Placed>,
    changes: FxHashMap<usize, Change>,
}

/// A decision where it was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Placed {
    place: usize,
    decision: Decision,
    /// Whether something later has to make it one.
    is_open: bool,
}

/// What a later line said.
#[derive(Clone, Copy, Debug, Default)]
struct Change {
    counts: Option<bool>,
    decided: Option<Option<Answer>>,
}

impl Found {
    /// None yet.
    pub(super) fn new(spool: &Arc<Spool>) -> Self {
        Self { all: Sorted::new(spool), changes: FxHashMap::default() }
    }

    /// The place of the next one.
    pub(super) fn next(&self) -> usize {
        self.all.len()
    }

    /// Takes one.
    pub(super) fn push(&mut self, decision: Decision) {
        self.all.push(Placed { place: self.next(), decision, is_open: false });
    }

    /// Takes one that counts only when [`keep`](Self::keep) says so.
    pub(super) fn push_open(&mut self, decision: Decision) {
        self.all.push(Placed { place: self.next(), decision, is_open: true });
    }

    /// Another one took its place.
    pub(super) fn replace(&mut self, place: usize) {
        self.changes.entry(place).or_default().counts = Some(false);
    }

    /// It counts.
    pub(super) fn keep(&mut self, place: usize) {
        self.changes.entry(place).or_default().counts = Some(true);
    }

    /// What was done is this.
    pub(super) fn decide(&mut self, place: usize, decided: Option<Answer>) {
        self.changes.entry(place).or_default().decided = Some(decided);
    }

    /// Those that count, in the order in which they were found.
    pub(super) fn into_kept(self) -> impl Iterator<Item = Decision> {
        let Self { all, changes } = self;
        all.into_iter().filter_map(move |found| {
            let Placed { place, mut decision, is_open } = *found.item;
            let change = changes.get(&place).copied().unwrap_or_default();
            if let Some(decided) = change.decided {
                decision.decided = decided;
            }
            change.counts.unwrap_or(!is_open).then_some(decision)
        })
    }
}

impl Stored for Placed {
    type Shelf = ();
    type Hand = ();

    fn put(&self, (): &(), (): &mut (), to: &mut Vec<u8>) -> io::Result<()> {
        put_whole(self, to)
    }

    fn take((): &(), from: &[u8]) -> io::Result<Self> {
        take_whole(from)
    }
}

impl Piece for Placed {
    type Key = usize;
    type Name = ();

    fn key(&self) -> usize {
        self.place
    }

    /// No two have one place.
    fn tie(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }

    fn name(&self) -> Option<()> {
        None
    }

    fn weight(&self) -> usize {
        /// A field with its name and value, about.
        const FIELD: usize = 96;
        let decision = &self.decision;
        size_of::<Self>() + decision.verdict.len() + decision.inputs.iter().count() * FIELD
    }
}
