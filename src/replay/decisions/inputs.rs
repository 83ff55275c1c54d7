//! The inputs of a decision: its own line, other lines of its cycle, and the rows of whom it is about.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::model::attribute::{Attribute, Attributes};
use crate::model::event::{Event, Subject};
use crate::model::id::{TaskId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::WorkerRow;
use crate::model::shared::shared;
use crate::model::state::Formula;
use crate::model::time::Micros;
use crate::replay::decisions::cycle::CycleNotes;
use crate::replay::decisions::names;
use crate::replay::decisions::reason::Reason;

/// Diagnostics are collected right after the mark, within the half minute that a pod may take to answer
/// (evidence-rules fact 16: error_time comes up to 11 s after it).
const DIAGNOSTICS_S: f64 = 60.0;

/// What events before told of workers and tasks.
#[derive(Default)]
pub(super) struct Past {
    completed: FxHashMap<WorkerId, Micros>,
    claimed: FxHashMap<TaskId, Micros>,
}

impl Past {
    pub(super) fn see(&mut self, event: &Event) {
        if event.kind == EventKind::TaskCompleted
            && let Some(worker) = &event.worker
        {
            self.completed.insert(worker.clone(), event.at);
        }
        if matches!(event.kind, EventKind::TaskClaimed | EventKind::TaskClaimRecorded)
            && let Some(task) = &event.task
        {
            self.claimed.insert(task.clone(), event.at);
        }
    }
}

/// Whom a decision is about, beside its event.
pub(super) struct About<'a> {
    /// The row of its worker.
    pub(super) row: Option<&'a WorkerRow>,
    /// What happened before.
    pub(super) past: &'a Past,
    /// All workers.
    pub(super) rows: &'a FxHashMap<&'a WorkerId, &'a WorkerRow>,
    /// The era of the process.
    pub(super) era: &'static str,
}

impl About<'_> {
    /// Seconds since the worker's row was made.
    pub(super) fn worker_age(&self, at: Micros) -> Option<f64> {
        Some(at.seconds_since(self.row?.created_at?))
    }

    /// Seconds since a worker completed a task, or since its row was made (domain/orchestrator.md W14).
    pub(super) fn idle(&self, worker: &WorkerId, at: Micros) -> Option<f64> {
        let created = self.rows.get(worker).and_then(|row| row.created_at);
        let since = self.past.completed.get(worker).copied().or(created)?;
        Some(at.seconds_since(since))
    }

    /// Seconds since the youngest claim of the tasks that an event lists; `None` where one is not known.
    fn youngest(&self, event: &Event) -> Option<f64> {
        let mut youngest: Option<f64> = None;
        for subject in &event.attributes.listed {
            if let Subject::Task(task) = subject {
                let age = event.at.seconds_since(*self.past.claimed.get(task)?);
                youngest = Some(youngest.map_or(age, |before| before.min(age)));
            }
        }
        youngest
    }
}

/// The diagnostics of a kill and when they were taken, if the row still holds those of this one.
pub(super) fn diagnostics(
    row: &WorkerRow,
    reason: &str,
    at: Micros,
) -> Option<(serde_json::Value, Micros)> {
    let all = row.metadata.get("diagnostics")?;
    let text = |key: &str| all.get(key).and_then(serde_json::Value::as_str);
    let taken = text("timestamp").and_then(Micros::parse)?;
    let is_this =
        text("error_reason") == Some(reason) && taken.seconds_since(at).abs() < DIAGNOSTICS_S;
    is_this.then_some((all, taken))
}

/// Inputs as they are gathered.
#[derive(Default)]
pub(super) struct Inputs(pub(super) Attributes);

impl Inputs {
    pub(super) fn put(&mut self, name: &str, value: Option<Attribute>) {
        if let Some(value) = value {
            self.0.insert(shared(name), value);
        }
    }

    pub(super) fn number(&mut self, name: &str, value: Option<f64>) {
        self.put(name, value.map(Attribute::Num));
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        self.put(name, value.map(|text| Attribute::Text(text.into())));
    }

    /// An age, and how exact it is.
    pub(super) fn age(&mut self, name: &str, age: Option<(f64, f64)>) {
        self.number(name, age.map(|(age, _)| age));
        self.number("precision_s", age.map(|(_, precision)| precision));
    }

