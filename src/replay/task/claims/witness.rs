//! Lines of workers, and lists of orchestrators, that witness claims.

use std::sync::LazyLock;

use crate::model::rows::TaskRow;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::{Claim, EARLY_S, claim_of};
use crate::replay::task::requeues;
use crate::replay::task::world::World;

/// A worker's own line, or a list: it belongs to that worker's claim before it, or is a claim that
/// nothing else tells.
pub(super) fn add_witness(
    claims: &mut Vec<Claim>,
    row: &TaskRow,
    event: &Seen<'_>,
    events: &[Seen<'_>],
    world: &World<'_>,
) {
    let names_nobody = event.rows.worker.is_none() && event.worker.is_none();
    if names_nobody || moved_back(claims, row, event, events, world) {
        return;
    }
    let told = claims.iter().any(|claim| {
        claim.is_by(event)
            && event.at.seconds_since(claim.at) > -EARLY_S
            && (event.at.seconds_since(claim.at) < EARLY_S
                || !requeues::between(claim, event.at, events, world))
    });
    if !told {
        claims.push(claim_of(event, false, world));
        claims.sort_by(|a, b| (a.at, &a.event).cmp(&(b.at, &b.event)));
    }
}

/// The row's time moves to the end of the model load, 20 to 80 s after the claim, and a reset empties
/// its worker (evidence-rules facts 2 and 9): a line of the holder before it, without a way back into
/// the queue between, is the same claim, earlier and by name.
fn moved_back(
    claims: &mut [Claim],
    row: &TaskRow,
    event: &Seen<'_>,
    events: &[Seen<'_>],
    world: &World<'_>,
) -> bool {
    let line = claim_of(event, false, world);
    let later = claims.iter_mut().find(|claim| claim.at > event.at.plus_seconds(-EARLY_S));
    let Some(claim) = later.filter(|claim| !claim.by_function) else { return false };
    let same = claim.is_by(event) || claim.worker.is_none();
    // until then only the progress of an orchestrator task moved it (domain/worker-app.md T3, T3b)
    let moves = row.is_orchestrator() || !is_before_billing_resets(claim.at);
    let far = claim.at.seconds_since(event.at) > EARLY_S;
    if far && !moves {
        return false;
    }
    if !same || requeues::between(&line, claim.at, events, world) {
        return false;
    }
    claim.worker.clone_from(&line.worker);
    claim.row = line.row;
    if moves && (far || event.latest < claim.at) {
        (claim.at, claim.event, claim.basis) = (event.at, event.id, event.basis);
    }
    true
}

/// Whether a row's `generation_started_at` is its claim, as nothing else wrote it yet
/// (domain/worker-app.md T3: workers reset it from 2026-01-15 on).
fn is_before_billing_resets(at: Micros) -> bool {
    static SINCE: LazyLock<Option<Micros>> =
        LazyLock::new(|| Micros::parse("2026-01-15T00:00:00Z"));
    SINCE.is_some_and(|since| at < since)
}
