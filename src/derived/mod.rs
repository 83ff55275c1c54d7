//! Timelines as Parquet beside the evidence. Must not know DuckDB.

mod by_kind;
mod decisions;
mod events;
mod fields;
pub mod manifest;
mod row_group;
pub mod rows;
mod stamps;
pub mod table_file;
pub mod tables;
pub mod timelines;
pub mod verify;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rayon::prelude::*;

use crate::derived::manifest::DerivedManifest;
use crate::derived::stamps::Stamps;
use crate::derived::timelines::Written;
use crate::replay::Replayed;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::manifest::{MANIFEST, read_json, write_sealed};
use crate::snapshot::open::Snapshot;
use crate::snapshot::parquet_file::hash_file;
use crate::snapshot::publish::{TEMPORARY, sync_directory};

/// Whether `derived/` is there, whole, and made from this evidence by this build and grammar.
pub fn is_current(snapshot: &Snapshot, grammar_digest: &str) -> bool {
    let derived = snapshot.derived();
    let Ok(mut made) = read_json::<DerivedManifest>(&derived.join(MANIFEST)) else {
        return false;
    };
    let files = std::mem::take(&mut made.files);
    made == DerivedManifest::of(snapshot, grammar_digest)
        // a file that someone put beside them would be read as well
        && (files.is_empty() || verify::strangers(derived, &files).is_ok_and(|s| s.is_empty()))
        && are_whole(snapshot, &files)
}

/// Whether each table's file is as it was written.
fn are_whole(snapshot: &Snapshot, files: &BTreeMap<String, String>) -> bool {
    let derived = snapshot.derived();
    // before the files are read: what is written meanwhile shows the next time
    let stamps = Stamps::of(derived, files);
    if stamps.as_ref().is_some_and(|stamps| stamps.are_kept(snapshot)) {
        return true;
    }
    let is_whole = files
        .par_iter()
        .all(|(path, hash)| hash_file(&derived.join(path)).is_ok_and(|(_, found)| found == *hash));
    if let Some(stamps) = stamps.filter(|_| is_whole) {
        stamps.keep(snapshot);
    }
    is_whole
}

/// Writes all tables into a folder beside, then swaps it in: a crash leaves the old tables, or none.
/// Returns the rows of each.
pub fn write(
    snapshot: &Snapshot,
    grammar_digest: &str,
    replayed: &Replayed,
) -> Result<Written, SnapshotError> {
    let derived = snapshot.derived();
    let dir = derived.parent().unwrap_or(snapshot.dir());
    let (made, old) = (
        dir.join(format!("{}{TEMPORARY}", Snapshot::DERIVED)),
        dir.join(format!("{}.old{TEMPORARY}", Snapshot::DERIVED)),
    );
    remove(&made)?;
    remove(&old)?;
    let mut manifest = DerivedManifest::of(snapshot, grammar_digest);
    // on a full disk what is half written is in the way of everybody
    let written = timelines::write(replayed, &made).inspect_err(|_| drop(remove(&made)))?;
    // what could not be spilled or read back is missing from the tables
    let spool = replayed.history.events.spool();
    spool.check().map_err(|err| SnapshotError::io("spill events to", &made, err))?;
    let hashed = written.par_iter().map(|(table, _)| {
        let inside = timelines::inside(table);
        let (_, hash) = hash_file(&made.join(&inside))?;
        Ok((inside, hash))
    });
    manifest.files = hashed.collect::<Result<_, SnapshotError>>()?;
    write_sealed(&made.join(MANIFEST), &manifest)?;
    if derived.exists() {
        fs::rename(derived, &old).map_err(|err| SnapshotError::io("rename", derived, err))?;
    }
    fs::rename(&made, derived).map_err(|err| SnapshotError::io("rename", &made, err))?;
    sync_directory(dir)?;
    remove(&old)?;
    Ok(written)
}

fn remove(dir: &Path) -> Result<(), SnapshotError> {
    match fs::remove_dir_all(dir) {
        Ok(()) => Ok(()),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(err) => Err(SnapshotError::io("remove", dir, err)),
    }
}
