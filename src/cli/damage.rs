//! Whether damage is behind a question that broke: the engine tells neither that a file was changed nor which.

use std::error::Error;
use std::path::Path;

use crate::read::error::ReadError;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::open::Snapshot;

/// How the engine's errors begin when it stumbles over the bytes of a file; those of a query's own words and
/// values begin otherwise, but for the first.
const OF_BYTES: [&str; 5] =
    ["Invalid Input Error", "Invalid Error", "IO Error", "Serialization Error", "INTERNAL Error"];

/// The first file of the evidence that is not what was written, where an error may come of it. Hashes every
/// file: only of a question that broke so.
pub(super) fn behind(error: &(dyn Error + 'static), dir: &Path) -> Option<SnapshotError> {
    let is_of_bytes = |err: &(dyn Error + 'static)| match err.downcast_ref::<ReadError>() {
        Some(ReadError::Failed(said)) => OF_BYTES.iter().any(|begin| said.starts_with(begin)),
        Some(ReadError::Setup { .. }) => true,
        Some(_) | None => false,
    };
    if !std::iter::successors(Some(error), |&err| err.source()).any(is_of_bytes) {
        return None;
    }
    Snapshot::open(dir).and_then(|snapshot| snapshot.check_hashes()).err()
}
