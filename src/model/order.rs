//! Which of two things came first, as far as their bounds tell.

use crate::model::time::Micros;

/// Whether one thing happened before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Before {
    /// Whenever inside its bounds it happened, it was before the other.
    Yes,
    /// Whenever it happened, it was after the other.
    No,
    /// The bounds share an instant: either may have been first.
    Undecidable,
}

impl Before {
    /// Every answer.
    pub const ALL: [Self; 3] = [Self::Yes, Self::No, Self::Undecidable];

    /// Compares the bounds `(earliest, latest)` of two things.
    pub fn of(a: (Micros, Micros), b: (Micros, Micros)) -> Self {
        if a.1 < b.0 {
            Self::Yes
        } else if b.1 < a.0 {
            Self::No
        } else {
            Self::Undecidable
        }
    }

    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Undecidable => "undecidable",
        }
    }
}