    /// What the line itself says.
    pub(super) fn of_line(&mut self, event: &Event) {
        for (name, value) in event.attributes.iter() {
            if let Some(name) = names::input(name) {
                self.0.insert(shared(name), value.clone());
            }
        }
        if event.text("holds") == Some("task") {
            self.put("has_active_task", Some(Attribute::Bool(true)));
        }
        if event.kind == EventKind::FailureStreakSeen {
            self.put("failures", event.attributes.get("count").cloned());
        }
    }

    /// What the cycle has said of tasks and workers, under these names.
    pub(super) fn of_fleet(&mut self, notes: &CycleNotes, wanted: &[&str]) {
        for (name, value) in &notes.fleet {
            if wanted.contains(name) && self.0.get(name).is_none() {
                self.0.insert(shared(name), value.clone());
            }
        }
    }

    /// What the cycle has said of a worker.
    pub(super) fn of_worker(&mut self, notes: &CycleNotes, worker: &WorkerId) {
        let Some(seen) = notes.workers.get(worker) else { return };
        self.age("heartbeat_age_s", seen.heartbeat);
        self.text("ssh", seen.ssh);
        self.put("ssh_errno", seen.ssh_errno.map(Attribute::Int));
        self.text("pod_status", seen.pod_status.as_deref());
    }

    /// What the reason of a kill names.
    pub(super) fn of_reason(&mut self, reason: &Reason<'_>, name: &str) {
        self.age(name, reason.age_s.map(|age| (age, 0.5)));
        self.put("failures", reason.failures.map(Attribute::Int));
        self.text("task_id", reason.task);
        if reason.has_active_task {
            self.put("has_active_task", Some(Attribute::Bool(true)));
        }
    }

    /// What was collected with a kill: exacter than its reason.
    pub(super) fn of_diagnostics(
        &mut self,
        told: &serde_json::Value,
        at: Micros,
        about: Option<&Reason<'_>>,
    ) {
        let context = |key: &str| told.pointer(&format!("/context/{key}"));
        for name in ["vram_total_mb", "vram_used_mb", "running_tasks_count"] {
            self.number(name, told.get(name).and_then(serde_json::Value::as_f64));
        }
        self.text("lifecycle", context("lifecycle").and_then(serde_json::Value::as_str));
        for name in ["has_ever_claimed", "has_active_task"] {
            let value = context(name).and_then(serde_json::Value::as_bool);
            self.put(name, value.map(Attribute::Bool));
        }
        let seconds = |key: &str| context(key).and_then(serde_json::Value::as_f64);
        if about.is_some_and(|about| about.formula == Formula::StaleHeartbeat)
            && let Some(exact) = seconds("heartbeat_age_sec")
        {
            self.age("heartbeat_age_s", Some((exact, 0.0)));
        }
        let task = about.and_then(|about| about.task).unwrap_or_default();
        let held = told.get("running_tasks").and_then(serde_json::Value::as_array);
        let of = held.into_iter().flatten().find(|one| one.get("id").is_some_and(|id| id == task));
        let text = |key: &str| of.and_then(|one| one.get(key)).and_then(serde_json::Value::as_str);
        self.text("task_type", text("task_type"));
        let started = text("started_at").and_then(Micros::parse);
        // the mark follows the check at once
        self.age("task_age_s", started.map(|started| (at.seconds_since(started), 0.1)));
    }

    /// The youngest task of a sweep.
    pub(super) fn of_tasks(&mut self, event: &Event, about: &About<'_>) {
        // the claim's own row is up to a third of a second late (evidence-rules facts 1 and 2)
        self.age("task_age_s", about.youngest(event).map(|age| (age, 0.5)));
    }

    /// How long each idle worker of the cycle has been idle, seconds.
    pub(super) fn of_idle(&mut self, notes: &CycleNotes, about: &About<'_>, at: Micros) {
        let ages: Option<Vec<Arc<str>>> = notes
            .idle
            .iter()
            .map(|worker| Some(format!("{:.1}", about.idle(worker, at)?).into()))
            .collect();
        self.put("idle_workers_s", ages.map(Attribute::List));
    }
}
