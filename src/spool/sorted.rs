//! A sequence in a total order, in memory as far as the budget reaches.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use rayon::prelude::*;

use crate::spool::Spool;
use crate::spool::keyed::Keyed;
use crate::spool::leaving::Leaving;
use crate::spool::lent::Lent;
use crate::spool::merge::Merge;
use crate::spool::pieces::PIECE_ITEMS;
use crate::spool::runs::Runs;
use crate::spool::share::Share;
use crate::spool::stored::Stored;

/// Files that one sequence has open: as many more become one.
const RUNS_MAX: usize = 64;

/// What can be sorted and spilled.
pub trait Piece: Clone + Send + Sync + Stored {
    /// What nearly always decides the order.
    type Key: Ord + Copy + fmt::Debug + Send + Sync;

    /// That.
    fn key(&self) -> Self::Key;

    /// The order among those of one key: total.
    fn tie(&self, other: &Self) -> Ordering;

    /// Who it is.
    type Name: PartialEq + Send;

    /// Of several of one name beside each other the first stands for all; what has none stands alone.
    fn name(&self) -> Option<Self::Name>;

    /// Bytes in memory, about.
    fn weight(&self) -> usize;
}

/// Items in order, or on their way into it. `T` in files are runs, each sorted.
#[derive(Clone, Debug)]
pub struct Sorted<T: Piece> {
    memory: Vec<Keyed<T>>,
    share: Share,
    runs: Runs<T>,
}

impl<T: Piece> Sorted<T> {
    /// None yet.
    pub fn new(spool: &Arc<Spool>) -> Self {
        Self { memory: Vec::new(), share: Share::new(spool), runs: Runs::new() }
    }

    /// Of the same spool, empty.
    pub fn beside(&self) -> Self {
        Self::new(self.spool())
    }

    /// The spool.
    pub fn spool(&self) -> &Arc<Spool> {
        self.share.spool()
    }

    /// How many; repeats count until they are sorted out.
    pub fn len(&self) -> usize {
        self.memory.len() + self.runs.all().iter().map(|run| run.items).sum::<usize>()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The items, where all of them are in memory.
    pub fn in_memory(&self) -> Option<&[Keyed<T>]> {
        self.runs.all().is_empty().then_some(&*self.memory)
    }

    /// The same, to be changed in ways that leave their keys; what they weigh more then is to be told.
    pub fn in_memory_mut(&mut self) -> Option<&mut [Keyed<T>]> {
        self.runs.all().is_empty().then_some(&mut *self.memory)
    }

    /// Items that are here weigh so much more than they did.
    pub fn weigh_more(&mut self, bytes: usize) {
        if self.share.take(bytes) {
            self.spill();
        }
    }

    /// Makes room for more, so that what is there need not be moved later.
    pub fn reserve(&mut self, items: usize) {
        self.memory.reserve(items);
    }

    /// Takes one more.
    pub fn push(&mut self, item: T) {
        self.push_boxed(Box::new(item));
    }

    /// The same, where it stands.
    pub fn push_boxed(&mut self, item: Box<T>) {
        let is_full = self.share.take(item.weight());
        self.memory.push(Keyed::of(item));
        if is_full {
            self.spill();
        }
    }

    /// Takes more, as they come.
    pub fn append(&mut self, more: Self) {
        self.runs.append(more.runs);
        self.memory.extend(more.memory);
        // they weigh what they weighed there
        if self.share.take_over(more.share) {
            self.spill();
        }
    }

    fn spill(&mut self) {
        self.sort_memory();
        let held = self.memory.len();
        let each = self.share.of_one(held);
        let spool = self.share.spool();
        self.runs.take(&mut self.memory, spool);
        self.share.give(each * (held - self.memory.len()));
        if self.runs.all().len() == RUNS_MAX {
            let one = Merge::of(std::iter::empty(), self.runs.all(), Box::new);
            self.runs = Runs::of(one, self.share.spool());
        }
    }

    /// Puts all into order; of repeats the first stays.
    pub fn sort(&mut self) {
        self.sort_memory();
    }

    fn sort_memory(&mut self) {
        // rows mostly come in order: a stable sort merges its runs, and the key decides nearly always
        let order = |a: &Keyed<T>, b: &Keyed<T>| a.key.cmp(&b.key).then_with(|| a.tie(b));
        // either is stable; alone, one is quicker without asking who else has time
        match rayon::current_num_threads() {
            0 | 1 => self.memory.sort_by(order),
            _ => self.memory.par_sort_by(order),
        }
        self.memory.dedup_by(|next, before| {
            next.key == before.key && repeats(&**next, before.name().as_ref())
        });
    }

    /// All of them, in order when they have been sorted.
    pub fn iter(&self) -> impl Iterator<Item = Lent<'_, T>> {
        let read = |item: T| Lent::Read(Arc::new((item.key(), item)));
        Merge::of(self.memory.iter().map(Lent::Held), self.runs.all(), read)
    }

    /// Changes each and takes it as new: sort again where the order may have changed. Some are changed
    /// one after the other, and what `start` makes goes from each of them to the next.
    pub fn change<S>(
        &mut self,
        start: impl Fn() -> S + Send + Sync,
        with: impl Fn(&mut S, &mut T) + Sync,
    ) where
        S: Send,
    {
        if self.runs.all().is_empty() {
            self.memory.par_iter_mut().for_each_init(start, |state, held| {
                with(state, &mut held.item);
                held.key = held.item.key();
            });
            return;
        }
        let mut state = start();
        let mut changed = self.beside();
        let mut items = std::mem::replace(self, self.beside()).into_iter();
        let mut read = || -> Vec<Box<T>> {
            let piece = items.by_ref().take(PIECE_ITEMS);
            let mut piece: Vec<Box<T>> = piece.map(|held| held.item).collect();
            piece.iter_mut().for_each(|item| with(&mut state, item));
            piece
        };
        let mut piece = read();
        while !piece.is_empty() {
            let done = std::mem::take(&mut piece);
            let put = || done.into_iter().for_each(|item| changed.push_boxed(item));
            (piece, ()) = rayon::join(&mut read, put);
        }
        *self = changed;
    }
}

impl<T: Piece> Default for Sorted<T> {
    /// None, and in memory.
    fn default() -> Self {
        Self::new(&Spool::in_memory())
    }
}

impl<T: Piece> Extend<T> for Sorted<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, more: I) {
        more.into_iter().for_each(|item| self.push(item));
    }
}

impl<T: Piece> IntoIterator for Sorted<T> {
    type Item = Keyed<T>;
    type IntoIter = Merge<T, Leaving<T>>;

    fn into_iter(self) -> Self::IntoIter {
        let own: fn(T) -> Keyed<T> = |item| Keyed::of(Box::new(item));
        Merge::of(Leaving::of(self.memory, self.share), self.runs.all(), own)
    }
}

/// Whether an item has the name of the one before it.
pub(super) fn repeats<T: Piece>(item: &T, before: Option<&T::Name>) -> bool {
    before.is_some_and(|before| item.name().as_ref() == Some(before))
}
