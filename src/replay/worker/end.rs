//! How and when a worker ended: when its pod stopped, by whom, and how that is known.

use crate::model::event::{Basis, Event};
use crate::model::id::{EventId, RunId};
use crate::model::kind::EventKind;
use crate::model::rows::WorkerRow;
use crate::model::state::EndKind;
use crate::model::time::Micros;
use crate::replay::worker::contradicted;

/// A pod that vanished did so within one heartbeat period of its last heartbeat; the middle is wrong
/// by at most half of it (evidence-rules class 14).
const HEARTBEAT_PERIOD_S: f64 = 20.0;
/// A decision and the pod's end it led to lie within this (evidence-rules fact 15: at most 19 s).
const DECISION_REACH_S: f64 = 60.0;
/// The line that names the worker and the step follows the cloud's answer by what one write of the row
/// takes (domain/orchestrator.md G53 and G56 after G128).
const SAID_AFTER_S: f64 = 5.0;
/// The pod is dead so soon after the line that says so (evidence-rules fact 15).
const DEAD_AFTER_S: f64 = 7.0;
/// The same after it was asked to stop (evidence-rules fact 15).
const ASKED_DEAD_AFTER_S: f64 = 8.0;
/// Early termination falls in the first cycle past the grace of 180 s (evidence-rules class 13).
const EARLY_S: (f64, f64, f64) = (180.0, 197.0, 212.0);
/// A second kill is dated later than the heartbeat that proves the first (evidence-rules class 12).
const SECOND_KILL_S: f64 = 25.0;
/// The pod was gone by then when the first kill answers its last heartbeat (evidence-rules class 12).
const AFTER_HEARTBEAT_S: f64 = 5.0;
/// GPU_IDLE_TIMEOUT_SEC and one cycle: the failsafe's bound (evidence-rules class 15).
const FAILSAFE_S: f64 = 630.0;

/// What the cloud says of a pod that is not there (domain/orchestrator.md G128).
const GONE: &str = "pod not found to terminate";

/// The end of one worker.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerEnd {
    /// When its pod stopped; `None` where not knowable.
    pub ended_at: Option<Micros>,
    /// It stopped no earlier.
    pub after: Option<Micros>,
    /// And no later.
    pub before: Option<Micros>,
    /// How.
    pub kind: EndKind,
    /// The reason as written.
    pub reason: Option<String>,
    /// The error code as written.
    pub error_code: Option<String>,
    /// When the decision was logged.
    pub decided_at: Option<Micros>,
    /// By which process.
    pub decided_by: Option<RunId>,
    /// Its last heartbeat.
    pub last_alive: Option<Micros>,
    /// The last act of its working process.
    pub last_work: Option<Micros>,
    /// The event that proves the end.
    pub event: Option<EventId>,
    /// How it is known.
    pub basis: Basis,
}

/// The end of a worker, if it ended: the API orchestrator's own row has no pod that could.
pub fn of(row: &WorkerRow, events: &[&Event]) -> Option<WorkerEnd> {
    View { row, events }.end().filter(|_| !row.is_api())
}

/// A worker's row and events.
struct View<'a> {
    row: &'a WorkerRow,
    events: &'a [&'a Event],
}

