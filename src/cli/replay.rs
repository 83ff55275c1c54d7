//! `replay`: turn a snapshot into timelines.

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::fault::{Fault, FaultKind};
use crate::cli::ui::Ui;
use crate::cli::{Outcome, grammar_files, snapshot_dir};
use crate::derived;
use crate::derived::timelines::Written;
use crate::events;
use crate::events::error::EventsError;
use crate::events::tally::RowTally;
use crate::grammar::matcher::Grammar;
use crate::snapshot::lock;
use crate::snapshot::open::Snapshot;
use crate::spool::Spool;

/// Rebuild every task and worker timeline from a snapshot
///
/// Reads only the snapshot; the source is not contacted. Contradictions in the data do not stop the
/// replay: they are written beside the timelines as anomalies.
#[derive(clap::Args, Debug)]
#[command(allow_negative_numbers = true)]
#[command(
    after_long_help = "Examples:\n  backstory replay\n  backstory replay --snapshot snapshots/prod --memory 64"
)]
pub(super) struct ReplayArgs {
    /// Snapshot directory (default: the one under ./snapshots with the latest capture)
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,

    /// Threads to use (default: one a core); the result is the same for any number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,

    /// Megabytes of events to hold in memory at once; the rest goes through files without a name beside
    /// the snapshot. The result is the same for any number
    #[arg(long, value_name = "MB", default_value_t = MEMORY_MB,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    memory: u32,
}

/// Holds a day of a large fleet.
const MEMORY_MB: u32 = 200;
const BYTES_IN_MB: usize = 1024 * 1024;

pub(super) fn run(ui: &mut Ui, args: &ReplayArgs) -> Outcome {
    let snapshot = snapshot_dir::open(ui, args.snapshot.as_deref())?;
    let threads = args.threads.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|err| Fault::new(FaultKind::Internal, err))?;
    let grammar = grammar(ui)?;
    let _alone = alone(&snapshot)?;
    let snapshot = snapshot.renewed()?;
    let made =
        pool.install(|| rebuild(&snapshot, &grammar, args.memory as usize)).map_err(fault)?;
    report(ui, &made);
    Ok(ExitCode::SUCCESS)
}

/// Replays when `derived/` is absent, or was made from other evidence or by another build. Returns the snapshot
/// that the timelines are of: what was captured while this process waited for another replay is in it.
pub(crate) fn ensure(ui: &mut Ui, snapshot: Snapshot) -> Result<Snapshot, Fault> {
    let digest = grammar_files::digest(ui.grammar_files())?;
    if derived::is_current(&snapshot, &digest) {
        return Ok(snapshot);
    }
    let grammar = grammar(ui)?;
    let _alone = alone(&snapshot)?;
    // another process may have replayed while this one waited, and a later capture than this one knows of
    let snapshot = snapshot.renewed()?;
    if derived::is_current(&snapshot, &digest) {
        return Ok(snapshot);
    }
    ui.note(
        "replaying: the timelines are missing, or made from other evidence or with another grammar",
    );
    let made = rebuild(&snapshot, &grammar, MEMORY_MB as usize).map_err(fault)?;
    report(ui, &made);
    Ok(snapshot)
}

/// Nobody else writes timelines meanwhile; who may only read a snapshot cannot.
fn alone(snapshot: &Snapshot) -> Result<File, Fault> {
    lock::timelines(snapshot.dir()).map_err(|err| {
        Fault::from(err).hint(
            "timelines are kept beside the evidence: let its owner run `backstory replay` after each capture, or \
             copy the snapshot to where you may write",
        )
    })
}

/// The grammar of this run: the one compiled in, and the user's files.
pub(crate) fn grammar(ui: &Ui) -> Result<Grammar, Fault> {
    grammar_files::grammar(ui.grammar_files())
}

fn fault(err: EventsError) -> Fault {
    match err {
        EventsError::Snapshot(err) => err.into(),
        EventsError::Grammar(err) => Fault::new(FaultKind::Internal, err),
    }
}

/// What a replay came to.
struct Done {
    tally: RowTally,
    /// Log rows whose text was not read again.
    known: u64,
    written: Written,
}

/// Rows -> events -> timelines -> files: the whole way, one direction.
fn rebuild(snapshot: &Snapshot, grammar: &Grammar, memory_mb: usize) -> Result<Done, EventsError> {
    snapshot.check_hashes()?;
    let spool = Spool::in_files(snapshot.dir(), memory_mb * BYTES_IN_MB);
    let replayed = crate::replay::replay(events::read(snapshot, grammar, &spool)?);
    let written = derived::write(snapshot, grammar.digest(), &replayed)?;
    let history = &replayed.history;
    let (tally, known) = (history.tallies.values().copied().sum(), history.known);
    // a tenth of a second for a million log rows: nobody has to wait until all is given back
    rayon::spawn(|| drop(replayed));
    Ok(Done { tally, known, written })
}

fn report(ui: &mut Ui, Done { tally: t, known, written }: &Done) {
    ui.note(&format!(
        "log rows: {} read = {} became events + {} confirm one + {} say nothing new + {} not understood + {} unreadable",
        t.read, t.became_events, t.confirmed, t.said_nothing, t.unknown, t.unreadable
    ));
    if *known > 0 {
        ui.note(&format!("of {known} of them an earlier replay had kept what they say"));
    }
    let rows = |table: &str| written.get(table).copied().unwrap_or(0);
    ui.note(&format!(
        "replayed {} events into {} states of workers and {} of tasks; {} anomalies",
        rows("events"),
        rows("worker_states"),
        rows("task_states"),
        rows("anomalies")
    ));
}
