//! The latest row of each worker, task and task type, typed: facts beside the events.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::model::id::{PodId, TaskId, WorkerId};
use crate::model::metadata::Metadata;
use crate::model::output::OutputClass;
use crate::model::params::Params;
use crate::model::time::{Micros, SECOND};

/// `workers`, latest version.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerRow {
    /// Its id.
    pub id: WorkerId,
    /// `instance_type`: the GPU, `external`, or `api`.
    pub instance_type: String,
    /// The status as last written, by whoever wrote last.
    pub status: String,
    /// When the orchestrator inserted it.
    pub created_at: Option<Micros>,
    /// The last heartbeat that arrived.
    pub last_heartbeat: Option<Micros>,
    /// `metadata`.
    pub metadata: Metadata,
}

impl WorkerRow {
    /// A text of the metadata.
    pub fn meta(&self, key: &str) -> Option<Cow<'_, str>> {
        self.metadata.text(key)
    }

    /// A time of the metadata.
    pub fn meta_time(&self, key: &str) -> Option<Micros> {
        self.meta(key).and_then(|text| Micros::parse(&text))
    }

    /// When its kill read what it held: the instant of the diagnostics (domain/orchestrator.md 1.2).
    pub fn diagnosed_at(&self) -> Option<Micros> {
        let diagnostics = self.metadata.get("diagnostics")?;
        Micros::parse(diagnostics.get("timestamp")?.as_str()?)
    }

    /// The bound pod.
    pub fn pod(&self) -> Option<PodId> {
        self.meta("runpod_id").map(|id| PodId::from(&*id))
    }

    /// Whether it is the API orchestrator's own row, which has no pod.
    pub fn is_api(&self) -> bool {
        self.instance_type == "api"
    }

    /// The last heartbeat, unless it is the default that older schemas wrote at insertion
    /// (domain/worker-app.md X25: within 5 s of `created_at`).
    pub fn real_heartbeat(&self) -> Option<Micros> {
        self.last_heartbeat.filter(|beat| !self.is_default_beat(*beat))
    }

    /// Whether a heartbeat is that default.
    pub fn is_default_beat(&self, beat: Micros) -> bool {
        self.created_at.is_some_and(|created| beat.seconds_since(created).abs() < 5.0)
    }
}

/// `tasks`, latest version.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRow {
    /// Its id.
    pub id: TaskId,
    /// `task_type`.
    pub task_type: String,
    /// `Queued`, `In Progress`, `Complete`, `Failed`, `Cancelled`.
    pub status: String,
    /// When it was inserted.
    pub created_at: Option<Micros>,
    /// Who claimed it last; NULL after a reset.
    pub worker: Option<WorkerId>,
    /// Whom an earlier version of the row names beside the same claim, where this one names nobody.
    pub worker_before: Option<WorkerId>,
    /// `generation_started_at`: the last claim, or the end of the model load.
    pub started_at: Option<Micros>,
    /// `generation_processed_at`.
    pub processed_at: Option<Micros>,
    /// `updated_at`: no trigger keeps it.
    pub updated_at: Option<Micros>,
    /// Whether an earlier version has the same times beside another status: they are not of this one.
    pub is_edited: bool,
    /// `attempts`: misses most resets.
    pub attempts: i64,
    /// `generation_created`.
    pub generation_created: bool,
    /// `output_location`: a URL, JSON, a progress text or an error.
    pub output_location: Option<String>,
    /// What that was before it was redacted.
    pub output_class: Option<OutputClass>,
    /// `error_message`: never cleared, so it may tell of an earlier reset.
    pub error_message: Option<String>,
    /// What rules ask of `params`.
    pub params: Params,
}

impl TaskRow {
    /// Whether it is an orchestrator task (domain/orchestrator.md section 3).
    pub fn is_orchestrator(&self) -> bool {
        let name = b"orchestrator";
        self.task_type.as_bytes().windows(name.len()).any(|part| part.eq_ignore_ascii_case(name))
    }

    /// When it ended, by its row: the later of the columns that its status writes (domain/worker-app.md 2.2 and 2.3; evidence-rules
    /// class 10). Whoever edits the status alone leaves the claim's times there (P4), which is no end.
    pub fn ended_at(&self) -> Option<Micros> {
        let at = match self.status.as_str() {
            "Complete" => self.processed_at.or(self.updated_at),
            "Failed" => self.updated_at.max(self.processed_at),
            "Cancelled" => self.updated_at,
            _ => None,
        };
        at.filter(|at| !self.is_edited && self.started_at != Some(*at))
    }

