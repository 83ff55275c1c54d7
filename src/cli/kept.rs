//! What the whole catalogue found, kept beside the snapshot: a verb about one thing tells what was found
//! about it without asking everything again. Can be deleted at any time; it is made anew.

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::cli::damage;
use crate::cli::fault::Fault;
use crate::cli::ui::Ui;
use crate::derived::manifest::DerivedManifest;
use crate::findings::catalogue;
use crate::findings::run::Failed;
use crate::findings::short::{Told, told};
use crate::read::database::Database;
use crate::snapshot::manifest::{MANIFEST, read_json};
use crate::snapshot::open::Snapshot;
use crate::snapshot::publish::write_atomically;

/// Raised with every change of what is kept.
const FORMAT: u32 = 2;
/// The file, in the folder of checkpoints.
const FILE: &str = "findings.jsonl";

/// Rows of evidence from which on all questions take longer than somebody waits without a word.
const LONG_ROWS: u64 = 2_000_000;

/// What the line of a finding about a pod has.
const OF_A_POD: &str = "\"subject_kind\":\"pod\"";

/// Of which findings a verb tells.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// Of all.
    All,
    /// Of those that name this id or are about a pod, and perhaps of others: the answer chooses.
    Naming(&'a str),
}

/// Every finding but the refuted ones, at the end of the evidence, in the order of `findings`; at least those
/// that are wanted.
///
/// # Errors
/// When a question cannot be asked. What cannot be kept is asked again the next time.
pub(super) fn findings(
    ui: &mut Ui,
    snapshot: &Snapshot,
    wanted: Wanted<'_>,
) -> Result<Vec<Told>, Fault> {
    if let Some(told) = kept(snapshot, wanted) {
        return Ok(told);
    }
    let rows: u64 = snapshot
        .captures()
        .iter()
        .flat_map(|one| one.tables.values())
        .map(|held| held.rows_new)
        .sum();
    if rows > LONG_ROWS {
        ui.note("asking every question of this snapshot once, which takes a while; the answers are kept");
    }
    let (told, failed) = told(&Database::open_for_many(snapshot, None)?)?;
    let damage = failed.iter().find_map(|failed| damage::behind(&failed.error, snapshot.dir()));
    if let Some(damage) = damage {
        return Err(damage.into());
    }
    for failed in &failed {
        let Failed { query, problem, .. } = failed;
        ui.note(&format!("warning: what `{query}` would have found is missing here: {problem}"));
    }
    if let Some(key) = key(snapshot).filter(|_| failed.is_empty()) {
        save(&path(snapshot), &key, &told);
    }
    Ok(told)
}

/// What is kept of it; none where nothing is, or it is of other evidence or other questions.
pub(super) fn kept(snapshot: &Snapshot, wanted: Wanted<'_>) -> Option<Vec<Told>> {
    load(&path(snapshot), &key(snapshot)?, wanted)
}

/// The derived tables and the questions that they were asked.
fn key(snapshot: &Snapshot) -> Option<String> {
    let made: DerivedManifest = read_json(&snapshot.derived().join(MANIFEST)).ok()?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{FORMAT} {}", env!("CARGO_PKG_VERSION")).as_bytes());
    hasher.update(snapshot.evidence_digest().as_bytes());
    for (path, hash) in &made.files {
        hasher.update(path.as_bytes()).update(hash.as_bytes());
    }
    hasher.update(catalogue::digest().as_bytes());
    Some(hasher.finalize().to_hex().to_string())
}

fn path(snapshot: &Snapshot) -> PathBuf {
    snapshot.dir().join(Snapshot::CHECKPOINTS).join(FILE)
}

/// What is kept under this key, where its bytes are those that were written. Only the lines of what is wanted
/// are read: that of a finding has every id that it names.
fn load(path: &Path, key: &str, wanted: Wanted<'_>) -> Option<Vec<Told>> {
    let text = fs::read_to_string(path).ok()?;
    let (hash, rest) = text.split_once('\n')?;
    if blake3::hash(rest.as_bytes()).to_hex().as_str() != hash {
        return None;
    }
    let (kept_under, lines) = rest.split_once('\n')?;
    if kept_under != key {
        return None;
    }
    let id = match wanted {
        Wanted::All => None,
        Wanted::Naming(id) => Some(serde_json::to_string(id).ok()?),
    };
    let lines: Vec<&str> = match id {
        None => lines.lines().collect(),
        // a pod's does not name its worker
        Some(id) => {
            let is_wanted = |line: &&str| line.contains(&id) || line.contains(OF_A_POD);
            lines.lines().filter(is_wanted).collect()
        }
    };
    lines.into_par_iter().map(|line| serde_json::from_str(line).ok()).collect()
}

/// A folder that cannot be written costs time at the next question, no more.
fn save(path: &Path, key: &str, told: &[Told]) {
    let mut lines = format!("{key}\n");
    for one in told {
        let Ok(line) = serde_json::to_string(one) else { return };
        lines.push_str(&line);
        lines.push('\n');
    }
    let text = format!("{}\n{lines}", blake3::hash(lines.as_bytes()).to_hex());
    if let Some(folder) = path.parent()
        && fs::create_dir_all(folder).is_ok()
    {
        drop(write_atomically(path, text.as_bytes()));
    }
}
