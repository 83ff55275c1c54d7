//! Every attempt: who, from when until when, how it ended, and who put it back.

use super::event::{Told, cited};
use super::record::Record;
use crate::answers::ask::Row;
use crate::answers::page::{Page, Value};
use crate::model::kind::EventKind;
use crate::model::time::Micros;

/// Keys of the table.
const COLUMNS: [&str; 12] = [
    "attempt",
    "outcome",
    "worker",
    "claimed_at",
    "began_at",
    "ended_at",
    "ended_by",
    "why",
    "error",
    "basis",
    "claimed_event",
    "ended_event",
];

/// The answer to a completion stands 0.12 s after the write (evidence-rules fact 1).
const ANSWER_S: f64 = 2.0;

/// Adds it.
pub(super) fn section(page: &mut Page, record: &Record) {
    let is_unsure = |attempt: &Row| record.sure_claim(attempt).is_none();
    let bounded = record.attempts.iter().any(&is_unsure);
    let rows = record.attempts.iter().map(|attempt| {
        let mut row = vec![
            attempt.count("attempt"),
            attempt.say("outcome"),
            attempt.id("worker_id"),
            attempt.when("claimed_at"),
            attempt.when("started_at"),
            attempt.when("ended_at"),
            ended_by(record, attempt),
            attempt.say("reason"),
            error(record, attempt),
            attempt.say("basis"),
            cited(attempt.text("claimed_event_id")),
            cited(attempt.text("ended_event_id")),
        ];
        if bounded {
            row.push(if is_unsure(attempt) { within(record, attempt) } else { Value::Missing });
        }
        row
    });
    let mut columns = COLUMNS.to_vec();
    columns.extend(bounded.then_some("claimed_within"));
    page.table(
        "attempts",
        "Attempts",
        &columns,
        rows.collect(),
        "never claimed, as far as is known",
    );
}

/// The bounds of a claim that no row tells.
fn within(record: &Record, attempt: &Row) -> Value {
    let event = record.event(attempt.text("claimed_event_id"));
    let bounds = event.map(|event| vec![Value::time(event.earliest), Value::time(event.latest)]);
    bounds.map_or(Value::Missing, Value::List)
}

/// Who ended it: a worker, an orchestrator process, a sort of source; the task's row where nobody said so.
fn ended_by(record: &Record, attempt: &Row) -> Value {
    let Some(event) = record.event(attempt.text("ended_event_id")) else { return Value::Missing };
    // the row keeps its worker, who had no part in it
    if event.kind == EventKind::TaskCancelled {
        return Value::Text("the task's row (no row names who cancelled)".to_string());
    }
    // nor does completing write who did (domain/worker-app.md T4)
    if event.kind == EventKind::TaskCompleted && event.source.is_none() {
        return completer(record, event.at);
    }
    // nor does failing: it may be another's who held it too
    if event.kind == EventKind::TaskFailed && event.source.is_none() {
        let by = failer(record, attempt.text("worker_id"), event);
        return Value::Text(by.unwrap_or("the task's row").to_string());
    }
    Value::Text(event.by().unwrap_or("the task's row").to_string())
}

/// Whose result completed the task, where that is known.
fn completer(record: &Record, at: Micros) -> Value {
    let delivered = |attempt: &&Row| {
        attempt.time("delivered_at").is_some_and(|sent| sent.seconds_since(at).abs() < ANSWER_S)
    };
    // a reason says what keeps it from being known
    let holds = |attempt: &&Row| {
        attempt.text("outcome") == Some("complete")
            && attempt.text("reason").is_none()
            && attempt.time("ended_at") == Some(at)
    };
    let by = record.attempts.iter().find(delivered).or(record.attempts.iter().find(holds));
    match by.and_then(|attempt| attempt.text("worker_id")) {
        Some(worker) => Value::Text(worker.to_string()),
        None => Value::Text("the task's row (no row names who completed)".to_string()),
    }
}

/// Whose failure the row tells: its holder's, unless only another one says that it failed just then. Nobody's where a
/// related task or the cron job failed it.
fn failer<'a>(record: &'a Record, holder: Option<&'a str>, ended: &Told) -> Option<&'a str> {
    if ended.is_by_others() {
        return None;
    }
    let failed = |event: &&Told| {
        event.kind == EventKind::TaskHandlerFailed
            && event.at.seconds_since(ended.at).abs() < ANSWER_S
    };
    let mut said = record.events.iter().filter(failed).map(|event| event.worker.as_deref());
    let first = said.next().flatten();
    if first == holder || said.any(|worker| worker == holder) { holder } else { first.or(holder) }
}

/// The last error that was said of the task within the attempt, by its worker or by nobody named.
fn error(record: &Record, attempt: &Row) -> Value {
    let (Some(from), until) = (attempt.time("claimed_at"), attempt.time("ended_at")) else {
        return Value::Missing;
    };
    // a second: a worker's clock may be that far from the database's (domain/worker-app.md 2.3)
    let until = until.unwrap_or(record.at).plus_seconds(1.0);
    let worker = attempt.text("worker_id");
    let said = record.events.iter().rev().find_map(|event| {
        let is_its = event.at >= from && event.at <= until;
        let is_theirs = event.worker.is_none() || event.worker.as_deref() == worker;
        if is_its && is_theirs { event.error() } else { None }
    });
    Value::text(said)
}
