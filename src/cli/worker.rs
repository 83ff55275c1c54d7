//! `worker`: all that is known of one worker.

use crate::answers::worker::lines::LinesAsked;
use crate::answers::worker::{Part, TABLES, worker};
use crate::cli::Outcome;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::reading::{ReadArgs, SpanArgs};
use crate::cli::ui::Ui;

/// Show one worker: its life, its end and whether that was right, its tasks
///
/// The id may be cut: what begins one id alone means it.
///
/// Examples:
///   backstory worker gpu-20251028_140001
///   backstory worker gpu-20251028_140001 --check-logging
///   backstory worker gpu-20251028_140001 --logs-only --since 2025-10-28T14:30
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct WorkerArgs {
    /// Id of the worker, or its beginning
    #[arg(value_name = "ID")]
    id: String,

    /// Only: does the worker itself log, since when, and could its lines have reached us?
    #[arg(long, conflicts_with_all = ["startup", "logs_only"])]
    check_logging: bool,

    /// Only: the phases of its start, and where it stopped
    #[arg(long, conflicts_with = "logs_only")]
    startup: bool,

    /// Only: the raw rows of every source that mention it, also in their text
    #[arg(long)]
    logs_only: bool,

    /// Rows of a list, at most: the last ones
    #[arg(long, value_name = "N", default_value = "20", allow_negative_numbers = true,
          value_parser = crate::cli::format::limit)]
    limit: usize,

    #[command(flatten)]
    span: SpanArgs,

    #[command(flatten)]
    read: ReadArgs,
}

pub(super) fn run(ui: &mut Ui, args: &WorkerArgs) -> Outcome {
    let WorkerArgs { span, limit, .. } = args;
    span.check()?;
    if !args.logs_only && (span.since.is_some() || span.until.is_some()) {
        let said = "--since and --until choose raw rows, and are for --logs-only";
        return Err(Fault::new(FaultKind::Usage, said.to_string())
            .hint("for the worker as it was at an instant: --as-of INSTANT"));
    }
    let (part, tables): (Part, &[&str]) = if args.logs_only {
        let lines = LinesAsked { since: span.since, until: span.until, limit: *limit };
        (Part::Lines(lines), &["workers", "worker_states", "events", "system_logs"])
    } else if args.check_logging {
        (Part::Logging, &TABLES)
    } else if args.startup {
        (Part::Startup, &TABLES)
    } else {
        (Part::Whole, &TABLES)
    };
    let reading = args.read.open(ui, tables)?;
    let subject = reading.subject(&args.id, "worker")?;
    let told = match part {
        Part::Whole => reading.findings_about(ui, &subject)?,
        Part::Logging | Part::Startup | Part::Lines(_) => Vec::new(),
    };
    let page = worker(reading.ask(), &subject, part, *limit, &told)?;
    args.read.show(ui, &page)
}
