//! Tasks that no rule of the system knows what to do with: a status it does not have, a date that cannot be.

use crate::answers::ask::Row;
use crate::answers::page::{Page, Value};
use crate::model::state::TaskStateName;

/// A task's state by its timeline, as far as its row's status is one of the system's (`{tasks}`, `{states}`): for
/// another nobody knows what it means, and where no time is known there is the row alone.
const STATE: &str = "case when {tasks}.status is null then 'no status' \
    when {tasks}.status not {known} \
        then 'unknown status `' || {tasks}.status || '`' \
    else coalesce({states}.state, {tasks}.status || ', by its row alone') end";

/// That state, as SQL, of the tables under these names.
pub(in crate::answers) fn state_of(tasks: &str, states: &str) -> String {
    known(STATE).replace("{tasks}", tasks).replace("{states}", states)
}

/// The words that `tasks.status` has (domain/orchestrator.md 1.4), as what SQL says behind the column.
const KNOWN: &str = "in ('Queued', 'In Progress', 'Complete', 'Failed', 'Cancelled')";

/// A SELECT in which `{known}` stands for them.
pub(in crate::answers) fn known(sql: &str) -> String {
    sql.replace("{known}", KNOWN)
}

/// Such tasks.
pub(in crate::answers) struct Strange(Vec<Row>);

impl Strange {
    /// Of these rows, those with a status that the system does not have first.
    pub(in crate::answers) fn of_tasks(strange: Vec<Row>) -> Self {
        Self(strange)
    }

    /// Those with a status that the system does not have.
    pub(in crate::answers) fn unknown(&self) -> usize {
        self.0.iter().filter(|row| !is_known(row)).count()
    }

    /// Open ones with a date that cannot be theirs.
    pub(in crate::answers) fn misdated(&self) -> usize {
        self.0.iter().filter(|row| is_known(row)).count()
    }

    /// Adds them; nothing where there is none.
    pub(in crate::answers) fn add(&self, page: &mut Page, limit: usize) {
        if self.0.is_empty() {
            return;
        }
        let rows = self.0.iter().take(limit).map(|row| {
            vec![
                row.id("id"),
                row.say("task_type"),
                row.say("status"),
                created(row),
                Value::Text(why(row)),
            ]
        });
        let title = match self.0.len() {
            n if n > limit => format!("Tasks that are strange (the first {limit} of {n})"),
            _ => "Tasks that are strange".to_string(),
        };
        let columns = ["task", "type", "row_status", "created_at", "why"];
        page.table("strange", &title, &columns, rows.collect(), "none");
    }
}

fn is_known(row: &Row) -> bool {
    row.flag("is_known") == Some(true)
}

/// When it was created: where no calendar has that, as it is written.
pub(in crate::answers) fn created(row: &Row) -> Value {
    match row.time("created_at") {
        Some(at) => Value::Time(at),
        None => Value::text(row.text("written")),
    }
}

fn why(row: &Row) -> String {
    match (row.text("status"), row.time("created_at")) {
        (None, _) => "its row has no status: it counts in no queue".to_string(),
        (Some(status), _) if TaskStateName::of_status(status).is_none() => {
            "the system has no such status: it counts in no queue".to_string()
        }
        (Some(_), None) => {
            "no calendar here has its date: the timeline and the counts of the queue lack it"
                .to_string()
        }
        (Some(_), Some(_)) if row.flag("is_late") == Some(true) => {
            "it is dated after the instant told of".to_string()
        }
        (Some(_), Some(_)) => "it is dated before there was the system".to_string(),
    }
}
