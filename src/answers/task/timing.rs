//! How long a task waited and worked: over its life, and in each attempt. What no row tells stays unknown.

use super::event::Told;
use super::record::Record;
use crate::answers::ask::Row;
use crate::answers::page::{Page, Value};
use crate::model::kind::EventKind;
use crate::model::time::Micros;

/// Parts of an attempt.
struct Parts {
    queue: Value,
    load: Value,
    processing: Value,
    upload: Value,
    children: Value,
    total: Value,
}

/// Adds both.
pub(super) fn sections(page: &mut Page, record: &Record) {
    let parts: Vec<Parts> =
        (0..record.attempts.len()).filter_map(|at| Parts::of(record, at)).collect();
    let first_claimed = record.attempts.first().and_then(|first| record.sure_claim(first));
    let last = last_own(record).and_then(|at| parts.get(at));
    let of_last =
        |part: fn(&Parts) -> &Value| last.map_or(Value::Missing, |last| part(last).clone());
    let created = record.created_at();
    let mut fields = vec![
        ("created_at", Value::time(created)),
        ("first_claimed_at", Value::time(first_claimed)),
        ("ended_at", Value::time(record.ended_at())),
        ("first_queue_s", Value::between(created, first_claimed)),
        ("queue_s", spent(record, "queued")),
        ("in_progress_s", spent(record, "in_progress")),
        ("load_s", of_last(|parts| &parts.load)),
        ("processing_s", of_last(|parts| &parts.processing)),
        ("upload_s", of_last(|parts| &parts.upload)),
        ("total_s", Value::between(created, record.ended_at())),
        ("open_for_s", open_for(record)),
    ];
    if record.is_orchestrator() {
        fields.push(("waited_for_children_s", of_last(|parts| &parts.children)));
    }
    page.fields("timing", "Timing", fields);
    each(page, record, parts);
}

fn each(page: &mut Page, record: &Record, parts: Vec<Parts>) {
    let mut columns = vec!["attempt", "queue_s", "load_s", "processing_s", "upload_s"];
    columns.extend(record.is_orchestrator().then_some("waited_for_children_s"));
    columns.push("total_s");
    let rows = record.attempts.iter().zip(parts).map(|(attempt, parts)| {
        let Parts { queue, load, processing, upload, children, total } = parts;
        let mut row = vec![attempt.count("attempt"), queue, load, processing, upload];
        row.extend(record.is_orchestrator().then_some(children));
        row.push(total);
        row
    });
    page.table("attempt_timing", "Timing of each attempt", &columns, rows.collect(), "none");
}

fn open_for(record: &Record) -> Value {
    if record.states.is_empty() || record.ended_at().is_some() {
        return Value::Missing;
    }
    Value::between(record.created_at(), Some(record.at))
}

/// All the time in a state; what lasts counts up to the instant told of. Where it began or ended at a time of which
/// only bounds are known, so is this.
fn spent(record: &Record, state: &str) -> Value {
    let is_sure = |row: &Row| {
        let event = record.event(row.text("entered_event_id"));
        event.is_none_or(|event| !event.is_unsure())
    };
    let mut spans = Vec::new();
    for (at, row) in record.states.iter().enumerate() {
        if row.text("state") != Some(state) {
            continue;
        }
        let next = record.states.get(at + 1);
        // nobody completes what was not claimed: of some of it nothing is known
        let is_gap =
            state == "queued" && next.is_some_and(|next| next.text("state") == Some("complete"));
        if is_gap || !is_sure(row) || !next.is_none_or(is_sure) {
            return Value::Missing;
        }
        let until = row.time("left_at").unwrap_or(record.at);
        spans.extend(row.time("entered_at").map(|from| until.seconds_since(from)));
    }
    if spans.is_empty() { Value::Missing } else { Value::Seconds(spans.iter().sum()) }
}

impl Parts {
    fn of(record: &Record, at: usize) -> Option<Self> {
        let attempt = record.attempts.get(at)?;
        let (claimed, ended) = (record.sure_claim(attempt), attempt.time("ended_at"));
        let before = at.checked_sub(1).and_then(|at| record.attempts.get(at));
        let queued = match before {
            None => record.created_at(),
            Some(before) => record.sure_end(before),
        };
        let loaded = loaded_at(record, attempt);
        let handled = handled(record, attempt);
        let began = loaded.or_else(|| attempt.time("started_at"));
        let delivered = match attempt.text("outcome") {
            Some("complete") => attempt.time("delivered_at").or(ended),
            Some(_) | None => None,
        };
        let uploaded_from = handled
            .filter(|event| event.kind == EventKind::TaskHandlerSucceeded)
            .map(|event| event.at);
        // its handler makes children and returns; what follows is the wait for them (domain/worker-app.md 3.5)
        let is_parent = record.is_orchestrator();
        Some(Self {
            queue: forward(queued, claimed),
            load: forward(claimed, loaded),
            processing: forward(began, handled.map(|event| event.at)),
            upload: if is_parent { Value::Missing } else { forward(uploaded_from, delivered) },
            children: if is_parent {
                forward(uploaded_from, ended.or(Some(record.at)))
            } else {
                Value::Missing
            },
            total: forward(claimed, record.sure_end(attempt)),
        })
    }
}

/// The seconds between two instants of perhaps two clocks: where they come out backwards, not known.
fn forward(from: Option<Micros>, until: Option<Micros>) -> Value {
    if until < from { Value::Missing } else { Value::between(from, until) }
}

/// The place of the last attempt that its row took in: of a task that was given out twice the row tells of one.
fn last_own(record: &Record) -> Option<usize> {
    record.attempts.iter().rposition(|attempt| attempt.text("outcome") != Some("duplicate"))
}

/// The end of the model's load: since 2026-01-15 `generation_started_at` is written anew then
/// (domain/worker-app.md 2.2 T3, 2.3). It is known of the last claim alone.
pub(super) fn loaded_at(record: &Record, attempt: &Row) -> Option<Micros> {
    let last = record.attempts.get(last_own(record)?)?.int("attempt");
    let (claimed, written) = (attempt.time("claimed_at")?, record.time("generation_started_at")?);
    let until = attempt.time("ended_at").unwrap_or(record.at);
    // an orchestrator task's is overwritten at its end (2.3)
    // a second: the claim's own time is told by two clocks
    let is_after = written.seconds_since(claimed) > 1.0 && written <= until;
    (attempt.int("attempt") == last && is_after && !record.is_orchestrator()).then_some(written)
}

/// The line with which the worker's handler ended.
fn handled<'a>(record: &'a Record, attempt: &Row) -> Option<&'a Told> {
    let from = attempt.time("claimed_at")?;
    let worker = attempt.text("worker_id");
    // a second: a worker's clock
    let until = attempt.time("ended_at").unwrap_or(record.at).plus_seconds(1.0);
    record.events.iter().rev().find(|event| {
        let is_end =
            matches!(event.kind, EventKind::TaskHandlerSucceeded | EventKind::TaskHandlerFailed);
        is_end && event.worker.as_deref() == worker && event.at >= from && event.at <= until
    })
}
