//! `pods`: what runs, what it costs, and for whom.

use crate::answers::pods::{PodsAsked, TABLES, pods};
use crate::cli::Outcome;
use crate::cli::findings::PRICE;
use crate::cli::reading::ReadArgs;
use crate::cli::ui::Ui;

/// Show pods: running, orphaned, how long they lived, what they cost
///
/// From the evidence, not from the provider: a pod runs as long as nothing says that it ended.
///
/// Examples:
///   backstory pods
///   backstory pods --as-of 2025-10-28T17:40 --price 0.59
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct PodsArgs {
    /// What an hour costs where the worker's row does not tell, in dollars
    #[arg(long, value_name = "PRICE", default_value_t = PRICE, allow_negative_numbers = true,
          value_parser = crate::cli::format::price)]
    price: f64,

    /// Rows of a list, at most
    #[arg(long, value_name = "N", default_value = "50", allow_negative_numbers = true,
          value_parser = crate::cli::format::limit)]
    limit: usize,

    #[command(flatten)]
    read: ReadArgs,
}

pub(super) fn run(ui: &mut Ui, args: &PodsArgs) -> Outcome {
    let mut reading = args.read.open_with_findings(ui, &TABLES)?;
    let told = reading.findings(ui)?;
    let page = pods(reading.ask(), PodsAsked { price: args.price, limit: args.limit }, &told)?;
    args.read.show(ui, &page)
}
