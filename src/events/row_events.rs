//! Row facts as events: what columns and metadata keys record.

use std::sync::Arc;

use crate::events::ordered::Events;
use crate::model::attribute::{Attribute, Attributes};
use crate::model::column::Column;
use crate::model::event::{Basis, Clock, Event, Evidence, event_id};
use crate::model::id::{RowKey, TaskId, WorkerId};
use crate::model::kind::{EventKind, SubjectKind};
use crate::model::output::OutputClass;
use crate::model::rows::{Facts, GenerationLink, TaskRow, WorkerRow};
use crate::model::table::Table;
use crate::model::time::Micros;

/// All events of the rows.
pub fn of(facts: &Facts, events: &mut Events) {
    facts.workers.iter().for_each(|row| of_worker(row, events));
    facts.tasks.iter().for_each(|row| of_task(row, facts.seen_at, events));
    events.extend(facts.links.iter().flatten().filter_map(generation_event));
}

/// What a row event is made from.
struct Fact<'a> {
    kind: EventKind,
    at: Option<Micros>,
    /// Where the column does not keep when it happened.
    bounds: Option<(Micros, Micros)>,
    column: Column,
    worker: Option<&'a WorkerId>,
    task: Option<&'a TaskId>,
    attributes: Attributes,
    clock: Clock,
    ordinal: u8,
}

fn event(table: Table, key: RowKey, fact: Fact<'_>) -> Option<Event> {
    let at = fact.at?;
    match fact.kind.subject() {
        SubjectKind::Worker => drop(fact.worker?),
        SubjectKind::Task => drop(fact.task?),
        SubjectKind::Run | SubjectKind::Pod => return None,
    }
    let evidence = Evidence { table, key, column: fact.column };
    let of = (fact.kind, Basis::Recorded);
    let bounds = fact.bounds.unwrap_or((at, at));
    let made = Event::of_row(evidence, of, at, bounds, &at.to_string());
    let id = match fact.ordinal {
        0 => made.id,
        // one column tells of several
        more => event_id(&made.evidence, fact.kind.name(), more, &at.to_string()),
    };
    Some(Event {
        id,
        worker: fact.worker.cloned(),
        task: fact.task.cloned(),
        attributes: Arc::new(fact.attributes),
        clock: fact.clock,
        ordinal: fact.ordinal,
        ..made
    })
}

fn texts<'a>(pairs: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Attributes {
    pairs
        .into_iter()
        .filter_map(|(key, value)| Some((Arc::from(key), Attribute::Text(value?.into()))))
        .collect()
}

/// What one version of a worker's row records.
pub(super) fn of_worker(row: &WorkerRow, events: &mut Events) {
    let (db, orchestrator) = (Clock::Database, Clock::Orchestrator);
    let reason = row.meta("error_reason");
    let mut add = |kind, at, column, attributes, clock: &Clock| {
        let (worker, task, clock) = (Some(&row.id), None, *clock);
        let fact =
            Fact { kind, at, bounds: None, column, worker, task, attributes, clock, ordinal: 0 };
        events.extend(event(Table::Workers, row.id.as_str().into(), fact));
    };
    let of_type = texts([("instance_type", Some(row.instance_type.as_str()))]);
    add(EventKind::WorkerCreated, row.created_at, Column::CreatedAt, of_type, &orchestrator);
    let beat = if row.status == "crashed" {
        EventKind::WorkerCrashed
    } else {
        EventKind::HeartbeatRecorded
    };
    let status = texts([("status", Some(row.status.as_str()))]);
    add(beat, row.real_heartbeat(), Column::LastHeartbeat, status, &db);
    // the heartbeat function writes its own time beside the memory it reports (domain/orchestrator.md 1.2)
    let vram = row.metadata.get("vram_timestamp").and_then(|at| at.as_f64());
    let vram = vram.filter(|at| at.is_finite()).map(|at| Micros((at * 1e6) as i64));
    let (none, column) = (Attributes::default(), Column::VramTimestamp);
    add(EventKind::HeartbeatRecorded, vram, column, none, &db);
    let diagnostics = row.metadata.get("diagnostics").unwrap_or_default();
    let text = |pointer: &str| diagnostics.pointer(pointer).and_then(serde_json::Value::as_str);
    let told = text("/last_heartbeat").and_then(Micros::parse);
    let told = told.filter(|beat| !row.is_default_beat(*beat));
    let (none, column) = (Attributes::default(), Column::DiagnosticsLastHeartbeat);
    add(EventKind::HeartbeatRecorded, told, column, none, &db);
    for (key, column, kind) in [
        ("promoted_to_active_at", Column::PromotedToActiveAt, EventKind::WorkerPromoted),
        ("startup_script_launched_at", Column::StartupScriptLaunchedAt, EventKind::StartupLaunched),
    ] {
        add(kind, row.meta_time(key), column, Attributes::default(), &orchestrator);
    }
    let own = row.meta("error_code");
    let code = text("/context/error_code").or(own.as_deref());
    let error = texts([("reason", reason.as_deref()), ("error_code", code)]);
    let errored = if row.metadata.get("self_terminated").is_some_and(|v| v == true) {
        EventKind::WorkerSelfTerminated
    } else {
        EventKind::WorkerErrorRecorded
    };
    add(errored, row.meta_time("error_time"), Column::ErrorTime, error, &orchestrator);
    let [why, who] = ["termination_reason", "terminated_by"].map(|key| row.meta(key));
    let by = texts([("reason", why.as_deref()), ("terminated_by", who.as_deref())]);
    let ended = row.meta_time("terminated_at");
    add(EventKind::WorkerTerminationRecorded, ended, Column::TerminatedAt, by, &orchestrator);
    held_at_kill(row, &diagnostics, events);
    stuck_with(row, events);
}

