//! Files taken into a snapshot in-process, under a key of their own.

use std::path::Path;
use std::sync::LazyLock;

use backstory::derived;
use backstory::events;
use backstory::export::import::{FileSummary, Import, Progress};
use backstory::export::key::RowKey;
use backstory::export::source_dir::SourceDir;
use backstory::grammar::matcher::Grammar;
use backstory::model::table::Table;
use backstory::model::time::Micros;
use backstory::redact::policy::Policy;
use backstory::replay::replay;
use backstory::snapshot::open::Snapshot;
use backstory::spool::Spool;

/// Says nothing.
struct Quiet;

impl Progress for Quiet {
    fn rows(&mut self, _: Table, _: u64) {}
    fn file(&mut self, _: &FileSummary) {}
}

/// Imports a folder of files into a new snapshot below `root`, at a fixed instant.
pub(crate) fn import(files: &Path, root: &Path) -> Snapshot {
    import_at(files, root, "2026-11-01T00:00:00Z")
}

/// Imports a folder of files into a snapshot below `root`, as a further capture where there is one.
pub(crate) fn import_at(files: &Path, root: &Path, at: &str) -> Snapshot {
    let at = Micros::parse(at).expect("a time");
    let source = SourceDir::scan(files).expect("files of tables");
    let key = RowKey::load_or_create(Some(&root.join("redact.key"))).expect("a key");
    let import =
        Import::run(&source, &root.join("snapshot"), &key, Policy::Standard, at, &mut Quiet);
    import.expect("an import").finish(at).expect("a snapshot")
}

/// Imports and replays, without a process of its own.
pub(crate) fn replayed(files: &Path, root: &Path) -> Snapshot {
    let snapshot = import(files, root);
    write_derived(&snapshot);
    snapshot
}

/// Replays a snapshot in place.
pub(crate) fn write_derived(snapshot: &Snapshot) {
    static GRAMMAR: LazyLock<Grammar> =
        LazyLock::new(|| Grammar::built_in().expect("the built-in grammar"));
    let grammar = &*GRAMMAR;
    let history = events::read(snapshot, grammar, &Spool::in_memory()).expect("events");
    derived::write(snapshot, grammar.digest(), &replay(history)).expect("derived tables");
}
