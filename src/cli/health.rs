//! `health`: what is wrong at an instant.

use crate::answers::health::{health, tables};
use crate::cli::Outcome;
use crate::cli::reading::ReadArgs;
use crate::cli::ui::Ui;

/// Show how all is at an instant: warnings, fleet, queue, errors, orchestrators, gaps
///
/// Examples:
///   backstory health
///   backstory health --as-of 2025-10-28T17:40
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct HealthArgs {
    /// Rows of a list, at most
    #[arg(long, value_name = "N", default_value = "10", allow_negative_numbers = true,
          value_parser = crate::cli::format::limit)]
    limit: usize,

    #[command(flatten)]
    read: ReadArgs,
}

pub(super) fn run(ui: &mut Ui, args: &HealthArgs) -> Outcome {
    let mut reading = args.read.open_with_findings(ui, &tables())?;
    let told = reading.findings(ui)?;
    let page = health(reading.ask(), args.limit, &told)?;
    args.read.show(ui, &page)
}