impl View<'_> {
    fn end(&self) -> Option<WorkerEnd> {
        let mut end = self.by_logs().or_else(|| self.by_row())?;
        if end.ended_at.is_some_and(|at| contradicted::is_contradicted(self.row, self.events, at)) {
            return None;
        }
        if let Some(event) = self.unlogged_kill(&end) {
            end = self.errored(event);
        }
        let errors = [EventKind::WorkerSelfTerminated, EventKind::WorkerErrorRecorded];
        let recorded = self.first(&errors);
        let code = recorded.and_then(|event| event.text("error_code")).map(str::to_string);
        end.error_code = code;
        if end.reason.is_none() {
            end.reason = recorded
                .or_else(|| self.first(&[EventKind::WorkerTerminationRecorded]))
                .and_then(|event| event.text("reason"))
                .map(str::to_string);
        }
        if recorded.is_some_and(|event| event.kind == EventKind::WorkerSelfTerminated)
            && matches!(
                end.kind,
                EndKind::EarlyTermination | EndKind::Failsafe | EndKind::Error | EndKind::ScaleDown
            )
        {
            end.kind = EndKind::SelfTerminated;
        }
        end.last_alive = self.row.real_heartbeat();
        end.last_work = self.last_work();
        Some(end)
    }

    /// A kill that only the row tells of, long before what else ends the worker: its pod is ended within
    /// seconds of `error_time` (evidence-rules facts 15 and 16). What a cleanup or a failsafe writes
    /// minutes later is aftermath (domain/orchestrator.md W18, W19).
    fn unlogged_kill(&self, end: &WorkerEnd) -> Option<&Event> {
        let event = self.first(&[EventKind::WorkerErrorRecorded])?;
        let after = |at: Micros, s: f64| at.seconds_since(event.at) > s;
        let logged = self.events.iter().any(|other| {
            other.kind == EventKind::WorkerMarkedError
                && other.at.seconds_since(event.at).abs() < DECISION_REACH_S
        });
        let lived_on =
            self.row.real_heartbeat().is_some_and(|beat| after(beat, HEARTBEAT_PERIOD_S * 2.0));
        let late = end.ended_at.is_some_and(|at| after(at, DECISION_REACH_S));
        (late && !logged && !lived_on).then_some(event)
    }

    /// The first event of one of these kinds.
    fn first(&self, kinds: &[EventKind]) -> Option<&Event> {
        self.events.iter().copied().find(|event| kinds.contains(&event.kind))
    }

    /// The first of these kinds that no later act of the worker contradicts.
    fn first_true(&self, kinds: &[EventKind]) -> Option<&Event> {
        self.events.iter().copied().find(|event| {
            kinds.contains(&event.kind)
                && !contradicted::is_contradicted(self.row, self.events, event.at)
        })
    }

    fn last_work(&self) -> Option<Micros> {
        use crate::model::event::Clock;
        let acts = self.events.iter().filter(|event| {
            (event.clock == Clock::Worker)
                || matches!(event.kind, EventKind::TaskClaimed | EventKind::ClaimAttempted)
        });
        acts.map(|event| event.at).max()
    }

    /// The last claim or completion, which a living process alone brings about.
    fn last_act(&self) -> Option<Micros> {
        let acts =
            [EventKind::TaskClaimed, EventKind::TaskCompleted, EventKind::CompletionRequested];
        let acts = self.events.iter().filter(|event| acts.contains(&event.kind));
        acts.map(|event| event.at).max()
    }

    /// The first successful termination wins; what follows is aftermath (evidence-rules fact 19).
    fn by_logs(&self) -> Option<WorkerEnd> {
        let confirmed = self.first_true(&[
            EventKind::WorkerPodTerminated,
            EventKind::WorkerEarlyTerminated,
            EventKind::PodTerminated,
            EventKind::FailsafeCleaned,
            EventKind::WorkerSaidGoodbye,
        ]);
        let external = self.first_true(&[EventKind::WorkerExternallyTerminated]);
        let unseen = self.gone_before_verdict();
        match (external.or(unseen), confirmed) {
            (Some(gone), Some(done)) if done.at < gone.at => Some(self.terminated(done)),
            (Some(gone), _) => Some(self.vanished(gone, EndKind::External)),
            (None, Some(done)) => Some(self.terminated(done)),
            (None, None) => Some(self.found_gone(self.first_true(&[EventKind::PodGone])?)),
        }
    }

    /// The pod was not there any more when it was to be ended: the decision behind that attempt did not end
    /// it. One of an earlier cycle may have, with its lines lost; else somebody else had.
    fn found_gone(&self, gone: &Event) -> WorkerEnd {
        let found = self.vanished(gone, EndKind::External);
        let reach = gone.at.plus_seconds(-DECISION_REACH_S);
        let decided = self.events.iter().copied().rev();
        let mut decided = decided
            .filter(|event| reach <= event.at && event.at <= gone.at)
            .filter_map(|event| Some((decided_kind(event)?, event)))
            .peekable();
        if decided.peek().is_none() {
            return WorkerEnd { kind: EndKind::Unknown, ..found };
        }
        let in_time = |event: &Event| found.before.is_none_or(|latest| event.at <= latest);
        let is_earlier = |event: &Event| (&event.run, event.cycle) != (&gone.run, gone.cycle);
        match decided.find(|(_, event)| is_earlier(event) && in_time(event)) {
            Some((kind, by)) => {
                let (ended_at, after) = (found.ended_at.max(Some(by.at)), Some(by.at));
                WorkerEnd { kind, ended_at, after, decided_at: after, ..found }
            }
            None => {
                let reason = Some(GONE.to_string());
                WorkerEnd { reason, decided_at: Some(gone.at), ..found }
            }
        }
    }

    /// The cloud no longer showed the pod when the check ran, and no heartbeat came after
    /// (evidence-rules section 2, second row).
    fn gone_before_verdict(&self) -> Option<&Event> {
        let marked = self.first(&[EventKind::WorkerMarkedError])?;
        let unseen = self.events.iter().copied().rfind(|event| {
            event.kind == EventKind::PodNotSeen
                && event.at <= marked.at
                && marked.at.seconds_since(event.at) < DECISION_REACH_S
        })?;
        let beat = self.row.real_heartbeat();
        beat.is_none_or(|beat| beat < marked.at).then_some(unseen)
    }

    fn terminated(&self, done: &Event) -> WorkerEnd {
        let before = self.decision(done.at);
        let since = before.as_ref().map(|(_, event)| event.at);
        let decision = before.or_else(|| self.said_after(done.at));
        let kind = decision.as_ref().map_or(EndKind::Unknown, |(kind, _)| *kind);
        let by = decision.map(|(_, event)| event);
        WorkerEnd {
            ended_at: Some(done.at),
            after: since,
            before: Some(done.at.plus_seconds(DEAD_AFTER_S)),
            kind,
            reason: by.and_then(|event| event.text("reason")).map(str::to_string),
            error_code: None,
            decided_at: by.map(|event| event.at),
            decided_by: by.and_then(|event| event.run.clone()),
            last_alive: None,
            last_work: None,
            event: Some(done.id),
            basis: Basis::Logged,
        }
    }

    /// The pod was found gone: it went within a heartbeat period of its last heartbeat, or of what its process
    /// did after that.
    fn vanished(&self, found: &Event, kind: EndKind) -> WorkerEnd {
        let last = self.row.real_heartbeat();
        // one that beats after it was found gone lives: when it ended, nothing says
        let lived_on = last.is_some_and(|beat| beat > found.at);
        let act = self.last_act().filter(|act| *act <= found.at);
        let beat = last.max(act).filter(|_| !lived_on);
        let middle = beat.map(|beat| beat.plus_seconds(HEARTBEAT_PERIOD_S / 2.0).min(found.at));
        let latest = beat.map_or(found.at, |b| b.plus_seconds(HEARTBEAT_PERIOD_S).min(found.at));
        let decision = self.decision(found.at);
        WorkerEnd {
            ended_at: middle,
            after: beat.or(self.row.created_at),
            before: Some(latest),
            kind,
            reason: found.text("reason").map(str::to_string),
            error_code: None,
            decided_at: Some(decision.as_ref().map_or(found.at, |(_, event)| event.at)),
            decided_by: found.run.clone(),
            last_alive: None,
            last_work: None,
            event: Some(found.id),
            basis: Basis::Inferred,
        }
    }

    /// What was decided shortly before the pod's end.
    fn decision(&self, ended: Micros) -> Option<(EndKind, &Event)> {
        let reach = ended.plus_seconds(-DECISION_REACH_S);
        let before = self.events.iter().copied().rev();
        before
            .filter(|event| reach <= event.at && event.at <= ended)
            .find_map(|event| Some((decided_kind(event)?, event)))
    }

    /// What a line right after the pod's end says that it was for: some steps are told only when they are
    /// done.
    fn said_after(&self, ended: Micros) -> Option<(EndKind, &Event)> {
        let reach = ended.plus_seconds(SAID_AFTER_S);
        let after = self.events.iter().copied();
        after
            .filter(|event| ended < event.at && event.at <= reach)
            .find_map(|event| Some((done_kind(event)?, event)))
    }

    /// Without log lines: what the row records.
    fn by_row(&self) -> Option<WorkerEnd> {
        let beat = self.row.real_heartbeat();
        if let Some(event) = self.first(&[EventKind::WorkerTerminationRecorded]) {
            return Some(self.recorded(event, beat));
        }
        let errors = [EventKind::WorkerErrorRecorded, EventKind::WorkerSelfTerminated];
        if let Some(event) = self.first(&errors) {
            let lived_on =
                beat.is_some_and(|b| b.seconds_since(event.at) > HEARTBEAT_PERIOD_S * 2.0);
            let over = self.row.status == "terminated" || self.row.status == "error";
            return (over && !lived_on).then(|| self.errored(event));
        }
        if let Some(event) = self.first(&[EventKind::WorkerCrashed]) {
            // the process is dead, its pod may run on: when it stops, nothing says
            return Some(self.row_end(event, None, EndKind::Error, Basis::Recorded));
        }
        (self.row.status == "terminated").then(|| self.silent(beat))
    }

    fn recorded(&self, event: &Event, beat: Option<Micros>) -> WorkerEnd {
        let back = self.row.status == "active";
        let second = beat.filter(|b| event.at.seconds_since(*b) > SECOND_KILL_S && back);
        let at = second.map_or(event.at, |b| b.plus_seconds(AFTER_HEARTBEAT_S));
        let reason = event.text("reason").map(str::to_string);
        let kind = match (event.text("terminated_by"), &reason) {
            (Some(_), _) => EndKind::Manual,
            (None, Some(text)) if text.starts_with("early_termination") => {
                EndKind::EarlyTermination
            }
            (None, Some(text)) if text.starts_with("spawn_failed") => EndKind::SpawnFailed,
            (None, Some(_) | None) => EndKind::ScaleDown,
        };
        let end = self.row_end(event, Some(at), kind, Basis::Recorded);
        // the row has the time of the request
        let before = end.before.map(|before| before.plus_seconds(ASKED_DEAD_AFTER_S));
        WorkerEnd { before, ..end }
    }

    fn errored(&self, event: &Event) -> WorkerEnd {
        let reason = event.text("reason").unwrap_or_default();
        let kind = if reason.starts_with("Failed to spawn") || reason == "No Runpod ID" {
            EndKind::SpawnFailed
        } else {
            error_kind(reason)
        };
        self.row_end(event, Some(event.at), kind, Basis::Inferred)
    }

    fn row_end(&self, event: &Event, at: Option<Micros>, kind: EndKind, basis: Basis) -> WorkerEnd {
        WorkerEnd {
            ended_at: at,
            after: self.row.real_heartbeat().or(self.row.created_at),
            before: at.map(|at| at.max(event.at)),
            kind,
            reason: event.text("reason").map(str::to_string),
            error_code: None,
            decided_at: Some(event.at),
            decided_by: None,
            last_alive: None,
            last_work: None,
            event: Some(event.id),
            basis,
        }
    }

    /// `terminated` without a time and a reason: an early termination when it never beat, else a death
    /// whose time the row does not keep (evidence-rules classes 13 and 15).
    fn silent(&self, beat: Option<Micros>) -> WorkerEnd {
        let created = self.row.created_at;
        let plus = |at: Option<Micros>, s: f64| at.map(|at| at.plus_seconds(s));
        let (ended_at, after, before, kind) = match beat {
            None => (
                plus(created, EARLY_S.1),
                plus(created, EARLY_S.0),
                plus(created, EARLY_S.2),
                EndKind::EarlyTermination,
            ),
            Some(_) => (None, beat, plus(beat, FAILSAFE_S), EndKind::Failsafe),
        };
        WorkerEnd {
            ended_at,
            after,
            before,
            kind,
            reason: None,
            error_code: None,
            decided_at: None,
            decided_by: None,
            last_alive: None,
            last_work: None,
            event: self.first(&[EventKind::WorkerCreated]).map(|event| event.id),
            basis: Basis::Inferred,
        }
    }
}

