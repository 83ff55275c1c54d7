//! Ends that only the row of a worker tells.

use std::borrow::Cow;

use crate::model::event::{Basis, Event};
use crate::model::kind::EventKind;
use crate::model::state::EndKind;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::worker::contradicted;
use crate::replay::worker::end::kind::{error_kind, stop_kind};
use crate::replay::worker::end::logged::CLEANED_UP_WITHIN_S;
use crate::replay::worker::end::silent::{CYCLE_S, SAYS_WHY_SINCE};
use crate::replay::worker::end::{
    ASKED_DEAD_AFTER_S, DECISION_REACH_S, HEARTBEAT_PERIOD_S, SAID_AFTER_S, View, WorkerEnd,
};

/// A second kill is dated later than the heartbeat that proves the first (evidence-rules class 12).
const SECOND_KILL_S: f64 = 25.0;
/// The pod was gone by then when the first kill answers its last heartbeat (evidence-rules class 12).
const AFTER_HEARTBEAT_S: f64 = 5.0;
/// A pod is dead so soon after its worker was marked, and so after `error_time`, which follows that
/// (evidence-rules facts 15 and 16).
const MARKED_DEAD_AFTER_S: f64 = 19.0;

/// ERROR_CLEANUP_GRACE_PERIOD_SEC (domain/orchestrator.md W18).
const CLEANUP_GRACE_S: f64 = 600.0;

