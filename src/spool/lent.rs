//! An item of a sequence as its readers get it.

use std::ops::Deref;
use std::sync::Arc;

/// Where the item stands in memory, or what was read of a file: small, for it is handed on often.
#[derive(Debug)]
pub enum Lent<'a, T> {
    /// The sequence holds it.
    Held(&'a T),
    /// It was read for this reader.
    Read(Arc<T>),
}

impl<T> Clone for Lent<'_, T> {
    fn clone(&self) -> Self {
        match self {
            Self::Held(item) => Self::Held(item),
            Self::Read(item) => Self::Read(item.clone()),
        }
    }
}

impl<T> Deref for Lent<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Held(item) => item,
            Self::Read(item) => item,
        }
    }
}
