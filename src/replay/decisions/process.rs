//! One orchestrator process: what it says, cycle by cycle, and the decisions in it.

use crate::model::attribute::Attribute;
use crate::model::event::Event;
use crate::model::id::EventId;
use crate::model::kind::EventKind;
use crate::model::rows::WorkerRow;
use crate::model::state::{DecisionKind, Formula};
use crate::model::time::Micros;
use crate::replay::decisions::cycle::CycleNotes;
use crate::replay::decisions::found::Found;
use crate::replay::decisions::inputs::{About, Inputs, diagnostics};
use crate::replay::decisions::{Decision, kind_of, names, reason, settings};
use crate::replay::rules::answer::Answer;
use crate::replay::rules::defaults::since;
use crate::replay::rules::limit::{Limit, Limits, Told};

/// A check reads the database for each worker, so that what it measured is up to a second older than
/// its line (domain/orchestrator.md 9.4: lines of one decision lie within it).
const READS_S: f64 = 1.0;
/// A line that follows its comparison at once.
const AT_ONCE_S: f64 = 0.1;

const FLEET: &[&str] = &[
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
    notes: CycleNotes,
    /// Settings that its lines tell.
    pub(super) settings: Limits,
    /// Whether a line shows that scale-down keeps the minimum (since 2c0154c, of E6).
    pub(super) keeps_min: bool,
}

