//! `findings`: the catalogue of questions, asked of a snapshot.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::Outcome;
use crate::cli::choice;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::format::{Answer, Format, show};
use crate::cli::ui::Ui;
use crate::cli::warn::{warn_of_nothing, warn_of_unreadable};
use crate::cli::when::WhenArgs;
use crate::findings::catalogue::{self, Query};
use crate::findings::finding::{Finding, Severity, Verdict, sort};
use crate::findings::run::{Failed, Findings, ask, look_up};
use crate::findings::story::stories;
use crate::findings::suppress::{self, SuppressError, Suppression};
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::read::database::Database;
use crate::report::findings::{FORMAT, FindingsReport, Incomplete, write_json};
use crate::report::{findings_csv, findings_junit, findings_text};
use crate::snapshot::open::Snapshot;

/// What a worker's hour cost when the source's own scripts reckoned with it, in US dollars
/// (domain/orchestrator.md section 7).
pub(super) const PRICE: f64 = 0.69;
/// Findings of one query that a person is told with their evidence.
const LISTED_MAX: usize = 5;
/// Columns of a report that no terminal narrows.
const WIDTH_ELSEWHERE: u16 = 140;

/// Ask the catalogue of forensic questions and show what was found, with the rows that prove it
#[derive(clap::Args, Debug)]
#[command(
    after_long_help = "Examples:\n  backstory findings\n  backstory findings --only worker_killed_while_healthy --since 2025-10-28T14:30 --format json"
)]
pub(super) struct FindingsArgs {
    /// Snapshot directory (default: the one under ./snapshots with the latest capture)
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,

    /// Ask only this query (may be given again)
    #[arg(long, value_name = "ID")]
    only: Vec<String>,

    /// Ask only the queries of this theme: workers, tasks, generations, orchestrator, capacity, integrity, or
    /// the name of the folder in which a query of your own stands (may be given again)
    #[arg(long, value_name = "THEME")]
    theme: Vec<String>,

    /// Show only what happened at or after this instant (UTC), or at no known time
    #[arg(long, value_name = "INSTANT", value_parser = crate::cli::format::instant)]
    since: Option<Micros>,

    /// Show only what happened before this instant (UTC), or at no known time
    #[arg(long, value_name = "INSTANT", value_parser = crate::cli::format::instant)]
    until: Option<Micros>,

    /// Tell every finding with its evidence, not only the first few of each query
    #[arg(long)]
    all: bool,

    /// Leave out, and count, what this file of suppressions answers for
    #[arg(long, value_name = "FILE")]
    suppress: Option<PathBuf>,

    /// What an hour of a worker costs, in the currency you think in
    #[arg(long, value_name = "PRICE", default_value_t = PRICE, allow_negative_numbers = true,
          value_parser = crate::cli::format::price)]
    price: f64,

    /// Read the query files of this folder too (may be given again)
    #[arg(long, value_name = "DIR")]
    queries: Vec<PathBuf>,

    /// Which verdicts to show
    #[arg(long, value_enum, default_value_t = Shown::Unrefuted)]
    verdict: Shown,

    /// Exit with 1 when a confirmed or probable finding that is shown is at least this bad; in a test report
    /// only such findings fail
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FailOn::None)]
    fail_on: FailOn,

    #[command(flatten)]
    when: WhenArgs,

    /// How to write the findings
    #[arg(long, value_enum, default_value_t = FindingsFormat::Text)]
    format: FindingsFormat,

    /// Stop a query after so many seconds
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = crate::cli::format::seconds)]
    timeout: Duration,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Shown {
    /// Everything but `refuted`
    Unrefuted,
    /// Everything
    All,
    Confirmed,
    Probable,
    InsufficientEvidence,
    Refuted,
}

