//! An item of a sequence as its readers get it.

use std::ops::Deref;
use std::sync::Arc;

use crate::spool::keyed::Keyed;
use crate::spool::sorted::Piece;

/// Where the item stands in memory, or what was read of a file: so small that a processor hands it on in registers.
#[derive(Debug)]
pub enum Lent<'a, T: Piece> {
    /// The sequence holds it.
    Held(&'a Keyed<T>),
    /// It was read for this reader.
    Read(Arc<(T::Key, T)>),
}

impl<'a, T: Piece> Lent<'a, T> {
    /// The item's key: to look at it, the item itself need not be.
    #[inline]
    pub fn key(&self) -> &T::Key {
        match self {
            Self::Held(held) => &held.key,
            Self::Read(read) => &read.0,
        }
    }

    /// The item without its key, for who comes back to it when the key is far away again.
    pub fn item(&self) -> Item<'a, T> {
        match self {
            Self::Held(held) => Item::Held(&held.item),
            Self::Read(read) => Item::Read(read.clone()),
        }
    }
}

impl<T: Piece> Deref for Lent<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match self {
            Self::Held(held) => &held.item,
            Self::Read(read) => &read.1,
        }
    }
}

/// An item alone.
#[derive(Debug)]
pub enum Item<'a, T: Piece> {
    /// The sequence holds it.
    Held(&'a T),
    /// It was read for this reader.
    Read(Arc<(T::Key, T)>),
}

impl<T: Piece> Deref for Item<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Held(item) => item,
            Self::Read(read) => &read.1,
        }
    }
}
