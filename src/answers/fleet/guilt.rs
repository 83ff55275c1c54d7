//! Whether a worker itself was at fault when it ended, by what the catalogue found about it.

use crate::findings::finding::Verdict;
use crate::findings::short::Told;
use crate::model::time::Micros;

/// Findings that clear a worker of its own end.
const CLEARED_BY: [&str; 3] = [
    "worker_killed_while_healthy",
    "worker_falsely_externally_terminated",
    "worker_blamed_for_poison_task",
];
/// Findings of a fault of the worker's own: whatever stopped it later, in order or not, it had failed.
const BLAMED_BY: [&str; 6] = [
    "worker_process_crashed",
    "worker_startup_crashed",
    "worker_frozen_unnoticed",
    "worker_zombie",
    "worker_never_ready",
    "worker_fails_every_task",
];

/// What clears it.
pub(in crate::answers) fn clears(told: &[Told], worker: &str) -> bool {
    told.iter().any(|one| is_about(one, worker, &CLEARED_BY))
}

/// What was at fault with it before an instant, the worst first; where none is known, at any time.
pub(in crate::answers) fn blames<'a>(
    told: impl Iterator<Item = &'a Told>,
    worker: &str,
    until: Option<Micros>,
) -> Vec<&'a Told> {
    let is_before = |one: &Told| match (one.happened_at, until) {
        (Some(at), Some(until)) => at <= until,
        (None, _) | (_, None) => true,
    };
    told.filter(|one| is_about(one, worker, &BLAMED_BY) && is_before(one)).collect()
}

fn is_about(one: &Told, worker: &str, queries: &[&str]) -> bool {
    queries.contains(&one.query.as_str())
        && matches!(one.verdict, Verdict::Confirmed | Verdict::Probable)
        && one.subject_kind == "worker"
        && one.subject_id == worker
}
