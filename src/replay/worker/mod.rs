//! Worker timelines: states, signs of life, liveness, anomalies.

pub mod beats;
pub mod contradicted;
pub mod end;
pub mod held;
pub mod liveness;
pub mod signals;
pub mod state;

use crate::model::event::{Basis, Clock};
use crate::model::id::{EventId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::WorkerRow;
use crate::model::state::{AnomalyKind, WorkerStateName};
use crate::model::time::Micros;
use crate::replay::lost_updates;
use crate::replay::seen::Seen;
use crate::replay::timeline::{Anomaly, Stay, Step, sort_by_time};
use crate::replay::worker::beats::Watch;
use crate::replay::worker::end::WorkerEnd;
use crate::replay::worker::held::Held;
use crate::replay::worker::liveness::Liveness;
use crate::replay::worker::signals::Signal;
use crate::replay::worker::state::{WorkerEvent, WorkerState};

/// A heartbeat this long after the pod's end came from a pod that was not dead yet, or from a queue
/// (evidence-rules fact 19: late heartbeats arrive within 5 s).
const LATE_HEARTBEAT_S: f64 = 5.0;

/// Lines of the check that led to a verdict, and of others of its cycle, come no later (one cycle,
/// domain/orchestrator.md 2.3).
const VERDICT_S: f64 = 30.0;

/// What only a process that runs does.
const ACTS: [EventKind; 3] =
    [EventKind::TaskClaimed, EventKind::ClaimAttempted, EventKind::WorkerReady];

/// One worker's life.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerTimeline {
    /// Who.
    pub id: WorkerId,
    /// Its states; each lasts until the next begins.
    pub states: Vec<Stay<WorkerStateName>>,
    /// Its end, if it ended.
    pub end: Option<WorkerEnd>,
    /// What proved life, in order.
    pub signals: Vec<Signal>,
    /// Alive, silent or unknown.
    pub liveness: Vec<Liveness>,
    /// Contradictions.
    pub anomalies: Vec<Anomaly>,
}

/// One step of a worker's life: what, when, by which event.
#[derive(Clone, Debug)]
struct Moment {
    at: Micros,
    what: WorkerEvent,
    basis: Basis,
    because: Option<EventId>,
}

/// Folds one worker's events into its timeline.
pub fn replay(watch: &Watch<'_>, completions: &[Signal]) -> WorkerTimeline {
    let Watch { row, events, held, end, .. } = *watch;
    let (moments, ages) = (moments(row, events, held, end), beats::ages(events));
    let mut timeline = WorkerTimeline {
        id: row.id.clone(),
        states: Vec::new(),
        end: end.cloned(),
        signals: signals::of(row, events, &ages, completions),
        liveness: Vec::new(),
        anomalies: Vec::new(),
    };
    if let Some(end) = &mut timeline.end {
        let acts = timeline.signals.iter().filter(|signal| !signal.by_guardian);
        end.last_work = acts.map(|signal| signal.at).max();
    }
    let mut state = WorkerState::Unseen;
    for moment in moments {
        match state.next(moment.what) {
            Step::Moved(to) => {
                timeline.enter(to, &moment);
                state = to;
            }
            Step::Stayed => {}
            Step::Illegal => timeline.anomalies.push(Anomaly {
                at: moment.at,
                kind: state.contradicted_by(moment.what),
                state: state.name().map_or("unseen", WorkerStateName::name),
                event: moment.because,
                detail: format!("{} while {}", moment.what.name(), state.label()),
            }),
        }
    }
    timeline.liveness = liveness::of(watch, &ages, &timeline.signals);
    timeline.anomalies.extend(contradicted::anomaly(row, events));
    timeline.anomalies.extend(beats::anomalies(watch, &timeline.signals));
    timeline.anomalies.extend(resurrected(row, end));
    timeline.anomalies.extend(lost_updates::anomalies(events));
    timeline
}

impl WorkerTimeline {
    fn enter(&mut self, to: WorkerState, moment: &Moment) {
        let Some(name) = to.name() else { return };
        let because = moment.because;
        let stay = Stay { state: name, entered_at: moment.at, basis: moment.basis, because };
        match self.states.last_mut() {
            Some(last) if last.state == name => {}
            // two moves at one instant leave one state: no stay has no length
            Some(last) if last.entered_at == stay.entered_at => *last = stay,
            Some(_) | None => self.states.push(stay),
        }
    }
}

