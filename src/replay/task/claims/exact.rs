//! Claims by the claim function's own lines, and by times that rows keep.

use crate::model::event::Event;
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::replay::task::claims::{Claim, ONE_CLAIM_S, claim_of};
use crate::replay::task::requeues;
use crate::replay::task::world::World;

/// The claim function's own lines, and times that the database keeps.
pub(super) fn add_exact(
    claims: &mut Vec<Claim>,
    row: &TaskRow,
    event: &Event,
    events: &[&Event],
    world: &World<'_>,
) {
    let by_function = event.kind == EventKind::TaskClaimed;
    // the row of an orchestrator task takes the time of its first child at completion
    // (domain/worker-app.md T5), so it adds no claim where the claim function spoke
    let moved = event.kind == EventKind::TaskClaimRecorded && row.is_orchestrator();
    if moved && claims.iter().any(|claim| claim.by_function) {
        return;
    }
    // a row that a reset emptied names nobody: its time alone says which claim it is
    let same = claims.iter_mut().rev().find(|claim| {
        let close = event.at.seconds_since(claim.at).abs() < ONE_CLAIM_S;
        (claim.worker == event.worker && claim.at.seconds_since(event.at) < ONE_CLAIM_S)
            || (event.worker.is_none() && close)
    });
    if let Some(claim) = same {
        let close = event.at.seconds_since(claim.at).abs() < ONE_CLAIM_S;
        let again = by_function && claim.by_function && !close;
        if close || (!again && !requeues::between(claim, event.at, events, world)) {
            if by_function && !claim.by_function {
                claim.by_function = true;
                (claim.event, claim.basis) = (event.id, event.basis);
            }
            return;
        }
    }
    claims.push(claim_of(event, by_function));
}