/// A worker that was killed for a task that it held too long had claimed it at least as long before
/// (domain/orchestrator.md W16).
fn stuck_with(row: &WorkerRow, events: &mut Events) {
    const UNTIL_E1_S: f64 = 300.0;
    let reason = row.meta("error_reason");
    let Some(told) = reason.as_deref().and_then(|text| text.strip_prefix("Stuck task ")) else {
        return;
    };
    let Some(task) = told.split(' ').next().map(TaskId::from) else { return };
    let limit = told.split("timeout: ").nth(1).and_then(|rest| rest.split('s').next());
    let limit = limit.map_or(Some(UNTIL_E1_S), |text| text.parse::<f64>().ok());
    let limit = limit.filter(|limit| limit.is_finite() && *limit > 0.0);
    let at = row.meta_time("error_time").zip(limit).map(|(at, limit)| at.plus_seconds(-limit));
    // a text that says more than its worker lived is none of an orchestrator's
    let at = at.filter(|at| row.created_at.is_some_and(|created| created <= *at));
    let fact = Fact {
        kind: EventKind::TaskListedActive,
        at,
        bounds: row.created_at.zip(at),
        column: Column::ErrorReason,
        worker: Some(&row.id),
        task: Some(&task),
        attributes: texts([("reason", reason.as_deref())]),
        clock: Clock::Orchestrator,
        ordinal: 0,
    };
    events.extend(event(Table::Workers, row.id.as_str().into(), fact));
}

/// `diagnostics.running_tasks`: the only durable proof of what a killed worker held.
fn held_at_kill(row: &WorkerRow, diagnostics: &serde_json::Value, events: &mut Events) {
    let held = diagnostics.get("running_tasks").and_then(serde_json::Value::as_array);
    let Some(held) = held else { return };
    for (ordinal, item) in held.iter().enumerate().take(usize::from(u8::MAX)) {
        let text = |key: &str| item.get(key).and_then(serde_json::Value::as_str);
        let Some(task) = text("id").map(TaskId::from) else { continue };
        let fact = Fact {
            kind: EventKind::TaskHeldAtKill,
            at: text("started_at").and_then(Micros::parse),
            bounds: None,
            column: Column::DiagnosticsRunningTasks,
            worker: Some(&row.id),
            task: Some(&task),
            attributes: texts([("task_type", text("task_type"))]),
            clock: Clock::Database,
            ordinal: ordinal as u8,
        };
        events.extend(event(Table::Workers, row.id.as_str().into(), fact));
    }
}

/// What one version of a task's row records, up to when it was seen.
pub(super) fn of_task(row: &TaskRow, seen_at: Option<Micros>, events: &mut Events) {
    let mut add = |kind, at, column, worker: Option<&WorkerId>, attributes, bounds| {
        let (task, clock) = (Some(&row.id), Clock::Database);
        let fact = Fact { kind, at, bounds, column, worker, task, attributes, clock, ordinal: 0 };
        events.extend(event(Table::Tasks, row.id.as_str().into(), fact));
    };
    let of_type = texts([("task_type", Some(row.task_type.as_str()))]);
    add(EventKind::TaskCreated, row.created_at, Column::CreatedAt, None, of_type, None);
    let (worker, claimed, none) = (row.claimer(), claimed_within(row), Attributes::default());
    let (at, column) = claim_column(row);
    add(EventKind::TaskClaimRecorded, at, column, worker, none, claimed);
    let error = texts([("error", row.error_message.as_deref())]);
    match row.status.as_str() {
        "Complete" => add(
            EventKind::TaskCompleted,
            row.ended_at(),
            Column::GenerationProcessedAt,
            worker,
            texts([("output_class", row.output_class.map(OutputClass::name))]),
            None,
        ),
        "Failed" => {
            let (kind, at) = (EventKind::TaskFailed, row.ended_at());
            add(kind, at, Column::UpdatedAt, worker, error, None);
        }
        "Cancelled" => {
            let (kind, at) = (EventKind::TaskCancelled, row.ended_at());
            add(kind, at, Column::UpdatedAt, worker, error, None);
        }
        _ => {}
    }
    if let Some(text) = reset_text(row) {
        let (by, why) = reset_by(text);
        let told = texts([("text", Some(text)), ("by", Some(by)), ("why", Some(why))]);
        let within = reset_within(row, seen_at);
        let (kind, column) = (EventKind::TaskResetText, Column::ErrorMessage);
        let at = put_back_at(row).or(row.created_at);
        add(kind, at, column, None, told, within.filter(|_| put_back_at(row).is_none()));
    }
}

