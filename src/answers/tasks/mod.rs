//! Many tasks: how they stand, how long they took, why they failed, and the list of them.

mod failures;
mod list;
mod rows;
mod spread;

use crate::answers::ask::{Ask, Row};
use crate::answers::page::{Page, Value};
use crate::model::state::TaskStateName;
use crate::model::time::Micros;
use crate::read::error::ReadError;
use rows::Rows;

/// The tables it asks.
pub const TABLES: [&str; 7] = [
    "tasks",
    "task_states",
    "task_attempts",
    "task_generations",
    "workers",
    "worker_states",
    "events",
];

/// Which tasks are asked for, and how many are listed.
#[derive(Clone, Debug, Default)]
pub struct TasksAsked {
    /// In this state by their timeline.
    pub state: Option<TaskStateName>,
    /// Of this type.
    pub task_type: Option<String>,
    /// Held at some time by this worker.
    pub worker: Option<String>,
    /// Created in the last so many hours before the instant told of.
    pub hours: Option<f64>,
    /// Created at or after this instant.
    pub since: Option<Micros>,
    /// Created before this instant.
    pub until: Option<Micros>,
    /// Rows of the list, at most.
    pub limit: usize,
}

/// The types that tasks have here.
///
/// # Errors
/// When the tables cannot be asked.
pub fn types(ask: Ask<'_>) -> Result<Vec<String>, ReadError> {
    const TYPES: &str =
        "select distinct task_type from tasks where task_type is not null order by 1";
    let rows = ask.rows(TYPES, &[])?;
    Ok(rows.iter().filter_map(|row| row.text("task_type").map(str::to_string)).collect())
}

/// Tells of the tasks that are asked for.
///
/// # Errors
/// When the tables cannot be asked.
pub fn tasks(ask: Ask<'_>, asked: &TasksAsked) -> Result<Page, ReadError> {
    let since = since(ask.at, asked);
    let rows = Rows::read(ask, asked, since)?;
    let mut page = Page::new("tasks", None, ask.told_at(), ask.is_as_of);
    summary(&mut page, &rows.counts, asked, since);
    spread::by_state(&mut page, &rows.counts);
    let counts = "A share is of all the tasks above. A failure rate is of those that ended Complete or Failed: \
                  open, cancelled and unknown ones are left out.";
    page.lines("what_counts", "What the shares count", vec![counts.to_string()]);
    spread::by_type(&mut page, &rows.counts);
    spread::times(&mut page, &rows.counts, &rows.times);
    failures::sections(&mut page, &rows);
    list::section(&mut page, &rows);
    Ok(page)
}

/// The later of the two begins that can be asked for.
fn since(at: Micros, asked: &TasksAsked) -> Option<Micros> {
    let by_hours = asked.hours.map(|hours| at.plus_seconds(-hours * 3600.0));
    asked.since.max(by_hours)
}

fn summary(page: &mut Page, counts: &[Row], asked: &TasksAsked, since: Option<Micros>) {
    let (complete, failed) =
        (in_state(counts.iter(), "complete"), in_state(counts.iter(), "failed"));
    let times = |column: &'static str| counts.iter().filter_map(move |row| row.time(column));
    page.fields(
        "summary",
        "Tasks",
        vec![
            ("tasks", Value::Count(sum(counts.iter(), "tasks"))),
            ("created_since", Value::time(since)),
            ("created_before", Value::time(asked.until)),
            ("first_created_at", Value::time(times("first_at").min())),
            ("last_created_at", Value::time(times("last_at").max())),
            ("complete", Value::Count(complete)),
            ("failed", Value::Count(failed)),
            ("failure_rate", Value::share(failed, failed + complete)),
            ("attempts", Value::Count(sum(counts.iter(), "attempts"))),
            ("tasks_tried_again", Value::Count(sum(counts.iter(), "tried_again"))),
            ("complete_without_due_generation", Value::Count(sum(counts.iter(), "lacking"))),
        ],
    );
}

/// The sum of a column of counts.
fn sum<'a>(counts: impl Iterator<Item = &'a Row>, column: &str) -> i64 {
    counts.filter_map(|row| row.int(column)).sum()
}

/// How many of them are in a state.
fn in_state<'a>(counts: impl Iterator<Item = &'a Row>, state: &str) -> i64 {
    sum(counts.filter(|row| row.text("state") == Some(state)), "tasks")
}
