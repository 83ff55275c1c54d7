//! Why a snapshot could not be scored.

use std::io;
use std::path::PathBuf;

use crate::findings::error::QueryError;
use crate::read::error::ReadError;

/// Why there is no score.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    /// The truth could not be read to its end.
    #[error("cannot read the truth {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is no truth: no JSON, or a field of another kind than it must be.
    #[error("{} is no truth in the format of the recorded incidents", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// There are no timelines to compare.
    #[error("the snapshot was not replayed")]
    NotReplayed,
    /// The contract says one row a worker.
    #[error("`worker_ends` holds more than one row for worker `{0}`")]
    TwoEnds(String),
    /// A table could not be asked.
    #[error("a table of the snapshot could not be read")]
    Table(#[from] ReadError),
    /// A question of the catalogue was not answered.
    #[error(transparent)]
    Query(#[from] QueryError),
}
