//! The number of an orchestrator's cycle, in one word where there may be none.

use std::num::NonZeroI64;

use serde::{Deserialize, Serialize};

/// A cycle's number, as the source has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cycle(NonZeroI64);

impl Cycle {
    /// Of any number but the least, which no cycle reaches.
    pub fn of(number: i64) -> Option<Self> {
        NonZeroI64::new(number ^ i64::MIN).map(Self)
    }

    /// The number.
    pub fn number(self) -> i64 {
        self.0.get() ^ i64::MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_but_the_least_is_one() {
        for number in [0, 1, -1, 42, i64::MAX, i64::MIN + 1] {
            assert_eq!(Cycle::of(number).map(Cycle::number), Some(number));
        }
        assert_eq!(Cycle::of(i64::MIN), None);
    }
}
