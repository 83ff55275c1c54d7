//! Things that many events have in common, each with a number.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

/// Things by their numbers, which stay: whoever reads one waits for nobody who adds another.
pub(super) struct Kept<K, V> {
    all: boxcar::Vec<V>,
    numbers: Mutex<FxHashMap<K, u32>>,
    /// So many are kept at most, as evidence may hold anything.
    most: usize,
}

impl<K: Hash + Eq, V> Kept<K, V> {
    /// None yet.
    pub(super) fn new(most: usize) -> Self {
        Self { all: boxcar::Vec::new(), numbers: Mutex::default(), most }
    }

    /// The number of one, which is kept from now on; `None` where there is no more room.
    pub(super) fn number<Q>(&self, of: &Q, new: impl FnOnce() -> (K, V)) -> Option<u32>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = numbers.get(of) {
            return Some(*number);
        }
        if numbers.len() >= self.most {
            return None;
        }
        let (key, value) = new();
        let number = u32::try_from(self.all.push(value)).ok()?;
        numbers.insert(key, number);
        Some(number)
    }

    /// That of a number.
    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&V> {
        self.all.get(number as usize)
    }
}
