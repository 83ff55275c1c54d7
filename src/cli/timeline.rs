//! `timeline`: the course of a task, a worker or the fleet, drawn.

use crate::answers::timeline::{TABLES, TimelineAsked, timeline};
use crate::cli::Outcome;
use crate::cli::reading::{ReadArgs, SpanArgs};
use crate::cli::ui::Ui;
use crate::model::time::Micros;

/// Draw the course of a task, a worker or the fleet
///
/// A lane for each state, attempt or worker; a character is the state that filled most of its time.
///
/// Examples:
///   backstory timeline --task f694ee65
///   backstory timeline --fleet --since 2025-10-28T14:30 --until 2025-10-28T15:30 --ascii
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct TimelineArgs {
    #[command(flatten)]
    of: Of,

    /// Lanes at most
    #[arg(long, value_name = "N", default_value = "60", allow_negative_numbers = true,
          value_parser = crate::cli::format::limit)]
    limit: usize,

    #[command(flatten)]
    span: SpanArgs,

    #[command(flatten)]
    read: ReadArgs,
}

/// Whose course.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
struct Of {
    /// A task's id, or the beginning of one
    #[arg(long, value_name = "ID")]
    task: Option<String>,

    /// A worker's id, or the beginning of one
    #[arg(long, value_name = "ID")]
    worker: Option<String>,

    /// Every worker
    #[arg(long)]
    fleet: bool,
}

pub(super) fn run(ui: &mut Ui, args: &TimelineArgs) -> Outcome {
    args.span.check()?;
    let reading = args.read.open(ui, &TABLES)?;
    if let Some(since) = args.span.since {
        let until = args.span.until.unwrap_or(Micros(since.0.saturating_add(1)));
        reading.check_span(ui, since, until)?;
    }
    let subject = match (&args.of.task, &args.of.worker) {
        (Some(id), _) => Some(reading.subject(id, "task")?),
        (None, Some(id)) => Some(reading.subject(id, "worker")?),
        (None, None) => None,
    };
    let asked = TimelineAsked {
        subject,
        since: args.span.since,
        until: args.span.until,
        limit: args.limit,
    };
    let page = timeline(reading.ask(), &asked)?;
    args.read.show(ui, &page)
}
