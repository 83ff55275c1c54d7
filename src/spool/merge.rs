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
    runs: Vec<Reader<T>>,
    heads: BinaryHeap<Reverse<Head<T, M::Item>>>,
    own: fn(T) -> M::Item,
    /// The name of the last item: repeats may stand in two runs.
    last: Option<T::Name>,
}

impl<T: Piece, M: Iterator> Merge<T, M>
where
    M::Item: Deref<Target = T>,
{
    pub(super) fn of(memory: M, runs: &[Run<T>], own: fn(T) -> M::Item) -> Self {
        let mut runs: Vec<Reader<T>> = runs.iter().map(Run::read).collect();
        let heads = runs.iter_mut().enumerate();
        let heads =
            heads.filter_map(|(place, run)| Some(Reverse(Head::of(own(run.next()?), place))));
        Self { memory: memory.peekable(), heads: heads.collect(), runs, own, last: None }
    }

    fn merged(&mut self) -> Option<M::Item> {
        let Some(mut head) = self.heads.peek_mut() else { return self.memory.next() };
        let first = &head.0;
        let order = |item: &T| item.key().cmp(&first.key).then_with(|| item.tie(&first.item));
        if let Some(here) = self.memory.next_if(|item| order(item).is_lt()) {
            return Some(here);
        }
        let place = first.place;
        Some(match self.runs[place].next() {
            Some(next) => std::mem::replace(&mut head.0, Head::of((self.own)(next), place)).item,
            None => PeekMut::pop(head).0.item,
        })
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

/// The next item of a run: small, for the heap moves it.
struct Head<T: Piece, I> {
    key: T::Key,
    item: I,
    place: usize,
}

impl<T: Piece, I: Deref<Target = T>> Head<T, I> {
    fn of(item: I, place: usize) -> Self {
        Self { key: item.key(), item, place }
    }
}

impl<T: Piece, I: Deref<Target = T>> Ord for Head<T, I> {
    fn cmp(&self, other: &Self) -> Ordering {
        let items = self.key.cmp(&other.key).then_with(|| self.item.tie(&other.item));
        items.then(self.place.cmp(&other.place))
    }
}

impl<T: Piece, I: Deref<Target = T>> PartialOrd for Head<T, I> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Piece, I: Deref<Target = T>> PartialEq for Head<T, I> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T: Piece, I: Deref<Target = T>> Eq for Head<T, I> {}
