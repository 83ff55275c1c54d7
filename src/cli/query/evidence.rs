//! A written case as a snapshot: the whole way from its rows to the timelines, in a folder that goes
//! with it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use tempfile::TempDir;

use crate::cases::case::Case;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::import::Quiet;
use crate::derived;
use crate::events;
use crate::export::import::Import;
use crate::export::key::RowKey;
use crate::export::source_dir::SourceDir;
use crate::grammar::matcher::Grammar;
use crate::model::time::Micros;
use crate::read::database::Database;
use crate::redact::policy::Policy;
use crate::replay::replay;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::open::Snapshot;
use crate::spool::Spool;

/// When the captures of a case were taken, a second each: nothing is said by it, the files of an import
/// reach as far as their rows.
const CAPTURED_AT: &str = "2100-01-01T00:00:00Z";
const SECOND: i64 = 1_000_000;

/// A case, ready to be asked.
pub(super) struct Prepared {
    pub(super) database: Database,
    /// Gone with this value.
    _root: TempDir,
}

/// Imports and replays a case.
pub(super) fn prepare(case: &Case, grammar: &Grammar) -> Result<Prepared, Fault> {
    let root = tempfile::tempdir()
        .map_err(|err| SnapshotError::io("create a folder in", std::env::temp_dir(), err))?;
    let mut snapshot = None;
    for (n, tables) in (0..).zip(&case.captures) {
        let files = root.path().join(format!("files{n}"));
        write(&files, tables).map_err(|err| SnapshotError::io("write", &files, err))?;
        snapshot = Some(import(&files, root.path(), n)?);
    }
    let snapshot =
        snapshot.ok_or_else(|| Fault::new(FaultKind::Internal, "a case without a capture"))?;
    let history = events::read(&snapshot, grammar, &Spool::in_memory())
        .map_err(|err| Fault::new(FaultKind::Internal, err))?;
    derived::write(&snapshot, grammar.digest(), &replay(history))?;
    Ok(Prepared { database: Database::open_small(&snapshot)?, _root: root })
}

fn write(files: &Path, tables: &BTreeMap<String, String>) -> io::Result<()> {
    fs::create_dir_all(files)?;
    tables.iter().try_for_each(|(table, text)| fs::write(files.join(format!("{table}.csv")), text))
}

fn import(files: &Path, root: &Path, n: i64) -> Result<Snapshot, Fault> {
    let at = Micros::parse(CAPTURED_AT).map_or(0, |at| at.0);
    let at = Micros(at + n * SECOND);
    let source = SourceDir::scan(files)?;
    let key = RowKey::load_or_create(Some(&root.join("redact.key")))?;
    let snapshot = root.join("snapshot");
    Ok(Import::run(&source, &snapshot, &key, Policy::Standard, at, &mut Quiet)?.finish(at)?)
}
