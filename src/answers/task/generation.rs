//! What became of a task's generation, and the rows that are linked to it.

use super::event::{Told, cited};
use super::record::Record;
use crate::answers::page::{Page, Value};
use crate::model::kind::EventKind;

/// Adds the verdict and the rows.
pub(super) fn sections(page: &mut Page, record: &Record) {
    let verdict = record.generation.as_ref();
    let say = |name: &str| verdict.map_or(Value::Missing, |row| row.say(name));
    let flag = verdict.and_then(|row| row.flag("flag"));
    page.fields(
        "generation",
        "Generation",
        vec![
            ("verdict", say("verdict")),
            ("why", say("why")),
            ("expected", say("expected")),
            ("flag", flag.map_or(Value::Missing, Value::Flag)),
            ("linked", verdict.map_or(Value::Missing, |row| row.count("linked"))),
            ("decided_at", verdict.map_or(Value::Missing, |row| row.when("decided_at"))),
            ("basis", say("basis")),
            ("completed_through", completed_through(record)),
            ("event", cited(verdict.and_then(|row| row.text("completed_event_id")))),
        ],
    );
    let rows = record.linked.iter().map(|row| {
        vec![
            row.id("id"),
            row.say("what"),
            row.say("type"),
            row.when("created_at"),
            row.id("parent"),
            row.say("location"),
        ]
    });
    let columns = ["id", "what", "type", "created_at", "parent", "location"];
    page.table(
        "generations",
        "Generations and variants",
        &columns,
        rows.collect(),
        "none is known",
    );
}

/// The edge function that the completion came through, by its own or the caller's line; not known where no
/// line tells. A result that is told of twice may name several.
fn completed_through(record: &Record) -> Value {
    let is_end = |event: &&Told| {
        event.kind == EventKind::CompletionAcknowledged
            || event.kind == EventKind::TaskStatusUpdated
                && event.said("status").or_else(|| event.said("new_status")) == Some("Complete")
    };
    let mut functions: Vec<&str> =
        record.events.iter().filter(is_end).filter_map(|event| event.said("function")).collect();
    functions.sort_unstable();
    functions.dedup();
    if functions.is_empty() { Value::Missing } else { Value::text(Some(functions.join(", "))) }
}
