//! `findings`: the catalogue of questions, asked of a snapshot.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::Outcome;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::format::{Answer, Format, show};
use crate::cli::ui::Ui;
use crate::cli::when::WhenArgs;
use crate::findings::catalogue::{self, Query};
use crate::findings::finding::{Finding, Severity, Verdict};
use crate::findings::run::{Findings, ask};
use crate::model::table::Table;
use crate::read::database::Database;
use crate::report::findings::{FORMAT, FindingsReport, Incomplete, write_json};
use crate::report::{findings_csv, findings_text};
use crate::snapshot::open::Snapshot;

/// Columns of a report that no terminal narrows.
const WIDTH_ELSEWHERE: u16 = 140;

/// Ask the catalogue of forensic questions and show what was found, with the rows that prove it
#[derive(clap::Args, Debug)]
pub(super) struct FindingsArgs {
    /// Snapshot directory (default: the one under ./snapshots with the latest capture)
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,

    /// Ask only this query (may be given again)
    #[arg(long, value_name = "ID")]
    only: Vec<String>,

    /// Read the query files of this folder too (may be given again)
    #[arg(long, value_name = "DIR")]
    queries: Vec<PathBuf>,

    /// Which verdicts to show
    #[arg(long, value_enum, default_value_t = Shown::Unrefuted)]
    verdict: Shown,

    /// Exit with 1 when a confirmed or probable finding is at least this bad
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FailOn::None)]
    fail_on: FailOn,

    #[command(flatten)]
    when: WhenArgs,

    /// How to write the findings
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

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

pub(super) fn run(ui: &mut Ui, args: &FindingsArgs) -> Outcome {
    let queries = chosen(&args.only, &args.queries)?;
    let asked = args.when.open(ui, args.snapshot.as_deref())?;
    warn_of_unreadable(ui, &asked.snapshot)?;
    let database = asked.database()?;
    let answers = ask(&database, &queries, args.timeout)?;
    let fails = args.fail_on.level().is_some_and(|level| {
        let bad = |finding: &Finding| finding.verdict.is_positive() && finding.severity <= level;
        answers.found.iter().any(bad)
    });
    let report = reported(&asked.snapshot, queries, answers, args.verdict, usize::MAX);
    show(ui, args.format, &report)?;
    Ok(if fails { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Asks everything and shows a person what was found, of each query no more than `listed_max`.
pub(super) fn show_all(
    ui: &mut Ui,
    snapshot: &Snapshot,
    limit: Duration,
    listed_max: usize,
) -> Result<(), Fault> {
    let queries = catalogue::all()?;
    let database = Database::open(snapshot)?;
    let answers = ask(&database, &queries, limit)?;
    let made = reported(snapshot, queries, answers, Shown::Unrefuted, listed_max);
    Ok(show(ui, Format::Text, &made)?)
}

pub(super) fn reported(
    snapshot: &Snapshot,
    queries: Vec<Query>,
    answers: Findings,
    verdict: Shown,
    listed_max: usize,
) -> FindingsReport {
    let (shown, hidden): (Vec<Finding>, Vec<Finding>) =
        answers.found.into_iter().partition(|finding| verdict.includes(finding.verdict));
    FindingsReport {
        format: FORMAT,
        snapshot: snapshot.dir().display().to_string(),
        findings: shown,
        skipped: answers.skipped,
        incomplete: incomplete(snapshot),
        questions: queries.into_iter().map(|query| query.header).collect(),
        hidden: hidden.len(),
        listed_max,
    }
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

/// The queries asked for, each once, or all of them.
fn chosen(only: &[String], dirs: &[PathBuf]) -> Result<Vec<Query>, Fault> {
    let all = catalogue::with(dirs)?;
    let known = |id: &String| all.iter().any(|query| query.header.id == *id);
    if let Some(unknown) = only.iter().find(|id| !known(id)) {
        let ids: Vec<&str> = all.iter().map(|query| query.header.id.as_str()).collect();
        let fault = Fault::new(FaultKind::Usage, format!("there is no query `{unknown}`"));
        return Err(fault.hint(format!("there are: {}", ids.join(", "))));
    }
    let wanted = |query: &Query| only.is_empty() || only.contains(&query.header.id);
    Ok(all.into_iter().filter(wanted).collect())
}

/// What an import could not read is missing from every answer: absence may be its fault.
pub(super) fn warn_of_unreadable(ui: &mut Ui, snapshot: &Snapshot) -> Result<(), Fault> {
    for capture in snapshot.captures().iter().filter(|capture| !capture.unreadable.is_empty()) {
        ui.note(&format!(
            "warning: capture {} left out lines it could not read ({}): what they would have said is \
             missing here",
            capture.id,
            capture.unreadable.join("; ").chars().take(200).collect::<String>()
        ))?;
    }
    Ok(())
}
