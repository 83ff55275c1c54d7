//! What orchestrators decided, with what they logged of it, and what the rules of their era say to it.
//!
//! One pass over the events in their order: of a process, what its cycle has said so far is kept, and
//! what it tells of its settings; of workers and tasks, their last completion and claim.

mod ages;
mod ask;
mod cycle;
mod found;
mod inputs;
mod names;
mod outcome;
mod process;
mod reads;
mod reason;
mod recorded;
mod settings;

use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::events::History;
use crate::model::attribute::Attributes;
use crate::model::event::{Basis, Event, Subject, kept_for_good};
use crate::model::id::{EventId, RunId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::{Facts, WorkerRow};
use crate::model::state::{DecisionKind, Formula};
use crate::model::time::Micros;
use crate::replay::decisions::found::Found;
use crate::replay::decisions::inputs::{About, Past};
use crate::replay::decisions::process::Process;
use crate::replay::decisions::recorded::Recorded;
use crate::replay::era::Era;
use crate::replay::rules::answer::Answer;
use crate::replay::rules::limit::{Limits, Told};
use crate::replay::rules::{self, defaults};
use crate::replay::runs::Run;
use crate::spool::Spool;

/// One decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The event that made it known.
    pub event: EventId,
    /// When that happened.
    pub at: Micros,
    /// Who decided; `None` where only a row tells of it.
    pub run: Option<RunId>,
    /// In which cycle.
    pub cycle: Option<i64>,
    /// About whom.
    pub subject: Subject,
    /// What sort.
    pub kind: DecisionKind,
    /// What was decided: a reason, or a number.
    pub verdict: String,
    /// What the orchestrator knew, by documented names (docs/decisions.md).
    pub inputs: Attributes,
    /// What it was measured against.
    pub limits: Limits,
    /// The read that failed and fed it.
    pub failed_read: Option<EventId>,
    /// The era of the process.
    #[serde(deserialize_with = "kept_for_good")]
    pub era: Era,
    /// The rule, where its formula is known.
    pub formula: Option<Formula>,
    /// What was done, in the rule's terms; `None` where another decision tells it.
    pub decided: Option<Answer>,
    /// What the rule says; `None` where an input or a limit is not known.
    pub recomputed: Option<Answer>,
}

/// Every spawn, promotion, check, verdict, kill, reset and scale step, in the order of the events.
pub fn find(history: &History, runs: &[Run]) -> impl Iterator<Item = Decision> + use<> {
    let mut pass = Decisions::new(&history.facts, runs, history.events.spool());
    history.events.iter().for_each(|event| pass.see(&event));
    pass.finish()
}

/// The pass.
pub struct Decisions<'a> {
    rows: FxHashMap<&'a WorkerId, &'a WorkerRow>,
    eras: FxHashMap<&'a RunId, &'static str>,
    past: Past,
    recorded: Recorded,
    processes: FxHashMap<RunId, Process>,
    found: Found,
}

impl<'a> Decisions<'a> {
    /// Of these rows and processes.
    pub fn new(facts: &'a Facts, runs: &'a [Run], spool: &Arc<Spool>) -> Self {
        Self {
            rows: facts.workers.iter().map(|row| (&row.id, row)).collect(),
            eras: runs.iter().map(|run| (&run.id, run.era)).collect(),
            past: Past::default(),
            recorded: Recorded::default(),
            processes: FxHashMap::default(),
            found: Found::new(spool),
        }
    }

    /// Takes the next event.
    pub fn see(&mut self, event: &Event) {
        self.past.see(event);
        // its time is that of the task's start, its cycle that of the list
        const OF_ANOTHER_TIME: [EventKind; 2] =
            [EventKind::TaskListedActive, EventKind::TaskListedAmbiguous];
        if OF_ANOTHER_TIME.contains(&event.kind) {
            return;
        }
        // most events are no decisions, and need not be looked up
        let is_one = kind_of(event.kind).is_some() || event.basis == Basis::Recorded;
        let row = event.worker.as_ref().filter(|_| is_one);
        let row = row.and_then(|worker| self.rows.get(worker)).copied();
        let era = event.run.as_ref().filter(|_| is_one).and_then(|run| self.eras.get(run));
        let era = era.copied().unwrap_or("unknown");
        let about = About { row, past: &self.past, rows: &self.rows, era };
        let Some(run) = &event.run else {
            self.recorded.decide(event, &about, &mut self.found);
            return;
        };
        let process = match self.processes.get_mut(run) {
            Some(known) => known,
            None => self.processes.entry(run.clone()).or_default(),
        };
        self.recorded.hear(event, &mut self.found);
        process.hear(event, row, &mut self.found);
        process.decide(event, &about, &mut self.found);
    }