/// When a task was put back that waits since: a retry and a crash report write that time with their text, and
/// whoever claims it next another; the sweeps of an orchestrator leave the time alone (domain/worker-app.md T9 to T11),
/// and so does the last child of an orchestrator task, which completes it all the same (T5).
pub fn put_back_at(row: &TaskRow) -> Option<Micros> {
    let completed_waiting =
        row.status == "Complete" && row.is_orchestrator() && row.worker.is_none();
    let waits = row.status == "Queued" || completed_waiting;
    let text = reset_text(row).filter(|_| waits)?;
    let dates = ["Requeued: ", "Retry "].iter().any(|start| text.starts_with(start));
    row.updated_at.filter(|at| dates && row.created_at < Some(*at))
}

/// The column that keeps the time of the last claim, or one nearest after it. The last child of an orchestrator task puts
/// the start of the first there and leaves the time of the claim, or of what its worker wrote since, where every
/// claim writes it (domain/worker-app.md T2, T3b, T5; evidence-rules fact 4).
fn claim_column(row: &TaskRow) -> (Option<Micros>, Column) {
    let is_moved = row.is_orchestrator() && row.status == "Complete";
    let earlier = row.updated_at.filter(|at| {
        is_moved
            && put_back_at(row).is_none()
            && row.created_at < Some(*at)
            && row.started_at.is_some_and(|moved| *at < moved)
    });
    match earlier {
        Some(at) => (Some(at), Column::UpdatedAt),
        None => (row.started_at, Column::GenerationStartedAt),
    }
}

/// Between which instants the last claim lies, where the column may have been written anew after it.
fn claimed_within(row: &TaskRow) -> Option<(Micros, Micros)> {
    let (created, (started, column)) = (row.created_at?, claim_column(row));
    let started = started?;
    // the last child of an orchestrator task puts the start of the first there (domain/worker-app.md T5)
    let is_moved = row.is_orchestrator() && column == Column::GenerationStartedAt;
    let latest = row.processed_at.filter(|_| is_moved).max(Some(started))?;
    (row.may_be_moved(started) && created < started).then_some((created, latest))
}

/// Between which instants a task was put back: its text has no time. One that was claimed again was put back before
/// that; else all that is known is when the row was seen.
fn reset_within(row: &TaskRow, seen_at: Option<Micros>) -> Option<(Micros, Micros)> {
    let created = row.created_at?;
    let claimed = row.started_at.filter(|_| !row.is_orchestrator());
    let latest = claimed.or(row.processed_at).or(seen_at)?;
    Some((created, latest.max(created)))
}

/// The text of an earlier reset, where the row still shows it (domain/worker-app.md 2.2).
pub fn reset_text(row: &TaskRow) -> Option<&str> {
    let text = row.error_message.as_deref()?;
    let known = ["Reset - ", "Reset on startup", "Requeued: ", "Retry "];
    known.iter().any(|start| text.starts_with(start)).then_some(text)
}

/// Who writes a reset text, and why (domain/orchestrator.md 2.4, domain/worker-app.md 2.2).
fn reset_by(text: &str) -> (&'static str, &'static str) {
    const TEXTS: [(&str, &str, &str); 7] = [
        ("Reset - orphaned from failed worker", "orchestrator_gpu", "worker_failed"),
        ("Reset - stuck in progress with no", "orchestrator_gpu", "no_worker"),
        ("Reset - orphaned from API worker", "orchestrator_gpu", "api_worker_timeout"),
        ("Reset - no activity for", "orchestrator_gpu", "stale"),
        ("Reset on startup", "orchestrator_api", "restart"),
        ("Requeued: ", "database", "worker_crashed"),
        ("Retry ", "worker", "handler_failed"),
    ];
    let known = TEXTS.iter().find(|(start, ..)| text.starts_with(start));
    known.map_or(("unknown", "unknown"), |(_, by, why)| (by, why))
}

fn generation_event(link: &GenerationLink) -> Option<Event> {
    let fact = Fact {
        kind: EventKind::GenerationCreated,
        at: link.created_at,
        bounds: None,
        column: link.evidence.column,
        worker: None,
        task: Some(&link.task),
        attributes: Attributes::default(),
        clock: Clock::Database,
        ordinal: 0,
    };
    let mut made = event(link.evidence.table, link.evidence.key.clone(), fact)?;
    made.id = event_id(&made.evidence, made.kind.name(), 0, link.task.as_str());
    Some(made)
}
