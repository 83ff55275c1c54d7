//! Ends that only the row of a worker tells.

use crate::model::event::{Basis, Event};
use crate::model::kind::EventKind;
use crate::model::state::EndKind;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::worker::contradicted;
use crate::replay::worker::end::kind::error_kind;
use crate::replay::worker::end::{
    DECISION_REACH_S, HEARTBEAT_PERIOD_S, SAID_AFTER_S, View, WorkerEnd,
};

/// The pod is dead so soon after it was asked to stop (evidence-rules fact 15).
const ASKED_DEAD_AFTER_S: f64 = 8.0;
/// Early termination falls in the first cycle past the grace of 180 s as a rule, and up to an hour later where
/// the pod stays spawning (evidence-rules class 13, fact 20).
const EARLY_S: (f64, f64, f64) = (180.0, 197.0, 3_600.0);
/// A second kill is dated later than the heartbeat that proves the first (evidence-rules class 12).
const SECOND_KILL_S: f64 = 25.0;
/// The pod was gone by then when the first kill answers its last heartbeat (evidence-rules class 12).
const AFTER_HEARTBEAT_S: f64 = 5.0;
/// GPU_IDLE_TIMEOUT_SEC and one cycle: the failsafe's bound (evidence-rules class 15).
const FAILSAFE_S: f64 = 630.0;
/// A pod is dead so soon after its worker was marked, and so after `error_time`, which follows that
/// (evidence-rules facts 15 and 16).
const MARKED_DEAD_AFTER_S: f64 = 19.0;
/// One cycle.
const CYCLE_S: f64 = 30.0;

/// What a row that keeps a stop says it was for.
fn stop_kind(event: &Event) -> EndKind {
    match (event.text("terminated_by"), event.text("reason")) {
        (Some(_), _) => EndKind::Manual,
        (None, Some(text)) if text.starts_with("early_termination") => EndKind::EarlyTermination,
        (None, Some(text)) if text.starts_with("spawn_failed") => EndKind::SpawnFailed,
        (None, Some(_) | None) => EndKind::ScaleDown,
    }
}

