//! One log row and its template into an event.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;

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
    /// `metadata`, JSON text; empty where it is NULL.
    pub metadata: &'a str,
}

/// What every source may say in its metadata: where in the code, and which worker.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said<'a> {
    #[serde(borrow)]
    module: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "funcName")]
    function: Option<Cow<'a, str>>,
    lineno: Option<i64>,
    #[serde(borrow)]
    worker_id: Option<Cow<'a, str>>,
}

impl<'a> Said<'a> {
    /// Metadata of other shapes says nothing of it.
    fn of(row: &LogRow<'a>) -> Self {
        serde_json::from_str(row.metadata).unwrap_or_default()
    }

    fn call_site(&self) -> Option<Arc<str>> {
        let (module, function) = (self.module.as_ref()?, self.function.as_ref()?);
        Some(format!("{module}:{function}:{}", self.lineno?).into())
    }
}

/// A row that is another piece of the evidence of an event.
#[derive(Debug)]
pub struct Confirmation {
    /// When.
    pub at: Micros,
    /// Of which kind of event.
    pub kind: EventKind,
    /// About whom: the worker, task or pod that the row names, else its process.
    pub about: Subject,
    /// By whom.
    pub source: SourceKey,
    /// In which cycle.
    pub cycle: Option<i64>,
    /// Whether the row makes an event of its own beside: then it is counted there.
    pub is_part: bool,
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
    let said = Said::of(row);
    let named = named(row, found, &said);
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
        call_site: said.call_site(),
        ordinal: 0,
        source: row.source.clone(),
    })
}

/// Whom a row is about: the worker it names, in its text, its column, its metadata or as its source;
/// else a task or a pod; else the process that logged it.
pub fn about(row: &LogRow<'_>, found: &Match<'_, '_>) -> Subject {
    let Named { worker, task, pod } = named(row, found, &Said::of(row));
    let task = || task.map(Subject::Task);
    let pod = || pod.map(Subject::Pod);
    let run = || Subject::Run(RunId::from(&*row.source.1));
    worker.map(Subject::Worker).or_else(task).or_else(pod).unwrap_or_else(run)
}

fn named(row: &LogRow<'_>, found: &Match<'_, '_>, said: &Said<'_>) -> Named {
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
    if named.worker.is_none() {
        named.worker = row.worker_id.or(said.worker_id.as_deref()).map(WorkerId::from);
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
                    attributes.insert(key.as_str().into(), Attribute::Num(number));
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
            attributes.insert(name.clone(), value);
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
    let metadata: serde_json::Value = serde_json::from_str(row.metadata).unwrap_or_default();
    for key in WANTED {
        if let Some(text) = metadata.get(key).and_then(serde_json::Value::as_str) {
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
