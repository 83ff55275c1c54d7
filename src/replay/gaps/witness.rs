//! What tells of a silence: rows that an orchestrator wrote meanwhile, cycles that it finished, what its
//! log handler counted.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::event::{Basis, Clock};
use crate::model::id::{RunId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::Facts;
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
    /// When an API orchestrator certainly acted, by its claims.
    api_acts: Vec<Micros>,
    /// Workers that are an API orchestrator.
    api_workers: BTreeSet<WorkerId>,
    counted: BTreeMap<RunId, Vec<Counted>>,
    finished: FxHashMap<RunId, FxHashSet<i64>>,
    stopped: BTreeMap<RunId, Micros>,
}

impl Witness {
    /// Has seen nothing yet.
    pub fn new(facts: &Facts) -> Self {
        let api = facts.workers.iter().filter(|row| row.is_api());
        Self { api_workers: api.map(|row| row.id.clone()).collect(), ..Self::default() }
    }

    /// Sees the next event of the total order.
    pub fn see(&mut self, event: Seen<'_>) {
        let by_orchestrator = event.basis == Basis::Recorded && event.clock == Clock::Orchestrator;
        let by_gpu = || event.worker.as_ref().is_none_or(|id| !self.api_workers.contains(id));
        // a worker that gives itself up writes the same key
        if by_orchestrator && event.kind != EventKind::WorkerSelfTerminated && by_gpu() {
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
