//! What a task is, and where it stands.

use super::event::cited;
use super::record::Record;
use crate::answers::page::{Page, Value};
use crate::model::state::TaskStateName;

/// Adds it.
pub(super) fn section(page: &mut Page, record: &Record) {
    let row = record.row.as_ref();
    let say = |name: &str| row.map_or(Value::Missing, |row| row.say(name));
    let id = |name: &str| row.map_or(Value::Missing, |row| row.id(name));
    let last = record.states.last();
    page.fields(
        "overview",
        "Overview",
        vec![
            ("type", say("task_type")),
            ("status", Value::text(record.state())),
            ("status_since", last.map_or(Value::Missing, |state| state.when("entered_at"))),
            ("status_event", cited(last.and_then(|state| state.text("entered_event_id")))),
            ("row_status", say("status")),
            ("row_agrees", agrees(record).map_or(Value::Missing, Value::Flag)),
            ("worker", Value::id(worker(record))),
            ("row_worker", id("worker_id")),
            ("row_worker_status", say("worker_status")),
            ("attempts", Value::Count(record.attempts.len() as i64)),
            ("row_attempts", row.map_or(Value::Missing, |row| row.count("attempts"))),
            ("run_type", say("run_type")),
            ("project", id("project_id")),
        ],
    );
}

/// Who holds it, or held it last.
fn worker(record: &Record) -> Option<&str> {
    let held = record.attempts.iter().rev().find(|one| one.text("outcome") != Some("duplicate"));
    held?.text("worker_id")
}

/// Whether the row tells the same state as the timeline; a status that the system does not have tells none.
pub(super) fn agrees(record: &Record) -> Option<bool> {
    let by_row = record.text("status").and_then(TaskStateName::of_status)?;
    Some(record.state() == Some(by_row.name()))
}
