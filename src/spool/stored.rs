//! How an item stands in a file of a spool.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What can be put into a file and taken up again: by this process alone, so that what items have in common
/// may stay in memory and be named by numbers.
pub trait Stored: Sized {
    /// What items have in common; one for all of a spool.
    type Shelf: Default + Send + Sync + 'static;

    /// What one writer remembers of that.
    type Hand: Default + Send;

    /// Adds its bytes.
    ///
    /// # Errors
    /// When it cannot be put down as bytes.
    fn put(&self, shelf: &Self::Shelf, hand: &mut Self::Hand, to: &mut Vec<u8>) -> io::Result<()>;

    /// Bytes by which a writer made the shelf larger since it was asked last, about.
    fn shelved(_: &mut Self::Hand) -> usize {
        0
    }

    /// Of just these bytes.
    ///
    /// # Errors
    /// When it was something else that was put there.
    fn take(shelf: &Self::Shelf, from: &[u8]) -> io::Result<Self>;
}

/// Adds the bytes of an item that says itself what it consists of.
///
/// # Errors
/// When it says it wrongly.
pub fn put_whole<T: Serialize>(item: &T, to: &mut Vec<u8>) -> io::Result<()> {
    *to = postcard::to_extend(item, std::mem::take(to)).map_err(io::Error::other)?;
    Ok(())
}

/// Such an item.
///
/// # Errors
/// When it is one of another type.
pub fn take_whole<T: DeserializeOwned>(from: &[u8]) -> io::Result<T> {
    postcard::from_bytes(from).map_err(io::Error::other)
}
