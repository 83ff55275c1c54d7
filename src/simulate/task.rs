//! A simulated task: its row, what is in store for it, and its true history.

use serde_json::Value;

use crate::simulate::dice::Uuid;
use crate::simulate::kind::Kind;
use crate::simulate::plan::Era;
use crate::simulate::stamp::At;
use crate::simulate::truth::task::{Entry, Ineffective, Transition};

/// Number of a task, in the order of creation.
pub(super) type TaskNo = u64;

/// What is in store for a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing: it will be done.
    Plain,
    /// It fails with this text; retried up to three times or failed at once.
    Fails { text: &'static str, retried: bool },
    /// It kills the next so many workers, or hangs them.
    KillsWorkers { left: u32, stalls: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Queued,
    InProgress,
    Complete,
    Failed,
    Cancelled,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::InProgress => "In Progress",
            Self::Complete => "Complete",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }

    pub(super) fn is_final(self) -> bool {
        match self {
            Self::Complete | Self::Failed | Self::Cancelled => true,
            Self::Queued | Self::InProgress => false,
        }
    }
}

/// A task.
pub(super) struct Task {
    pub(super) no: TaskNo,
    pub(super) id: Uuid,
    pub(super) kind: Kind,
    pub(super) project: Uuid,
    pub(super) user: Uuid,
    pub(super) params: Value,
    pub(super) status: Status,
    pub(super) worker: Option<String>,
    pub(super) attempts: u32,
    pub(super) error_message: Option<String>,
    pub(super) output: Option<String>,
    pub(super) generation_created: bool,
    pub(super) created_at: i64,
    pub(super) updated_at: Option<i64>,
    pub(super) started_at: Option<i64>,
    pub(super) processed_at: Option<i64>,
    pub(super) fate: Fate,
    pub(super) depends_on: Option<(TaskNo, Uuid)>,
    /// Dependencies that are not complete.
    pub(super) blocked: bool,
    pub(super) parent: Option<TaskNo>,
    /// Of an orchestrator task: its children, and how many are done.
    pub(super) children: Vec<TaskNo>,
    pub(super) children_done: usize,
    pub(super) earliest_child_start: Option<i64>,
    /// Processes that work on it now, whatever its row says.
    pub(super) holders: u32,
    pub(super) claims: Vec<String>,
    pub(super) requeues: u32,
    /// A user will send it back after its end.
    pub(super) to_retry: bool,
    pub(super) completer: Option<String>,
    pub(super) path: Option<&'static str>,
    pub(super) generations: Vec<Uuid>,
    pub(super) variants: Vec<Uuid>,
    ineffective: Vec<Ineffective>,
    history: Vec<Transition>,
}

/// What a new task is made of.
pub(super) struct NewTask {
    pub(super) no: TaskNo,
    pub(super) id: Uuid,
    pub(super) kind: Kind,
    pub(super) project: Uuid,
    pub(super) user: Uuid,
    pub(super) params: Value,
    pub(super) at: i64,
    pub(super) by: String,
}

impl Task {
    pub(super) fn new(new: NewTask) -> Self {
        let mut task = Self {
            no: new.no,
            id: new.id,
            kind: new.kind,
            project: new.project,
            user: new.user,
            params: new.params,
            status: Status::Queued,
            worker: None,
            attempts: 0,
            error_message: None,
            output: None,
            generation_created: false,
            created_at: new.at,
            updated_at: None,
            started_at: None,
            processed_at: None,
            fate: Fate::Plain,
            depends_on: None,
            blocked: false,
            parent: None,
            children: Vec::new(),
            children_done: 0,
            earliest_child_start: None,
            holders: 0,
            claims: Vec::new(),
            requeues: 0,
            to_retry: false,
            completer: None,
            path: None,
            generations: Vec::new(),
            variants: Vec::new(),
            ineffective: Vec::new(),
            history: Vec::new(),
        };
        task.tell(new.at, "created", &new.by);
        task
    }

    /// Adds to the true history what just became of the row.
    pub(super) fn tell(&mut self, at: i64, event: &'static str, actor: &str) {
        self.history.push(Transition {
            t: At(at),
            event,
            actor: actor.to_string(),
            status: self.status.name(),
            worker_id: self.worker.clone(),
            attempts: self.attempts,
            generation_created: self.generation_created,
            error_message: self.error_message.clone(),
        });
    }

    /// Adds a completion that changed no status.
    pub(super) fn tell_ineffective(&mut self, at: i64, worker: &str, generation: Option<Uuid>) {
        self.ineffective.push(Ineffective {
            t: At(at),
            event: "complete_task_call",
            worker_id: worker.to_string(),
            effective: false,
            generation,
        });
    }

    /// Whether nothing can happen to it any more.
    pub(super) fn is_closed(&self) -> bool {
        self.status.is_final() && self.holders == 0 && !self.to_retry
    }

    /// Its entry in `truth.json`.
    pub(super) fn truth(&self, era: Era) -> Entry<'_> {
        let expected = self.kind.gets_generation(era);
        Entry {
            task_id: self.id,
            task_type: self.kind.name(),
            run_type: self.kind.run_type(),
            final_status: self.status.name(),
            final_worker_id: self.worker.as_deref(),
            attempts: self.attempts,
            completion_path: self.path,
            true_completer: self.completer.as_deref(),
            generation_expected: expected,
            generation_created_flag: self.generation_created,
            generation_ids: &self.generations,
            missing_generation: expected
                && self.status == Status::Complete
                && self.generations.is_empty(),
            claims: &self.claims,
            n_requeues: self.requeues,
            ineffective_completions: &self.ineffective,
            transitions: &self.history,
        }
    }
}
