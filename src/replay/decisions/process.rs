//! One orchestrator process: what it says, cycle by cycle, and the decisions in it.

use crate::model::attribute::Attribute;
use crate::model::cycle::Cycle;
use crate::model::event::Event;
use crate::model::id::EventId;
use crate::model::kind::EventKind;
use crate::model::rows::WorkerRow;
use crate::model::state::{DecisionKind, Formula};
use crate::replay::decisions::ages::age_name;
use crate::replay::decisions::cycle::CycleNotes;
use crate::replay::decisions::found::Found;
use crate::replay::decisions::inputs::{About, Inputs, diagnostics};
use crate::replay::decisions::outcome::{decided, verdict};
use crate::replay::decisions::{Decision, kind_of, names, reason, settings};
use crate::replay::rules::answer::Answer;
use crate::replay::rules::defaults::since;
use crate::replay::rules::limit::{Limit, Limits, Told};

/// What is kept of the fleet beside a decision about all of it.
pub(super) const FLEET: &[&str] = &[
    "queued_tasks",
    "active_tasks",
    "workers_active",
    "workers_spawning",
    "workers_idle",
    "workers_busy",
    "workers_desired",
    "breaker",
    "rate_percent",
];
const WORKER: &[&str] = &["queued_tasks", "active_tasks", "workers_active"];

/// What is kept of a process.
#[derive(Default)]
pub(super) struct Process {
    pub(super) notes: CycleNotes,
    /// Settings that its lines tell.
    pub(super) settings: Limits,
    /// Whether a line shows that scale-down keeps the minimum (since 2c0154c, of E6).
    pub(super) keeps_min: bool,
}

impl Process {
    /// Takes what an event tells of the process and its cycle.
    pub(super) fn hear(&mut self, event: &Event, row: Option<&WorkerRow>, found: &mut Found) {
        self.notes.turn_to(event.cycle.map(Cycle::number));
        self.notes.hear(event);
        for (limit, value) in settings::told(event, row) {
            let most = self.settings.get(limit).filter(|_| limit == Limit::MaxActiveAtLeast);
            self.settings.set(limit, most.map_or(value, |most| most.max(value)), Told::Process);
        }
        const GUARDED: [EventKind; 2] = [EventKind::ScaleDownStarted, EventKind::ScaleDownSkipped];
        self.keeps_min |= GUARDED.contains(&event.kind) && event.number("min_active").is_some();
        let notes = &mut self.notes;
        if event.kind == EventKind::EarlyTerminationStarted {
            notes.early_at = Some(event.at);
        }
        if GUARDED.contains(&event.kind) {
            notes.scale_down_at = Some(event.at);
            notes.no_scale_down = None;
        }
        // the breaker says so itself where it blocks (domain/orchestrator.md 5.2)
        if matches!(event.kind, EventKind::ScaleUpStarted | EventKind::ScaleUpBlocked) {
            notes.no_scale_up = None;
        }
        // only a cycle that went on to its end shows that no step followed
        if event.kind == EventKind::CycleCompleted {
            for place in [notes.no_scale_up.take(), notes.no_scale_down.take()] {
                place.into_iter().for_each(|place| found.keep(place));
            }
        }
        let breaker = event.text("breaker").map(|told| Answer::act(told != "PASS"));
        let exceeded = (event.kind == EventKind::FailureRateExceeded).then_some(Answer::Act);
        if let (Some(sample), Some(told)) = (notes.sample, exceeded.or(breaker)) {
            found.decide(sample, Some(told));
        }
    }

    /// The decision that an event is, with those that it takes the place of.
    pub(super) fn decide(&mut self, event: &Event, about: &About<'_>, found: &mut Found) {
        let Some(kind) = kind_of(event.kind) else { return };
        let mut decision = self.decision(event, kind, about);
        let place = found.next();
        if let Some(worker) = &event.worker {
            let seen = self.notes.workers.entry(worker.clone()).or_default();
            match kind {
                DecisionKind::HealthCheck => {
                    seen.check = Some((place, decision.formula));
                }
                DecisionKind::HealthVerdict | DecisionKind::FailureStreak => {
                    // a check that the verdict continues is no passed one
                    let check = seen.check.take();
                    let continued = check.filter(|(_, formula)| *formula == decision.formula);
                    continued.into_iter().for_each(|(place, _)| found.replace(place));
                    seen.verdict = Some(place);
                    self.notes.idle.retain(|idle| idle != worker);
                }
                DecisionKind::Kill => {
                    if let Some(verdict) = seen.verdict.take() {
                        found.decide(verdict, None);
                    }
                    self.notes.idle.retain(|idle| idle != worker);
                }
                DecisionKind::Spawn
                | DecisionKind::Promotion
                | DecisionKind::ScaleDown
                | DecisionKind::EarlyTermination
                | DecisionKind::Failsafe
                | DecisionKind::External
                | DecisionKind::ErrorCleanup
                | DecisionKind::TaskReset
                | DecisionKind::Scaling
                | DecisionKind::ScaleUp
                | DecisionKind::FailureRate => {}
            }
        }
        if kind == DecisionKind::FailureRate {
            self.notes.sample = Some(place);
        }
        let steps = self.no_steps(event, about, &decision);
        decision.failed_read = self.failed_read(&decision, event);
        found.push(decision);
        for mut step in steps {
            step.failed_read = self.failed_read(&step, event);
            let at = Some(found.next());
            if step.kind == DecisionKind::ScaleUp {
                self.notes.no_scale_up = at;
            } else {
                self.notes.no_scale_down = at;
            }
            found.push_open(step);
        }
    }