/// Which end an orchestrator's decision means.
fn decided_kind(event: &Event) -> Option<EndKind> {
    const DECISIONS: &[(EventKind, EndKind)] = &[
        (EventKind::WorkerTerminating, EndKind::ScaleDown),
        (EventKind::WorkerScaledDown, EndKind::ScaleDown),
        (EventKind::WorkerEarlyTerminated, EndKind::EarlyTermination),
        (EventKind::FailsafeStale, EndKind::Failsafe),
        (EventKind::FailsafeTerminating, EndKind::Failsafe),
        (EventKind::WorkerSaidGoodbye, EndKind::SelfTerminated),
        (EventKind::OrphanPodDetected, EndKind::Unknown),
    ];
    if event.kind == EventKind::WorkerMarkedError {
        return Some(error_kind(event.text("reason").unwrap_or_default()));
    }
    DECISIONS.iter().find(|(kind, _)| *kind == event.kind).map(|(_, end)| *end)
}

/// Which end a step means that says so when it is done.
fn done_kind(event: &Event) -> Option<EndKind> {
    let told = [EventKind::WorkerScaledDown, EventKind::WorkerEarlyTerminated];
    decided_kind(event).filter(|_| told.contains(&event.kind))
}

/// An idle timeout is a normal stop that is written as an error (domain/orchestrator.md W14).
fn error_kind(reason: &str) -> EndKind {
    if reason.starts_with("Idle timeout") {
        EndKind::IdleTimeout
    } else if reason.starts_with("Pod externally terminated") {
        EndKind::External
    } else if reason.starts_with("FAILSAFE") {
        EndKind::Failsafe
    } else {
        EndKind::Error
    }
}
