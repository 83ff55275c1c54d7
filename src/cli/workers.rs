//! `workers`: who is in service, who ended and why, how many fail.

use crate::answers::workers::{WorkersAsked, tables, words, workers};
use crate::cli::Outcome;
use crate::cli::reading::{ReadArgs, SpanArgs};
use crate::cli::ui::Ui;
use crate::cli::word::known;
use crate::model::time::Micros;

/// Show workers: who is in service, who ended and why, how many fail
///
/// Told of are those that lived in the span; the failure rate stands beside the orchestrator's own.
///
/// Examples:
///   backstory workers --hours 6
///   backstory workers --status condemned --as-of 2025-10-28T14:52:15
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct WorkersArgs {
    /// Only workers of this status (`error`), true state (`active_idle`) or sort of state (`active`)
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,

    /// Those that lived in so many hours before the instant told of
    #[arg(long, value_name = "HOURS", default_value_t = HOURS, conflicts_with = "since",
          allow_negative_numbers = true, value_parser = crate::cli::format::hours)]
    hours: f64,

    /// Rows of a list, at most
    #[arg(long, value_name = "N", default_value = "20", allow_negative_numbers = true,
          value_parser = crate::cli::format::limit)]
    limit: usize,

    #[command(flatten)]
    span: SpanArgs,

    #[command(flatten)]
    read: ReadArgs,
}

/// As long as the old tool looked back (domain/orchestrator.md 6, `workers`).
const HOURS: f64 = 2.0;

pub(super) fn run(ui: &mut Ui, args: &WorkersArgs) -> Outcome {
    args.span.check()?;
    let mut reading = args.read.open_with_findings(ui, &tables())?;
    let told = reading.findings(ui)?;
    let ask = reading.ask();
    let status = match &args.status {
        Some(word) => Some(known("status or state of a worker", word, &words(ask)?)?),
        None => None,
    };
    // what happened at the very instant belongs to it
    let until = args.span.until.unwrap_or(Micros(ask.at.0.saturating_add(1)));
    let since = args.span.since.unwrap_or_else(|| until.plus_seconds(-args.hours * 3600.0));
    let asked = WorkersAsked { status, since, until, limit: args.limit };
    let page = workers(ask, &asked, &told)?;
    args.read.show(ui, &page)
}
