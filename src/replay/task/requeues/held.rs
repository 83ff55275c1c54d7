//! Until when a claim stood: the diagnostics of a kill list the open tasks of the killed worker.

use crate::model::kind::EventKind;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::{Claim, EARLY_S};
use crate::replay::task::world::World;

/// When an orchestrator last read that a claim stood, before the next one: whatever its worker told of a failure
/// until then did not reach the row, and whoever else claimed the task left no trace there (evidence-rules fact 13).
pub(crate) fn stood_until(
    claim: &Claim,
    next: Micros,
    events: &[Seen<'_>],
    world: &World<'_>,
) -> Option<Micros> {
    let worker = claim.worker.as_ref()?;
    let is_listed = |event: &&Seen<'_>| {
        event.kind == EventKind::TaskHeldAtKill
            && claim.is_by(event)
            && event.at.seconds_since(claim.at) > -EARLY_S
            && event.at < next
    };
    events.iter().find(is_listed)?;
    world.row(worker)?.diagnosed_at().filter(|read| *read <= next)
}
