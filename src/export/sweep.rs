//! A failed capture takes its files with it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::model::table::Table;
use crate::snapshot::lock;

/// Remembers what stood in a snapshot directory before a capture wrote to it, and removes what came
/// since when it is dropped: a capture ends early by an error or by being dropped itself. Take it, and
/// drop it, while the capture's lock is held: else it could take another writer's files for ours.
#[derive(Debug)]
pub(super) struct Sweep {
    dir: PathBuf,
    made_dir: bool,
    before: BTreeSet<PathBuf>,
    keep: bool,
}

impl Sweep {
    /// `made_dir` says that the directory itself was not there before.
    pub(super) fn new(dir: &Path, made_dir: bool) -> Self {
        let mut before = BTreeSet::new();
        for folder in folders(dir) {
            before.extend(entries(&folder));
        }
        Self { dir: dir.to_path_buf(), made_dir, before, keep: false }
    }

    /// What was written may be the snapshot's by now.
    pub(super) fn keep(mut self) {
        self.keep = true;
    }

    /// As far as that goes: a failure is being reported already, and files that no manifest names are
    /// ignored by every reader.
    fn clean(&self) {
        for folder in folders(&self.dir).skip(1) {
            for path in entries(&folder).filter(|path| !self.before.contains(path)) {
                drop(fs::remove_file(path));
            }
            if !self.before.contains(&folder) {
                drop(fs::remove_dir(folder));
            }
        }
        // whoever replays meanwhile holds that one
        let replays = self.dir.join(lock::TIMELINES);
        let came = |path: &PathBuf| !self.before.contains(path) && *path != replays;
        for path in entries(&self.dir).filter(came) {
            drop(fs::remove_file(path));
        }
        if self.made_dir {
            drop(fs::remove_file(self.dir.join(lock::CAPTURES)));
            drop(fs::remove_dir(&self.dir));
        }
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        if !self.keep {
            self.clean();
        }
    }
}

/// The directory itself, then those a capture writes to.
fn folders(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let inside = Table::ALL.into_iter().map(Table::name).chain(["captures"]);
    let inside: Vec<PathBuf> = inside.map(|name| dir.join(name)).collect();
    std::iter::once(dir.to_path_buf()).chain(inside)
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stood_before_stays_and_what_came_goes() {
        let home = tempfile::tempdir().expect("a directory");
        let dir = home.path().join("snapshot");
        fs::create_dir_all(dir.join("tasks")).expect("a folder");
        fs::write(dir.join("tasks/c000001-0001.parquet"), "old").expect("a file");
        fs::write(dir.join("manifest.json"), "{}").expect("a file");
        let sweep = Sweep::new(&dir, false);
        fs::create_dir_all(dir.join("workers")).expect("a folder");
        fs::write(dir.join("workers/c000002-0001.parquet.part"), "new").expect("a file");
        fs::write(dir.join("tasks/c000002-0001.parquet"), "new").expect("a file");
        fs::write(dir.join("source_schema.json"), "{}").expect("a file");
        fs::write(dir.join(lock::TIMELINES), "").expect("a file");
        drop(sweep);
        let left: BTreeSet<PathBuf> = entries(&dir).chain(entries(&dir.join("tasks"))).collect();
        let want = [lock::TIMELINES, "manifest.json", "tasks", "tasks/c000001-0001.parquet"];
        assert_eq!(left, want.iter().map(|name| dir.join(name)).collect());
    }

    #[test]
    fn a_directory_of_ours_goes_unless_someone_else_uses_it() {
        let home = tempfile::tempdir().expect("a directory");
        for stranger in [false, true] {
            let dir = home.path().join("made");
            fs::create_dir(&dir).expect("a folder");
            fs::write(dir.join(".lock"), "").expect("a file");
            if stranger {
                fs::write(dir.join("notes.txt"), "").expect("a file");
            }
            let sweep = Sweep::new(&dir, true);
            fs::create_dir(dir.join("tasks")).expect("a folder");
            drop(sweep);
            assert_eq!(dir.exists(), stranger);
        }
    }
}
