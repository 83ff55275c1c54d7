//! The runs of one sequence. Items mostly come nearly in order, so the last run is open: what follows on what
//! it holds is added to it, and there are few of them to read at once.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::spool::Spool;
use crate::spool::keyed::Keyed;
use crate::spool::run::{Run, Writer};
use crate::spool::sorted::Piece;

/// Of items that memory has no room for, one of so many stays: what comes next may belong between those.
const KEPT_PART: usize = 4;
/// When one of so many items comes too late for the open run, another is begun.
const LATE_PART: usize = 4;

/// Runs, each in order.
#[derive(Debug)]
pub(super) struct Runs<T: Piece> {
    all: Vec<Run<T>>,
    /// The last of them, where it can go on.
    open: Option<Open<T>>,
}

/// A run that can go on.
#[derive(Debug)]
struct Open<T: Piece> {
    to: Writer<T>,
    last: Box<T>,
}

impl<T: Piece> Runs<T> {
    /// None yet.
    pub(super) fn new() -> Self {
        Self { all: Vec::new(), open: None }
    }

    /// One, of items in order.
    pub(super) fn of(items: impl Iterator<Item = Box<T>>, spool: &Arc<Spool>) -> Self {
        let mut to: Writer<T> = Writer::new(spool);
        items.for_each(|item| to.push(&item));
        Self { all: vec![to.finish()], open: None }
    }

    /// Each of them.
    pub(super) fn all(&self) -> &[Run<T>] {
        &self.all
    }

    /// Takes those of another sequence.
    pub(super) fn append(&mut self, more: Self) {
        self.open = None;
        self.all.extend(more.all);
    }

    /// Takes most of the items, which are in order; those that come too late for the open run stay, as long as
    /// they are few, and the last, as what comes next may belong between them.
    pub(super) fn take(&mut self, items: &mut Vec<Keyed<T>>, spool: &Arc<Spool>) {
        let is_late =
            |open: &Open<T>| items.partition_point(|item| order::<T>(item, &open.last).is_lt());
        let late = self.open.as_ref().map_or(0, is_late);
        let goes_on = late <= items.len() / LATE_PART;
        let (open, late) = if goes_on { (self.open.take(), late) } else { (None, 0) };
        let mut to = open.map_or_else(|| self.begun(spool), |open| open.to);
        let fit = items.len() - late;
        let mut last = None;
        for Keyed { item, .. } in items.drain(late..late + fit - fit / KEPT_PART) {
            to.push(&item);
            last = Some(item);
        }
        if let Some(run) = self.all.last_mut() {
            *run = to.so_far();
        }
        self.open = last.map(|last| Open { to, last });
    }

    /// One more, empty.
    fn begun(&mut self, spool: &Arc<Spool>) -> Writer<T> {
        let mut to = Writer::new(spool);
        self.all.push(to.so_far());
        to
    }
}

impl<T: Piece> Clone for Runs<T> {
    /// The same runs, none of them open: the other goes on with its own.
    fn clone(&self) -> Self {
        Self { all: self.all.clone(), open: None }
    }
}

fn order<T: Piece>(one: &T, other: &T) -> Ordering {
    one.key().cmp(&other.key()).then_with(|| one.tie(other))
}
