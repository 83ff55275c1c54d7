//! `import`: files of one dump into a snapshot.

use std::path::PathBuf;
use std::process::ExitCode;

use indicatif::ProgressBar;

use crate::cli::Outcome;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::redaction::{self, OTHER_POLICY, Redact};
use crate::cli::ui::{Ui, now};
use crate::export::import::{FileSummary, Import, JSON, Progress};
use crate::export::import_error::ImportError;
use crate::export::key::KeyError;
use crate::export::source_dir::SourceDir;
use crate::model::table::Table;

/// Unreadable lines shown of each file; the snapshot names more.
const UNREADABLE_SHOWN_MAX: usize = 10;

/// Take the files of a dump into a snapshot
///
/// Reads <table>.csv[.gz] or <table>_rows.csv (PostgreSQL's CSV with a header) and <table>.ndjson[.gz] for system_logs,
/// workers, tasks, generations, generation_variants and task_types. A second import of later files
/// adds a capture that holds what is new or changed.
#[derive(clap::Args, Debug)]
#[command(
    after_long_help = "Examples:\n  backstory import --from dump --snapshot snapshots/incident\n  backstory import --from next-dump --snapshot snapshots/incident --redact none"
)]
pub(super) struct ImportArgs {
    /// The directory with the files
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The snapshot to make, or to add a capture to
    #[arg(long, value_name = "DIR")]
    snapshot: PathBuf,
    /// The key of tokens and row hashes [default: redact.key in the configuration folder, made on first use]
    #[arg(long, value_name = "FILE")]
    redact_key_file: Option<PathBuf>,
    /// What is hidden before a byte is written
    #[arg(long, value_enum, value_name = "POLICY", default_value_t)]
    redact: Redact,
}

