//! Which snapshot a command reads.

use std::path::{Path, PathBuf};

use crate::cli::fault::{Fault, FaultKind};
use crate::cli::ui::Ui;
use crate::model::time::Micros;
use crate::snapshot::open::Snapshot;

/// Opens `--snapshot DIR`, else the one under `./snapshots` with the latest capture, and says which.
pub(crate) fn open(ui: &mut Ui, given: Option<&Path>) -> Result<Snapshot, Fault> {
    if let Some(dir) = given {
        return Ok(Snapshot::open(dir)?);
    }
    let Some((_, dir)) = latest(Path::new("snapshots")) else {
        return Err(Fault::new(
            FaultKind::Usage,
            "no --snapshot given, and none under ./snapshots",
        )
        .hint("make one with `backstory import --from DIR --snapshot snapshots/NAME`"));
    };
    ui.note(&format!("snapshot: {}", dir.display()))?;
    Ok(Snapshot::open(&dir)?)
}

fn latest(folder: &Path) -> Option<(Micros, PathBuf)> {
    let entries = std::fs::read_dir(folder).ok()?;
    entries
        .filter_map(|entry| {
            let dir = entry.ok()?.path();
            Some((Snapshot::open(&dir).ok()?.taken_at()?, dir))
        })
        .max()
}
