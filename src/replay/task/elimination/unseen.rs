//! When a claim of a worker would have left no trace.

use crate::model::id::WorkerId;
use crate::model::time::Micros;
use crate::replay::task::elimination::known::Known;
use crate::replay::task::world::World;

/// A claim that no heartbeat could carry came within one period after the last (evidence-rules fact 23);
/// the middle of it is said.
const AFTER_BEAT_S: f64 = 10.0;

/// When a claim of a worker would have left no trace.
#[derive(Clone)]
pub(super) struct Unseen {
    pub(super) from: Micros,
    /// Most likely.
    pub(super) at: Micros,
    pub(super) until: Micros,
}

impl Unseen {
    /// The same for a task that was not claimable before an instant.
    pub(super) fn after(&self, queued: Micros) -> Self {
        let from = self.from.max(queued).min(self.until);
        // it was queued first: half of what may have passed, as its state has a length
        let soon = from.plus_seconds(self.until.seconds_since(from).min(AFTER_BEAT_S) / 2.0);
        Self { from, at: self.at.clamp(soon, self.until), until: self.until }
    }
}

/// When a claim of the worker would have left no trace: its last heartbeat carried all lines before, and
/// the end of its last known attempt shows that it was at work. The report of a crash carries no lines
/// (domain/worker-app.md 4.1), so there the last period before it is dark.
pub(super) fn unseen(
    worker: &WorkerId,
    until: Micros,
    known: &Known<'_>,
    world: &World<'_>,
) -> Option<Unseen> {
    let row = world.row(worker)?;
    let beat = row.real_heartbeat()?;
    let crashed = row.metadata.get("vram_total_mb").and_then(|mb| mb.as_i64()) == Some(0);
    let (from, at, until) = if crashed {
        (beat.plus_seconds(-4.0 * AFTER_BEAT_S), beat.plus_seconds(-AFTER_BEAT_S), beat.min(until))
    } else {
        (beat, beat.plus_seconds(AFTER_BEAT_S), until)
    };
    let from = known.last_end(worker, until).map_or(from, |last| last.max(from));
    (from < until).then(|| Unseen { from, at: at.clamp(from, until), until })
}