/// From then on a stop writes its reason (E8, domain/orchestrator.md 2.3): one without is a cleanup.
const STOP_SAYS_WHY_SINCE: &str = "2026-02-03";

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
        let (by_lines, refused) = (end.basis == Basis::Logged, near(EventKind::PodTerminateFailed));
        let marked = near(EventKind::WorkerMarkedError);
        let logged = (marked && (by_lines || refused)) || (by_lines && refused);
        let late = end.ended_at.is_some_and(|at| after(at, DECISION_REACH_S));
        (late && !logged && !self.lived_on(event.at)).then_some(event)
    }

    /// Without log lines: what the row records.
    pub(super) fn by_row(&self) -> Option<WorkerEnd> {
        let beat = self.row.real_heartbeat();
        let over = self.row.status == "terminated" || self.row.status == "error";
        let errors = [EventKind::WorkerErrorRecorded, EventKind::WorkerSelfTerminated];
        if let Some(event) = self.first(&[EventKind::WorkerTerminationRecorded]) {
            return Some(self.recorded(event, beat));
        }
        if let Some(event) = self.first(&errors) {
            return (over && !self.lived_on(event.at)).then(|| self.errored(event));
        }
        // until then no process writes `terminated` itself: somebody stopped its pod
        let stopped = self.row.status == "terminated" && beat < Some(Micros::day(SAYS_WHY_SINCE));
        if let Some(goodbye) = self.said_goodbye().filter(|_| !stopped) {
            return Some(goodbye);
        }
        if let Some(crash) = contradicted::crash(self.row, self.events) {
            // the process is dead, its pod may run on: when it stops, nothing says
            return Some(self.row_end(crash.event(), None, EndKind::Error, Basis::Recorded));
        }
        (self.row.status == "terminated").then(|| self.silent(beat))
    }

    /// Its process said that it ends, and when its pod stopped, nothing says.
    fn said_goodbye(&self) -> Option<WorkerEnd> {
        let (over, goodbye) = contradicted::goodbye(self.row, self.events)?;
        let (event, kind) = (goodbye.event(), EndKind::SelfTerminated);
        let end = self.row_end(event, None, kind, Basis::Logged);
        Some(WorkerEnd { after: Some(over), of_process: true, ..end })
    }

    pub(super) fn lived_on(&self, at: Micros) -> bool {
        contradicted::lived_on(self.row, at)
    }

    fn recorded(&self, event: &Event, beat: Option<Micros>) -> WorkerEnd {
        let back = self.row.status == "active";
        let second = beat.filter(|b| event.at.seconds_since(*b) > SECOND_KILL_S && back);
        let at = second.map_or(event.at, |b| b.plus_seconds(AFTER_HEARTBEAT_S));
        let failed = self.failed_before(event);
        let error = failed.as_ref().and_then(|(_, error)| *error);
        let kind = match &failed {
            Some((why, _)) => error_kind(why),
            None => stop_kind(event).unwrap_or(EndKind::ScaleDown),
        };
        if kind == EndKind::External {
            // where its error has no time, it was found gone by its stop
            let reason = error.map_or(failed.as_ref().map(|(why, _)| why.to_string()), |_| None);
            let found = self.vanished(error.unwrap_or(event), kind);
            return WorkerEnd { reason: found.reason.or(reason), ..found };
        }
        if let Some(refused) = self.refused(event.at, SAID_AFTER_S) {
            let end = self.row_end(event, None, kind, Basis::Recorded);
            return WorkerEnd { after: Some(refused.at), ..end };
        }
        let end = self.row_end(event, Some(at), kind, Basis::Recorded);
        // the row has the time of the request
        let before = end.before.map(|before| before.plus_seconds(ASKED_DEAD_AFTER_S));
        let decided_at = error.map(|error| self.verdict(error).at).or(end.decided_at);
        let reason = end.reason.or(failed.map(|(why, _)| why.into_owned()));
        WorkerEnd { before, decided_at, reason, ..end }
    }

    /// The failure that a row's stop carries out, and its event, where it is dated: what stopped a worker that had not
    /// failed says why, since E7; before that, only a stop wrote the time at all (domain/orchestrator.md 2.2, 2.3, W18).
    /// One that lived on was stopped for something else, and so was one of whose stop a line tells.
    fn failed_before(&self, stop: &Event) -> Option<(Cow<'_, str>, Option<&Event>)> {
        let why = self.row.meta("error_reason").filter(|_| stop_kind(stop).is_none())?;
        let decided = self.decision(stop.at).map(|(kind, _)| kind);
        if matches!(decided, Some(EndKind::ScaleDown | EndKind::EarlyTermination)) {
            return None;
        }
        match self.first(&[EventKind::WorkerErrorRecorded]) {
            Some(error) => {
                let unsaid = stop.at < Micros::day(STOP_SAYS_WHY_SINCE);
                let outlived = unsaid && self.lived_on(error.at);
                let carried_out = error.at <= stop.at && !outlived;
                carried_out.then_some((why, Some(error)))
            }
            None => (stop.at >= Micros::day(SAYS_WHY_SINCE)).then_some((why, None)),
        }
    }

    /// The line of the verdict that a row's error is of, else the error itself (evidence-rules fact 16).
    fn verdict<'a>(&'a self, error: &'a Event) -> &'a Event {
        let marked = self.events.iter().rfind(|event| {
            event.kind == EventKind::WorkerMarkedError
                && error.at.seconds_since(event.at).abs() < DECISION_REACH_S
        });
        marked.map_or(error, |marked| marked.event())
    }

    /// The cloud's refusal to end the pod at about the time that its row says it was ended: the row is written all
    /// the same (domain/orchestrator.md G53, G119).
    pub(super) fn refused(&self, recorded: Micros, within_s: f64) -> Option<&Event> {
        let refused = self.events.iter().find(|event| {
            event.kind == EventKind::PodTerminateFailed
                && event.at.seconds_since(recorded).abs() < within_s
        });
        refused.map(Seen::event)
    }

    /// An end of the row alone: when the pod stopped, nothing says.
    pub(super) fn runs_on(&self, refused: &Event, kind: EndKind) -> WorkerEnd {
        let end = self.row_end(refused, None, kind, Basis::Inferred);
        WorkerEnd { after: Some(refused.at), ..end }
    }

    /// A process that gives itself up writes its row and leaves its pod running: the error cleanup stops that once its
    /// grace is over (domain/orchestrator.md W18, W21). An orchestrator that marked it later wrote its own time over
    /// that of the process (evidence-rules fact 14), and stopped the pod at once.
    fn gave_up(&self, event: &Event, kind: EndKind) -> Option<WorkerEnd> {
        let beat = self.row.real_heartbeat();
        let own = beat.is_some_and(|beat| event.at.seconds_since(beat) <= DECISION_REACH_S);
        if event.kind != EventKind::WorkerSelfTerminated || !own {
            return None;
        }
        let end = self.row_end(event, None, kind, Basis::Inferred);
        let end = WorkerEnd { after: Some(event.at).max(end.after), ..end };
        if self.row.status != "terminated" {
            return Some(end);
        }
        let plus = |s: f64| Some(event.at.plus_seconds(s));
        let ended_at = plus(CLEANUP_GRACE_S + CYCLE_S / 2.0);
        Some(WorkerEnd { ended_at, before: plus(CLEANED_UP_WITHIN_S), ..end })
    }

    pub(super) fn errored(&self, event: &Event) -> WorkerEnd {
        let kind = error_kind(event.text("reason").unwrap_or_default());
        if let Some(end) = self.gave_up(event, kind) {
            return end;
        }
        if kind == EndKind::SpawnFailed {
            return self.row_end(event, Some(event.at), kind, Basis::Inferred);
        }
        if kind == EndKind::External {
            return self.vanished(event, kind);
        }
        // a verdict is no end: the cloud had refused, and nothing says when the pod stopped (O18)
        if let Some(refused) = self.refused(event.at, DECISION_REACH_S) {
            let end = self.row_end(event, None, kind, Basis::Inferred);
            return WorkerEnd { after: Some(refused.at).max(end.after), ..end };
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
        let is_stop =
            matches!(stop_kind(event), Some(EndKind::ScaleDown | EndKind::EarlyTermination));
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
            of_process: false,
            basis,
        }
    }
}
