//! What proved that a worker lived, and by which of its two processes.

use rustc_hash::FxHashMap;

use crate::model::event::{Basis, Clock};
use crate::model::id::{EventId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::{Facts, WorkerRow};
use crate::model::state::Outcome;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::TaskTimeline;
use crate::replay::worker::beats;

/// Ages are told in whole seconds: two times this close are one heartbeat, as those are 20 s apart
/// (domain/worker-app.md 4.1).
const ONE_BEAT_S: f64 = 2.0;

/// One sign of life.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// When.
    pub at: Micros,
    /// `heartbeat`, `log_line`, `claim`, `claim_attempt`, `completion`, `failure`.
    pub what: &'static str,
    /// Whether the guardian sent it: it can outlive the process that works, and the reverse.
    pub by_guardian: bool,
    /// How it is known.
    pub basis: Basis,
    /// The event.
    pub event: EventId,
}

/// The signs of one worker, in order.
pub fn of(row: &WorkerRow, events: &[Seen<'_>], completions: &[Signal]) -> Vec<Signal> {
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
    let logged = logged(row, events, &signals);
    signals.extend(logged);
    signals.extend(completions.iter().cloned());
    signals.sort_by(|a, b| (a.at, a.what, &a.event).cmp(&(b.at, b.what, &b.event)));
    signals
}

/// Heartbeats that only a line of an orchestrator tells, by their age; each once.
fn logged(row: &WorkerRow, events: &[Seen<'_>], known: &[Signal]) -> Vec<Signal> {
    let recorded = known.iter().filter(|signal| signal.by_guardian).map(|signal| signal.at);
    let mut beats: Vec<Micros> = recorded.collect();
    beats.sort_unstable();
    let mut found = Vec::new();
    for event in events {
        let Some(at) = beats::logged(event) else { continue };
        let near = |beat: &Micros| beat.seconds_since(at).abs() < ONE_BEAT_S;
        let place = beats.partition_point(|beat| *beat < at);
        let told = beats[place.saturating_sub(1)..].iter().take(2).any(near);
        if told || row.is_default_beat(at) || beats::is_unproven(at) {
            continue;
        }
        beats.insert(place, at);
        let (what, by_guardian, basis, event) = ("heartbeat", true, event.basis, event.id);
        found.push(Signal { at, what, by_guardian, basis, event });
    }
    found
}

fn sign(event: &Seen<'_>) -> Option<(&'static str, bool)> {
    const SIGNS: &[(EventKind, &str, bool)] = &[
        (EventKind::HeartbeatRecorded, "heartbeat", true),
        (EventKind::TaskClaimed, "claim", false),
        (EventKind::ClaimAttempted, "claim_attempt", false),
    ];
    let known = SIGNS.iter().find(|(kind, ..)| *kind == event.kind);
    let own_line = || (event.clock == Clock::Worker).then_some(("log_line", false));
    known.map(|(_, what, by_guardian)| (*what, *by_guardian)).or_else(own_line)
}

/// Ends of tasks that only the holder's own process can have brought about: a non-orchestrator task
/// that became Complete or Failed with the holder still on the row (evidence-rules section 2).
/// An orchestrator task completes through another worker's last child, so it proves nothing.
pub fn completions<'a>(
    facts: &'a Facts,
    tasks: &'a [TaskTimeline],
) -> FxHashMap<&'a WorkerId, Vec<Signal>> {
    let mut signs: FxHashMap<&WorkerId, Vec<Signal>> = FxHashMap::default();
    for (row, task) in facts.tasks.iter().zip(tasks) {
        let kept = task.attempts.iter().rfind(|one| one.outcome != Outcome::Duplicate);
        let (Some(last), Some(worker)) = (kept, &row.worker) else { continue };
        if row.is_orchestrator() || last.worker.as_ref() != Some(worker) {
            continue;
        }
        for sent in task.attempts.iter().filter(|attempt| attempt.worker.as_ref() != Some(worker)) {
            // a result of an earlier holder is that one's sign of life
            if let (Some(by), Some(at), Some(event)) =
                (&sent.worker, sent.delivered_at, sent.delivered_event)
            {
                let basis = Basis::Logged;
                let what = "completion";
                let signal = Signal { at, what, by_guardian: false, basis, event };
                signs.entry(by).or_default().push(signal);
            }
        }
        // two workers had it at once: unless a result is known to be the holder's, the other may have
        // ended it in the holder's name (domain/worker-app.md X4)
        let shared = task.attempts.iter().any(|one| one.outcome == Outcome::Duplicate);
        if shared && last.delivered_at.is_none() {
            continue;
        }
        let what = match last.outcome {
            Outcome::Complete => "completion",
            Outcome::Failed if row.status == "Failed" && !row.is_failed_by_others() => "failure",
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
            signs.entry(worker).or_default().push(signal);
        }
    }
    signs
}