impl Shown {
    fn includes(self, verdict: Verdict) -> bool {
        match self {
            Self::Unrefuted => verdict != Verdict::Refuted,
            Self::All => true,
            Self::Confirmed => verdict == Verdict::Confirmed,
            Self::Probable => verdict == Verdict::Probable,
            Self::InsufficientEvidence => verdict == Verdict::InsufficientEvidence,
            Self::Refuted => verdict == Verdict::Refuted,
        }
    }
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FailOn {
    None,
    Critical,
    High,
    Medium,
    Low,
    Info,
}

impl FailOn {
    fn level(self) -> Option<Severity> {
        match self {
            Self::None => None,
            Self::Critical => Some(Severity::Critical),
            Self::High => Some(Severity::High),
            Self::Medium => Some(Severity::Medium),
            Self::Low => Some(Severity::Low),
            Self::Info => Some(Severity::Info),
        }
    }
}

/// How findings are written.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FindingsFormat {
    /// For people
    Text,
    /// The documented JSON
    Json,
    /// A header and a line each
    Csv,
    /// A test report for CI: a query is a test, which fails when it found something (as bad as --fail-on), and
    /// is skipped when it could not be asked or decided
    Junit,
}

pub(super) fn run(ui: &mut Ui, args: &FindingsArgs) -> Outcome {
    check_stretch(args)?;
    let queries = choice::some(&args.only, &args.theme, &args.queries)?;
    let suppressions = suppressions(args.suppress.as_deref(), &args.queries)?;
    let mut asked = args.when.open(ui, args.snapshot.as_deref())?;
    warn_of_unreadable(ui, &asked.snapshot);
    let database = asked.database_for(queries.len())?;
    let database = asked.settled(ui, database, queries.len(), args.timeout)?;
    warn_of_nothing(ui, &database, args.timeout)?;
    let mut answers = ask(&database, &queries, args.timeout)?;
    let skipped = |id: &str| answers.skipped.iter().any(|skipped| skipped.query == id);
    let ids = queries.iter().map(|query| query.header.id.as_str());
    let ids: Vec<&str> = ids.filter(|id| !skipped(id)).collect();
    for said in suppress::idle(&answers.found, &suppressions, &ids) {
        ui.note(&format!("note: {said}"));
    }
    answers.found.retain(|finding| {
        let within = |at: Micros| {
            args.since.is_none_or(|since| since <= at) && args.until.is_none_or(|until| at < until)
        };
        finding.happened_at.is_none_or(within)
    });
    let suppressed = suppress::apply(&mut answers.found, &suppressions, taken_at(&asked.snapshot));
    sort(&mut answers.found);
    let known = std::mem::take(&mut answers.read_from);
    let asking = Asking { database: &database, price: args.price, limit: args.timeout };
    let mut report = reported(&asked.snapshot, queries, answers, args.verdict, &asking)?;
    report.suppressed = suppressed;
    report.fail_on = args.fail_on.level();
    report.listed_max = if args.all { usize::MAX } else { LISTED_MAX };
    let fails = report.fails_any();
    if matches!(args.format, FindingsFormat::Text) {
        look_up(&database, report.listed(), &known, args.timeout)?;
    }
    match write(ui, args.format, &report) {
        // who reads no further, as `head` does, is answered by the exit code all the same
        Err(fault) if fault.is_broken_pipe() => {}
        written => written?,
    }
    end_on_failed(report.failed)?;
    Ok(if fails { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn write(ui: &mut Ui, format: FindingsFormat, report: &FindingsReport) -> Result<(), Fault> {
    match format {
        FindingsFormat::Text => show(ui, Format::Text, report)?,
        FindingsFormat::Json => show(ui, Format::Json, report)?,
        FindingsFormat::Csv => show(ui, Format::Csv, report)?,
        FindingsFormat::Junit => {
            let mut out = ui.verbatim()?;
            findings_junit::write(&mut out, report)?;
            out.flush()?;
        }
    }
    Ok(())
}

/// What was shown lacks what these would have found: that is an error, whatever the others said.
pub(super) fn end_on_failed(failed: Vec<Failed>) -> Result<(), Fault> {
    failed.into_iter().next().map_or(Ok(()), |first| Err(first.error.into()))
}

/// When the snapshot was last added to: what has expired by then has expired for it, whenever it is
/// looked at.
fn taken_at(snapshot: &Snapshot) -> Micros {
    let last = snapshot.captures().last();
    last.and_then(|capture| Micros::parse(&capture.ended_at)).unwrap_or(Micros(0))
}

fn suppressions(path: Option<&Path>, dirs: &[PathBuf]) -> Result<Vec<Suppression>, Fault> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let ids = catalogue::ids(dirs)?;
    suppress::read(path, &ids).map_err(|err| {
        let hint = match &err {
            SuppressError::Io { .. } => {
                Some("--suppress names a file that can be read".to_string())
            }
            SuppressError::Unknown { query, .. } => Some(choice::meant_instead(query, &ids)),
            SuppressError::Bad { .. } => None,
        };
        let fault = Fault::new(FaultKind::Usage, err);
        match hint {
            Some(hint) => fault.hint(hint),
            None => fault,
        }
    })
}

/// Asks everything and shows a person what was found, of each query no more than `listed_max`.
pub(super) fn show_all(
    ui: &mut Ui,
    snapshot: &Snapshot,
    limit: Duration,
    listed_max: usize,
) -> Result<(), Fault> {
    let queries = catalogue::all()?;
    let database = Database::open_for_many(snapshot, None)?;
    let mut answers = ask(&database, &queries, limit)?;
    let known = std::mem::take(&mut answers.read_from);
    let asking = Asking { database: &database, price: PRICE, limit };
    let mut made = reported(snapshot, queries, answers, Shown::Unrefuted, &asking)?;
    made.listed_max = listed_max;
    look_up(&database, made.listed(), &known, limit)?;
    show(ui, Format::Text, &made)?;
    end_on_failed(made.failed)
}

/// What stories are reckoned with.
pub(super) struct Asking<'a> {
    pub(super) database: &'a Database,
    pub(super) price: f64,
    pub(super) limit: Duration,
}

pub(super) fn reported(
    snapshot: &Snapshot,
    queries: Vec<Query>,
    answers: Findings,
    verdict: Shown,
    asking: &Asking<'_>,
) -> Result<FindingsReport, Fault> {
    let (shown, hidden): (Vec<Finding>, Vec<Finding>) =
        answers.found.into_iter().partition(|finding| verdict.includes(finding.verdict));
    let stories = stories(asking.database, &queries, &shown, asking.price, asking.limit)?;
    Ok(FindingsReport {
        format: FORMAT,
        snapshot: snapshot.dir().display().to_string(),
        findings: shown,
        stories,
        suppressed: Vec::new(),
        skipped: answers.skipped,
        failed: answers.failed,
        incomplete: incomplete(snapshot),
        questions: queries.into_iter().map(|query| query.header).collect(),
        hidden: hidden.len(),
        listed_max: usize::MAX,
        fail_on: None,
    })
}

fn incomplete(snapshot: &Snapshot) -> Vec<Incomplete> {
    let cut = |table: Table| Some((table.name(), snapshot.unreadable(table).filter(|n| *n > 0)?));
    let cut = Table::ALL.into_iter().filter_map(cut);
    cut.map(|(table, unreadable)| Incomplete { table, unreadable }).collect()
}

impl Answer for FindingsReport {
    fn text(&self, mut out: &mut dyn Write, width: Option<u16>) -> io::Result<()> {
        findings_text::write(&mut out, self, usize::from(width.unwrap_or(WIDTH_ELSEWHERE)))
    }

    fn json(&self, mut out: &mut dyn Write) -> io::Result<()> {
        write_json(&mut out, self)
    }

    fn csv(&self, mut out: &mut dyn Write) -> io::Result<()> {
        findings_csv::write(&mut out, self)
    }
}

/// Refuses a stretch of time in which nothing can have happened.
fn check_stretch(args: &FindingsArgs) -> Result<(), Fault> {
    match (args.since, args.until) {
        (Some(since), Some(until)) if since >= until => {
            let said =
                format!("--since {since} is not before --until {until}: nothing lies between");
            Err(Fault::new(FaultKind::Usage, said).hint("exchange the two"))
        }
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}