    /// All decisions. What a process tells of its settings counts for those before, too: so they are
    /// judged only now.
    pub fn finish(self) -> impl Iterator<Item = Decision> + use<> {
        let Self { processes, found, .. } = self;
        found.into_kept().map(move |decision| judged(decision, &processes))
    }
}

/// A decision with its limits and what the rule says.
fn judged(mut decision: Decision, processes: &FxHashMap<RunId, Process>) -> Decision {
    let Some(formula) = decision.formula else {
        decision.limits = Limits::default();
        return decision;
    };
    let process = decision.run.as_ref().and_then(|run| processes.get(run));
    let of_process = process.map(|process| &process.settings);
    let of_line = std::mem::take(&mut decision.limits);
    for limit in rules::limits_of(formula).iter().copied() {
        let default = defaults::of(decision.era, limit).map(|value| (value, Told::Default));
        let told = of_process.into_iter().chain([&of_line]).map(|told| told.with_source(limit));
        for (value, from) in std::iter::once(default).chain(told).flatten() {
            decision.limits.set(limit, value, from);
        }
    }
    let keeps_min = process.is_some_and(|process| process.keeps_min);
    let known = ask::Known { era: decision.era, limits: &decision.limits, keeps_min };
    let question = ask::question(formula, &decision.inputs, &known);
    decision.recomputed = question.and_then(|of| rules::verdict(of, &decision.limits));
    decision
}

/// The sort of decision that an event is.
fn kind_of(kind: EventKind) -> Option<DecisionKind> {
    const KINDS: &[(EventKind, DecisionKind)] = &[
        (EventKind::PodCreated, DecisionKind::Spawn),
        (EventKind::WorkerPromoted, DecisionKind::Promotion),
        (EventKind::HeartbeatObserved, DecisionKind::HealthCheck),
        (EventKind::SshReachable, DecisionKind::HealthCheck),
        (EventKind::HealthVerdict, DecisionKind::HealthVerdict),
        (EventKind::FailureStreakSeen, DecisionKind::FailureStreak),
        (EventKind::WorkerMarkedError, DecisionKind::Kill),
        (EventKind::WorkerTerminating, DecisionKind::ScaleDown),
        (EventKind::ScaleDownStarted, DecisionKind::ScaleDown),
        (EventKind::ScaleDownSkipped, DecisionKind::ScaleDown),
        (EventKind::EarlyTerminationStarted, DecisionKind::EarlyTermination),
        (EventKind::WorkerEarlyTerminated, DecisionKind::EarlyTermination),
        (EventKind::FailsafeStale, DecisionKind::Failsafe),
        (EventKind::WorkerExternallyTerminated, DecisionKind::External),
        (EventKind::ErrorCleanupForced, DecisionKind::ErrorCleanup),
        (EventKind::TasksReset, DecisionKind::TaskReset),
        (EventKind::TasksSwept, DecisionKind::TaskReset),
        (EventKind::TaskResetListed, DecisionKind::TaskReset),
        (EventKind::WorkerTasksReset, DecisionKind::TaskReset),
        (EventKind::ScalingDecided, DecisionKind::Scaling),
        (EventKind::ScaleUpStarted, DecisionKind::ScaleUp),
        (EventKind::ScaleUpBlocked, DecisionKind::ScaleUp),
        (EventKind::FailureRateSampled, DecisionKind::FailureRate),
    ];
    KINDS.iter().find(|(known, _)| *known == kind).map(|(_, decision)| *decision)
}
