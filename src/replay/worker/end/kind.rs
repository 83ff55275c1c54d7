//! Which sort of end it was, by what was decided or said.

use crate::model::event::Event;
use crate::model::kind::EventKind;
use crate::model::state::EndKind;
use crate::replay::seen::Seen;

/// Which end an orchestrator's decision means.
pub(super) fn decided_kind(event: &Seen<'_>) -> Option<EndKind> {
    const DECISIONS: &[(EventKind, EndKind)] = &[
        (EventKind::WorkerTerminating, EndKind::ScaleDown),
        (EventKind::WorkerScaledDown, EndKind::ScaleDown),
        (EventKind::WorkerEarlyTerminated, EndKind::EarlyTermination),
        (EventKind::FailsafeStale, EndKind::Failsafe),
        (EventKind::FailsafeTerminating, EndKind::Failsafe),
        (EventKind::OrphanPodDetected, EndKind::Unknown),
    ];
    if event.kind == EventKind::WorkerMarkedError {
        return Some(error_kind(event.text("reason").unwrap_or_default()));
    }
    DECISIONS.iter().find(|(kind, _)| *kind == event.kind).map(|(_, end)| *end)
}

/// What a row that keeps the reason of a stop, or who stopped it, says it was for (domain/orchestrator.md 2.3).
pub(super) fn stop_kind(event: &Event) -> Option<EndKind> {
    const EARLY: [&str; 2] = ["early_termination", "reconciler_cancel_pending_spawn"];
    if event.text("terminated_by").is_some() {
        return Some(EndKind::Manual);
    }
    let text = event.text("reason")?;
    Some(if EARLY.iter().any(|early| text.starts_with(early)) {
        EndKind::EarlyTermination
    } else if text.starts_with("spawn_failed") {
        EndKind::SpawnFailed
    } else {
        EndKind::ScaleDown
    })
}

/// Which end a step means that says so when it is done.
pub(super) fn done_kind(event: &Seen<'_>) -> Option<EndKind> {
    let told = [EventKind::WorkerScaledDown, EventKind::WorkerEarlyTerminated];
    decided_kind(event).filter(|_| told.contains(&event.kind))
}

/// An idle timeout, and in E7 an early termination, is a normal stop that is written as an error
/// (domain/orchestrator.md W9, W14).
pub(super) fn error_kind(reason: &str) -> EndKind {
    if reason.starts_with("Idle timeout") {
        EndKind::IdleTimeout
    } else if reason.starts_with("Early termination") {
        EndKind::EarlyTermination
    } else if reason.starts_with("Failed to spawn") || reason == "No Runpod ID" {
        EndKind::SpawnFailed
    } else if reason.starts_with("Pod externally terminated") {
        EndKind::External
    } else if reason.starts_with("FAILSAFE") {
        EndKind::Failsafe
    } else {
        EndKind::Error
    }
}
