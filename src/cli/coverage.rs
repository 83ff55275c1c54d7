//! `coverage`: how much of the log is understood, and what is not.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::Outcome;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::format::{Answer, Format, show};
use crate::cli::ui::Ui;
use crate::cli::when::WhenArgs;
use crate::grammar::suggest;
use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;
use crate::report::coverage as report;
use crate::report::coverage::{Counts, CoverageReport, SourceCounts, Unknown};

/// Tell how much of the log is understood, and name the lines that are not
///
/// Every row is one of: understood (it makes an event, or is evidence of one), silent (known to say
/// nothing of its own), unknown, unreadable. Unknown lines are listed by shape, those next to failures
/// first, each with a grammar entry to look at and paste.
#[derive(clap::Args, Debug)]
#[command(allow_negative_numbers = true)]
#[command(
    after_long_help = "Examples:\n  backstory coverage\n  backstory coverage --snapshot snapshots/prod --format json"
)]
pub(super) struct CoverageArgs {
    /// Snapshot directory (default: the one under ./snapshots with the latest capture)
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,

    #[command(flatten)]
    when: WhenArgs,

    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Unknown shapes to show
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: u16,
}

/// Two small tables: a query of them that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

const SOURCES: &str = "select source_type, era, sum(rows_read)::bigint, \
    sum(became_events + confirmed)::bigint, sum(said_nothing)::bigint, sum(unknown)::bigint, \
    sum(unreadable)::bigint from log_coverage group by all order by all";

const UNKNOWN: &str = "select source_type, template, count, near_failures, first_at, last_at, sample \
    from unknown_messages order by near_failures desc, count desc, source_type, template";

pub(super) fn run(ui: &mut Ui, args: &CoverageArgs) -> Outcome {
    let asked = args.when.open(ui, args.snapshot.as_deref())?;
    if asked.as_of.is_some() {
        let fault = Fault::new(FaultKind::Usage, "coverage counts rows, whole: it has no --as-of");
        return Err(fault.hint("ask with --as-seen for what could be known at an instant"));
    }
    let database = asked.database()?;
    let mut made = report_of(&database)?;
    made.snapshot = asked.snapshot.dir().display().to_string();
    made.unknown.truncate(usize::from(args.top));
    show(ui, args.format, &made)?;
    Ok(ExitCode::SUCCESS)
}

impl Answer for CoverageReport {
    fn text(&self, mut out: &mut dyn Write, _: Option<u16>) -> io::Result<()> {
        report::write_text(&mut out, self)
    }

    fn json(&self, mut out: &mut dyn Write) -> io::Result<()> {
        report::write_json(&mut out, self)
    }

    fn csv(&self, mut out: &mut dyn Write) -> io::Result<()> {
        report::write_csv(&mut out, self)
    }
}

fn report_of(database: &Database) -> Result<CoverageReport, ReadError> {
    let text = |cell: &Cell| cell.to_plain().unwrap_or_default();
    let count =
        |cell: &Cell| if let Cell::Int(n) = cell { u64::try_from(*n).unwrap_or(0) } else { 0 };
    let mut sources = Vec::new();
    let mut total = Counts::default();
    for row in database.query_ours(SOURCES, &[], LIMIT)?.rows {
        let [source, era, read, understood, silent, unknown, unreadable] = &row[..] else {
            continue;
        };
        let counts = Counts {
            rows_read: count(read),
            understood: count(understood),
            silent: count(silent),
            unknown: count(unknown),
            unreadable: count(unreadable),
        };
        let parts = counts.understood + counts.silent + counts.unknown + counts.unreadable;
        assert_eq!(counts.rows_read, parts, "rows lost between snapshot and coverage");
        total = Counts {
            rows_read: total.rows_read + counts.rows_read,
            understood: total.understood + counts.understood,
            silent: total.silent + counts.silent,
            unknown: total.unknown + counts.unknown,
            unreadable: total.unreadable + counts.unreadable,
        };
        sources.push(SourceCounts { source_type: text(source), era: text(era), counts });
    }
    let mut unknown = Vec::new();
    for row in database.query_ours(UNKNOWN, &[], LIMIT)?.rows {
        let [source, template, rows, near, first, last, sample] = &row[..] else { continue };
        let (source_type, sample) = (text(source), text(sample));
        unknown.push(Unknown {
            entry: suggest::entry(&source_type, &sample),
            source_type,
            template: text(template),
            count: count(rows),
            near_failures: count(near),
            first_at: text(first),
            last_at: text(last),
            sample,
        });
    }
    Ok(CoverageReport {
        format: report::FORMAT,
        snapshot: String::new(),
        total,
        sources,
        unknown_templates: unknown.len() as u64,
        unknown,
    })
}