    /// Who made the claim whose time the row keeps: the deletion of a worker empties the name, and so does a failure,
    /// and neither the time (domain/worker-app.md 1.2, T9), so that an earlier version may still tell.
    pub fn claimer(&self) -> Option<&WorkerId> {
        self.worker.as_ref().or(self.worker_before.as_ref())
    }

    /// Whether such a `generation_started_at` may be later than the claim: GPU workers write it anew once the model is
    /// loaded, since 2026-01-15, and the progress of an orchestrator task always did (domain/worker-app.md T3,
    /// T3b).
    pub fn may_be_moved(&self, started: Micros) -> bool {
        let is_api = self.worker.as_ref().is_some_and(|worker| worker.as_str().starts_with("api-"));
        self.is_orchestrator() || (!is_api && Self::may_be_loaded(started))
    }

    /// Whether a `generation_started_at` may be the end of a model's load (domain/worker-app.md T3).
    pub fn may_be_loaded(started: Micros) -> bool {
        static SINCE: LazyLock<Option<Micros>> =
            LazyLock::new(|| Micros::parse("2026-01-15T00:00:00Z"));
        SINCE.is_some_and(|since| since <= started)
    }

    /// Whether its error says that someone else than its holder failed it: a cascade, the cron job, or the
    /// guardian's crash report (domain/worker-app.md 2.2, T11 to T13).
    pub fn is_failed_by_others(&self) -> bool {
        let by_others = ["Cascaded ", "Auto-failed", "Failed: worker crashed"];
        let error = self.error_message.as_deref();
        error.is_some_and(|text| by_others.iter().any(|start| text.starts_with(start)))
    }
}

/// What the decision table wants to know of a task type.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskTypeRow {
    /// `name`.
    pub name: String,
    /// `category`.
    pub category: String,
    /// `content_type`.
    pub content_type: Option<String>,
    /// `run_type`.
    pub run_type: String,
}

/// A generation or variant that names a task.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerationLink {
    /// The task.
    pub task: TaskId,
    /// The row that names it.
    pub evidence: crate::model::event::Evidence,
    /// When it was inserted.
    pub created_at: Option<Micros>,
}

/// The tables of one dump may be read one after the other: no further apart than this, in microseconds.
pub const READ_APART: i64 = 3_600 * SECOND;

/// What one capture took of `system_logs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogCapture {
    /// Time of the oldest row that the source still had; none where it had no row.
    pub from: Option<Micros>,
    /// Up to when it saw the source.
    pub until: Option<Micros>,
    /// Time of the last row that it saw there.
    pub last: Option<Micros>,
    /// Whether it saw no row there.
    pub is_empty: bool,
    /// Whether it read the source itself: a row that it lacks was deleted, or never was. A file given to
    /// us may be any part of the log.
    pub is_whole: bool,
}

/// All row facts.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// By id.
    pub workers: Vec<WorkerRow>,
    /// By id.
    pub tasks: Vec<TaskRow>,
    /// By name; `None` when the table was never captured.
    pub task_types: Option<Vec<TaskTypeRow>>,
    /// By task; `None` when `generations` was never captured, or not whole.
    pub links: Option<Vec<GenerationLink>>,
    /// Up to when the last capture saw the source.
    pub seen_at: Option<Micros>,
    /// The captures that took `system_logs`, oldest first.
    pub logs: Vec<LogCapture>,
    /// Up to when the rows of workers that vanished had been seen.
    pub last_seen: BTreeMap<WorkerId, Option<Micros>>,
}

impl Facts {
    /// Up to when a worker's row was seen: to the end of the evidence, or until it vanished.
    pub fn seen_until(&self, worker: &WorkerId) -> Option<Micros> {
        self.last_seen.get(worker).copied().unwrap_or(self.seen_at)
    }

    /// Up to when a worker's row was seen that is gone; `None` of one that is there.
    pub fn vanished(&self, worker: &WorkerId) -> Option<Micros> {
        self.last_seen.get(worker).copied().flatten()
    }
}
