//! Who may write to a snapshot: one process its captures, one its timelines.
//!
//! They do not wait for each other: a capture adds files that no timeline was made from, and evidence never changes.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::snapshot::error::SnapshotError;

/// Locked by who writes captures.
pub const CAPTURES: &str = ".lock";
/// Locked by who writes `derived/`.
pub const TIMELINES: &str = ".replay.lock";

/// Lets one process write the captures in `dir`, which grow into the snapshot `named`; the lock ends with the value.
/// Of two, the second is refused: it would wait for hours.
pub fn captures(dir: &Path, named: &Path) -> Result<File, SnapshotError> {
    let (file, _) = create(dir, CAPTURES)?;
    file.try_lock().map_err(|_| SnapshotError::Locked(named.to_path_buf()))?;
    Ok(file)
}

/// Waits until no other process writes timelines; the lock ends with the value.
pub fn timelines(dir: &Path) -> Result<File, SnapshotError> {
    let (file, path) = create(dir, TIMELINES)?;
    file.lock().map_err(|err| SnapshotError::io("lock", &path, err))?;
    Ok(file)
}

fn create(dir: &Path, name: &str) -> Result<(File, PathBuf), SnapshotError> {
    let path = dir.join(name);
    let file = File::create(&path).map_err(|err| SnapshotError::io("create", &path, err))?;
    Ok((file, path))
}