impl Process {
    /// Takes what an event tells of the process and its cycle.
    pub(super) fn hear(&mut self, event: &Event, row: Option<&WorkerRow>, found: &mut Found) {
        self.notes.turn_to(event.cycle);
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
        if event.kind == EventKind::ScaleUpStarted {
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
            cycle: event.cycle,
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
                let is_victim = self.notes.scale_down_at.is_some() && since(about.era, "E1");
                is_victim.then_some(Formula::ScaleDownVictim)
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

    /// Ages that the line tells, or that its cycle and the rows do.
    fn ages(
        &self,
        event: &Event,
        formula: Option<Formula>,
        about: &About<'_>,
        inputs: &mut Inputs,
    ) {
        let Some(formula) = formula else { return };
        let tenths = formula == Formula::BasicHealth;
        let age = event.number("age_s").map(|age| (age, if tenths { 0.05 } else { 0.5 }));
        inputs.age(age_name(formula), age);
        let worker = event.worker.as_ref();
        let idle = |at| worker.and_then(|worker| about.idle(worker, at)).map(|age| (age, READS_S));
        match formula {
            Formula::IdleTimeout => inputs.age("idle_s", idle(event.at)),
            Formula::ScaleDownVictim => {
                inputs.age("idle_s", idle(self.notes.scale_down_at.unwrap_or(event.at)));
                inputs.of_fleet(&self.notes, FLEET);
            }
            Formula::EarlyTermination => {
                let at = self.notes.early_at.unwrap_or(event.at);
                inputs.age("worker_age_s", about.worker_age(at).map(|age| (age, READS_S)));
                let kept = self.notes.fleet.get("workers_kept").cloned();
                inputs.put("workers_kept", kept);
                inputs.put("workers_capacity", self.notes.fleet.get("workers_capacity").cloned());
            }
            Formula::Failsafe if age.is_none() => {
                let beat = event.text("heartbeat").unwrap_or_default();
                let seen = Micros::parse(beat);
                let never = matches!(beat, "never" | "None");
                let since_beat = seen.map(|seen| event.at.seconds_since(seen));
                let since_row = about.worker_age(event.at).filter(|_| never);
                let age = since_beat.or(since_row).map(|age| (age, AT_ONCE_S));
                inputs.age("heartbeat_age_s", age);
            }
            Formula::ErrorCleanup => {
                inputs.put("has_error_time", Some(Attribute::Bool(age.is_some())));
            }
            Formula::UnassignedReset | Formula::StaleReset => inputs.of_tasks(event, about),
            Formula::ScaleDown => {
                let count = |name| inputs.0.get(name).and_then(Attribute::number);
                let both = count("workers_active").zip(count("workers_spawning"));
                if count("workers_capacity").is_none() {
                    inputs.number("workers_capacity", both.map(|(a, b)| a + b));
                }
                inputs.of_idle(&self.notes, about, event.at);
            }
            Formula::Failsafe
            | Formula::BasicHealth
            | Formula::StaleHeartbeat
            | Formula::NoHeartbeat
            | Formula::StuckTask
            | Formula::SpawningTimeout
            | Formula::ScriptRunningTimeout
            | Formula::StartupPhase
            | Formula::GpuNotDetected
            | Formula::NeverInitialised
            | Formula::ReadyNotClaiming
            | Formula::IdleWithQueue
            | Formula::FailureStreak
            | Formula::FailureRate
            | Formula::Promotion
            | Formula::Desired
            | Formula::ScaleUp
            | Formula::KeptEarly => {}
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

/// What a kill tells of the limits that hold for it.
pub(super) fn of_kill(reason: &str, row: &WorkerRow, at: Micros) -> Limits {
    let mut limits = Limits::default();
    for (limit, value) in settings::of_kill(reason, Some(row), at) {
        limits.set(limit, value, Told::Line);
    }
    limits
}

/// What the age of a rule is called.
pub(super) fn age_name(formula: Formula) -> &'static str {
    match formula {
        Formula::BasicHealth
        | Formula::StaleHeartbeat
        | Formula::NoHeartbeat
        | Formula::Failsafe
        | Formula::Promotion => "heartbeat_age_s",
        Formula::ErrorCleanup => "error_age_s",
        Formula::StuckTask
        | Formula::IdleTimeout
        | Formula::SpawningTimeout
        | Formula::ScriptRunningTimeout
        | Formula::StartupPhase
        | Formula::GpuNotDetected
        | Formula::NeverInitialised
        | Formula::ReadyNotClaiming
        | Formula::IdleWithQueue
        | Formula::FailureStreak
        | Formula::FailureRate
        | Formula::Desired
        | Formula::ScaleUp
        | Formula::ScaleDown
        | Formula::ScaleDownVictim
        | Formula::KeptEarly
        | Formula::EarlyTermination
        | Formula::UnassignedReset
        | Formula::StaleReset => "age_s",
    }
}

/// What was decided, in words or as a number.
fn verdict(event: &Event, kind: DecisionKind) -> String {
    if kind == DecisionKind::HealthCheck {
        return "passed".to_string();
    }
    if let Some(reason) = event.text("reason") {
        return reason.to_string();
    }
    let number = match kind {
        DecisionKind::Scaling => event.int("desired"),
        DecisionKind::FailureRate => event.int("rate_percent"),
        DecisionKind::Spawn
        | DecisionKind::Promotion
        | DecisionKind::HealthCheck
        | DecisionKind::HealthVerdict
        | DecisionKind::FailureStreak
        | DecisionKind::Kill
        | DecisionKind::ScaleDown
        | DecisionKind::EarlyTermination
        | DecisionKind::Failsafe
        | DecisionKind::External
        | DecisionKind::ErrorCleanup
        | DecisionKind::TaskReset
        | DecisionKind::ScaleUp => event.int("count").or_else(|| event.int("age_s")),
    };
    number.map(|n| n.to_string()).unwrap_or_default()
}

/// What was done, in the terms of the rule.
fn decided(
    event: &Event,
    kind: DecisionKind,
    formula: Option<Formula>,
    era: &str,
) -> Option<Answer> {
    let count = |name: &str| event.int(name).map(Answer::Count);
    match kind {
        DecisionKind::HealthCheck => Some(Answer::Leave),
        // since E7 the plain form kills nobody; a mark that follows takes this back
        DecisionKind::HealthVerdict => {
            let spares = formula == Some(Formula::BasicHealth) && since(era, "E7");
            spares.then_some(Answer::Leave)
        }
        // the mark tells it
        DecisionKind::FailureStreak | DecisionKind::FailureRate => None,
        DecisionKind::Scaling => count("desired"),
        DecisionKind::ScaleUp if event.kind == EventKind::ScaleUpBlocked => Some(Answer::Count(0)),
        DecisionKind::ScaleUp => count("count"),
        DecisionKind::ScaleDown if event.kind == EventKind::ScaleDownSkipped => {
            Some(Answer::Count(0))
        }
        DecisionKind::EarlyTermination if event.worker.is_none() => count("desired"),
        DecisionKind::ScaleDown if event.worker.is_none() => count("count"),
        DecisionKind::Spawn
        | DecisionKind::Promotion
        | DecisionKind::Kill
        | DecisionKind::ScaleDown
        | DecisionKind::EarlyTermination
        | DecisionKind::Failsafe
        | DecisionKind::External
        | DecisionKind::ErrorCleanup
        | DecisionKind::TaskReset => Some(Answer::Act),
    }
}
