//! Opening a snapshot: manifest, chain of captures, sizes; hashes on request.

use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;

use crate::model::table::Table;
use crate::model::time::Micros;
use crate::snapshot::capture::repeats::KEYS_MAX;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::manifest::{
    Capture, FileEntry, MANIFEST, Manifest, StoredManifest, read_json,
};
use crate::snapshot::parquet_file::hash_file;
use crate::snapshot::seal::Seal;

/// An opened snapshot. Everything its manifest promises is there, in the promised sizes.
#[derive(Debug)]
pub struct Snapshot {
    dir: PathBuf,
    derived: PathBuf,
    manifest: Manifest,
    captures: Vec<Capture>,
}

impl Snapshot {
    /// The folder of what `replay` keeps from one capture to the next; delete it at will.
    pub const CHECKPOINTS: &str = "checkpoints";

    /// The folder of what `replay` writes for readers.
    pub const DERIVED: &str = "derived";

    /// Opens a snapshot and checks the manifest, the chain of captures, and the size of every file.
    pub fn open(dir: &Path) -> Result<Self, SnapshotError> {
        let snapshot = Self::open_captures(dir)?;
        for file in snapshot.entries() {
            snapshot.check_size(file)?;
        }
        Ok(snapshot)
    }

    /// Opens manifest and chain of captures alone: what was captured can be told although the
    /// evidence is damaged or elsewhere.
    pub fn open_captures(dir: &Path) -> Result<Self, SnapshotError> {
        let stored = StoredManifest::read(dir)?;
        if stored.seal == Seal::Broken {
            let detail = "it was changed after it was written (its checksum differs)".to_string();
            return Err(SnapshotError::Damaged { path: dir.join(MANIFEST), detail });
        }
        let captures = read_chain(dir, &stored.manifest)?;
        let (dir, derived) = (dir.to_path_buf(), dir.join(Self::DERIVED));
        Ok(Self { dir, derived, manifest: stored.manifest, captures })
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where `replay` writes, and reading looks: inside the directory.
    pub fn derived(&self) -> &Path {
        &self.derived
    }

    /// The same snapshot as it was after its first captures, with a place of its own for what is derived.
    #[must_use]
    pub fn first(mut self, captures: usize, derived: PathBuf) -> Self {
        self.captures.truncate(captures);
        Self { derived, ..self }
    }

    /// The snapshot as it is now, with the captures taken since it was opened; one that was cut to its first captures
    /// stays as it is.
    pub fn renewed(self) -> Result<Self, SnapshotError> {
        match self.dir.join(Self::DERIVED) == self.derived {
            true => Self::open(&self.dir),
            false => Ok(self),
        }
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The captures, oldest first.
    pub fn captures(&self) -> &[Capture] {
        &self.captures
    }

    /// The evidence files of a table, oldest capture first.
    pub fn files(&self, table: Table) -> Vec<PathBuf> {
        self.captures.iter().flat_map(|capture| self.files_of(capture, table)).collect()
    }

    /// The evidence files of a table that one capture wrote.
    pub fn files_of(&self, capture: &Capture, table: Table) -> Vec<PathBuf> {
        let held = capture.tables.get(table.name());
        held.into_iter()
            .flat_map(|held| &held.files)
            .map(|file| self.dir.join(&file.path))
            .collect()
    }

    /// The same as the captures promise them.
    pub fn entries_of(&self, table: Table) -> impl Iterator<Item = &FileEntry> {
        let held = self.captures.iter().filter_map(move |capture| capture.tables.get(table.name()));
        held.flat_map(|held| &held.files)
    }

    /// Where a file of evidence is.
    pub fn path_of(&self, file: &FileEntry) -> PathBuf {
        self.dir.join(&file.path)
    }

    /// Whether any capture read this table at the source, rows or none.
    pub fn holds(&self, table: Table) -> bool {
        self.captures.iter().any(|capture| capture.tables.contains_key(table.name()))
    }

    /// Lines of a table that its last capture could not read; `None` when no capture read the table.
    /// What they said is not here, so that no row is no proof.
    pub fn unreadable(&self, table: Table) -> Option<u64> {
        let held = self.captures.iter().rev().find_map(|capture| capture.tables.get(table.name()));
        held.map(|held| held.rows_unreadable)
    }

    /// Whether the last capture read all of a table: only then is no row any proof. What an earlier one read says
    /// nothing of what the others saw since.
    pub fn is_whole(&self, table: Table) -> bool {
        let last = self.captures.last().and_then(|capture| capture.tables.get(table.name()));
        last.is_some_and(|held| held.rows_unreadable == 0)
    }

    /// Whether every row of this table is the only version there is of it: a view need not look for the
    /// latest then.
    pub fn has_one_version(&self, table: Table) -> bool {
        let captures = self.captures.iter().filter_map(|capture| capture.tables.get(table.name()));
        let with_rows: Vec<_> = captures.filter(|held| held.rows_new > 0).collect();
        let is_one = table.is_append_only() || with_rows.len() < 2;
        let is_counted = |rows: u64| table.is_append_only() || rows < KEYS_MAX as u64;
        is_one && with_rows.iter().all(|held| held.rows_repeated == 0 && is_counted(held.rows_read))
    }

    /// When the last capture began: what was true at the source up to then.
    pub fn taken_at(&self) -> Option<Micros> {
        self.captures.iter().filter_map(|capture| Micros::parse(&capture.began_at)).max()
    }

    /// A digest of the evidence itself: the same for the same rows under the same key, however they
    /// came here and in whatever order.
    pub fn evidence_digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for capture in &self.captures {
            for (table, held) in &capture.tables {
                if held.rows_read > 0 {
                    hasher
                        .update(format!("{table} {} {}\n", held.rows_read, held.digest).as_bytes());
                }
            }
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Hashes every file and compares.
    pub fn check_hashes(&self) -> Result<(), SnapshotError> {
        self.all_whole(self.entries()).map(drop)
    }

    /// The evidence files of a table, oldest capture first, each hashed before: what is compared with damage, or
    /// copied from it, would be vouched for.
    pub(crate) fn whole_files(&self, table: Table) -> Result<Vec<PathBuf>, SnapshotError> {
        self.all_whole(self.entries_of(table))
    }

    /// Where a file is that is as it was written.
    pub(crate) fn whole(&self, file: &FileEntry) -> Result<PathBuf, SnapshotError> {
        let path = self.path_of(file);
        if hash_file(&path)?.1 == file.blake3 { Ok(path) } else { Err(SnapshotError::Hash(path)) }
    }

    fn all_whole<'a>(
        &self,
        files: impl Iterator<Item = &'a FileEntry>,
    ) -> Result<Vec<PathBuf>, SnapshotError> {
        let files: Vec<&FileEntry> = files.collect();
        let checked: Vec<Result<PathBuf, SnapshotError>> =
            files.par_iter().map(|file| self.whole(file)).collect();
        // of several the first, whichever thread was faster
        checked.into_iter().collect()
    }

    fn entries(&self) -> impl Iterator<Item = &FileEntry> {
        self.captures.iter().flat_map(|c| c.tables.values()).flat_map(|held| held.files.iter())
    }

    fn check_size(&self, file: &FileEntry) -> Result<(), SnapshotError> {
        let inside = Path::new(&file.path);
        if !inside.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(SnapshotError::Outside(file.path.clone()));
        }
        let path = self.dir.join(inside);
        let found = match path.metadata() {
            Ok(held) => held.len(),
            // what may not be looked at is there
            Err(err) => return Err(SnapshotError::reading(path, err)),
        };
        if found != file.bytes {
            return Err(SnapshotError::Size { path, promised: file.bytes, found });
        }
        Ok(())
    }
}

/// Reads the capture files and follows their hashes from the manifest down.
fn read_chain(dir: &Path, manifest: &Manifest) -> Result<Vec<Capture>, SnapshotError> {
    let mut captures: Vec<Capture> = Vec::new();
    let mut previous: Option<String> = None;
    for link in &manifest.captures {
        if !link.id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(SnapshotError::Outside(link.id.clone()));
        }
        let path = dir.join("captures").join(format!("{}.json", link.id));
        if hash_file(&path)?.1 != link.blake3 {
            return Err(SnapshotError::Hash(path));
        }
        let capture: Capture = read_json(&path)?;
        if capture.previous != previous || capture.id != link.id {
            let detail = "it does not continue the chain of captures".to_string();
            return Err(SnapshotError::Damaged { path, detail });
        }
        previous = Some(link.blake3.clone());
        captures.push(capture);
    }
    Ok(captures)
}
