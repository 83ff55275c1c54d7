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

/// A sequence tells what it holds only when that has changed by this part of the budget, or by so many bytes: all
/// threads write to the one sum.
const UNTOLD_PART: usize = 1_024;
const UNTOLD_MAX: usize = 1024 * 1024;

/// Bytes that one sequence holds; given back with it.
#[derive(Debug)]
pub(super) struct Share {
    spool: Arc<Spool>,
    bytes: usize,
    /// Of them so many stand in the sum.
    told: usize,
}

impl Share {
    /// Of a sequence that holds nothing yet.
    pub(super) fn new(spool: &Arc<Spool>) -> Self {
        Self { spool: spool.clone(), bytes: 0, told: 0 }
    }

    /// The spool.
    pub(super) fn spool(&self) -> &Arc<Spool> {
        &self.spool
    }

    /// Takes more; whether it is time to spill.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.tell();
        let budget = self.spool.budget();
        let all = self.spool.held.all.load(Ordering::Relaxed);
        all > budget && self.bytes > budget / LEAST_PART
    }

    /// Corrects the sum where it is far off.
    fn tell(&mut self) {
        let untold = (self.spool.budget() / UNTOLD_PART).min(UNTOLD_MAX);
        if self.bytes.abs_diff(self.told) > untold {
            self.tell_all();
        }
    }

    fn tell_all(&mut self) {
        let sum = &self.spool.held.all;
        match self.bytes.checked_sub(self.told) {
            Some(more) => sum.fetch_add(more, Ordering::Relaxed),
            None => sum.fetch_sub(self.told - self.bytes, Ordering::Relaxed),
        };
        self.told = self.bytes;
    }

    /// Takes what another sequence held; whether it is time to spill.
    pub(super) fn take_over(&mut self, other: Self) -> bool {
        let bytes = other.bytes;
        drop(other);
        self.take(bytes)
    }

    /// Gives so many back, or what there is.
    pub(super) fn give(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.tell();
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
        self.bytes = 0;
        self.tell_all();
    }
}
