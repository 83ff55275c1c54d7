//! `window`: what happened between two instants.

use crate::answers::window::{TABLES, Window, window};
use crate::cli::Outcome;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::reading::ReadArgs;
use crate::cli::ui::Ui;
use crate::model::time::Micros;

/// Show what happened between two instants, and what most likely set it off
///
/// Per cycle what the orchestrator saw, decided and did; workers and tasks that changed; rows that came, and
/// when they could not have come; processes that began or ended near; what stood out, with its evidence.
///
/// Examples:
///   backstory window 2025-10-28T14:50 2025-10-28T14:55
///   backstory window 2025-10-28T14:30 2025-10-28T15:30 --limit 200 --format json
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct WindowArgs {
    /// Its first instant (UTC)
    #[arg(value_name = "T1", value_parser = crate::cli::format::instant)]
    from: Micros,

    /// The first instant after it (UTC)
    #[arg(value_name = "T2", value_parser = crate::cli::format::instant)]
    until: Micros,

    /// Rows of a list, at most
    #[arg(long, value_name = "N", default_value = "40", allow_negative_numbers = true,
          value_parser = crate::cli::format::limit)]
    limit: usize,

    #[command(flatten)]
    read: ReadArgs,
}

pub(super) fn run(ui: &mut Ui, args: &WindowArgs) -> Outcome {
    if args.until <= args.from {
        let said = format!("{} is not after {}", args.until, args.from);
        return Err(Fault::new(FaultKind::Usage, said).hint("write the earlier instant first"));
    }
    let mut reading = args.read.open_with_findings(ui, &TABLES)?;
    let asked = Window { from: args.from, until: args.until, limit: args.limit };
    reading.check_span(ui, args.from, args.until)?;
    let told = reading.findings(ui)?;
    let page = window(reading.ask(), asked, &told)?;
    args.read.show(ui, &page)
}
