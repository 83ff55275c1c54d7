//! One log row and what its text says, into an event.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::events::said::{Said, edge_attributes};
use crate::events::sender::Origin;
use crate::events::understood::Understood;
use crate::model::attribute::Attributes;
use crate::model::column::Column;
use crate::model::cycle::Cycle;
use crate::model::event::{Basis, Event, Evidence, RowNumbers, SourceKey, Subject, event_id};
use crate::model::id::{PodId, TaskId, WorkerId};
use crate::model::kind::{EventKind, SubjectKind};
use crate::model::table::Table;
use crate::model::time::Micros;

/// A log row, borrowed from its batch.
pub(super) struct LogRow<'a> {
    /// Its id.
    pub(super) id: &'a str,
    /// The sender's time.
    pub(super) at: Micros,
    /// Who.
    pub(super) origin: &'a Origin,
    /// The column, where it is set.
    pub(super) task: Option<&'a TaskId>,
    /// The column, where it is set.
    pub(super) worker: Option<&'a WorkerId>,
    /// The column, where it is set.
    pub(super) cycle: Option<Cycle>,
    /// `metadata`, JSON text; empty where it is NULL.
    pub(super) metadata: &'a str,
    /// What that says.
    pub(super) said: &'a Said,
}

/// A row that is another piece of the evidence of an event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Confirmation {
    /// When.
    pub(super) at: Micros,
    /// Of which kind of event.
    pub(super) kind: EventKind,
    /// About whom: the worker, task or pod that the row names, else its process.
    pub(super) about: Subject,
    /// By whom.
    pub(super) source: SourceKey,
    /// In which cycle.
    pub(super) cycle: Option<Cycle>,
    /// Whether the row makes an event of its own beside: then it is counted there.
    pub(super) is_part: bool,
    /// What it adds to the fields of that event.
    pub(super) fields: Option<Arc<Attributes>>,
    /// The row.
    pub(super) evidence: Evidence,
    /// The event it makes where there is none to confirm.
    pub(super) otherwise: Option<Box<Event>>,
}

impl LogRow<'_> {
    /// The row as a piece of evidence.
    pub(super) fn evidence(&self) -> Evidence {
        Evidence { table: Table::SystemLogs, key: self.id.into(), column: Column::Message }
    }

    /// The worker it names: in its text, its column, its metadata, or as its source.
    fn worker(&self, text: &Understood<'_>) -> Option<WorkerId> {
        let [said, sender] = [&self.said.worker, &self.origin.worker].map(Option::as_ref);
        let named = [text.worker.as_ref(), self.worker, said, sender].into_iter().flatten().next();
        named.cloned()
    }

    /// The task it names, in its text or its column.
    fn task(&self, text: &Understood<'_>) -> Option<TaskId> {
        text.task.as_ref().or(self.task).cloned()
    }

    /// Whom the row is about: a worker, else a task or a pod; else the process that logged it.
    pub(super) fn about(&self, text: &Understood<'_>) -> Subject {
        let task = || self.task(text).map(Subject::Task);
        let pod = || text.pod.clone().map(Subject::Pod);
        let run = || Subject::Run(self.origin.run.clone());
        self.worker(text).map(Subject::Worker).or_else(task).or_else(pod).unwrap_or_else(run)
    }

    fn attributes(&self, text: &Understood<'_>) -> Arc<Attributes> {
        if !self.origin.is_edge {
            return text.attributes.clone();
        }
        let mut all = Attributes::clone(&text.attributes);
        all.extend(edge_attributes(&self.origin.key.1, self.metadata));
        Arc::new(all)
    }
}

/// Makes the event of a row, in the place where it stays: it is large; `None` when the thing it is about is not
/// named.
pub(super) fn make(row: &LogRow<'_>, text: &Understood<'_>, kind: EventKind) -> Option<Box<Event>> {
    let (worker, task, pod): (_, _, Option<PodId>) =
        (row.worker(text), row.task(text), text.pod.clone());
    let is_named = match kind.subject() {
        SubjectKind::Run => true,
        SubjectKind::Worker => worker.is_some(),
        SubjectKind::Pod => pod.is_some(),
        SubjectKind::Task => task.is_some(),
    };
    if !is_named {
        return None;
    }
    Some(Box::new(Event {
        worker,
        task,
        pod: pod.map(Box::new),
        attributes: row.attributes(text),
        lists: !text.attributes.listed.is_empty(),
        ..bare(row, kind)
    }))
}

/// What a row of a worker's own says without a text that is understood: its process was there to write it
/// (domain/worker-app.md 4.1). The row itself is counted as unknown.
pub(super) fn signed(row: &LogRow<'_>, no_fields: &Arc<Attributes>) -> Option<Box<Event>> {
    let worker = Some(row.origin.worker.clone()?);
    // of which task it spoke does not tell that it worked on it
    let attributes = no_fields.clone();
    Some(Box::new(Event { worker, attributes, ..bare(row, EventKind::WorkerLogged) }))
}

/// What stands in a row beside its text.
fn bare(row: &LogRow<'_>, kind: EventKind) -> Event {
    let evidence = row.evidence();
    Event {
        id: event_id(&evidence, kind.name(), 0, ""),
        at: row.at,
        earliest: row.at,
        latest: row.at,
        kind,
        worker: None,
        task: None,
        pod: None,
        run: row.origin.is_orchestrator.then(|| row.origin.run.clone()),
        cycle: row.cycle,
        attributes: Arc::default(),
        basis: Basis::Logged,
        clock: row.origin.clock,
        evidence,
        further: None,
        call_site: row.said.call_site.clone(),
        ordinal: 0,
        lists: false,
        rows: RowNumbers::default(),
        source: row.origin.key.clone(),
    }
}
