//! Claims by the claim function's own lines, and by times that rows keep.

use std::sync::LazyLock;

use crate::model::event::Basis;
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::{Claim, ONE_CLAIM_S, claim_of};
use crate::replay::task::ends::Final;
use crate::replay::task::requeues;
use crate::replay::task::state::TaskEvent;
use crate::replay::task::world::World;

/// The claim function's own lines, and times that the database keeps.
pub(super) fn add_exact(
    claims: &mut Vec<Claim>,
    row: &TaskRow,
    event: &Seen<'_>,
    events: &[Seen<'_>],
    world: &World<'_>,
) {
    let by_function = event.kind == EventKind::TaskClaimed;
    // the progress of an orchestrator task moves the time of its row (domain/worker-app.md T3b), so it adds
    // no claim where the claim function spoke
    let moved = event.kind == EventKind::TaskClaimRecorded && row.is_orchestrator();
    if moved && claims.iter().any(|claim| claim.by_function) {
        return;
    }
    // a row that a reset emptied names nobody: its time alone says which claim it is
    let same = claims.iter_mut().rev().find(|claim| {
        let close = event.at.seconds_since(claim.at).abs() < ONE_CLAIM_S;
        (claim.is_by(event) && claim.at.seconds_since(event.at) < ONE_CLAIM_S)
            || (close && event.worker.is_none())
            || (close && claim.is_nameless())
    });
    if let Some(claim) = same {
        let close = event.at.seconds_since(claim.at).abs() < ONE_CLAIM_S;
        let again = by_function && claim.by_function && !close;
        if close || (!again && !requeues::between(claim, event.at, events, world)) {
            claim.named_by(event, world);
            if by_function && !claim.by_function {
                claim.by_function = true;
                (claim.event, claim.basis) = (event.id, event.basis);
            }
            return;
        }
    }
    claims.push(claim_of(event, by_function, world));
}

/// Whether the row's time is no claim's: the completion of an orchestrator task puts the start of its first
/// child there (domain/worker-app.md T5, since 2025-12-10).
pub(super) fn is_rewritten(row: &TaskRow, end: Option<&Final>) -> bool {
    static SINCE: LazyLock<Option<Micros>> =
        LazyLock::new(|| Micros::parse("2025-12-10T00:00:00Z"));
    let completed = end.filter(|end| end.what == TaskEvent::Completed).map(|end| end.at);
    row.is_orchestrator() && SINCE.is_some_and(|since| completed.is_some_and(|at| since <= at))
}

/// What such a row still tells: who claimed the task last, at a time when that one was there.
pub(super) fn add_rewritten(claims: &mut Vec<Claim>, event: &Seen<'_>, world: &World<'_>) {
    let Some(worker) = &event.worker else { return };
    let is_told = |claim: &Claim| claim.by_function || claim.worker.as_ref() == Some(worker);
    if claims.iter().any(is_told) {
        return;
    }
    let claim = claim_of(event, false, world);
    let made = world.row(worker).and_then(|row| row.created_at).filter(|made| claim.at < *made);
    claims.push(match made {
        Some(at) => Claim { at, basis: Basis::Inferred, ..claim },
        None => claim,
    });
}