pub(super) fn run(ui: &mut Ui, args: &ImportArgs) -> Outcome {
    let began_at = now();
    args.redact.warn(ui);
    let source = SourceDir::scan(&args.from)?;
    if !source.ignored.is_empty() {
        ui.note(&format!("note: ignored, not a table file: {}", source.ignored.join(", ")));
    }
    for table in &source.absent {
        ui.note(&format!("note: no file for `{table}`: what it alone knows stays unknown"));
    }
    let key = redaction::key(ui, args.redact_key_file.as_deref(), &args.snapshot)?;
    if key.created() {
        let path = key.path().display();
        ui.note(&format!("note: made a redaction key, {path}; further captures need it"));
    }
    let mut watch = Watch { ui, bar: None };
    let import =
        Import::run(&source, &args.snapshot, &key, args.redact.policy(), began_at, &mut watch);
    watch.clear();
    let import = import?;
    import.drift().iter().for_each(|note| ui.note(&format!("note: {note}")));
    let snapshot = import.finish(now())?;
    if let [earlier @ .., capture] = snapshot.captures() {
        for (table, held) in &capture.tables {
            let gone = held.newly_gone(table, earlier).count();
            if gone > 0 {
                ui.note(&format!(
                    "warning: rows of `{table}` that the snapshot holds are not in these files: {gone} \
                     (`backstory captures --format json` names them); deleted since, or these are of another database"
                ));
            }
        }
        ui.note(&format!("capture {} of {}", capture.id, args.snapshot.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// An import that says nothing.
pub(super) struct Quiet;

impl Progress for Quiet {
    fn rows(&mut self, _: Table, _: u64) {}
    fn file(&mut self, _: &FileSummary) {}
}

/// Progress on the terminal, and one line for each file.
struct Watch<'a> {
    ui: &'a mut Ui,
    bar: Option<ProgressBar>,
}

impl Watch<'_> {
    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn say(&mut self, text: &str) {
        // A closed stderr must not stop the import.
        self.ui.note(text);
    }
}

impl Progress for Watch<'_> {
    fn rows(&mut self, table: Table, rows: u64) {
        self.bar.get_or_insert_with(|| self.ui.progress(table.name())).set_position(rows);
    }

    fn file(&mut self, summary: &FileSummary) {
        self.clear();
        for line in summary.unreadable_named.iter().take(UNREADABLE_SHOWN_MAX) {
            self.say(&format!("warning: {line}"));
        }
        let shown = summary.unreadable_named.len().min(UNREADABLE_SHOWN_MAX) as u64;
        if summary.unreadable > shown {
            let more = summary.unreadable - shown;
            self.say(&format!("warning: {}: {more} more lines are unreadable", summary.file));
        }
        for (column, kind, count) in &summary.odd_values {
            let then = if *kind == JSON {
                "nothing can be read out of them"
            } else {
                "taken as NULL, their text is kept in `_verbatim`"
            };
            self.say(&format!(
                "warning: {}: `{column}`: {count} values are no {kind}: {then}",
                summary.file
            ));
        }
        if summary.rows_repeated > 0 {
            let FileSummary { file, rows_repeated, table, .. } = summary;
            let counts = if table.is_append_only() {
                "each id counts once"
            } else {
                "one row of each id counts"
            };
            self.say(&format!(
                "note: {file}: {rows_repeated} rows repeat an id of a line above; {counts}"
            ));
        }
        if summary.rows_changed > 0 {
            self.say(&format!(
                "warning: {}: {} rows have the id of a row of an earlier capture, but other content; \
                 log rows do not change, so the first stays",
                summary.file, summary.rows_changed
            ));
        }
        let FileSummary { table, rows_read, rows_new, unreadable, .. } = summary;
        let is_empty = *rows_read == 0 && *unreadable == 0;
        let empty = if is_empty { " (an empty table)" } else { "" };
        self.say(&format!(
            "{:<20} {rows_read:>9} rows read, {rows_new:>9} new, {unreadable} unreadable{empty}",
            table.name(),
        ));
    }
}

impl From<KeyError> for Fault {
    fn from(err: KeyError) -> Self {
        Self::new(FaultKind::Usage, err)
            .hint("name a key file with --redact-key-file; one that does not exist is made")
    }
}

impl From<ImportError> for Fault {
    fn from(err: ImportError) -> Self {
        let (kind, hint) = match err {
            ImportError::Snapshot(err) => return err.into(),
            ImportError::NotADirectory(_) => {
                (FaultKind::Source, "name a directory that holds <table>.csv[.gz] files")
            }
            ImportError::NoTables(_) => (
                FaultKind::Source,
                "expected system_logs.csv, workers.csv, tasks.csv, ... (or .csv.gz, .ndjson, .ndjson.gz)",
            ),
            ImportError::MissingTable { .. } => (
                FaultKind::Source,
                "write it with: \\copy (select * from TABLE) to 'TABLE.csv' with (format csv, header)",
            ),
            ImportError::TwoFiles { .. } => (FaultKind::Source, "keep one of them"),
            ImportError::Header { ref file, .. } if file.contains(".ndjson") => (
                FaultKind::Source,
                "write it again, one JSON object a line with every column; an empty table as CSV, with its header",
            ),
            ImportError::Header { .. } => (
                FaultKind::Source,
                "write it again with: \\copy (select * from TABLE) to 'TABLE.csv' with (format csv, header)",
            ),
            ImportError::NoRow { .. } => (
                FaultKind::Source,
                "write the file again with (format csv, header), or leave it away where it may be; nothing \
                 was added to the snapshot",
            ),
            ImportError::NoJson { .. } => (
                FaultKind::Source,
                "Python prints a dictionary like that: write the column with json.dumps; nothing was added to the \
                 snapshot",
            ),
            ImportError::Read { .. } => {
                (FaultKind::Source, "is the file whole? nothing was added to the snapshot")
            }
            ImportError::SameFiles { .. } => (
                FaultKind::Usage,
                "nothing to do; import files of a later dump, or use it as it is",
            ),
            ImportError::Older { .. } => (
                FaultKind::Usage,
                "captures follow on each other: import older files first, into a new directory; nothing \
                 was added to the snapshot",
            ),
            ImportError::OtherKey { .. } => (
                FaultKind::Usage,
                "name its key with --redact-key-file, or import into a new directory",
            ),
            ImportError::OtherPolicy { .. } => (FaultKind::Usage, OTHER_POLICY),
            ImportError::OtherSource { .. } => (FaultKind::Usage, "import into a new directory"),
        };
        Self::new(kind, err).hint(hint)
    }
}