/// A row set back to active by a late heartbeat: the worker stays ended (domain/worker-app.md X1). Heartbeats leave
/// the status alone before 2025-10-19 (domain/worker-app.md 1.5).
fn resurrected(row: &WorkerRow, end: Option<&WorkerEnd>) -> Option<Anomaly> {
    const SETS_STATUS_SINCE: &str = "2025-10-19";
    let (ended, beat) = (end?.ended_at?, row.last_heartbeat?);
    if beat < Micros::day(SETS_STATUS_SINCE) {
        return None;
    }
    let back = row.status == "active" || beat.seconds_since(ended) > LATE_HEARTBEAT_S;
    back.then(|| Anomaly {
        at: beat,
        kind: AnomalyKind::Resurrected,
        state: WorkerStateName::Ended.name(),
        event: None,
        detail: format!("status {} and a heartbeat after the pod's end", row.status),
    })
}

/// Verdicts that came to nothing. Checks of a worker that had been marked as error, in a later cycle than that: an
/// orchestrator checks those alone whose row is active (domain/orchestrator.md 2.3), so its write had failed, had never
/// come, or a heartbeat undid it, and its pod was not stopped. A row that is active with a heartbeat of then says the
/// same. What a process says of itself (that it gave up) no check undoes, but its own acts do; that it crashed, they do, or
/// a heartbeat: its guardian sent its last one (domain/worker-app.md 4.1).
fn reinstated(row: &WorkerRow, events: &[Seen<'_>]) -> impl Iterator<Item = Moment> {
    let is_active = row.status == "active";
    let mut marked: Option<(Micros, EventKind)> = None;
    events.iter().filter_map(move |event| {
        let beat = event.kind == EventKind::HeartbeatRecorded && !beats::is_unproven(event.at);
        if WorkerEvent::of(event.kind) == Some(WorkerEvent::Condemned) {
            marked = Some((event.at, event.kind));
            return None;
        }
        let (at, verdict) = marked?;
        let is_undone = if verdict != EventKind::WorkerMarkedError {
            (beat && verdict == EventKind::WorkerCrashed) || ACTS.contains(&event.kind)
        } else {
            // of an era that looks at the pod, its answer is the check (domain/orchestrator.md G107)
            let checks = [EventKind::HeartbeatObserved, EventKind::SshReachable];
            let checked = checks.contains(&event.kind) && event.clock == Clock::Orchestrator;
            checked || (is_active && beat)
        };
        (is_undone && event.at.seconds_since(at) > VERDICT_S).then(|| {
            marked = None;
            let (what, basis) = (WorkerEvent::Reinstated, event.basis);
            Moment { at: event.at, what, basis, because: Some(event.id) }
        })
    })
}

fn moments(
    row: &WorkerRow,
    events: &[Seen<'_>],
    held: &[Held],
    end: Option<&WorkerEnd>,
) -> Vec<Moment> {
    let goodbye = contradicted::goodbye(row, events);
    // who kills it after that stops the pod that it left running
    let over = |event: &Seen<'_>| goodbye.is_some_and(|(_, goodbye)| goodbye.at <= event.at);
    let mut moments: Vec<Moment> = events
        .iter()
        .filter(|event| event.kind != EventKind::HeartbeatRecorded || !beats::is_unproven(event.at))
        .filter_map(|event| {
            let what = WorkerEvent::of(event.kind)?;
            let is_aftermath = what == WorkerEvent::Condemned && over(event);
            (!is_aftermath).then_some(Moment {
                at: event.at,
                what,
                basis: event.basis,
                because: Some(event.id),
            })
        })
        .collect();
    for attempt in held {
        let because = attempt.claimed_event;
        let basis = Basis::Inferred;
        moments.push(Moment { at: attempt.from, what: WorkerEvent::Claimed, basis, because });
        if let Some(until) = attempt.until {
            let because = attempt.ended_event;
            moments.push(Moment { at: until, what: WorkerEvent::Released, basis, because });
        }
    }
    moments.extend(reinstated(row, events));
    if let Some((at, goodbye)) = goodbye {
        let (what, basis) = (WorkerEvent::Ended, goodbye.basis);
        moments.push(Moment { at, what, basis, because: Some(goodbye.id) });
    }
    // an end whose time is not known is over by its latest bound
    if let Some(end) = end
        && let Some(at) = end.ended_at.or(end.before)
    {
        let (what, because) = (WorkerEvent::Ended, end.event);
        moments.push(Moment { at, what, basis: end.basis, because });
    }
    sort_by_time(&mut moments, |one| one.at, |one| (one.what, one.because));
    moments
}
