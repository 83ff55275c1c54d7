//! What a worker holds, when it held it, and what changed its state.

use super::{json, rows, text};
use crate::support::replayed::Bench;

/// One worker ends with a task in hand that is put back half an hour later; another's task is listed as stale; a
/// third works on.
const HELD: &str = "
# held: by one that ended, by one whose task was taken away, and by one that works on
on 2026-01-12
worker w1 created=09:00:00 beat=09:50:00 status=terminated meta={\"runpod_id\": \"{p1}\", \"terminated_at\": \"@09:52:00\"}
worker w2 created=09:00:01 beat=10:25:00 status=active meta={\"runpod_id\": \"{p2}\"}
worker w3 created=09:00:02 beat=10:25:00 status=active meta={\"runpod_id\": \"{p3}\"}
task t1 status=Queued created=09:40:00 error=Orphaned from worker {w1}
task t2 status=Queued created=09:40:00 error=Reset - no activity for 30 minutes (stale task)
task t3 status=In_Progress created=09:40:00 worker=w3 started=10:00:00 updated=10:00:00
log 09:49:00.03 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
log 09:49:00.04 edge:claim-next-task/t2 INFO Task claimed successfully | {\"worker_id\": \"{w2}\"}
log 10:00:00.03 edge:claim-next-task/t3 INFO Task claimed successfully | {\"worker_id\": \"{w3}\"}
log 10:19:30 gpu#120 WARNING Reset stale task IDs: ['{t2}'] | {\"module\": \"database\", \"funcName\": \"reset_stale_assigned_tasks\", \"lineno\": 720}
log 10:22:00 gpu#125 INFO Reset 1 orphaned tasks from workers: ['{w1}']
repeat 30s 09:30:00..10:25:00 log {time} gpu#{n} INFO Starting orchestrator cycle
";

fn page(bench: &Bench, n: usize) -> serde_json::Value {
    let workers = bench.sql("s", "select id from workers order by created_at");
    json(bench, "worker", &[&workers[n][0]])
}

#[test]
fn who_has_ended_holds_nothing() {
    let bench = Bench::of_case(HELD);
    let page = page(&bench, 0);
    let task = &rows(&page, "tasks")[0];
    // from the claim to the end of its pod, not to the reset
    assert_eq!(task["held_s"], 179.97, "{page}");
    assert!(page["overview"].get("holds").is_none(), "{page}");
}

#[test]
fn each_state_names_what_made_it_though_that_names_no_worker() {
    let bench = Bench::of_case(HELD);
    let page = page(&bench, 1);
    let states = rows(&page, "states");
    let because: Vec<&str> = states.iter().map(|state| text(state, "because_of")).collect();
    assert_eq!(because.last(), Some(&"task_reset_listed"), "{page}");
    assert!(!because.contains(&""), "{page}");
}

#[test]
fn the_overview_tells_what_one_in_service_holds() {
    let bench = Bench::of_case(HELD);
    let page = page(&bench, 2);
    let task = &bench.sql("s", "select id from tasks where status = 'In Progress'")[0][0];
    assert_eq!(text(&page["overview"], "holds"), task, "{page}");
    assert!(text(&page["overview"], "holds_since").starts_with("2026-01-12T10:00:00"), "{page}");
    assert!(!text(&page["overview"], "liveness").is_empty(), "{page}");
}
