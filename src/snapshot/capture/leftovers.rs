//! What a killed capture left: the next one clears it away, and ends as if nothing had happened.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::model::table::Table;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::manifest::{MANIFEST, SOURCE_SCHEMA};
use crate::snapshot::open::Snapshot;
use crate::snapshot::parquet_file::hash_file;
use crate::snapshot::publish::{TEMPORARY, publish, temporary};

/// Removes unfinished files, and finished ones of the capture `id`, which no manifest names yet.
/// Call it with the lock held: the files of a running capture look the same.
pub(super) fn sweep(dir: &Path, id: &str, before: Option<&Snapshot>) -> Result<(), SnapshotError> {
    finish_schema(dir, before)?;
    let tables = Table::ALL.into_iter().map(|table| dir.join(table.name()));
    for folder in tables.chain([dir.join("captures")]) {
        for path in files(&folder)? {
            if is_unfinished(&path) || is_of_capture(&path, id) {
                remove(&path)?;
            }
        }
    }
    for name in [MANIFEST, SOURCE_SCHEMA] {
        let path = temporary(&dir.join(name));
        if path.is_file() {
            remove(&path)?;
        }
    }
    Ok(())
}

/// A capture that died between its manifest and its schema exists: its schema gets its name now.
fn finish_schema(dir: &Path, before: Option<&Snapshot>) -> Result<(), SnapshotError> {
    let path = dir.join(SOURCE_SCHEMA);
    let part = temporary(&path);
    let promised = before.and_then(|s| s.captures().last()?.source_schema.as_deref());
    let Some(promised) = promised.filter(|_| part.is_file()) else { return Ok(()) };
    if hash_file(&part)?.1 == promised { publish(&part, &path) } else { Ok(()) }
}

fn is_unfinished(path: &Path) -> bool {
    path.to_str().is_some_and(|name| name.ends_with(TEMPORARY))
}

fn is_of_capture(path: &Path, id: &str) -> bool {
    let rest = path.file_name().and_then(|name| name.to_str()).and_then(|n| n.strip_prefix(id));
    rest.is_some_and(|rest| rest.starts_with('-') || rest == ".json")
}

/// The files of a folder, in order; folders and links are not ours to remove.
fn files(folder: &Path) -> Result<Vec<PathBuf>, SnapshotError> {
    let read = |err| SnapshotError::io("read", folder, err);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => return Err(read(err)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(read)?;
        if entry.file_type().map_err(read)?.is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn remove(path: &Path) -> Result<(), SnapshotError> {
    fs::remove_file(path).map_err(|err| SnapshotError::io("remove", path, err))
}
