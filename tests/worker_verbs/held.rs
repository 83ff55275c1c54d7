//! What a worker holds, when it held it, and what changed its state.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::{json, rows, text};
use crate::support::replayed::{Bench, INCIDENTS, incident};

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

/// Two are told by users to forget the task that they work on: one says when it is done, one asks for the next. A
/// third's task is taken from it as stale, and nothing more is heard of it.
const CANCELLED: &str = "
# cancelled under the hands of a worker
on 2026-01-12
worker w1 created=09:00:00 beat=10:25:00 status=active meta={\"runpod_id\": \"{p1}\"}
worker w2 created=09:00:01 beat=10:25:00 status=active meta={\"runpod_id\": \"{p2}\"}
worker w3 created=09:00:02 beat=10:25:00 status=active meta={\"runpod_id\": \"{p3}\"}
task t1 status=Cancelled created=09:40:00 worker=w1 started=10:00:00 updated=10:01:00
task t2 status=Cancelled created=09:40:00 worker=w2 started=10:00:00 updated=10:01:00
task t3 status=Queued created=09:40:00 error=Reset - no activity for 30 minutes (stale task)
task t4 status=In_Progress created=10:04:00 worker=w2 started=10:05:00 updated=10:05:00
log 09:49:00.03 edge:claim-next-task/t3 INFO Task claimed successfully | {\"worker_id\": \"{w3}\"}
log 09:49:00 w3/t3 INFO HEADLESS: Processing wan_2_2_i2v task
log 10:00:00.03 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
log 10:00:00 w1/t1 INFO HEADLESS: Processing wan_2_2_i2v task
log 10:00:00.03 edge:claim-next-task/t2 INFO Task claimed successfully | {\"worker_id\": \"{w2}\"}
log 10:00:00 w2/t2 INFO HEADLESS: Processing wan_2_2_i2v task
log 10:03:00 w1/t1 INFO HEADLESS: Finished task (Success: True)
log 10:05:00.03 edge:claim-next-task/t4 INFO Task claimed successfully | {\"worker_id\": \"{w2}\"}
log 10:19:30 gpu#120 WARNING Reset stale task IDs: ['{t3}'] | {\"module\": \"database\", \"funcName\": \"reset_stale_assigned_tasks\", \"lineno\": 720}
repeat 30s 09:30:00..10:25:00 log {time} gpu#{n} INFO Starting orchestrator cycle
";

#[test]
fn who_works_on_a_cancelled_task_is_busy() {
    let bench = Bench::of_case(CANCELLED);
    let busy = bench.sql(
        "s",
        "select coalesce(strftime(left_at, '%H:%M:%S'), '') from worker_states join workers on id = worker_id \
         where state = 'active_busy' order by workers.created_at",
    );
    let until: Vec<&str> = busy.iter().map(|row| row[0].as_str()).collect();
    // until it says that it is done; through its next claim; until something is heard of it
    assert_eq!(until, ["10:03:00", "", ""], "{busy:?}");
}

#[test]
fn who_works_on_a_cancelled_task_is_busy_in_truth() {
    for name in INCIDENTS {
        let Some(folder) = incident(name, "work on cancelled tasks") else { continue };
        let bench = Bench::new();
        bench.replayed(&folder, "s");
        let truth = fs::read_to_string(folder.join("truth.json")).expect("a truth");
        let truth: Value = serde_json::from_str(&truth).expect("JSON");
        let tasks = truth["tasks"].as_array().expect("tasks");
        let cancels: BTreeMap<String, &str> = tasks
            .iter()
            .flat_map(|task| {
                task["transitions"]
                    .as_array()
                    .expect("transitions")
                    .iter()
                    .map(move |one| (task, one))
            })
            .filter(|(_, one)| one["event"] == "cancelled")
            .map(|(task, one)| (format!("busy:{}", text(task, "task_id")), text(one, "t")))
            .collect();
        for worker in truth["workers"].as_array().expect("workers") {
            for pair in worker["true_states"].as_array().expect("states").windows(2) {
                let Some(cancel) = cancels.get(text(&pair[0], "state")) else { continue };
                let (from, until) = (text(&pair[0], "t"), text(&pair[1], "t"));
                if !(from < *cancel && *cancel < until) {
                    continue;
                }
                // its clock is off by up to 3 s, and what is told by a line comes a moment after the act
                let id = text(worker, "worker_id");
                let sql = format!(
                    "select count(*) from worker_states where worker_id = '{id}' and state = 'active_busy' \
                     and entered_at < timestamp '{cancel}' \
                     and abs(epoch(left_at) - epoch(timestamp '{until}')) < 5"
                );
                assert_eq!(bench.sql("s", &sql)[0][0], "1", "{name}: {id}: {cancel} until {until}");
            }
        }
    }
}
