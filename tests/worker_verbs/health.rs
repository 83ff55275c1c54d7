//! What `health` warns of, and what failed although it was stopped in order.

use serde_json::Value;

use super::{json, rows, text};
use crate::support::replayed::{Bench, case};

/// A worker falls silent with a task in hand; another logs on. The orchestrator has just noticed.
const SILENT: &str = "
# silent: one with a task in hand, one at work
on 2026-01-05
worker w1 created=09:00:00 beat=09:50:00 status=active meta={\"runpod_id\": \"{p1}\"}
worker w2 created=09:00:00 beat=09:59:40 status=active meta={\"runpod_id\": \"{p2}\"}
task t1 status=In_Progress created=09:40:00 worker=w1 started=09:49:00 updated=09:49:00
log 09:49:00 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
repeat 20s 09:30:01..09:49:41 log {time} w1 INFO HEADLESS: waiting
repeat 20s 09:30:01..09:59:41 log {time} w2 INFO HEADLESS: waiting
log 09:59:30 gpu#58 WARNING HEALTH_CHECK [Worker {w1}] ⚠️ Stale heartbeat (570s old)
repeat 30s 09:30:00..09:59:30 log {time} gpu#{n} INFO Starting orchestrator cycle
";

/// A stitch waits for a segment that a user cancelled, another for one that is not there, a third for one
/// that is still at work.
const IN_VAIN: &str = "
# vain: three wait, two of them for ever
on 2026-01-05
worker w1 created=09:00:00 beat=09:55:40 status=active
task t1 type=travel_stitch created=09:40:00 after=t2
task t2 type=travel_segment status=Cancelled created=09:40:00 updated=09:50:00
task t3 type=travel_stitch created=09:41:00 after=t9
task t4 type=travel_stitch created=09:42:00 after=t5
task t5 type=travel_segment status=In_Progress created=09:40:00 worker=w1 started=09:54:00 updated=09:54:00
repeat 30s 09:30:00..09:56:00 log {time} gpu#{n} INFO Starting orchestrator cycle
";

/// Its process died; its pod was then stopped as any spawning worker's is.
const STOPPED: &str = "
# stopped: crashed, and then stopped in order
on 2026-05-20
worker w1 created=09:00:00 beat=10:00:00 status=crashed meta={\"runpod_id\": \"{p1}\", \"vram_total_mb\": 0, \"vram_used_mb\": 0}
worker w2 created=09:00:00 beat=10:00:00 status=terminated meta={\"runpod_id\": \"{p2}\", \"terminated_at\": \"@10:01:40\"}
task t1 type=wan_2_2_t2i created=09:40:00 attempts=1 error=Requeued: worker crashed (attempt 1)
log 09:59:00 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
log 09:59:01 w1/t1 INFO HEADLESS: Processing wan_2_2_t2i task
log 10:01:38 gpu#40 INFO Terminated spawning worker {w1} (RunPod {p1})
log 10:01:39 gpu#40 INFO Terminated spawning worker {w2} (RunPod {p2})
repeat 30s 09:50:00..10:10:00 log {time} gpu#{n} INFO Cycle #{n}: scaling=0 active=0
";

fn warnings(page: &Value) -> Vec<&str> {
    rows(page, "warnings").iter().map(|row| text(row, "warning")).collect()
}

#[test]
fn a_worker_that_fell_silent_with_a_task_in_hand_is_warned_of() {
    let bench = Bench::of_case(SILENT);
    let page = json(&bench, "health", &[]);
    assert!(warnings(&page).contains(&"1 worker holds a task and has fallen silent"), "{page}");
    let silent = rows(&page, "silent");
    assert_eq!(silent.len(), 1, "{page}");
    assert_eq!((&silent[0]["holds"], text(&silent[0], "state")), (&Value::from(1), "active_busy"));
    // at a time at which it had just given a sign of life, nobody was silent
    let before = json(&bench, "health", &["--as-of", "2026-01-05T09:50:10"]);
    assert_eq!(rows(&before, "silent").len(), 0, "{before}");
    assert!(!warnings(&before).iter().any(|said| said.contains("silent")), "{before}");
}

#[test]
fn tasks_that_wait_for_what_never_comes_are_warned_of() {
    let bench = Bench::of_case(IN_VAIN);
    let page = json(&bench, "health", &[]);
    let queue = &page["queue"];
    let count = |key: &str| queue[key].as_i64().expect("a count");
    assert_eq!((count("queued"), count("queued_waiting_for_others")), (3, 3), "{page}");
    assert_eq!((count("queued_waiting_in_vain"), count("claimable_by_gpu_workers")), (2, 0));
    let said = "2 tasks wait for a task that ended without success, or of which no row is here";
    assert!(warnings(&page).contains(&said), "{page}");
    let mut which: Vec<&str> =
        rows(&page, "waiting_in_vain").iter().map(|row| text(row, "which_is")).collect();
    which.sort_unstable();
    assert_eq!(which, ["cancelled", "not there"]);
    // each of the three says so of itself
    for row in rows(&page, "waiting_in_vain") {
        let task = json(&bench, "task", &[text(row, "task")]);
        assert_eq!(task["relations"]["broken_dependencies"], 1, "{task}");
    }
    let waits =
        "select id from tasks where task_type = 'travel_stitch' and created_at::time = '09:42:00'";
    let sound = json(&bench, "task", &[&bench.sql("s", waits)[0][0]]);
    assert_eq!(sound["relations"]["broken_dependencies"], 0, "{sound}");
    assert_eq!(sound["relations"]["waits_for"], 1);
    // at 09:45 nobody had cancelled anything: one waits for what is not there
    let before = json(&bench, "health", &["--as-of", "2026-01-05T09:45:00"]);
    assert_eq!(before["queue"]["queued_waiting_in_vain"], 1, "{before}");
}

#[test]
fn a_worker_that_crashed_failed_however_it_was_stopped_then() {
    let bench = Bench::of_case(STOPPED);
    let page = json(&bench, "workers", &["--hours", "24"]);
    let sorts = &page["ended_by_sort"];
    let count = |key: &str| sorts[key].as_i64().expect("a count");
    assert_eq!(count("ended"), 2, "{page}");
    assert_eq!((count("stopped_in_order_after_a_fault"), count("normal_stops")), (1, 1), "{page}");
    assert_eq!(rows(&page, "failure_rates")[1]["failed"], 1, "{page}");
    let ids = bench.sql("s", "select id from workers order by id");
    let answers: Vec<String> = ids
        .iter()
        .map(|id| json(&bench, "worker", &[&id[0]])["was_it_right"]["answer"].to_string())
        .collect();
    assert_eq!(
        answers.iter().filter(|said| said.contains("at fault itself")).count(),
        1,
        "{answers:?}"
    );
}

/// Two were given up before they began to work: of one a line tells it, of the other its row alone.
const GIVEN_UP: &str = "
# given up: a process that never polled, before there were lines; a pod that never ran, with its lines
on 2026-05-20
worker w1 created=07:50:00 beat=07:59:50 status=terminated meta={\"runpod_id\": \"{p1}\", \"error_reason\": \"GPU ready but never claimed tasks (622s)\", \"error_code\": \"GPU_READY_NOT_CLAIMING\", \"error_time\": \"@08:00:02\"}
worker w2 created=09:50:00 status=terminated meta={\"runpod_id\": \"{p2}\", \"error_reason\": \"Spawning timeout (601s)\", \"error_code\": \"UNKNOWN\", \"error_time\": \"@10:00:02\", \"diagnostics\": {\"context\": {\"error_code\": \"SPAWNING_TIMEOUT\"}}}
log 10:00:01 gpu#120 ERROR WORKER_LIFECYCLE [Worker {w2}] MARKING AS ERROR: Spawning timeout (601s)
log 10:00:03 gpu#120 INFO WORKER_LIFECYCLE [Worker {w2}] RunPod terminated successfully
";

#[test]
fn what_is_only_probable_is_not_said_to_be_sure() {
    let bench = Bench::of_case(GIVEN_UP);
    let ids = bench.sql("s", "select id from workers order by created_at");
    let answers: Vec<String> = ids
        .iter()
        .map(|id| text(&json(&bench, "worker", &[&id[0]])["was_it_right"], "answer").to_owned())
        .collect();
    assert_eq!(
        answers,
        ["probably: it seems to have been at fault itself", "yes: it was at fault itself"]
    );
}

/// A task was claimed a second after its worker's pod had gone; another worker was killed while it was well.
const ORPHANED: &str = "
# orphaned: in progress on a worker that is gone
on 2026-01-05
worker w1 created=09:00:00 beat=09:49:00 status=terminated meta={\"runpod_id\": \"{p1}\", \"terminated_at\": \"@09:50:00\"}
worker w2 created=09:00:00 beat=09:59:40 status=active meta={\"runpod_id\": \"{p2}\"}
task t1 status=In_Progress created=09:40:00 worker=w1 started=09:50:09 updated=09:50:09
task t2 status=In_Progress created=09:40:00 worker=w2 started=09:55:00 updated=09:55:00
task t3 type=travel_stitch created=09:41:00 after=t3
log 09:50:09 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
log 09:55:00 edge:claim-next-task/t2 INFO Task claimed successfully | {\"worker_id\": \"{w2}\"}
repeat 30s 09:30:00..09:59:30 log {time} gpu#{n} INFO Starting orchestrator cycle
";

#[test]
fn a_task_that_is_held_by_a_worker_that_is_gone_is_warned_of() {
    let bench = Bench::of_case(ORPHANED);
    let page = json(&bench, "health", &[]);
    assert!(warnings(&page).contains(&"1 task is held by a worker that has ended"), "{page}");
    let held = rows(&page, "held_by_ended");
    assert_eq!(held.len(), 1, "{page}");
    assert!(text(&held[0], "worker").ends_with('1'), "{page}");
    assert_eq!(page["queue"]["queued_waiting_in_vain"], 1, "one waits for itself: {page}");
}

#[test]
fn healthy_workers_that_were_killed_are_warned_of_for_an_hour() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    let killed = "select count(*), max(ended_at) + interval 5 second from worker_ends";
    let killed = &bench.sql("s", killed)[0];
    let page = json(&bench, "health", &["--as-of", &killed[1].replace(' ', "T")]);
    let said = warnings(&page);
    assert!(said.iter().any(|said| said.contains("although they could have worked on")), "{page}");
    let none = json(&bench, "health", &["--as-of", "2026-01-05T09:30:00"]);
    assert!(!warnings(&none).iter().any(|said| said.contains("could have worked")), "{none}");
}

/// In progress for an hour; its row lost the worker that took it.
const HELD: &str = "
# held: by whom the row forgot
on 2026-01-05
worker w1 created=09:00:00 beat=09:55:40 status=active
task t1 status=In_Progress created=08:40:00 started=08:50:00 updated=08:50:00
log 08:50:00 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
repeat 30s 09:30:00..09:56:00 log {time} gpu#{n} INFO Starting orchestrator cycle
";

#[test]
fn a_stuck_task_is_told_with_who_held_it_last() {
    let bench = Bench::of_case(HELD);
    let page = json(&bench, "health", &[]);
    let worker = &bench.sql("s", "select id from workers")[0][0];
    assert_eq!(rows(&page, "stuck").len(), 1, "{page}");
    assert_eq!(text(&rows(&page, "stuck")[0], "worker"), worker, "{page}");
}

#[test]
fn a_process_whose_lines_fit_several_eras_is_said_to_be_of_one_of_them() {
    let bench = Bench::of_case(STOPPED);
    let runs = json(&bench, "orchestrator", &[]);
    let run = &rows(&runs, "runs")[0];
    assert_eq!((text(run, "era"), text(run, "era_said")), ("E12", "E10 to E12"), "{runs}");
    let said = bench.run("health", "s", &[]).ok();
    assert!(said.contains("(era E10 to E12, by its lines;"), "{said}");
    // lines of one era alone name it
    let bench = Bench::of_case(ORPHANED);
    let one = json(&bench, "orchestrator", &[]);
    assert!(rows(&one, "runs")[0]["era_said"].is_null(), "{one}");
}

#[test]
fn pods_of_an_instant_are_told_as_such() {
    let bench = Bench::of_case(STOPPED);
    let said = bench.run("health", "s", &["--as-of", "2026-05-20T10:05"]).ok();
    let title = "Pods that run for nobody, told with all that the evidence knows, also of later";
    assert!(said.contains(title), "{said}");
}
