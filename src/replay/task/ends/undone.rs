//! Ends that did not last: what undid them.

use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::state::TaskStateName;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::{Claim, EARLY_S};
use crate::replay::task::ends::{Final, ONE_END_S, Revival, Then, end_of, tells};
use crate::replay::task::hidden;
use crate::replay::task::state::TaskEvent;

/// What undid an end; `None` where nothing did: it is the last one, told early.
pub(super) fn then(
    row: &TaskRow,
    events: &[Seen<'_>],
    claims: &[Claim],
    end: &Final,
    last: Option<&Final>,
) -> Option<Then> {
    let after = |event: &&Seen<'_>| end.at < event.at && last.is_none_or(|last| event.at < last.at);
    let claim = claims.iter().find(|claim| {
        claim.at.seconds_since(end.at) > if claim.is_exact() { 0.0 } else { EARLY_S }
    });
    let before_claim = |event: &&Seen<'_>| claim.is_none_or(|claim| event.at <= claim.at);
    let told = events.iter().filter(after).filter(before_claim).find_map(|event| {
        let undone = match (event.kind, event.written_status()?) {
            (EventKind::TaskStatusUpdated | EventKind::TaskRowChanged, "Queued") => true,
            (EventKind::TaskStatusUpdated, "In Progress") => false,
            (_, _) => return None,
        };
        let (at, basis, event) = (event.at, event.basis, event.id);
        Some((undone, Revival { at, basis, event, made: None }))
    });
    match (told, claim) {
        (Some((true, revival)), _) => Some(Then::Queued(revival)),
        (Some((false, revival)), None) => Some(Then::Overwritten(Some(revival))),
        (Some((false, _)) | None, Some(claim)) => {
            let made = hidden::revival(row, end.at, claim.at);
            let (at, basis, event) = (made.at, made.basis, made.id);
            Some(Then::Queued(Revival { at, basis, event, made: Some(Box::new(made)) }))
        }
        (None, None) => last.filter(|last| last.what != end.what).map(|_| Then::Overwritten(None)),
    }
}

/// Whether an event shows a task that has not ended.
fn lives(event: &Seen<'_>) -> bool {
    let to = || event.written_status().and_then(TaskStateName::of_status);
    let is_open = || matches!(to(), Some(TaskStateName::Queued | TaskStateName::InProgress));
    matches!(event.kind, EventKind::TaskCreated | EventKind::TaskResetListed)
        || (event.kind == EventKind::TaskStatusUpdated && is_open())
}

/// Whether a claim that stands before a line of the same moment may have come after it: each line tells of its write
/// as late as its clock allows.
fn is_beside(claim: &Claim, line: &Seen<'_>, events: &[Seen<'_>]) -> bool {
    let told = events.iter().find(|event| event.id == claim.event);
    claim.at <= line.at
        && told.is_some_and(|told| line.earliest < told.latest && line.at <= told.latest)
}

/// The completion that complete-task acknowledged between two instants, where that is the end.
fn acknowledged(
    events: &[Seen<'_>],
    what: TaskEvent,
    (since, until): (Micros, Micros),
) -> Option<Final> {
    let is_answer = |event: &&Seen<'_>| {
        event.kind == EventKind::CompletionAcknowledged && since < event.at && event.at < until
    };
    let answer = events.iter().find(is_answer).filter(|_| what == TaskEvent::Completed)?;
    let (at, basis, event) = (answer.at, answer.basis, answer.id);
    Some(Final { at, what, basis, event, reason: None, made: None })
}

/// An end that no row tells but the one that undid it: the line of update-task-status names the status that it
/// found (domain/worker-app.md 2.1). It came after the last sign that the task was none such.
pub(super) fn unseen(
    row: &TaskRow,
    event: &Seen<'_>,
    events: &[Seen<'_>],
    claims: &[Claim],
) -> Option<(Final, Then)> {
    if event.kind != EventKind::TaskStatusUpdated {
        return None;
    }
    let (_, what) = end_of(TaskStateName::of_status(event.text("old_status")?)?)?;
    let to = TaskStateName::of_status(event.written_status()?)?;
    let signs = events.iter().filter(|other| lives(other)).map(|other| other.at);
    let (beside, before): (Vec<&Claim>, Vec<&Claim>) = claims
        .iter()
        .partition(|claim| to == TaskStateName::Queued && is_beside(claim, event, events));
    let signs = signs.chain(before.iter().map(|claim| claim.at));
    let since = signs.filter(|at| *at < event.at).max().or(row.created_at)?;
    let is_told = events.iter().any(|other| {
        let near = event.at.plus_seconds(ONE_END_S);
        other.id != event.id && since < other.at && other.at < near && tells(other) == Some(what)
    });
    if is_told || end_of(to).is_some_and(|(_, again)| again == what) {
        return None;
    }
    let end = acknowledged(events, what, (since, event.at)).unwrap_or_else(|| {
        let made = hidden::end(row, since, event);
        let (at, basis, id) = (made.at, made.basis, made.id);
        Final { at, what, basis, event: id, reason: None, made: Some(Box::new(made)) }
    });
    // no claim finds a task that has ended: one that may as well have come after the line did
    let at =
        beside.iter().map(|claim| Micros(claim.at.min(event.at).0 - 1)).min().unwrap_or(event.at);
    let undone = Revival { at: at.max(since), basis: event.basis, event: event.id, made: None };
    let then = match to {
        TaskStateName::Queued => Then::Queued(undone),
        TaskStateName::InProgress => Then::Overwritten(Some(undone)),
        TaskStateName::Complete | TaskStateName::Failed | TaskStateName::Cancelled => {
            Then::Overwritten(None)
        }
    };
    Some((end, then))
}
