//! Findings that name a cause: what went wrong by itself, and was no answer of the orchestrator to something else.

use crate::answers::page::Value;
use crate::answers::window::Window;
use crate::answers::window::trigger::{BEFORE_S, Sign};
use crate::findings::finding::Verdict;
use crate::findings::short::Told;

/// Queries whose findings set other things off, in the order in which they are believed: one task that fells workers
/// explains their crashes. Those of outages, downtimes and demand are signs of their own (domain/orchestrator.md 8,
/// domain/worker-app.md 8).
const CAUSES: [(&str, &str); 12] = [
    ("run_two_at_once", "two orchestrators ran at once"),
    ("run_control_loop_degraded", "the control loop was degraded"),
    ("run_api_loop_stalled", "the API's loop stalled"),
    ("generation_creation_failed", "results could not be written"),
    ("task_claim_outage", "calls to claim tasks failed"),
    ("task_upload_failed", "results could not be uploaded"),
    ("task_bounced_between_workers", "a task felled one worker after another"),
    ("fleet_startup_burst_failed", "workers failed at their start, many at once"),
    ("worker_pod_vanished", "pods vanished"),
    ("worker_out_of_memory", "workers ran out of memory"),
    ("worker_process_crashed", "processes of workers crashed"),
    ("worker_startup_crashed", "workers crashed at their start"),
];

/// Subjects that are named of one query.
const NAMED_MAX: usize = 3;

/// Those that happened in a window or shortly before, one sign a query.
pub(super) fn signs(window: Window, told: &[Told]) -> Vec<Sign> {
    let before = window.from.plus_seconds(-BEFORE_S);
    let is_inside = |one: &&Told| {
        matches!(one.verdict, Verdict::Confirmed | Verdict::Probable)
            && one.happened_at.is_some_and(|at| before <= at && at < window.until)
    };
    let of = |(query, what): &(&str, &str)| {
        let mut found: Vec<&Told> =
            told.iter().filter(|one| one.query == *query).filter(is_inside).collect();
        found.sort_by_key(|one| one.happened_at);
        let first = found.first()?;
        let how_much = match found.len() {
            1 => first.summary.clone(),
            n => format!("{n} times, the first: {}", first.summary),
        };
        let named = found.iter().take(NAMED_MAX).map(|one| Value::Id(one.subject_id.clone()));
        let evidence = std::iter::once(Value::Id(format!("findings:{query}"))).chain(named);
        Some(Sign {
            what: (*what).to_string(),
            at: first.happened_at,
            how_much,
            evidence: evidence.collect(),
            is_answer: false,
        })
    };
    CAUSES.iter().filter_map(of).collect()
}
