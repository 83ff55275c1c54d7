//! `task`: everything about one task.

use crate::answers::task::logs::{self, LogsAsked, logs};
use crate::answers::task::{TABLES, TaskAsked, task};
use crate::cli::Outcome;
use crate::cli::reading::{ReadArgs, SpanArgs};
use crate::cli::ui::Ui;

/// Show one task: where it stands, its attempts, its generation, its error, and what happened
///
/// Events are cited by the beginning of their id: `backstory explain` shows the rows behind one.
///
/// Examples:
///   backstory task f694ee65
///   backstory task f694ee65 --as-of 2025-10-28T17:40
///   backstory task f694ee65 --logs-only --limit 500
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct TaskArgs {
    /// The task's id, or the beginning of it
    #[arg(value_name = "ID")]
    id: String,

    /// Tell the whole timeline, every relative, and every parameter to its end
    #[arg(long, conflicts_with = "logs_only")]
    all: bool,

    /// Only the raw rows that mention it, of all sources: in a column, in their text, or by the short id
    #[arg(long)]
    logs_only: bool,

    /// Rows at most, the newest (with --logs-only)
    #[arg(long, value_name = "N", default_value = "200", requires = "logs_only", allow_negative_numbers = true,
          value_parser = crate::cli::format::limit)]
    limit: usize,

    #[command(flatten)]
    span: SpanArgs,

    #[command(flatten)]
    read: ReadArgs,
}

pub(super) fn run(ui: &mut Ui, args: &TaskArgs) -> Outcome {
    args.span.check()?;
    let (since, until) = (args.span.since, args.span.until);
    if args.logs_only {
        let reading = args.read.open(ui, &logs::TABLES)?;
        let subject = reading.subject(&args.id, "task")?;
        let page = logs(reading.ask(), &subject, LogsAsked { since, until, limit: args.limit })?;
        return args.read.show(ui, &page);
    }
    let reading = args.read.open(ui, &TABLES)?;
    let subject = reading.subject(&args.id, "task")?;
    let told = reading.findings_about(ui, &subject)?;
    let asked = TaskAsked { is_all: args.all, since, until };
    args.read.show(ui, &task(reading.ask(), &subject, asked, &told)?)
}
