//! Why no stricter snapshot can be made of one.

use std::path::PathBuf;

use crate::snapshot::error::SnapshotError;

/// What stops it; the snapshot that was read is as it was.
#[derive(Debug, thiserror::Error)]
pub enum AgainError {
    /// What is hidden is hidden.
    #[error("the snapshot has the redaction policy `{theirs}`, and `{ours}` hides nothing more")]
    Weaker {
        /// Its policy.
        theirs: String,
        /// The one asked for.
        ours: String,
    },
    /// Tokens of two keys cannot be compared.
    #[error("the snapshot was made with redaction key {theirs}, this one is {ours}")]
    OtherKey {
        /// Fingerprint in the manifest.
        theirs: String,
        /// Fingerprint of the key at hand.
        ours: String,
    },
    /// There is something at its place.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// A snapshot holds no other.
    #[error("{} lies inside the snapshot that is read", .0.display())]
    Inside(PathBuf),
    /// One of the two snapshots.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}
