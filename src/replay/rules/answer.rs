//! What a rule answers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The answer of a rule to one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Do what the rule is about: kill, stop, promote, reset, block.
    Act,
    /// Leave it.
    Leave,
    /// So many.
    Count(i64),
}

impl Answer {
    /// [`Act`](Self::Act) where it is true.
    pub fn act(does: bool) -> Self {
        if does { Self::Act } else { Self::Leave }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Act => f.write_str("act"),
            Self::Leave => f.write_str("leave"),
            Self::Count(n) => write!(f, "{n}"),
        }
    }
}
