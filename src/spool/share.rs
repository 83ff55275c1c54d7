//! What one sequence holds of the memory that all sequences of a spool share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::spool::Spool;

/// A sequence that holds less than this part of the budget does not spill, whoever else holds the rest:
/// its runs would be many and short.
const LEAST_PART: usize = 16;

/// What items in files have in common takes no more than this part of the budget from those in memory.
const SHELF_PART: usize = 2;

/// Bytes that all sequences of a spool hold together, about.
#[derive(Debug, Default)]
pub(super) struct Held {
    all: AtomicUsize,
    /// Of them those of shelves, which are never given back.
    shelves: AtomicUsize,
}

impl Held {
    /// Takes bytes of a shelf for good.
    pub(super) fn keep(&self, bytes: usize, budget: usize) {
        if self.shelves.fetch_add(bytes, Ordering::Relaxed) < budget / SHELF_PART {
            self.all.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

/// Bytes that one sequence holds; given back with it.
#[derive(Debug)]
pub(super) struct Share {
    spool: Arc<Spool>,
    bytes: usize,
}

impl Share {
    /// Of a sequence that holds nothing yet.
    pub(super) fn new(spool: &Arc<Spool>) -> Self {
        Self { spool: spool.clone(), bytes: 0 }
    }

    /// The spool.
    pub(super) fn spool(&self) -> &Arc<Spool> {
        &self.spool
    }

    /// Takes more; whether it is time to spill.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        let before = self.spool.held.all.fetch_add(bytes, Ordering::Relaxed);
        let budget = self.spool.budget();
        before + bytes > budget && self.bytes > budget / LEAST_PART
    }

    /// Takes what another sequence held; whether it is time to spill.
    pub(super) fn take_over(&mut self, other: Self) -> bool {
        let bytes = other.bytes;
        drop(other);
        self.take(bytes)
    }

    /// Gives so many back, or what there is.
    pub(super) fn give(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.spool.held.all.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Gives all back.
    pub(super) fn give_all(&mut self) {
        self.give(self.bytes);
    }

    /// What one of so many items holds.
    pub(super) fn of_one(&self, items: usize) -> usize {
        self.bytes / items.max(1)
    }
}

impl Clone for Share {
    fn clone(&self) -> Self {
        let mut share = Self::new(&self.spool);
        share.take(self.bytes);
        share
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give_all();
    }
}
