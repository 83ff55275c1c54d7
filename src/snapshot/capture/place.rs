//! Where a snapshot may grow: in a directory that is one, is empty, or holds what a killed first capture left.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::model::table::Table;
use crate::snapshot::capture::capture_id;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::lock;
use crate::snapshot::manifest::{MANIFEST, SOURCE_SCHEMA, has_lost_manifest};
use crate::snapshot::publish::TEMPORARY;

/// Refuses a place that someone else uses, before anything is written there: evidence between the files of others
/// is found by nobody, and is deleted with them.
pub fn check(dir: &Path) -> Result<(), SnapshotError> {
    // of a path that is not there yet, the part that is
    let there = dir.ancestors().find(|path| path.exists());
    // a link that leads nowhere is there as well
    let file = there.filter(|path| !path.is_dir()).or_else(|| dir.is_symlink().then_some(dir));
    if let Some(file) = file.filter(|path| !path.is_dir()) {
        return Err(SnapshotError::NotADirectory(file.to_path_buf()));
    }
    // opening it says more of both
    if dir.join(MANIFEST).is_file() || has_lost_manifest(dir) {
        return Ok(());
    }
    // what cannot be listed cannot be written to either, which is told then
    let mut names: Vec<_> =
        fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    match names.into_iter().find(|name| !is_ours(dir, name)) {
        None => Ok(()),
        Some(name) => Err(SnapshotError::Occupied {
            path: dir.to_path_buf(),
            by: name.to_string_lossy().into_owned(),
        }),
    }
}

/// Whether an entry of a directory without a manifest is what a first capture leaves when it is killed.
fn is_ours(dir: &Path, name: &OsStr) -> bool {
    let path = dir.join(name);
    let name = name.to_string_lossy();
    if name == lock::CAPTURES
        || [MANIFEST, SOURCE_SCHEMA].iter().any(|file| *name == format!("{file}{TEMPORARY}"))
    {
        return true;
    }
    let is_folder = name == "captures" || Table::from_name(&name).is_some();
    is_folder && path.is_dir() && has_only_captures(&path)
}

/// Whether a folder holds nothing but files of the first capture, whole or not.
fn has_only_captures(folder: &Path) -> bool {
    let first = capture_id(0);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.all(|name| name.starts_with(&first) || name.ends_with(TEMPORARY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_ours_may_lie_there() {
        let home = tempfile::tempdir().expect("a directory");
        let dir = home.path().join("snapshot");
        assert!(check(&dir).is_ok(), "a new one");
        fs::create_dir_all(dir.join("tasks")).expect("a folder");
        for name in [".lock", "manifest.json.part", "tasks/c000001-0001.parquet", "tasks/x.part"] {
            fs::write(dir.join(name), "").expect("a file");
        }
        assert!(check(&dir).is_ok(), "what a killed first capture left");
        let inside = dir.join("tasks/notes.txt");
        fs::write(&inside, "").expect("a file");
        assert!(matches!(check(&dir), Err(SnapshotError::Occupied { by, .. }) if by == "tasks"));
        let below = check(&inside.join("snapshot"));
        assert!(matches!(below, Err(SnapshotError::NotADirectory(path)) if path == inside));
        fs::remove_file(inside).expect("a file");
        #[cfg(unix)]
        {
            let link = home.path().join("link");
            std::os::unix::fs::symlink(home.path().join("nowhere"), &link).expect("a link");
            let nowhere = check(&link);
            assert!(matches!(nowhere, Err(SnapshotError::NotADirectory(path)) if path == link));
        }
        fs::write(dir.join("tasks.csv"), "").expect("a file");
        assert!(
            matches!(check(&dir), Err(SnapshotError::Occupied { by, .. }) if by == "tasks.csv")
        );
        fs::write(dir.join(MANIFEST), "{}").expect("a file");
        assert!(check(&dir).is_ok(), "opening it tells more");
    }
}
