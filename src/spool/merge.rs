//! Memory and runs, each in order, as one sequence in order.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::iter::Peekable;
use std::ops::Deref;

use crate::spool::run::{Reader, Run};
use crate::spool::sorted::{Piece, repeats};

/// A walk through all items.
pub struct Merge<T: Piece, M: Iterator> {
    memory: Peekable<M>,
    heads: BinaryHeap<Reverse<Head<T>>>,
    own: fn(T) -> M::Item,
    /// The name of the last item: repeats may stand in two runs.
    last: Option<T::Name>,
}

impl<T: Piece, M: Iterator> Merge<T, M>
where
    M::Item: Deref<Target = T>,
{
    pub(super) fn of(memory: M, runs: &[Run<T>], own: fn(T) -> M::Item) -> Self {
        let head = |(place, run): (usize, &Run<T>)| {
            let mut run = run.read();
            Some(Reverse(Head { item: run.next()?, place, run }))
        };
        let heads = runs.iter().enumerate().filter_map(head).collect();
        Self { memory: memory.peekable(), heads, own, last: None }
    }

    fn merged(&mut self) -> Option<M::Item> {
        let Some(mut head) = self.heads.peek_mut() else { return self.memory.next() };
        let first = &head.0.item;
        let order = |item: &T| item.key().cmp(&first.key()).then_with(|| item.tie(first));
        if let Some(here) = self.memory.next_if(|item| order(item).is_lt()) {
            return Some(here);
        }
        let item = match head.0.run.next() {
            Some(next) => std::mem::replace(&mut head.0.item, next),
            None => PeekMut::pop(head).0.item,
        };
        Some((self.own)(item))
    }
}

impl<T: Piece, M: Iterator> Iterator for Merge<T, M>
where
    M::Item: Deref<Target = T>,
{
    type Item = M::Item;

    fn next(&mut self) -> Option<M::Item> {
        if self.heads.is_empty() && self.last.is_none() {
            return self.memory.next();
        }
        loop {
            let item = self.merged()?;
            if !repeats(&*item, self.last.as_ref()) {
                self.last = item.name();
                return Some(item);
            }
        }
    }
}

/// The next item of a run, and the rest of it.
struct Head<T> {
    item: T,
    place: usize,
    run: Reader<T>,
}

impl<T: Piece> Ord for Head<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        let items = self.item.key().cmp(&other.item.key());
        items.then_with(|| self.item.tie(&other.item)).then(self.place.cmp(&other.place))
    }
}

impl<T: Piece> PartialOrd for Head<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Piece> PartialEq for Head<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T: Piece> Eq for Head<T> {}
