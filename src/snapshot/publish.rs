//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::snapshot::error::SnapshotError;

/// The suffix of a file that is still being written; such files are ignored and swept.
pub const TEMPORARY: &str = ".part";

/// Where a file is written before it is published.
pub fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(TEMPORARY);
    path.with_file_name(name)
}

/// Gives a finished, synced temporary file its name, so that a crash leaves the old state or the new.
pub fn publish(temporary: &Path, path: &Path) -> Result<(), SnapshotError> {
    fs::rename(temporary, path).map_err(|err| SnapshotError::io("rename", temporary, err))?;
    // the parent of a bare name is empty, and means here
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    sync_directory(folder.unwrap_or(Path::new(".")))
}

/// Writes a small file whole or not at all.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), SnapshotError> {
    let part = temporary(path);
    write_synced(&part, bytes)?;
    publish(&part, path)
}

/// Writes a file and waits until it is on the disk.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), SnapshotError> {
    let mut file = File::create(path).map_err(|err| SnapshotError::io("create", path, err))?;
    file.write_all(bytes).map_err(|err| SnapshotError::io("write", path, err))?;
    file.sync_all().map_err(|err| SnapshotError::io("write", path, err))
}

/// Makes a rename survive a power cut.
pub fn sync_directory(dir: &Path) -> Result<(), SnapshotError> {
    let handle = File::open(dir).map_err(|err| SnapshotError::io("open", dir, err))?;
    handle.sync_all().map_err(|err| SnapshotError::io("sync", dir, err))
}
