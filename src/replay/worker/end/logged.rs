//! Ends that log lines tell.

use crate::model::event::{Basis, Event};
use crate::model::kind::EventKind;
use crate::model::state::EndKind;
use crate::model::time::Micros;
use crate::replay::worker::end::kind::{decided_kind, done_kind, error_kind};
use crate::replay::worker::end::{
    ASKED_DEAD_AFTER_S, DECISION_REACH_S, HEARTBEAT_PERIOD_S, SAID_AFTER_S, View, WorkerEnd,
};

/// The pod is dead so soon after the line that says so (evidence-rules fact 15).
const DEAD_AFTER_S: f64 = 7.0;
/// ERROR_CLEANUP_GRACE_PERIOD_SEC and two cycles (domain/orchestrator.md W18).
pub(super) const CLEANED_UP_WITHIN_S: f64 = 660.0;
/// What the cloud says of a pod that is not there (domain/orchestrator.md G128).
const GONE: &str = "pod not found to terminate";
/// How the names of the pods begin that the census counts (domain/orchestrator.md O28).
const COUNTED: &str = "gpu-";

impl View<'_> {
    /// The first successful termination wins; what follows is aftermath (evidence-rules fact 19).
    pub(super) fn by_logs(&self) -> Option<WorkerEnd> {
        let confirmed = self.first_true(&[
            EventKind::WorkerPodTerminated,
            EventKind::WorkerEarlyTerminated,
            EventKind::WorkerScaledDown,
            EventKind::PodTerminated,
            EventKind::FailsafeCleaned,
        ]);
        let said_gone = self.first_true(&[EventKind::WorkerExternallyTerminated]);
        let was_there =
            said_gone.zip(confirmed).is_some_and(|(gone, done)| self.was_there(gone, done));
        let external = said_gone.filter(|_| !was_there);
        let unseen = self.gone_before_verdict().or_else(|| self.gone_at_stop());
        match (external.or(unseen), confirmed) {
            (Some(gone), Some(done)) if done.at < gone.at => Some(self.terminated(done)),
            (Some(gone), _) => {
                let asked = self.asked_before(gone);
                Some(asked.unwrap_or_else(|| self.vanished(gone, EndKind::External)))
            }
            (None, Some(done)) if was_there => {
                Some(WorkerEnd { kind: EndKind::Error, ..self.terminated(done) })
            }
            (None, Some(done)) => Some(self.terminated(done)),
            (None, None) => Some(self.found_gone(self.first_true(&[EventKind::PodGone])?)),
        }
    }

    /// Whether the pod that was said to be gone was there: the cloud showed it running to the diagnostics of that verdict,
    /// or the census counts no pod of such a name (domain/orchestrator.md O28), and the stop succeeded. A pod that is
    /// gone answers that it is not found (G128).
    fn was_there(&self, gone: &Event, done: &Event) -> bool {
        let within = |at: Micros| (0.0..DECISION_REACH_S).contains(&at.seconds_since(gone.at));
        let seen = self.events.iter().any(|event| {
            event.kind == EventKind::WorkerMarkedError
                && within(event.at)
                && event.text("pod_state") == Some("RUNNING")
        });
        let is_counted = self.row.id.as_str().starts_with(COUNTED);
        within(done.at) && done.text("error") != Some(GONE) && (seen || !is_counted)
    }

    /// The stop that was asked for before the pod was found gone, with its answer's line lost: the worker beat no
    /// longer than one does whose pod is stopped, so that the stop is as good a reason as any.
    fn asked_before(&self, gone: &Event) -> Option<WorkerEnd> {
        let asked = self
            .events
            .iter()
            .rfind(|event| event.kind == EventKind::WorkerTerminating && event.at < gone.at)?;
        let before = asked.at.plus_seconds(ASKED_DEAD_AFTER_S);
        let last = self.row.real_heartbeat().max(self.last_act());
        let stopped = last.is_none_or(|last| last <= before);
        (stopped && self.refused(asked.at, SAID_AFTER_S).is_none()).then(|| {
            let end = self.terminated(asked.event());
            // what beat after the request was there
            let since = last.max(Some(asked.at));
            let before = Some(before);
            WorkerEnd { ended_at: since, after: since, before, basis: Basis::Inferred, ..end }
        })
    }

    /// The pod was not there any more when it was to be ended: the decision behind that attempt did not end
    /// it. One of an earlier cycle may have, with its lines lost; else somebody else had.
    fn found_gone(&self, gone: &Event) -> WorkerEnd {
        let found = self.vanished(gone, EndKind::External);
        let reach = gone.at.plus_seconds(-DECISION_REACH_S);
        let decided = self.events.iter().rev();
        let mut decided = decided
            .filter(|event| reach <= event.at && event.at <= gone.at)
            .filter_map(|event| Some((decided_kind(event)?, event.event())))
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
        let unseen = self.events.iter().rfind(|event| {
            event.kind == EventKind::PodNotSeen
                && event.at <= marked.at
                && marked.at.seconds_since(event.at) < DECISION_REACH_S
        })?;
        let beat = self.row.real_heartbeat();
        beat.is_none_or(|beat| beat < marked.at).then_some(unseen.event())
    }

    /// The cloud did not show the pod when the diagnostics of the verdict were taken, the first stop after it found
    /// none, though it is told as done (domain/orchestrator.md G128), and no heartbeat came after the verdict.
    fn gone_at_stop(&self) -> Option<&Event> {
        let done = self.first(&[EventKind::PodTerminated])?;
        let marked = self.first(&[EventKind::WorkerMarkedError])?;
        let unseen = marked.text("pod_status").is_some() && done.text("error") == Some(GONE);
        let follows = marked.at <= done.at && done.at.seconds_since(marked.at) < DECISION_REACH_S;
        let beat = self.row.real_heartbeat();
        let silent = beat.is_none_or(|beat| beat < marked.at);
        (unseen && follows && silent).then_some(done)
    }

    fn terminated(&self, done: &Event) -> WorkerEnd {
        // of two processes that act on one worker, each ends what it has decided itself
        let own = self.decided(done.at, |event| event.run == done.run);
        let before = own.or_else(|| self.decision(done.at)).or_else(|| self.condemned(done.at));
        let since = before.as_ref().map(|(_, event)| event.at);
        let decision = before.or_else(|| self.said_after(done.at)).or_else(|| self.error(done.at));
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
            of_process: false,
            basis: Basis::Logged,
        }
    }

    /// The pod was found gone: it went within a heartbeat period of its last heartbeat, or of what its process
    /// did after that.
    pub(super) fn vanished(&self, found: &Event, kind: EndKind) -> WorkerEnd {
        let last = self.row.real_heartbeat();
        // one that beats after it was found gone lives: when it ended, nothing says
        let lived_on = last.is_some_and(|beat| beat > found.at);
        let act = self.last_act().filter(|act| *act <= found.at);
        let beat = last.max(act).filter(|_| !lived_on);
        let middle = beat.map(|beat| beat.plus_seconds(HEARTBEAT_PERIOD_S / 2.0).min(found.at));
        let alive = last.filter(|_| lived_on);
        let latest = match (alive, beat) {
            // a heartbeat that came later was sent by a pod that was there (evidence-rules class 14)
            (Some(later), _) => later.plus_seconds(HEARTBEAT_PERIOD_S),
            (None, Some(beat)) => beat.plus_seconds(HEARTBEAT_PERIOD_S).min(found.at),
            (None, None) => found.at,
        };
        let decision = self.decision(found.at);
        WorkerEnd {
            ended_at: middle,
            after: beat.or(alive).or(self.row.created_at),
            before: Some(latest),
            kind,
            reason: found.text("reason").or(found.text("error")).map(str::to_string),
            error_code: None,
            decided_at: Some(decision.as_ref().map_or(found.at, |(_, event)| event.at)),
            decided_by: found.run.clone(),
            last_alive: None,
            last_work: None,
            event: Some(found.id),
            of_process: false,
            basis: Basis::Inferred,
        }
    }

    /// What was decided shortly before the pod's end.
    pub(super) fn decision(&self, ended: Micros) -> Option<(EndKind, &Event)> {
        self.decided(ended, |_| true)
    }

    fn decided(
        &self,
        ended: Micros,
        is_meant: impl Fn(&Event) -> bool,
    ) -> Option<(EndKind, &Event)> {
        let reach = ended.plus_seconds(-DECISION_REACH_S);
        let before = self.events.iter().rev();
        before
            .filter(|event| reach <= event.at && event.at <= ended && is_meant(event.event()))
            .find_map(|event| Some((decided_kind(event)?, event.event())))
    }

    /// The verdict of ten minutes before that a cleanup carries out: its own attempt failed, or its lines are lost
    /// (domain/orchestrator.md W18, G119). Where no line of the verdict is left, the row's error.
    fn condemned(&self, ended: Micros) -> Option<(EndKind, &Event)> {
        let was = |kind: EventKind, from: Micros| {
            self.events
                .iter()
                .any(|event| event.kind == kind && from <= event.at && event.at <= ended)
        };
        let before = |kind: EventKind| {
            self.events.iter().rev().find(|event| event.kind == kind && event.at <= ended)
        };
        let marked = before(EventKind::WorkerMarkedError)
            .or_else(|| before(EventKind::WorkerErrorRecorded))
            .or_else(|| before(EventKind::WorkerSelfTerminated))?;
        let in_time =
            ended.seconds_since(marked.at) <= CLEANED_UP_WITHIN_S || !self.lived_on(marked.at);
        let is_cleanup = (in_time && was(EventKind::PodTerminateFailed, marked.at))
            || was(EventKind::ErrorCleanupForced, ended.plus_seconds(-DECISION_REACH_S));
        let kind = error_kind(marked.text("reason").unwrap_or_default());
        is_cleanup.then_some((kind, marked.event()))
    }

    /// The row's error beside the pod's end, where the line of the verdict was deleted or lost.
    fn error(&self, ended: Micros) -> Option<(EndKind, &Event)> {
        let errors =
            self.events.iter().filter(|event| event.kind == EventKind::WorkerErrorRecorded);
        let mut near = errors.filter(|event| {
            let before_s = ended.seconds_since(event.at);
            (-SAID_AFTER_S..=DECISION_REACH_S).contains(&before_s)
        });
        let error = near.next_back()?.event();
        Some((error_kind(error.text("reason").unwrap_or_default()), error))
    }

    /// What a line right after the pod's end says that it was for: some steps are told only when they are
    /// done.
    fn said_after(&self, ended: Micros) -> Option<(EndKind, &Event)> {
        let reach = ended.plus_seconds(SAID_AFTER_S);
        let after = self.events.iter();
        after
            .filter(|event| ended < event.at && event.at <= reach)
            .find_map(|event| Some((done_kind(event)?, event.event())))
    }
}
