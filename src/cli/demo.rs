//! `demo`: the main job on a seeded incident, without a server, and whether it got it right.

use std::fs;
use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::fault::{Fault, FaultKind};
use crate::cli::ui::{Ui, now};
use crate::cli::{Outcome, findings, import, replay, simulate};
use crate::export::import::Import;
use crate::export::key::RowKey;
use crate::export::source_dir::SourceDir;
use crate::redact::policy::Policy;
use crate::report::score_text;
use crate::score::error::ScoreError;
use crate::score::truth::Truth;
use crate::simulate::{Era, Fault as Injected, Plan};
use crate::snapshot::open::Snapshot;

/// The seed of the embedded incident: some 30 workers and 300 tasks, faults of both kinds.
const SEED: u64 = 23;
/// Enough for any query on so little evidence.
const LIMIT: Duration = Duration::from_secs(60);
/// Findings of one query worth reading to see what a finding is.
const LISTED_MAX: usize = 3;

/// Simulate an incident, answer both questions about it, and compare with what truly happened
///
/// Needs no database and no network, and leaves nothing behind unless it is killed (then: a directory
/// `backstory-demo-*` among the temporary ones). Exits with 1 when a finding is wrong or something was
/// missed; what the rows cannot decide is no disagreement.
///
/// Examples:
///   backstory demo
///   backstory demo --keep /tmp/demo    then: backstory sql --snapshot /tmp/demo/snapshot "SHOW TABLES"
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment, allow_negative_numbers = true)]
pub(super) struct DemoArgs {
    /// Seed of the incident
    #[arg(long, value_name = "S", default_value_t = SEED, value_parser = crate::cli::format::seed)]
    seed: u64,

    /// Keep the simulated files and the snapshot in this new or empty directory
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Five hours of a small fleet in which healthy workers are killed for a port that does not answer or
/// a dead heartbeat guardian, truly dead ones among them, and old pods lose their generations.
fn plan(seed: u64) -> Plan {
    Plan {
        era: Era::E4,
        workers: 3,
        hours: 5.0,
        seed,
        tasks_per_hour: 46.0,
        faults: vec![
            Injected::SshPortUnreachable,
            Injected::GuardianDied,
            Injected::Freeze,
            Injected::ProcessCrash,
            Injected::UserCancelledTask,
            Injected::MissingGenerations,
        ],
        hours_between: 2.5,
    }
}

pub(super) fn run(ui: &mut Ui, args: &DemoArgs) -> Outcome {
    let temporary = match args.keep {
        Some(_) => None,
        None => Some(temporary_dir().map_err(|err| cannot("make a temporary directory", err))?),
    };
    let root = match (&args.keep, &temporary) {
        (Some(dir), _) => dir.clone(),
        (None, Some(dir)) => dir.path().to_path_buf(),
        (None, None) => return Err(cannot("make a temporary directory", io::Error::other("none"))),
    };
    simulate::prepare(&root)?;
    let (files, kept) = (root.join("files"), root.join("snapshot"));
    fs::create_dir(&files).map_err(|err| cannot("make a directory", err))?;
    let plan = plan(args.seed);
    let bar = ui.share("simulating");
    let written = simulate::write(&plan, &files, &bar)?;
    bar.finish_and_clear();
    ui.note(&format!(
        "an incident of {} hours: {} workers, {} tasks, {} log rows; nobody told the reader what happened",
        plan.hours, written.workers, written.tasks, written.log_rows
    ));
    let snapshot = taken(ui, &files, &kept, &root)?;
    let snapshot = replay::ensure(ui, snapshot)?;
    findings::show_all(ui, &snapshot, LIMIT, LISTED_MAX)?;
    let agrees = compare(ui, &files, &snapshot)?;
    if let Some(dir) = &args.keep {
        ui.note(&format!(
            "kept in {}; ask on: backstory sql --snapshot {} \"SHOW TABLES\"",
            dir.display(),
            kept.display()
        ));
    }
    Ok(if agrees { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The files as a snapshot, under a key that lives and dies with the demonstration.
fn taken(ui: &mut Ui, files: &Path, kept: &Path, root: &Path) -> Result<Snapshot, Fault> {
    let began_at = now();
    let source = SourceDir::scan(files)?;
    let key = RowKey::load_or_create(Some(&root.join("redact.key")))?;
    let import = Import::run(&source, kept, &key, Policy::Standard, began_at, &mut import::Quiet)?;
    let snapshot = import.finish(now())?;
    ui.note("taken into a snapshot, as `import` takes a dump");
    Ok(snapshot)
}

fn temporary_dir() -> io::Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix("backstory-demo-").tempdir()
}

/// What truly happened beside what was found; whether they agree.
fn compare(ui: &mut Ui, files: &Path, snapshot: &Snapshot) -> Result<bool, Fault> {
    let truth = Truth::open(&files.join("truth.json"))?;
    let score = crate::score::score(&truth, snapshot, LIMIT)?;
    writeln!(ui.out())?;
    score_text::write(ui.out(), &score)?;
    ui.out().flush()?;
    Ok(score.agreement().holds())
}

fn cannot(what: &str, source: io::Error) -> Fault {
    Fault::new(FaultKind::Usage, io::Error::other(format!("cannot {what}: {source}")))
        .hint("check the free space, or name a directory with --keep")
}

impl From<ScoreError> for Fault {
    fn from(err: ScoreError) -> Self {
        Self::new(FaultKind::Internal, err)
    }
}
