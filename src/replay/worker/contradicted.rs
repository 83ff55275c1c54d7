//! Ends that the worker itself contradicts: it acted long after them.

use crate::model::event::Clock;
use crate::model::kind::EventKind;
use crate::model::rows::WorkerRow;
use crate::model::state::{AnomalyKind, WorkerStateName};
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::timeline::Anomaly;

/// Every pod that an orchestrator ended was gone within 30 s of the line that says so (evidence-rules
/// class 11): what acts later was not ended.
const GONE_WITHIN_S: f64 = 30.0;

/// Two heartbeat periods: what beats later lives (evidence-rules class 14).
const LAST_BEAT_WITHIN_S: f64 = 40.0;

/// The events that may end a worker.
const ENDS: [EventKind; 9] = [
    EventKind::WorkerPodTerminated,
    EventKind::WorkerEarlyTerminated,
    EventKind::WorkerScaledDown,
    EventKind::PodTerminated,
    EventKind::FailsafeCleaned,
    EventKind::WorkerExternallyTerminated,
    EventKind::WorkerTerminationRecorded,
    EventKind::WorkerSaidGoodbye,
    EventKind::WorkerCrashed,
];

/// The last act of the worker's own process: its asking for a task, or a line of it. A worker's clock may be
/// off by anything; its lines travel with a heartbeat, so they count up to the last one.
fn last_act<'a>(row: &WorkerRow, events: &[Seen<'a>]) -> Option<Seen<'a>> {
    let acts = [EventKind::TaskClaimed, EventKind::ClaimAttempted];
    let beat = row.real_heartbeat();
    let own = |event: &Seen<'_>| {
        acts.contains(&event.kind)
            || (event.clock == Clock::Worker && beat.is_some_and(|beat| event.at <= beat))
    };
    events.iter().copied().rfind(own)
}

/// Whether a worker still acted so long after an instant that it cannot have ended there.
pub(crate) fn is_contradicted(row: &WorkerRow, events: &[Seen<'_>], ended: Micros) -> bool {
    last_act(row, events).is_some_and(|act| act.at.seconds_since(ended) > GONE_WITHIN_S)
}

/// Whether a worker beat so long after an instant that it cannot have ended there.
pub(crate) fn lived_on(row: &WorkerRow, at: Micros) -> bool {
    let beat = row.real_heartbeat();
    beat.is_some_and(|beat| beat.seconds_since(at) > LAST_BEAT_WITHIN_S)
}

/// The goodbye of its process that nothing it did later contradicts, and when its last words were over: that ends a
/// worker, whenever its pod is stopped.
pub(crate) fn goodbye<'a>(row: &WorkerRow, events: &[Seen<'a>]) -> Option<(Micros, Seen<'a>)> {
    // its guardian goes with it (domain/worker-app.md 4.1)
    let said = |event: &Seen<'_>| {
        event.kind == EventKind::WorkerSaidGoodbye
            && !lived_on(row, event.at)
            && !is_contradicted(row, events, event.at)
    };
    let goodbye = events.iter().copied().find(said)?;
    let words = events.iter().filter(|event| {
        event.clock == Clock::Worker && event.at.seconds_since(goodbye.at) <= GONE_WITHIN_S
    });
    let last = words.map(|event| event.at).max();
    Some((last.map_or(goodbye.at, |last| last.max(goodbye.at)), goodbye))
}

/// The death of its process that its guardian reported, unless it acted or beat on since: begun anew on the same pod, or
/// reported dead in error (domain/worker-app.md 4.1: a guardian that has reported it sends no more).
pub(crate) fn crash<'a>(row: &WorkerRow, events: &[Seen<'a>]) -> Option<Seen<'a>> {
    let lasts = |event: &Seen<'_>| {
        event.kind == EventKind::WorkerCrashed
            && !lived_on(row, event.at)
            && !is_contradicted(row, events, event.at)
    };
    events.iter().copied().find(lasts)
}

/// The first end that the worker's acts contradict.
pub(crate) fn anomaly(row: &WorkerRow, events: &[Seen<'_>]) -> Option<Anomaly> {
    let ended = events.iter().find(|event| ENDS.contains(&event.kind))?;
    let act = last_act(row, events).filter(|_| is_contradicted(row, events, ended.at))?;
    Some(Anomaly {
        at: act.at,
        kind: AnomalyKind::ActedAfterEnd,
        state: WorkerStateName::Ended.name(),
        event: Some(act.id),
        detail: format!("{} after {}: it had not ended there", act.kind.name(), ended.kind.name()),
    })
}
