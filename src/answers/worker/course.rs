//! The course of its life: states, and the tasks that it held.

use std::collections::BTreeMap;

use crate::answers::ask::{Ask, Row};
use crate::answers::page::{Page, Value};
use crate::answers::task::failure;
use crate::answers::worker::life::Life;
use crate::read::error::ReadError;

/// Adds its states. Of a long life the middle is idle and busy by turns: the first and the last are told.
pub(super) fn states(page: &mut Page, life: &Life, limit: usize) {
    let last = life.states.len().saturating_sub(1);
    let skipped = life.states.len().saturating_sub(limit);
    let rows = life.states.iter().enumerate().skip(skipped).map(|(n, state)| {
        let left = state.time("left_at").or((n == last).then_some(life.told_until()));
        let is_ended = state.text("state") == Some("ended");
        vec![
            state.say("state"),
            state.when("entered_at"),
            if is_ended { Value::Missing } else { Value::between(state.time("entered_at"), left) },
            state.say("basis"),
            Value::text(life.kind_of(state.text("entered_event_id"))),
        ]
    });
    let title = match skipped {
        0 => "States".to_string(),
        n => format!("States (the last {} of {})", life.states.len() - n, life.states.len()),
    };
    let columns = ["state", "entered_at", "lasted_s", "basis", "because_of"];
    page.table("states", &title, &columns, rows.collect(), "none");
}

/// What the row and the line of a failure tell of it. A task that was tried again keeps the error of the last time.
const ERRORS: &str = "with failed as (select task_id, attempt, ended_event_id from task_attempts \
        where worker_id = $id and outcome = 'failed' and reason is null), \
    lasts as (select task_id, max(attempt) as attempt from task_attempts \
        where task_id in (select task_id from failed) group by task_id) \
    select failed.task_id, failed.attempt, failed.attempt = lasts.attempt as is_last, \
        tasks.error_message, tasks.output_location as output_text, \
        json_extract_string(try_cast(events.attributes as json), '$.error') as said \
    from failed join lasts using (task_id) left join tasks on tasks.id = failed.task_id \
    left join events on events.event_id = failed.ended_event_id";

/// Characters of an error: `task` tells the whole.
const ERROR_MAX: usize = 120;

/// Why its attempts failed where no reason of ours says it: the task's error, as `task` tells it.
fn errors(ask: Ask<'_>, life: &Life) -> Result<BTreeMap<(String, i64), String>, ReadError> {
    let is_open = |one: &Row| one.text("outcome") == Some("failed") && one.text("reason").is_none();
    if !life.attempts.iter().any(is_open) {
        return Ok(BTreeMap::new());
    }
    let rows = ask.of(ERRORS, &life.id)?;
    let told = rows.iter().filter_map(|row| {
        let of_row = failure::of_row(row).filter(|_| row.flag("is_last") == Some(true));
        let said = row.text("said").filter(|said| !failure::is_leftover(said));
        let line = of_row.or(said)?.trim().lines().next()?;
        let short = match line.char_indices().nth(ERROR_MAX) {
            Some((at, _)) => format!("{}...", &line[..at]),
            None => line.to_string(),
        };
        Some(((row.text("task_id")?.to_string(), row.int("attempt")?), short))
    });
    Ok(told.collect())
}

/// Adds its attempts at tasks, the last ones where there are more than asked for.
///
/// # Errors
/// When the tables cannot be asked.
pub(super) fn tasks(
    page: &mut Page,
    ask: Ask<'_>,
    life: &Life,
    limit: usize,
) -> Result<(), ReadError> {
    let mut outcomes: BTreeMap<&str, i64> = BTreeMap::new();
    for attempt in &life.attempts {
        *outcomes.entry(attempt.text("outcome").unwrap_or("not known")).or_default() += 1;
    }
    let counted = outcomes
        .iter()
        .map(|(outcome, n)| vec![Value::Text((*outcome).to_string()), Value::Count(*n)]);
    let rows = counted.collect();
    let none = "it claimed none, as far as rows tell";
    page.table("outcomes", "Tasks by outcome", &["outcome", "attempts"], rows, none);
    if life.attempts.is_empty() {
        return Ok(());
    }
    let errors = errors(ask, life)?;
    let skipped = life.attempts.len().saturating_sub(limit);
    let rows = life.attempts.iter().skip(skipped).map(|attempt| {
        let until = attempt.time("ended_at").unwrap_or(life.at);
        // who has ended holds nothing, though the row was reset later; a result may come in late
        let has_result = matches!(attempt.text("outcome"), Some("complete" | "failed"));
        let until = life.ended_at().filter(|_| !has_result).map_or(until, |end| until.min(end));
        let key = attempt.text("task_id").zip(attempt.int("attempt"));
        let error = key.and_then(|(task, n)| errors.get(&(task.to_string(), n)));
        vec![
            attempt.id("task_id"),
            attempt.say("task_type"),
            attempt.when("claimed_at"),
            Value::between(attempt.time("claimed_at"), Some(until)),
            attempt.say("outcome"),
            Value::text(attempt.text("reason").or(error.map(String::as_str))),
        ]
    });
    let title = match skipped {
        0 => "Tasks that it held".to_string(),
        n => {
            format!(
                "Tasks that it held (the last {} of {})",
                life.attempts.len() - n,
                life.attempts.len()
            )
        }
    };
    let columns = ["task", "type", "claimed_at", "held_s", "outcome", "reason"];
    page.table("tasks", &title, &columns, rows.collect(), "none");
    Ok(())
}
