//! An item of a sequence as its readers get it.

use std::ops::Deref;
use std::sync::Arc;

use crate::spool::sorted::Piece;

/// Where the item stands in memory, or what was read of a file: small, for it is handed on often.
#[derive(Debug)]
pub enum Lent<'a, T: Piece> {
    /// The sequence holds it.
    Held(&'a T::Key, &'a T),
    /// It was read for this reader.
    Read(Arc<(T::Key, T)>),
}

impl<T: Piece> Lent<'_, T> {
    /// The item's key: to look at it, the item itself need not be.
    pub fn key(&self) -> &T::Key {
        match self {
            Self::Held(key, _) => key,
            Self::Read(read) => &read.0,
        }
    }
}

impl<T: Piece> Clone for Lent<'_, T> {
    fn clone(&self) -> Self {
        match self {
            Self::Held(key, item) => Self::Held(key, item),
            Self::Read(read) => Self::Read(read.clone()),
        }
    }
}

impl<T: Piece> Deref for Lent<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Held(_, item) => item,
            Self::Read(read) => &read.1,
        }
    }
}
