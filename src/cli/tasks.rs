//! `tasks`: many of them.

use crate::answers::tasks::{TABLES, TasksAsked, tasks, types};
use crate::cli::Outcome;
use crate::cli::reading::{ReadArgs, SpanArgs};
use crate::cli::ui::Ui;
use crate::cli::word::refuse_unknown;
use crate::model::state::TaskStateName;

/// Show tasks: how they stand, how long they waited and worked, why they failed
///
/// Counts are of all tasks that are asked for; only the list has a limit.
///
/// Examples:
///   backstory tasks --hours 24
///   backstory tasks --status failed --type travel_segment
///   backstory tasks --worker gpu-20251028_140001 --since 2025-10-28T14:30 --limit 200
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct TasksArgs {
    /// In this state: queued, in_progress, complete, failed or cancelled
    #[arg(long, value_name = "STATE", value_parser = state)]
    status: Option<TaskStateName>,

    /// Of this type
    #[arg(long = "type", value_name = "TYPE")]
    task_type: Option<String>,

    /// Held at some time by this worker (its id, or the beginning of it)
    #[arg(long, value_name = "ID")]
    worker: Option<String>,

    /// Created in the last so many hours before the instant told of
    #[arg(long, value_name = "H", value_parser = crate::cli::format::hours, allow_negative_numbers = true,
          conflicts_with = "since")]
    hours: Option<f64>,

    /// Rows of the list, at most
    #[arg(long, value_name = "N", default_value = "50", allow_negative_numbers = true,
          value_parser = crate::cli::format::limit)]
    limit: usize,

    #[command(flatten)]
    span: SpanArgs,

    #[command(flatten)]
    read: ReadArgs,
}

/// A state by our word or by the spelling of the column.
fn state(text: &str) -> Result<TaskStateName, String> {
    let word = text.trim().to_lowercase().replace([' ', '-'], "_");
    let named = TaskStateName::ALL.iter().find(|state| state.name() == word);
    let names: Vec<&str> = TaskStateName::ALL.iter().map(|state| state.name()).collect();
    named.copied().ok_or_else(|| format!("a state is one of {}", names.join(", ")))
}

pub(super) fn run(ui: &mut Ui, args: &TasksArgs) -> Outcome {
    args.span.check()?;
    let reading = args.read.open(ui, &TABLES)?;
    let worker = match &args.worker {
        Some(id) => Some(reading.subject(id, "worker")?.id),
        None => None,
    };
    if let Some(word) = &args.task_type {
        refuse_unknown("type of task", word, &types(reading.ask())?)?;
    }
    let asked = TasksAsked {
        state: args.status,
        task_type: args.task_type.clone(),
        worker,
        hours: args.hours,
        since: args.span.since,
        until: args.span.until,
        limit: args.limit,
    };
    args.read.show(ui, &tasks(reading.ask(), &asked)?)
}