    fn decision(&self, event: &Event, kind: DecisionKind, about: &About<'_>) -> Decision {
        let mut inputs = Inputs::default();
        inputs.of_line(event);
        let told = event.text("reason").filter(|_| kind == DecisionKind::Kill);
        let told = told.and_then(reason::read);
        let formula = match &told {
            Some(told) => Some(told.formula),
            None => self.formula(event, kind, about),
        };
        if let Some(worker) = &event.worker {
            inputs.of_worker(&self.notes, worker);
            let wanted = if kind == DecisionKind::Spawn { FLEET } else { WORKER };
            inputs.of_fleet(&self.notes, wanted);
            inputs.number("worker_age_s", about.worker_age(event.at));
        } else {
            inputs.of_fleet(&self.notes, FLEET);
        }
        if let Some(told) = &told {
            inputs.of_reason(told, age_name(told.formula));
        }
        self.ages(event, formula, about, &mut inputs);
        if let (DecisionKind::Kill, Some(row)) = (kind, about.row) {
            let reason = event.text("reason").unwrap_or_default();
            if let Some((all, _)) = diagnostics(row, reason, event.at) {
                inputs.of_diagnostics(&all, event.at, told.as_ref());
            }
        }
        let mut limits = Limits::default();
        for (limit, value) in settings::told(event, about.row) {
            // how many were wanted at most is of the process, not of one line
            if limit != Limit::MaxActiveAtLeast {
                limits.set(limit, value, Told::Line);
            }
        }
        Decision {
            event: event.id,
            at: event.at,
            run: event.run.clone(),
            cycle: event.cycle.map(Cycle::number),
            subject: event.subject(),
            kind,
            verdict: verdict(event, kind),
            inputs: inputs.0,
            limits,
            failed_read: None,
            era: about.era,
            formula,
            decided: decided(event, kind, formula, about.era),
            recomputed: None,
        }
    }

    /// The rule behind an event that names no reason of a kill.
    fn formula(&self, event: &Event, kind: DecisionKind, about: &About<'_>) -> Option<Formula> {
        match kind {
            DecisionKind::HealthCheck => Some(if event.number("timeout_s").is_some() {
                Formula::StaleHeartbeat
            } else {
                Formula::BasicHealth
            }),
            DecisionKind::HealthVerdict | DecisionKind::FailureStreak => names::formula(event),
            DecisionKind::Promotion => Some(Formula::Promotion),
            DecisionKind::Failsafe => Some(Formula::Failsafe),
            DecisionKind::ErrorCleanup => Some(Formula::ErrorCleanup),
            DecisionKind::Scaling => Some(Formula::Desired),
            DecisionKind::ScaleUp => {
                (event.kind == EventKind::ScaleUpStarted).then_some(Formula::ScaleUp)
            }
            DecisionKind::FailureRate => Some(Formula::FailureRate),
            DecisionKind::EarlyTermination if event.worker.is_some() => {
                Some(Formula::EarlyTermination)
            }
            DecisionKind::EarlyTermination => Some(Formula::KeptEarly),
            DecisionKind::ScaleDown if event.worker.is_some() => {
                // a stop for a reason of its own, in the same cycle (domain/orchestrator.md 2.3)
                let is_stale =
                    event.text("reason").is_some_and(|why| why.starts_with("STALE_ROUTE_CONTRACT"));
                let is_victim = self.notes.scale_down_at.is_some() && since(about.era, "E1");
                (is_victim && !is_stale).then_some(Formula::ScaleDownVictim)
            }
            DecisionKind::ScaleDown => Some(Formula::ScaleDown),
            DecisionKind::TaskReset => match event.text("sort") {
                Some("unassigned") => Some(Formula::UnassignedReset),
                Some("stale") => Some(Formula::StaleReset),
                Some(_) | None => None,
            },
            DecisionKind::Spawn | DecisionKind::Kill | DecisionKind::External => None,
        }
    }

    /// Until E6 a decision with workers missing or too many that no step follows is a step of none; it
    /// counts when the cycle has ended without one.
    fn no_steps(&self, event: &Event, about: &About<'_>, of: &Decision) -> Vec<Decision> {
        if of.kind != DecisionKind::Scaling || !since("E6", about.era) {
            return Vec::new();
        }
        let count = |name: &str| self.notes.number(&format!("workers_{name}"));
        let (Some(wanted), Some(active), Some(spawning)) =
            (count("desired"), count("active"), count("spawning"))
        else {
            return Vec::new();
        };
        let capacity = active + spawning;
        let mut inputs = Inputs(of.inputs.clone());
        inputs.number("workers_capacity", Some(capacity));
        let kind = if wanted > capacity {
            DecisionKind::ScaleUp
        } else if wanted < capacity {
            inputs.of_idle(&self.notes, about, event.at);
            DecisionKind::ScaleDown
        } else {
            return Vec::new();
        };
        let is_up = kind == DecisionKind::ScaleUp;
        let formula = Some(if is_up { Formula::ScaleUp } else { Formula::ScaleDown });
        let (decided, verdict) = (Some(Answer::Count(0)), "0".to_string());
        vec![Decision { kind, inputs: inputs.0, formula, decided, verdict, ..of.clone() }]
    }

    /// The first read that failed before the decision and fed it.
    fn failed_read(&self, decision: &Decision, event: &Event) -> Option<EventId> {
        // what it holds was read: that nothing is queued or running was not believed
        let holds = decision.inputs.get("has_active_task") == Some(&Attribute::Bool(true));
        if holds && decision.formula == Some(Formula::StaleHeartbeat) {
            return None;
        }
        let about = event.worker.as_ref();
        let mut failed = self.notes.failed.iter();
        let fed = failed.find(|read| read.feeds(decision.kind, decision.formula, about));
        fed.map(|read| read.event)
    }
}
