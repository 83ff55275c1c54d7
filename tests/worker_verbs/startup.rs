//! What a start is said to have come to: no more than rows show.

use super::{json, text};
use crate::support::replayed::Bench;

/// Two say that they begin to poll: one claims, the other hangs from then on. A third dies in its init.
const HUNG: &str = "
# hung: one polls, one says so, one comes to nothing
on 2026-05-14
worker w1 created=09:00:00 beat=09:59:40 status=active meta={\"ready_for_tasks\": true}
worker w2 created=09:00:10 beat=09:20:00 status=terminated meta={\"terminated_at\": \"@09:20:10\"}
worker w4 created=09:00:30 beat=09:05:40 status=terminated meta={\"terminated_at\": \"@09:05:40\"}
worker w3 created=09:00:20 beat=09:05:40 status=terminated meta={\"terminated_at\": \"@09:20:10\"}
task t1 status=In_Progress created=09:40:00 worker=w1 started=09:49:00 updated=09:49:00
log 09:05:00 w1 INFO HEADLESS: Worker {w1} started. Polling every 10s.
log 09:05:00 w2 INFO QUEUE: HeadlessTaskQueue initialized with WanGP at /workspace/Wan2GP
log 09:05:10 w2 INFO HEADLESS: Worker {w2} started. Polling every 10s.
log 09:05:20 w3 INFO QUEUE: HeadlessTaskQueue initialized with WanGP at /workspace/Wan2GP
task t2 status=Queued created=09:04:00
log 09:05:20 w4 INFO QUEUE: HeadlessTaskQueue initialized with WanGP at /workspace/Wan2GP
log 09:05:41 edge:claim-next-task/t2 INFO Task claimed successfully | {\"worker_id\": \"{w4}\"}
log 09:49:00 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
repeat 30s 09:00:00..09:59:30 log {time} gpu#{n} INFO Cycle #{n}: scaling=0 active=0
";

#[test]
fn a_worker_that_only_says_that_it_polls_is_not_said_to_have_polled() {
    let bench = Bench::of_case(HUNG);
    let ids = bench.sql("s", "select id from workers order by created_at");
    let start = |n: usize| json(&bench, "worker", &[&ids[n][0], "--startup"])["startup"].clone();
    assert_eq!(text(&start(0), "answer"), "it started: it asked for tasks");
    assert_eq!(start(0)["first_asked_at"], "2026-05-14T09:49:00.000000Z");
    let hung = start(1);
    assert_eq!(
        text(&hung, "answer"),
        "its process said that it begins to poll, and no row tells that it ever asked for a task; its row lacks \
         `ready_for_tasks`, which another worker's has"
    );
    assert!(hung["first_asked_at"].is_null(), "{hung}");
    assert_eq!(text(&hung, "own_last_line_at"), "2026-05-14T09:05:10.000000Z");
    assert!(text(&hung, "own_last_line").ends_with("Polling every 10s."), "{hung}");
    let dead = start(2);
    let answer = text(&dead, "answer");
    assert!(answer.starts_with("no row tells that it got to work: it ended in active"), "{answer}");
    // a claim that came with its end tells of work, whatever its last state
    let late = start(3);
    let answer = text(&late, "answer");
    assert_eq!(late["first_asked_at"], "2026-05-14T09:05:41.000000Z", "{late}");
    assert!(answer.starts_with("it started: it asked for tasks"), "{answer}");
    // of an instant, what the row keeps may be of later
    let before = json(&bench, "worker", &[&ids[1][0], "--startup", "--as-of", "2026-05-14T09:10"]);
    assert!(!before["startup"].to_string().contains("lacks"), "{before}");
}
