//! Which snapshot a command reads.

use std::path::{Path, PathBuf};

use crate::cli::fault::{Fault, FaultKind};
use crate::cli::ui::Ui;
use crate::model::time::Micros;
use crate::snapshot::manifest::MANIFEST;
use crate::snapshot::open::Snapshot;
use crate::snapshot::publish::TEMPORARY;

/// Where snapshots are looked for.
const FOLDER: &str = "snapshots";

/// Opens `--snapshot DIR`, else the one under `./snapshots` with the latest capture, and says which.
pub(crate) fn open(ui: &mut Ui, given: Option<&Path>) -> Result<Snapshot, Fault> {
    let dir = choose(ui, given)?;
    ui.reads(&dir);
    Ok(Snapshot::open(&dir)?)
}

/// The same without opening it: the evidence of the latest snapshot may be damaged, and it is the
/// latest all the same.
pub(crate) fn choose(ui: &mut Ui, given: Option<&Path>) -> Result<PathBuf, Fault> {
    if let Some(dir) = given {
        return Ok(dir.to_path_buf());
    }
    let (dated, undated) = candidates(Path::new(FOLDER));
    let latest = dated.into_iter().max().map(|(_, dir)| dir);
    let Some(dir) = latest.or_else(|| undated.first().cloned()) else {
        return Err(Fault::new(
            FaultKind::Usage,
            "no --snapshot given, and none under ./snapshots",
        )
        .hint("make one with `backstory import --from DIR --snapshot snapshots/NAME`"));
    };
    for other in undated.iter().filter(|other| **other != dir) {
        let name = other.display();
        ui.note(&format!("warning: {name} is damaged; see `backstory verify --snapshot {name}`"));
    }
    ui.note(&format!("snapshot: {}", dir.display()));
    Ok(dir)
}

/// Whether a folder is a snapshot, and not one that was killed while it was made of another.
fn is_finished(dir: &Path) -> bool {
    let is_part =
        dir.extension().is_some_and(|suffix| format!(".{}", suffix.display()) == TEMPORARY);
    !is_part && dir.join(MANIFEST).is_file()
}

/// The snapshots of a folder: those whose captures can be read, and the others, in order.
fn candidates(folder: &Path) -> (Vec<(Micros, PathBuf)>, Vec<PathBuf>) {
    let (mut dated, mut undated) = (Vec::new(), Vec::new());
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for dir in entries.map(|entry| entry.path()).filter(|dir| is_finished(dir)) {
        match Snapshot::open_captures(&dir).ok().and_then(|snapshot| snapshot.taken_at()) {
            Some(at) => dated.push((at, dir)),
            None => undated.push(dir),
        }
    }
    undated.sort();
    (dated, undated)
}
