//! An item with its key beside it.

use std::ops::Deref;

use crate::spool::sorted::Piece;

/// An item in a place of its own, for it is large and sorting moves it. Its key stands beside it: to sort, items
/// need hardly be looked at, which are far from each other in memory.
#[derive(Clone, Debug)]
pub struct Keyed<T: Piece> {
    /// What nearly always decides its order.
    pub key: T::Key,
    /// The item; its key stays as it is.
    pub item: Box<T>,
}

impl<T: Piece> Keyed<T> {
    /// Puts the key beside an item.
    pub fn of(item: Box<T>) -> Self {
        Self { key: item.key(), item }
    }
}

impl<T: Piece> Deref for Keyed<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.item
    }
}