impl View<'_> {
    /// A kill of whose pod only the row tells, long before what else ends the worker: its pod is ended within
    /// seconds of `error_time` (evidence-rules facts 15 and 16). What a cleanup or a failsafe writes
    /// minutes later is aftermath (domain/orchestrator.md W18, W19), unless the cloud had refused.
    pub(super) fn unlogged_kill(&self, end: &WorkerEnd) -> Option<&Event> {
        let event = self.first(&[EventKind::WorkerErrorRecorded])?;
        let after = |at: Micros, s: f64| at.seconds_since(event.at) > s;
        let near = |kind: EventKind| {
            self.events.iter().any(|other| {
                other.kind == kind && other.at.seconds_since(event.at).abs() < DECISION_REACH_S
            })
        };
        let ends_by_lines = end.basis == Basis::Logged || near(EventKind::PodTerminateFailed);
        let logged = near(EventKind::WorkerMarkedError) && ends_by_lines;
        let lived_on =
            self.row.real_heartbeat().is_some_and(|beat| after(beat, HEARTBEAT_PERIOD_S * 2.0));
        let late = end.ended_at.is_some_and(|at| after(at, DECISION_REACH_S));
        (late && !logged && !lived_on).then_some(event)
    }

    /// Without log lines: what the row records.
    pub(super) fn by_row(&self) -> Option<WorkerEnd> {
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
        let kind = stop_kind(event);
        if let Some(refused) = self.refused(event.at) {
            let end = self.row_end(event, None, kind, Basis::Recorded);
            return WorkerEnd { after: Some(refused.at), ..end };
        }
        let end = self.row_end(event, Some(at), kind, Basis::Recorded);
        // the row has the time of the request
        let before = end.before.map(|before| before.plus_seconds(ASKED_DEAD_AFTER_S));
        WorkerEnd { before, ..end }
    }

    /// The cloud's refusal to end the pod at the time that its row says it was ended: the row is written all the
    /// same (domain/orchestrator.md G53).
    fn refused(&self, recorded: Micros) -> Option<&Event> {
        let refused = self.events.iter().find(|event| {
            event.kind == EventKind::PodTerminateFailed
                && event.at.seconds_since(recorded).abs() < SAID_AFTER_S
        });
        refused.map(Seen::event)
    }

    /// An end of the row alone: when the pod stopped, nothing says.
    fn runs_on(&self, refused: &Event, kind: EndKind) -> WorkerEnd {
        let end = self.row_end(refused, None, kind, Basis::Inferred);
        WorkerEnd { after: Some(refused.at), ..end }
    }

    pub(super) fn errored(&self, event: &Event) -> WorkerEnd {
        let reason = event.text("reason").unwrap_or_default();
        if reason.starts_with("Failed to spawn") || reason == "No Runpod ID" {
            return self.row_end(event, Some(event.at), EndKind::SpawnFailed, Basis::Inferred);
        }
        let kind = error_kind(reason);
        if kind == EndKind::External {
            return self.vanished(event, kind);
        }
        let end = self.row_end(event, Some(event.at), kind, Basis::Inferred);
        let before = end.before.map(|before| before.plus_seconds(MARKED_DEAD_AFTER_S));
        let before = before.max(end.after);
        WorkerEnd { before, ..end }
    }

    /// An end by an error that the row alone tells, where the row also keeps the reason of a stop: either the stop
    /// succeeded and a late heartbeat set the row back to active before the error was found, or its pod was lost and the
    /// stop failed (evidence-rules class 12, domain/orchestrator.md W18, W20, G125). No line tells which, so neither is
    /// claimed; the pod was gone by the next heartbeat. An orchestrator stops none that it holds for an error but in the
    /// cycle in which it marks it, and no heartbeat after the error made this one active again.
    pub(super) fn stopped_or_lost(&self, end: &WorkerEnd) -> Option<WorkerEnd> {
        let is_error = matches!(end.kind, EndKind::Error | EndKind::External | EndKind::Failsafe);
        let (decided, beat) = (end.decided_at.filter(|_| is_error)?, self.row.real_heartbeat()?);
        let refused = self.first(&[EventKind::PodTerminateFailed]).is_some();
        let event = self.first(&[EventKind::WorkerTerminationRecorded])?;
        event.text("reason")?;
        let is_stop = matches!(stop_kind(event), EndKind::ScaleDown | EndKind::EarlyTermination);
        let cleaned_up = event.at.seconds_since(decided) > DECISION_REACH_S;
        if !is_stop || decided <= beat || !cleaned_up || refused || self.by_logs().is_some() {
            return None;
        }
        let gone = beat.plus_seconds(HEARTBEAT_PERIOD_S).min(decided);
        let made = self.row_end(event, None, EndKind::Unknown, Basis::Inferred);
        let ended_at = beat.plus_seconds(AFTER_HEARTBEAT_S).min(gone);
        if contradicted::is_contradicted(self.row, self.events, ended_at) {
            return None;
        }
        let (ended_at, before) = (Some(ended_at), Some(gone));
        Some(WorkerEnd { ended_at, before, decided_at: None, ..made })
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
        let proof = self.first(&[EventKind::WorkerCreated]);
        let refused = self.first(&[EventKind::PodTerminateFailed]);
        match (beat, refused, self.row.created_at) {
            (None, Some(refused), _) => self.runs_on(refused, EndKind::EarlyTermination),
            (None, None, Some(created)) => self.never_beat(created, proof),
            (None, None, None) => self.unseen(proof, (None, None), EndKind::EarlyTermination),
            (Some(beat), _, _) => {
                let latest = Some(beat.plus_seconds(FAILSAFE_S));
                self.unseen(proof, (Some(beat), latest), EndKind::Failsafe)
            }
        }
    }

    /// The first cycle past the grace ended it, unless its pod was seen running after that: then the failsafe, where
    /// it was seen in the last cycle before that acts (domain/orchestrator.md W19), else nothing says.
    fn never_beat(&self, created: Micros, proof: Option<&Event>) -> WorkerEnd {
        let plus = |s: f64| Some(created.plus_seconds(s));
        let bounds = (plus(EARLY_S.0), plus(EARLY_S.2));
        let running = self.events.iter().rev().find(|event| event.kind == EventKind::PodRunning);
        let seen = running.map(|event| event.at).filter(|seen| plus(EARLY_S.1) <= Some(*seen));
        let Some(seen) = seen else {
            let end = self.unseen(proof, bounds, EndKind::EarlyTermination);
            return WorkerEnd { ended_at: plus(EARLY_S.1), ..end };
        };
        let last_cycle = plus(FAILSAFE_S - CYCLE_S * 2.0) <= Some(seen);
        let before = bounds.1.max(Some(seen.plus_seconds(CYCLE_S)));
        let kind = if last_cycle { EndKind::Failsafe } else { EndKind::Unknown };
        let middle = plus(FAILSAFE_S - CYCLE_S / 2.0).filter(|at| last_cycle && seen < *at);
        WorkerEnd {
            ended_at: middle,
            ..self.unseen(running.map(Seen::event), (Some(seen), before), kind)
        }
    }

    /// An end between two bounds.
    fn unseen(
        &self,
        proof: Option<&Event>,
        (after, before): (Option<Micros>, Option<Micros>),
        kind: EndKind,
    ) -> WorkerEnd {
        WorkerEnd {
            ended_at: None,
            after,
            before,
            kind,
            reason: None,
            error_code: None,
            decided_at: None,
            decided_by: None,
            last_alive: None,
            last_work: None,
            event: proof.map(|event| event.id),
            basis: Basis::Inferred,
        }
    }
}
