//! Keys that stand twice in one source: a dump of one moment holds each row once.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Keys that are remembered: beyond them memory would grow with the table, so repeats of later ones
/// go uncounted.
pub(crate) const KEYS_MAX: usize = 4 << 20;

/// Counts rows whose key was seen before.
#[derive(Default)]
pub(crate) struct Repeats {
    /// By hash: that two of so many keys share one is a chance of one in two million.
    seen: HashSet<u64>,
    rows: u64,
}

impl Repeats {
    /// Takes the key of the next row.
    pub(crate) fn add(&mut self, key: &str) {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let hash = hasher.finish();
        if self.seen.len() < KEYS_MAX {
            self.rows += u64::from(!self.seen.insert(hash));
        } else {
            self.rows += u64::from(self.seen.contains(&hash));
        }
    }

    /// How many so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }
}
