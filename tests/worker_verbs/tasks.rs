//! The tasks that a worker held.

use super::{json, rows, text};
use crate::support::replayed::Bench;

/// One fails by its row, one by its output, one was tried again and failed elsewhere.
const FAILED: &str = "
# failed: why stands in one column or another
on 2026-01-05
worker w1 created=09:00:00 beat=09:59:40 status=active
task t1 status=Failed created=09:20:00 worker=w1 started=09:31:00 updated=09:32:00 error=CUDA out of memory
task t2 status=Failed created=09:20:00 worker=w1 started=09:33:00 updated=09:34:00 output=No output generated
log 09:31:00 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
log 09:33:00 edge:claim-next-task/t2 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
repeat 20s 09:30:01..09:59:41 log {time} w1 INFO HEADLESS: waiting
repeat 30s 09:30:00..09:59:30 log {time} gpu#{n} INFO Starting orchestrator cycle
";

#[test]
fn a_failed_task_has_its_error_where_its_worker_is_told_of() {
    let bench = Bench::of_case(FAILED);
    let id = &bench.sql("s", "select id from workers")[0][0];
    let page = json(&bench, "worker", &[id]);
    let told: Vec<(&str, &str)> = rows(&page, "tasks")
        .iter()
        .map(|row| (text(row, "outcome"), text(row, "reason")))
        .collect();
    assert_eq!(
        told,
        [("failed", "CUDA out of memory"), ("failed", "No output generated")],
        "{page}"
    );
}
