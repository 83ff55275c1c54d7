//! What tells of a silence: rows that an orchestrator wrote meanwhile, cycles that it finished, what its
//! log handler counted.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::event::{Basis, Clock};
use crate::model::id::{RunId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::{Facts, WorkerRow};
use crate::model::time::Micros;
use crate::replay::seen::Seen;

/// One statistics line of a log handler (domain/orchestrator.md section 1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Counted {
    pub(super) at: Micros,
    /// Rows that it took; those it dropped are not among them.
    pub(super) queued: i64,
    /// Rows that it dropped because its queue was full.
    pub(super) dropped: i64,
    /// Batches that could not be sent: none is sent again.
    pub(super) errors: i64,
}

/// Collected in one pass over all events; small beside them.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// When a GPU orchestrator certainly acted, by the rows it wrote.
    acts: Vec<Micros>,
    /// When workers acted in the database, by worker: an API orchestrator is a worker, too.
    claims: FxHashMap<WorkerId, Vec<Micros>>,
    /// The first of them, which all are asked for.
    first_claims: FxHashMap<WorkerId, Micros>,
    /// When an API orchestrator certainly acted, by its claims.
    api_acts: Vec<Micros>,
    /// Workers that are an API orchestrator.
    api_workers: BTreeSet<WorkerId>,
    /// Workers whose rows no orchestrator made: a script's, and those that the heartbeat function made
    /// (domain/orchestrator.md 1.2, 1.3).
    strangers: BTreeSet<WorkerId>,
    counted: BTreeMap<RunId, Vec<Counted>>,
    finished: FxHashMap<RunId, FxHashSet<i64>>,
    stopped: BTreeMap<RunId, Micros>,
}

impl Witness {
    /// Has seen nothing yet.
    pub fn new(facts: &Facts) -> Self {
        let ids = |is: fn(&WorkerRow) -> bool| {
            facts.workers.iter().filter(|row| is(row)).map(|row| row.id.clone()).collect()
        };
        let is_strange = |row: &WorkerRow| {
            row.instance_type == "external" || row.id.as_str().starts_with("manual-")
        };
        Self { api_workers: ids(WorkerRow::is_api), strangers: ids(is_strange), ..Self::default() }
    }

    /// Sees the next event of the total order.
    pub fn see(&mut self, event: Seen<'_>) {
        if self.is_act(event) {
            self.acts.push(event.at);
        }
        let claims = [EventKind::TaskClaimed, EventKind::TaskClaimRecorded];
        if claims.contains(&event.kind)
            && let Some(worker) = &event.worker
        {
            if &*event.source.0 == "orchestrator_api" {
                self.api_workers.insert(worker.clone());
            } else if event.clock != Clock::Worker {
                self.claims.entry(worker.clone()).or_default().push(event.at);
                self.first_claims.entry(worker.clone()).or_insert(event.at);
            }
        }
        if matches!(event.kind, EventKind::CycleCompleted | EventKind::CycleFailed)
            && let (Some(run), Some(cycle)) = (&event.run, event.cycle)
        {
            self.finished.entry(run.clone()).or_default().insert(cycle.number());
        }
        if event.kind == EventKind::ProcessStopped
            && let Some(run) = &event.run
        {
            self.stopped.insert(run.clone(), event.at);
        }
        if event.kind == EventKind::LogPipelineObserved
            && let Some(run) = &event.run
            && let Some(queued) = event.int("total_logs_queued")
        {
            self.counted.entry(run.clone()).or_default().push(Counted {
                at: event.at,
                queued,
                dropped: event.int("total_logs_dropped").unwrap_or(0),
                errors: event.int("total_errors").unwrap_or(0),
            });
        }
    }

    /// Whether a GPU orchestrator wrote this into a row, just then.
    fn is_act(&self, event: Seen<'_>) -> bool {
        if event.basis != Basis::Recorded || event.clock != Clock::Orchestrator {
            return false;
        }
        // what follows from a row has bounds, and nobody wrote it then
        let is_dated = event.earliest == event.latest;
        let by_gpu = event.worker.as_ref().is_none_or(|id| !self.api_workers.contains(id));
        let is_made = || event.worker.as_ref().is_none_or(|id| !self.strangers.contains(id));
        is_dated
            && by_gpu
            // a worker that gives itself up writes the same key
            && event.kind != EventKind::WorkerSelfTerminated
            // and so does a script (domain/orchestrator.md W22)
            && event.text("terminated_by").is_none()
            // a script makes its own row, and may launch its worker
            && (![EventKind::WorkerCreated, EventKind::StartupLaunched].contains(&event.kind) || is_made())
    }

    /// Nothing more comes.
    pub fn finish(mut self) -> Self {
        let api = self.api_workers.iter();
        let claims = api.filter_map(|worker| self.claims.get(worker)).flatten().copied();
        let claims: Vec<Micros> = claims.collect();
        self.api_acts = claims;
        self.api_acts.sort_unstable();
        // of the others nothing is asked
        self.claims.clear();
        self.acts.sort_unstable();
        self
    }

    /// Whether a process of this source type certainly acted between two instants.
    pub(super) fn acted(&self, source_type: &str, from: Micros, until: Micros) -> bool {
        let acts: &[Micros] = if source_type == "orchestrator_gpu" {
            &self.acts
        } else if source_type == "orchestrator_api" {
            &self.api_acts
        } else {
            &[]
        };
        acts.get(acts.partition_point(|act| *act < from)).is_some_and(|act| *act <= until)
    }

    /// When a worker first claimed a task.
    pub(super) fn first_claim(&self, worker: &str) -> Option<Micros> {
        self.first_claims.get(worker).copied()
    }

    /// The statistics lines of a process, in order.
    pub(super) fn counted(&self, run: &RunId) -> &[Counted] {
        self.counted.get(run).map_or(&[], Vec::as_slice)
    }

    /// Whether a cycle's end is in the log.
    pub(super) fn finished(&self, run: &RunId, cycle: i64) -> bool {
        self.finished.get(run).is_some_and(|cycles| cycles.contains(&cycle))
    }

    /// When a process said that it stops.
    pub(super) fn stopped(&self, run: &RunId) -> Option<Micros> {
        self.stopped.get(run).copied()
    }
}
