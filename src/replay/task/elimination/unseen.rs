//! When a claim of a worker would have left no trace.

use crate::model::id::WorkerId;
use crate::model::rows::WorkerRow;
use crate::model::time::Micros;
use crate::replay::task::elimination::SWEEP_EVERY_S;
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
    /// When its pod stopped, as far as we know; the bounds of that go further.
    pub(super) gone: Micros,
}

impl Unseen {
    /// The same for a task that was not claimable before an instant.
    pub(super) fn after(&self, queued: Micros) -> Self {
        let from = self.from.max(queued).min(self.until);
        // it was queued first: half of what may have passed, as its state has a length
        let left = self.gone.max(from).seconds_since(from).min(AFTER_BEAT_S);
        let soon = from.plus_seconds(left / 2.0);
        Self { from, at: self.at.clamp(soon, self.until), ..self.clone() }
    }
}

/// Whether the diagnostics of the kill name every task that its reset counts: they name up to five
/// (domain/orchestrator.md 1.3), so nothing is left to look for.
pub(super) fn names_all(row: &WorkerRow, reset: Micros, count: i64) -> bool {
    const NAMED_MAX: i64 = 5;
    let of_this_kill = |taken: Micros| taken <= reset && reset.seconds_since(taken) < SWEEP_EVERY_S;
    diagnosed(row).is_some_and(|(taken, running)| {
        of_this_kill(taken) && count <= running && running <= NAMED_MAX
    })
}

/// When the diagnostics of a kill were begun, and how many tasks they found with the worker.
fn diagnosed(row: &WorkerRow) -> Option<(Micros, i64)> {
    let told = row.metadata.pointer("/diagnostics")?;
    let running = told.get("running_tasks_count")?.as_i64()?;
    Some((Micros::parse(told.get("timestamp")?.as_str()?)?, running))
}

/// When a claim of the worker would have left no trace: its last heartbeat carried all lines before, and
/// the end of its last known attempt shows that it was at work. The report of a crash carries no lines
/// (domain/worker-app.md 4.1), so there the last period before it is dark. It had no task where an
/// orchestrator found it without one, and a pod that is gone claims nothing.
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
    let diagnosed = diagnosed(row).filter(|(_, running)| *running == 0).map(|(taken, _)| taken);
    let idle = world.seen_idle(worker).into_iter().chain(diagnosed).filter(|at| *at <= until);
    let from = idle.chain(known.last_end(worker, until)).fold(from, Micros::max);
    let until = world.gone_by(worker).map_or(until, |gone| gone.min(until));
    let gone = world.ended(worker).map_or(until, |gone| gone.min(until));
    (from < until).then(|| Unseen { from, at: at.min(gone).max(from), until, gone })
}
