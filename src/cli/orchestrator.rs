//! `orchestrator`: its runs, its cycles, what it decided.

use crate::answers::orchestrator::{OrchestratorAsked, orchestrator, tables};
use crate::cli::Outcome;
use crate::cli::reading::ReadArgs;
use crate::cli::ui::Ui;

/// Show the orchestrators: runs, last cycles with what they saw and did, decisions, gaps
///
/// Examples:
///   backstory orchestrator --hours 6
///   backstory orchestrator --as-of 2025-10-28T17:40 --limit 20
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct OrchestratorArgs {
    /// Runs, decisions and gaps of so many hours before the instant told of
    #[arg(long, value_name = "HOURS", default_value_t = HOURS, allow_negative_numbers = true,
          value_parser = crate::cli::format::hours)]
    hours: f64,

    /// Rows of a list, at most
    #[arg(long, value_name = "N", default_value = "10", allow_negative_numbers = true,
          value_parser = crate::cli::format::limit)]
    limit: usize,

    #[command(flatten)]
    read: ReadArgs,
}

/// As long as the old tool looked back (domain/orchestrator.md 6, `orchestrator`).
const HOURS: f64 = 1.0;

pub(super) fn run(ui: &mut Ui, args: &OrchestratorArgs) -> Outcome {
    let reading = args.read.open(ui, &tables())?;
    let ask = reading.ask();
    let since = ask.at.plus_seconds(-args.hours * 3600.0);
    let page = orchestrator(ask, OrchestratorAsked { since, limit: args.limit })?;
    args.read.show(ui, &page)
}
