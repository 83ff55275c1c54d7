//! One log row and its template into an event.

use std::sync::Arc;

use crate::events::SourceKey;
use crate::grammar::field::FieldType;
use crate::grammar::matcher::Match;
use crate::grammar::python;
use crate::model::event::{
    Attribute, Attributes, Basis, Clock, Event, Evidence, Subject, event_id,
};
use crate::model::id::{PodId, RunId, TaskId, WorkerId};
use crate::model::kind::{EventKind, SubjectKind};
use crate::model::table::Table;
use crate::model::time::Micros;

/// A log row, borrowed from its batch.
pub struct LogRow<'a> {
    /// Its id.
    pub id: &'a str,
    /// The sender's time.
    pub at: Micros,
    /// Who.
    pub source: &'a SourceKey,
    /// What.
    pub message: &'a str,
    /// The column, where it is set.
    pub task_id: Option<&'a str>,
    /// The column, where it is set.
    pub worker_id: Option<&'a str>,
    /// The column, where it is set.
    pub cycle: Option<i64>,
    /// Parsed `metadata`.
    pub metadata: serde_json::Value,
}

/// A row that is another piece of the evidence of an event.
#[derive(Debug)]
pub struct Confirmation {
    /// When.
    pub at: Micros,
    /// Of which kind of event.
    pub kind: EventKind,
    /// Of which worker.
    pub worker: WorkerId,
    /// By whom.
    pub source: SourceKey,
    /// The row.
    pub evidence: Evidence,
    /// The event it makes where there is none to confirm.
    pub otherwise: Option<Box<Event>>,
}

/// The ids that a row names, in its text or its columns.
#[derive(Default)]
struct Named {
    worker: Option<WorkerId>,
    task: Option<TaskId>,
    pod: Option<PodId>,
}

/// Makes the event of a row; `None` when the thing it is about is not named.
pub fn make(row: &LogRow<'_>, found: &Match<'_, '_>, kind: EventKind) -> Option<Event> {
    let named = named(row, found);
    let mut attributes = attributes(found);
    attributes.extend(metadata_attributes(row));
    let run = RunId::from(&*row.source.1);
    let subject = match kind.subject() {
        SubjectKind::Run => Subject::Run(run.clone()),
        SubjectKind::Worker => Subject::Worker(named.worker.clone()?),
        SubjectKind::Pod => Subject::Pod(named.pod.clone()?),
        SubjectKind::Task => Subject::Task(named.task.clone()?),
    };
    let evidence = Evidence { table: Table::SystemLogs, key: row.id.into(), column: "message" };
    let is_run = row.source.0.starts_with("orchestrator");
    Some(Event {
        id: event_id(&evidence, kind.name(), 0, ""),
        at: row.at,
        earliest: row.at,
        latest: row.at,
        kind,
        touches: touches(&attributes, &named, &subject),
        subject,
        worker: named.worker,
        task: named.task,
        pod: named.pod,
        run: is_run.then_some(run),
        cycle: row.cycle,
        attributes,
        basis: Basis::Logged,
        clock: clock(row),
        evidence,
        confirmed_by: Vec::new(),
        call_site: call_site(&row.metadata),
        ordinal: 0,
        source: row.source.clone(),
    })
}

/// The worker a row names: in its text, its column, its metadata, or as its source.
pub fn worker_of(row: &LogRow<'_>, found: &Match<'_, '_>) -> Option<WorkerId> {
    named(row, found).worker
}

fn named(row: &LogRow<'_>, found: &Match<'_, '_>) -> Named {
    let mut named = Named::default();
    for (_, kind, text) in found.fields() {
        match kind {
            FieldType::Worker => named.worker = Some(WorkerId::from(text)),
            FieldType::Task => named.task = Some(TaskId::from(text)),
            FieldType::Pod => named.pod = Some(PodId::from(text)),
            FieldType::Short
            | FieldType::Int
            | FieldType::Num
            | FieldType::Word
            | FieldType::Url
            | FieldType::Time
            | FieldType::Text
            | FieldType::Any
            | FieldType::List
            | FieldType::Dict => {}
        }
    }
    let from_metadata = || row.metadata.get("worker_id").and_then(serde_json::Value::as_str);
    if named.worker.is_none() {
        named.worker = row.worker_id.or_else(from_metadata).map(WorkerId::from);
    }
    if named.worker.is_none() && &*row.source.0 == "worker" {
        named.worker = Some(WorkerId::from(&*row.source.1));
    }
    if named.task.is_none() {
        named.task = row.task_id.map(TaskId::from);
    }
    named
}

fn attributes(found: &Match<'_, '_>) -> Attributes {
    let mut attributes = Attributes::new();
    for (name, kind, text) in found.fields() {
        let value = match kind {
            FieldType::Int => text.parse().ok().map(Attribute::Int),
            FieldType::Num => text.parse().ok().map(Attribute::Num),
            FieldType::List => {
                Some(Attribute::List(python::texts(text).into_iter().map(Arc::from).collect()))
            }
            FieldType::Dict => {
                for (key, number) in python::numbers(text) {
                    attributes.insert(key.into(), Attribute::Num(number));
                }
                None
            }
            FieldType::Short
            | FieldType::Word
            | FieldType::Url
            | FieldType::Time
            | FieldType::Text => Some(Attribute::Text(text.into())),
            FieldType::Worker | FieldType::Pod | FieldType::Task | FieldType::Any => None,
        };
        if let Some(value) = value {
            attributes.insert(name.into(), value);
        }
    }
    attributes
}

/// What edge functions say in their metadata: texts and numbers, never the output's URL.
fn metadata_attributes(row: &LogRow<'_>) -> Vec<(Arc<str>, Attribute)> {
    if &*row.source.0 != "edge_function" {
        return Vec::new();
    }
    const WANTED: [&str; 7] =
        ["status", "new_status", "old_status", "task_type", "reason", "mode", "run_type"];
    let mut found: Vec<(Arc<str>, Attribute)> =
        vec![("function".into(), Attribute::Text(row.source.1.clone()))];
    for key in WANTED {
        if let Some(text) = row.metadata.get(key).and_then(serde_json::Value::as_str) {
            found.push((key.into(), Attribute::Text(text.into())));
        }
    }
    found
}

/// Workers that a list names, tasks that a list names, and what the row names beside its subject.
fn touches(attributes: &Attributes, named: &Named, subject: &Subject) -> Vec<Subject> {
    let mut touches = Vec::new();
    touches.extend(named.worker.clone().map(Subject::Worker));
    touches.extend(named.task.clone().map(Subject::Task));
    touches.extend(named.pod.clone().map(Subject::Pod));
    for (name, value) in attributes {
        if let Attribute::List(items) = value {
            match &**name {
                "workers" => {
                    touches.extend(items.iter().map(|id| Subject::Worker(WorkerId::from(&**id))));
                }
                "tasks" => {
                    touches.extend(items.iter().map(|id| Subject::Task(TaskId::from(&**id))))
                }
                _ => {}
            }
        }
    }
    touches.retain(|touched| touched != subject);
    touches
}

fn clock(row: &LogRow<'_>) -> Clock {
    match &*row.source.0 {
        "worker" => Clock::Worker(WorkerId::from(&*row.source.1)),
        "edge_function" => Clock::Edge,
        _ => Clock::Orchestrator,
    }
}

fn call_site(metadata: &serde_json::Value) -> Option<Arc<str>> {
    let module = metadata.get("module")?.as_str()?;
    let function = metadata.get("funcName")?.as_str()?;
    let line = metadata.get("lineno")?.as_i64()?;
    Some(format!("{module}:{function}:{line}").into())
}
