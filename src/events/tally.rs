//! Conservation: nothing is dropped without being counted.

use serde::{Deserialize, Serialize};

/// What became of every log row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowTally {
    /// Rows read.
    pub read: u64,
    /// Rows that made an event of their own.
    pub became_events: u64,
    /// Rows that are another piece of an event's evidence.
    pub confirmed: u64,
    /// Rows known to say nothing of their own.
    pub said_nothing: u64,
    /// Rows that no template matches.
    pub unknown: u64,
    /// Rows without id, time or message.
    pub unreadable: u64,
}

impl std::iter::Sum for RowTally {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            read: sum.read + one.read,
            became_events: sum.became_events + one.became_events,
            confirmed: sum.confirmed + one.confirmed,
            said_nothing: sum.said_nothing + one.said_nothing,
            unknown: sum.unknown + one.unknown,
            unreadable: sum.unreadable + one.unreadable,
        })
    }
}

impl RowTally {
    /// Panics when a row was lost: that is a bug of ours, never of the data.
    pub fn assert_balanced(self) {
        let accounted = self.became_events
            + self.confirmed
            + self.said_nothing
            + self.unknown
            + self.unreadable;
        assert_eq!(self.read, accounted, "rows lost between snapshot and events: {self:?}");
    }
}
