//! Many tasks: how they stand, how long they took, why they failed, and the list of them.

mod failures;
mod list;
mod spread;

use crate::answers::ask::{Ask, Row};
use crate::answers::fleet::strange::state_of;
use crate::answers::page::{Page, Value};
use crate::model::state::TaskStateName;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

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

/// The tasks that are asked for, each with its last state and what came of its attempts. The wait is until the
/// first claim; the work is the last attempt's, where it brought an end.
const CHOSEN: &str = "with states as (\
        select task_id, state, entered_at from task_states where left_at is null), \
    held as (\
        select task_id, count(*) as attempts, min(claimed_at) as claimed_at, \
            arg_max(worker_id, attempt) filter (where outcome <> 'duplicate') as worker_id, \
            arg_max(epoch(ended_at - claimed_at), attempt) filter (where outcome = 'complete') as processing_s, \
            coalesce(bool_or(worker_id = $worker), false) as is_workers \
        from task_attempts group by task_id), \
    chosen as (select {columns} \
    from tasks left join states on states.task_id = tasks.id left join held on held.task_id = tasks.id \
    left join task_generations as made on made.task_id = tasks.id \
    where ($state is null or {state} = $state) and ($type is null or tasks.task_type = $type) \
        and ($worker is null or held.is_workers) \
        and ($since is null or tasks.created_at >= $since::timestamp) \
        and ($until is null or tasks.created_at < $until::timestamp))";

/// A row for each, the newest first; what is counted of all of them stands first.
const TASKS: &str = "select * from chosen order by created_at desc, id desc";
const COLUMNS: &str = "{state} as state, tasks.task_type, held.attempts, made.expected, made.linked, \
    epoch(held.claimed_at - tasks.created_at) as queue_s, held.processing_s, tasks.created_at, made.verdict, \
    tasks.id, held.worker_id, states.entered_at, \
    case when states.state = 'failed' then tasks.error_message end as error_message, \
    case when states.state = 'failed' then tasks.output_location end as output_text, \
    case when tasks.created_at is null \
        then json_extract_string(try_cast(tasks._verbatim as json), '$.created_at') end as written";

/// How their attempts ended, the commonest first.
const ENDS: &str = "select case when reason is null then outcome else outcome || ': ' || reason end as said, \
    count(*) as n from task_attempts where task_id in (select id from chosen) group by said order by n desc, said";

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
    let text = |text: Option<&str>| text.map_or(Cell::Null, |text| Cell::Text(text.to_string()));
    let time = |at: Option<Micros>| at.map_or(Cell::Null, Cell::Time);
    let since = since(ask.at, asked);
    let params = [
        ("state", text(asked.state.map(TaskStateName::name))),
        ("type", text(asked.task_type.as_deref())),
        ("worker", text(asked.worker.as_deref())),
        ("since", time(since)),
        ("until", time(asked.until)),
    ];
    let state = state_of("tasks", "states");
    let chosen = |columns| CHOSEN.replace("{columns}", columns).replace("{state}", &state);
    let selects =
        [format!("{} {TASKS}", chosen(COLUMNS)), format!("{} {ENDS}", chosen("tasks.id"))];
    let [all, ends] = ask.beside(selects.each_ref().map(String::as_str), &params)?;
    let mut page = Page::new("tasks", None, ask.told_at(), ask.is_as_of);
    summary(&mut page, &all, asked, since);
    spread::by_state(&mut page, &all);
    let counts = "A share is of all the tasks above. A failure rate is of those that ended Complete or Failed: \
                  open, cancelled and unknown ones are left out.";
    page.lines("what_counts", "What the shares count", vec![counts.to_string()]);
    spread::by_type(&mut page, &all);
    spread::times(&mut page, &all);
    failures::sections(&mut page, &all, &ends);
    list::section(&mut page, &all, asked.limit);
    Ok(page)
}

/// The later of the two begins that can be asked for.
fn since(at: Micros, asked: &TasksAsked) -> Option<Micros> {
    let by_hours = asked.hours.map(|hours| at.plus_seconds(-hours * 3600.0));
    asked.since.max(by_hours)
}

fn summary(page: &mut Page, all: &[Row], asked: &TasksAsked, since: Option<Micros>) {
    let count = |keep: &dyn Fn(&Row) -> bool| all.iter().filter(|row| keep(row)).count() as i64;
    let is = |state: &'static str| move |row: &Row| row.text("state") == Some(state);
    let (complete, failed) = (count(&is("complete")), count(&is("failed")));
    let created = || all.iter().filter_map(|row| row.time("created_at"));
    let attempts: i64 = all.iter().filter_map(|row| row.int("attempts")).sum();
    page.fields(
        "summary",
        "Tasks",
        vec![
            ("tasks", Value::Count(all.len() as i64)),
            ("created_since", Value::time(since)),
            ("created_before", Value::time(asked.until)),
            ("first_created_at", Value::time(created().min())),
            ("last_created_at", Value::time(created().max())),
            ("complete", Value::Count(complete)),
            ("failed", Value::Count(failed)),
            ("failure_rate", Value::share(failed, failed + complete)),
            ("attempts", Value::Count(attempts)),
            ("tasks_tried_again", Value::Count(count(&|row| row.int("attempts") > Some(1)))),
            ("complete_without_due_generation", Value::Count(count(&lacks_generation))),
        ],
    );
}

/// Whether a generation was due for a task that is Complete, and none is known.
fn lacks_generation(row: &Row) -> bool {
    row.text("state") == Some("complete")
        && row.text("expected") == Some("yes")
        && row.int("linked") == Some(0)
}
