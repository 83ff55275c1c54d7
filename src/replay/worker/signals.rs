//! What proved that a worker lived, and by which of its two processes.

use crate::model::event::{Basis, Clock};
use crate::model::id::EventId;
use crate::model::kind::EventKind;
use crate::model::rows::{Facts, WorkerRow};
use crate::model::state::Outcome;
use crate::model::time::Micros;
use crate::replay::numbers::Numbers;
use crate::replay::seen::Seen;
use crate::replay::task::TaskTimeline;
use crate::replay::task::attempt::Attempt;
use crate::replay::timeline::sort_by_time;
use crate::replay::worker::beats::{self, Age};

/// Ages are told in whole seconds: two times this close are one heartbeat, as those are 20 s apart
/// (domain/worker-app.md 4.1).
const ONE_BEAT_S: f64 = 2.0;

/// What was seen of a worker; in the order of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// It claimed a task.
    Claim,
    /// It asked for a task.
    ClaimAttempt,
    /// It completed a task.
    Completion,
    /// It failed on a task.
    Failure,
    /// Its guardian's heartbeat.
    Heartbeat,
    /// A line of its own.
    LogLine,
}

impl Sign {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::ClaimAttempt => "claim_attempt",
            Self::Completion => "completion",
            Self::Failure => "failure",
            Self::Heartbeat => "heartbeat",
            Self::LogLine => "log_line",
        }
    }
}

/// One sign of life.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// When.
    pub at: Micros,
    /// What was seen.
    pub what: Sign,
    /// Whether the guardian sent it: it can outlive the process that works, and the reverse.
    pub by_guardian: bool,
    /// How it is known.
    pub basis: Basis,
    /// The event.
    pub event: EventId,
}

/// The signs of one worker, in order.
pub fn of(
    row: &WorkerRow,
    events: &[Seen<'_>],
    ages: &[Age],
    completions: &[Signal],
) -> Vec<Signal> {
    let mut signals: Vec<Signal> = events
        .iter()
        .filter(|event| {
            !(event.kind == EventKind::HeartbeatRecorded && beats::is_unproven(event.at))
        })
        .filter_map(|event| {
            let (what, by_guardian) = sign(event)?;
            Some(Signal { at: event.at, what, by_guardian, basis: event.basis, event: event.id })
        })
        .collect();
    let logged = logged(row, ages, &signals);
    signals.extend(logged);
    signals.extend(completions.iter().cloned());
    sort_by_time(&mut signals, |one| one.at, |one| (one.what, one.event));
    signals
}

/// Heartbeats that only a line of an orchestrator tells, by their age; each once.
fn logged(row: &WorkerRow, ages: &[Age], known: &[Signal]) -> Vec<Signal> {
    let recorded = known.iter().filter(|signal| signal.by_guardian).map(|signal| signal.at);
    let mut beats: Vec<Micros> = recorded.collect();
    beats.sort_unstable();
    let mut found = Vec::new();
    for Age { beat: at, basis, event, .. } in ages.iter().copied() {
        let near = |beat: &Micros| beat.seconds_since(at).abs() < ONE_BEAT_S;
        let place = beats.partition_point(|beat| *beat < at);
        let told = beats[place.saturating_sub(1)..].iter().take(2).any(near);
        if told || row.is_default_beat(at) || beats::is_unproven(at) {
            continue;
        }
        beats.insert(place, at);
        let (what, by_guardian) = (Sign::Heartbeat, true);
        found.push(Signal { at, what, by_guardian, basis, event });
    }
    found
}

fn sign(event: &Seen<'_>) -> Option<(Sign, bool)> {
    const SIGNS: &[(EventKind, Sign, bool)] = &[
        (EventKind::HeartbeatRecorded, Sign::Heartbeat, true),
        (EventKind::TaskClaimed, Sign::Claim, false),
        (EventKind::ClaimAttempted, Sign::ClaimAttempt, false),
    ];
    let known = SIGNS.iter().find(|(kind, ..)| *kind == event.kind);
    let own_line = || (event.clock == Clock::Worker).then_some((Sign::LogLine, false));
    known.map(|(_, what, by_guardian)| (*what, *by_guardian)).or_else(own_line)
}

/// Ends of tasks that only the holder's own process can have brought about: a non-orchestrator task
/// that became Complete or Failed with the holder still on the row (evidence-rules section 2).
/// An orchestrator task completes through another worker's last child, so it proves nothing. By the rows of the
/// workers.
pub fn completions(facts: &Facts, tasks: &[TaskTimeline], numbers: &Numbers) -> Vec<Vec<Signal>> {
    let mut signs: Vec<Vec<Signal>> = vec![Vec::new(); numbers.workers()];
    for (row, task) in facts.tasks.iter().zip(tasks) {
        if row.is_orchestrator() {
            continue;
        }
        let kept = task.attempts.iter().rfind(|one| one.outcome != Outcome::Duplicate);
        let of_row = kept.filter(|last| last.worker.is_some() && last.worker == row.worker);
        let made_the_end = |one: &Attempt| {
            one.outcome == Outcome::Complete && of_row.is_some_and(|last| std::ptr::eq(last, one))
        };
        for sent in task.attempts.iter().filter(|one| !made_the_end(one)) {
            // a result is a sign of life of who sent it, whoever holds the task by then, and though nobody does
            if let (Some(by), Some(at), Some(event)) =
                (numbers.holder(sent), sent.delivered_at, sent.delivered_event)
            {
                let basis = Basis::Logged;
                let what = Sign::Completion;
                let signal = Signal { at, what, by_guardian: false, basis, event };
                signs[by].push(signal);
            }
        }
        let Some(last) = of_row else { continue };
        // unless a result is known to be the holder's, another may have ended it in the holder's name
        if last.is_disputed {
            continue;
        }
        let what = match last.outcome {
            Outcome::Complete => Sign::Completion,
            Outcome::Failed if row.status == "Failed" && !row.is_failed_by_others() => {
                Sign::Failure
            }
            Outcome::Failed
            | Outcome::Reset
            | Outcome::Requeued
            | Outcome::Cancelled
            | Outcome::Overtaken
            | Outcome::Duplicate
            | Outcome::Lost
            | Outcome::Open => continue,
        };
        if let (Some(at), Some(event)) = (last.ended_at, last.ended_event) {
            let signal = Signal { at, what, by_guardian: false, basis: Basis::Recorded, event };
            if let Some(holder) = numbers.holder(last) {
                signs[holder].push(signal);
            }
        }
    }
    signs
}
