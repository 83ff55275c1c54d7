//! Why events could not be read.

use crate::grammar::error::GrammarError;
use crate::snapshot::error::SnapshotError;

/// Why a snapshot gave no events.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// The snapshot cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The grammar is wrong.
    #[error(transparent)]
    Grammar(#[from] GrammarError),
}
