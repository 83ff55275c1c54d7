//! `task` and its kin on evidence that is long, strange or only half there.

use backstory::cases::case::read;
use serde_json::Value;

use crate::support::replayed::{Bench, write_tables};

fn json(bench: &Bench, verb: &str, more: &[&str]) -> Value {
    let said = bench.run(verb, "s", &[more, &["--format", "json"]].concat()).ok();
    serde_json::from_str(&said).expect("JSON")
}

fn only_task(bench: &Bench) -> String {
    bench.sql("s", "select id from tasks order by created_at limit 1")[0][0].clone()
}

/// A failed task with an error of so many characters, which its worker logged, too.
fn long(error: &str) -> String {
    format!(
        "
# long: an error nobody reads to its end
on 2026-05-20
worker w1 created=09:00:00 beat=10:10:00 status=active
task t1 type=wan_2_2_t2i status=Failed created=09:40:00 worker=w1 started=09:59:00 processed=10:00:00 updated=10:00:00 error={error}
log 09:59:00 edge:claim-next-task/t1 INFO Task claimed successfully | {{\"worker_id\": \"{{w1}}\"}}
log 10:00:00 w1/t1 ERROR QUEUE: Task {{t1}} failed after 18.4s: {error}
repeat 30s 09:50:00..10:10:00 log {{time}} gpu#{{n}} INFO Cycle #{{n}}: scaling=0 active=0
"
    )
}

#[test]
fn a_text_without_end_is_cut_for_people_and_whole_for_scripts() {
    let error = "x".repeat(100_000);
    let bench = Bench::of_case(&long(&error));
    let id = only_task(&bench);
    let calls: [(&str, &[&str]); 5] = [
        ("task", &[&id]),
        ("health", &[]),
        ("task", &[&id, "--logs-only"]),
        ("tasks", &[]),
        ("explain", &[&id]),
    ];
    for (verb, more) in calls {
        let said = bench.run(verb, "s", more).ok();
        assert!(said.len() < 60_000, "{verb} {more:?}: {} bytes", said.len());
    }
    let said = bench.run("task", "s", &[&id]).ok();
    assert!(said.contains("characters; `--format json` has them all)"), "{said}");
    assert_eq!(json(&bench, "task", &[&id])["error"]["error"], error.as_str());
    assert!(json(&bench, "explain", &[&id]).to_string().contains(&error));
    let whole = bench.run("task", "s", &[&id, "--all"]).ok();
    assert!(whole.contains(&error));
}

#[test]
fn an_error_that_had_more_to_say_is_told_to_be_cut_short() {
    for (error, is_cut) in [("Model could not be loaded:", true), ("CUDA out of memory", false)] {
        let bench = Bench::of_case(&long(error));
        let page = json(&bench, "task", &[&only_task(&bench)]);
        assert_eq!(page["error"]["is_cut_short"], is_cut, "{page}");
        assert!(page["error"]["loras"].is_null(), "{page}");
    }
}

#[test]
fn loras_are_told_where_the_error_speaks_of_one() {
    let case = long("could not read a.safetensors").replace(
        "task t1 ",
        "task t1 params={\"phase_config\":{\"phases\":[{\"loras\":[{\"url\":\"one.safetensors\"}]}]},\
         \"additional_loras\":{\"two.safetensors\":1.0}} ",
    );
    let bench = Bench::of_case(&case);
    let page = json(&bench, "task", &[&only_task(&bench)]);
    // file names are redacted, each to a name of its own
    let loras = page["error"]["loras"].as_array().expect("loras");
    assert_eq!(loras.len(), 2, "{page}");
    assert_ne!(loras[0], loras[1]);
    assert!(loras.iter().all(|name| name.to_string().contains("safetensors")), "{page}");
}

/// A status that the system does not have.
const STRANGE: &str = "
# strange: a word of a later build
on 2026-05-20
task t1 type=wan_2_2_t2i status=Paused created=09:40:00
log 10:00:05 gpu#40 INFO Cycle #40: scaling=0 active=0
";

#[test]
fn a_status_that_nobody_knows_agrees_with_nothing() {
    let bench = Bench::of_case(STRANGE);
    let page = json(&bench, "task", &[&only_task(&bench)]);
    assert_eq!(page["overview"]["row_status"], "Paused", "{page}");
    assert!(page["overview"]["row_agrees"].is_null(), "{page}");
    let said = page["not_known"].to_string();
    assert!(said.contains("`Paused` means: the system has no such status"), "{said}");
}

/// Twenty times claimed and put back.
fn restless() -> String {
    let mut case = "
# restless: claimed and put back, again and again
on 2026-05-20
worker w1 created=09:00:00 beat=10:59:00 status=active
task t1 type=wan_2_2_t2i status=Queued created=09:00:00
repeat 30s 09:50:00..10:59:00 log {time} gpu#{n} INFO Cycle #{n}: scaling=0 active=0
"
    .to_string();
    for n in 10..50 {
        case.push_str(&format!(
            "log 10:{n}:00 edge:claim-next-task/t1 INFO Task claimed successfully | {{\"worker_id\": \"{{w1}}\"}}\n\
             log 10:{n}:20 gpu#40 INFO Reset 1 orphaned tasks from workers: ['{{w1}}']\n"
        ));
    }
    case
}

#[test]
fn a_long_story_is_told_by_its_begin_and_its_end() {
    let bench = Bench::of_case(&restless());
    let id = only_task(&bench);
    let all = json(&bench, "task", &[&id, "--all"]);
    let all = all["timeline"].as_array().expect("a story");
    assert!(all.len() > 60, "{}", all.len());
    let cut = json(&bench, "task", &[&id]);
    let cut = cut["timeline"].as_array().expect("a story");
    assert_eq!(cut.len(), 41, "fifteen, a gap, and twenty-five");
    assert_eq!(cut[15]["what"], format!("... {} left out ...", all.len() - 40).as_str());
    assert_eq!(cut[14], all[14]);
    assert_eq!(cut[16..], all[all.len() - 25..]);
    let said = bench.run("task", "s", &[&id]).ok();
    assert!(said.contains("left out of its middle; `--all` tells all"), "{said}");
}

/// An orchestrator task: its handler is done when the children are made; it ends long after.
const PARENT: &str = "
# parent: it waits for its children
on 2026-01-12
worker w1 created=09:00:00 beat=10:09:00 status=active
task t1 type=travel_orchestrator status=Complete created=09:40:00 worker=w1 started=09:50:00 processed=10:00:00 updated=09:50:05 output=https://s.supabase.co/storage/v1/object/public/image_uploads/a.mp4
log 09:50:00 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
log 09:50:01 w1/t1 INFO HEADLESS: Processing travel_orchestrator task
log 09:50:05 w1/t1 INFO HEADLESS: Finished task (Success: True)
repeat 30s 09:50:00..10:09:00 log {time} gpu#{n} INFO Starting orchestrator cycle
";

#[test]
fn a_wait_for_children_is_no_upload() {
    let bench = Bench::of_case(PARENT);
    let page = json(&bench, "task", &[&only_task(&bench)]);
    let timing = &page["attempt_timing"][0];
    assert!(timing["upload_s"].is_null(), "{page}");
    let waited = timing["waited_for_children_s"].as_f64().expect("seconds");
    assert!((waited - 595.0).abs() < 2.0, "{page}");
}

/// The API's worker tells of its claim, and so does the function that it asked.
const TWICE: &str = "
# twice: one claim, told by two
on 2026-01-05
worker api created=09:00:00 status=active
task t1 type=qwen_image_style status=In_Progress created=09:59:00 worker=api started=10:00:00 updated=10:00:00
log 10:00:00 api INFO [TASK_CLAIM] Worker {api}: Successfully claimed task: {t1} (qwen_image_style)
log 10:00:01 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{api}\"}
log 10:00:05 gpu#40 INFO Starting orchestrator cycle
";

#[test]
fn one_claim_is_told_once() {
    let bench = Bench::of_case(TWICE);
    let page = json(&bench, "task", &[&only_task(&bench)]);
    let story = page["timeline"].as_array().expect("a story");
    let claims = story
        .iter()
        .filter(|row| row["what"].as_str().is_some_and(|what| what.contains("claimed")));
    assert_eq!(claims.count(), 1, "{page}");
}

/// One pod ended with its worker, nobody knows when; one runs.
const VAGUE: &str = "
# vague: a worker that is gone, and one that is there
on 2026-05-20
worker w1 created=09:00:00 beat=09:30:00 status=terminated meta={\"runpod_id\": \"{p1}\"}
worker w2 created=09:00:00 beat=10:00:00 status=active meta={\"runpod_id\": \"{p2}\"}
repeat 30s 09:50:00..10:00:00 log {time} gpu#{n} INFO Cycle #{n}: scaling=0 active=1
";

#[test]
fn a_pod_of_a_worker_that_ended_does_not_run() {
    let bench = Bench::of_case(VAGUE);
    let ends = bench.sql("s", "select ended_at from pods order by pod_id");
    let page = json(&bench, "pods", &[]);
    let summary = &page["summary"];
    let (running, vague) = (&summary["running"], &summary["ended_at_no_known_time"]);
    assert_eq!((running.as_i64(), vague.as_i64()), (Some(1), Some(1)), "{ends:?} {page}");
    assert_eq!(page["running"].as_array().map(Vec::len), Some(1), "{page}");
}

/// Its process is dead, says its guardian; of its pod nobody says that it stopped.
const LEFT: &str = "
# left: crashed, and its pod runs on
on 2026-05-20
worker w1 created=09:00:00 beat=09:30:00 status=crashed meta={\"runpod_id\": \"{p1}\"}
worker w2 created=09:00:00 beat=10:00:00 status=active meta={\"runpod_id\": \"{p2}\"}
repeat 30s 09:50:00..10:00:00 log {time} gpu#{n} INFO Cycle #{n}: scaling=0 active=1
";

#[test]
fn a_pod_that_nobody_ended_runs_and_is_told_so_at_the_end_as_at_an_instant() {
    let bench = Bench::of_case(LEFT);
    for more in [&[][..], &["--as-of", "2026-05-20T10:00:00"]] {
        let page = json(&bench, "pods", more);
        assert_eq!(page["summary"]["running"], 2, "{more:?} {page}");
        let workers = json(&bench, "workers", more);
        assert_eq!(workers["summary"]["in_service"], 2, "{more:?} {workers}");
    }
}

/// A user cancels what a worker holds.
const CANCELLED: &str = "
# cancelled: by a user, not by who held it
on 2026-05-20
worker w1 created=09:00:00 beat=10:10:00 status=active
task t1 type=wan_2_2_t2i status=Cancelled created=09:40:00 worker=w1 started=09:59:00 updated=10:00:00
log 09:59:00 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
repeat 30s 09:50:00..10:10:00 log {time} gpu#{n} INFO Cycle #{n}: scaling=0 active=0
";

#[test]
fn who_cancelled_a_task_no_row_tells() {
    let bench = Bench::of_case(CANCELLED);
    let page = json(&bench, "task", &[&only_task(&bench)]);
    let attempt = &page["attempts"][0];
    assert_eq!(attempt["outcome"], "cancelled", "{page}");
    assert_eq!(attempt["ended_by"], "the task's row (no row names who cancelled)", "{page}");
}

/// Two workers hold one task: the row names the second, whoever completed it.
const RACE: &str = "
# race: two workers claimed one task at once
on 2025-10-28
worker w1 created=09:00:00 beat=10:25:00
worker w2 created=09:00:00 beat=10:25:00
task t1 type=wan_2_2_i2v status=Complete created=10:00:00 worker=w2 started=10:00:05 processed=10:02:00 updated=10:00:05
log 10:00:05 w1/t1 INFO HEADLESS: Processing wan_2_2_i2v task
log 10:00:05 w2/t1 INFO HEADLESS: Processing wan_2_2_i2v task
log 10:20:00 w1 INFO HEADLESS: No tasks available
log 10:20:00 w2 INFO HEADLESS: No tasks available
";

#[test]
fn whose_result_completed_a_task_that_two_held_is_said_only_where_it_is_known() {
    let finished = |time: &str, worker: &str| {
        format!("log {time} {worker}/t1 INFO HEADLESS: Finished task (Success: True)\n")
    };
    let unknown = "the task's row (no row names who completed)";
    let cases = [
        // neither says that it was done
        (String::new(), "complete", unknown),
        // the one that the row does not name was done by then, the other a while later
        (finished("10:01:58", "w1") + &finished("10:05:00", "w2"), "overtaken", "w1"),
        // the one that the row does not name was done only later
        (finished("10:05:00", "w1"), "complete", "w2"),
    ];
    for (more, outcome, by) in cases {
        let bench = Bench::of_case(&format!("{RACE}{more}"));
        let page = json(&bench, "task", &[&only_task(&bench)]);
        let attempts = page["attempts"].as_array().expect("attempts");
        let last = attempts.iter().find(|one| one["outcome"] != "duplicate").expect("the row's");
        assert_eq!(last["outcome"], outcome, "{page}");
        let of = |query: &str| bench.sql("s", query)[0][0].clone();
        let told = match by {
            "w1" => of("select id from workers where id not in (select worker_id from tasks)"),
            "w2" => of("select worker_id from tasks"),
            unknown => unknown.to_string(),
        };
        assert_eq!(last["ended_by"], told.as_str(), "{page}");
        let unsure = "two workers held it, and no row tells whose result it was";
        assert_eq!(last["why"] == unsure, by == unknown, "{page}");
    }
}

#[test]
fn a_failure_is_told_of_the_one_of_two_that_says_that_it_failed() {
    let race = RACE
        .replace("Complete", "Failed")
        .replace("processed=10:02:00 updated=10:00:05", "updated=10:02:00");
    let failed = |time: &str, worker: &str| {
        format!("log {time} {worker}/t1 ERROR HEADLESS: Finished task (Success: False)\n")
    };
    let cases = [
        (String::new(), "w2"),
        (failed("10:01:59", "w2"), "w2"),
        (failed("10:01:59", "w1"), "w1"),
        (failed("10:01:58", "w1") + &failed("10:01:59", "w2"), "w2"),
        (failed("10:01:40", "w1"), "w2"),
    ];
    for (more, by) in cases {
        let bench = Bench::of_case(&format!("{race}{more}"));
        let page = json(&bench, "task", &[&only_task(&bench)]);
        let attempts = page["attempts"].as_array().expect("attempts");
        let last = attempts.iter().find(|one| one["outcome"] == "failed").expect("the row's");
        let workers = bench.sql("s", "select id, id = (select worker_id from tasks) from workers");
        let is_row = if by == "w2" { "true" } else { "false" };
        let id = &workers.iter().find(|one| one[1] == is_row).expect("one of the two")[0];
        assert_eq!(last["ended_by"], id.as_str(), "{more}: {page}");
    }
}

#[test]
fn a_task_that_the_cron_job_failed_was_failed_by_no_worker() {
    let failed = RACE
        .replace("Complete", "Failed")
        .replace("processed=10:02:00 updated=10:00:05", "updated=10:02:00");
    let stuck = "updated=10:02:00 error=Auto-failed: stuck in progress for >24 hours";
    let bench = Bench::of_case(&failed.replace("updated=10:02:00", stuck));
    let page = json(&bench, "task", &[&only_task(&bench)]);
    let attempts = page["attempts"].as_array().expect("attempts");
    let last = attempts.iter().find(|one| one["outcome"] == "failed").expect("the row's");
    assert_eq!(last["ended_by"], "the task's row", "{page}");
}

#[test]
fn the_times_of_a_task_that_two_held_are_those_of_the_attempt_that_its_row_took_in() {
    let race = RACE.replace("10:00:05 w1/t1", "10:00:06 w1/t1");
    let more = "log 10:01:58 w2/t1 INFO HEADLESS: Finished task (Success: True)\n\
                log 10:01:30 w1/t1 ERROR HEADLESS: Finished task (Success: False)\n";
    let bench = Bench::of_case(&format!("{race}{more}"));
    let page = json(&bench, "task", &[&only_task(&bench)]);
    assert_eq!(page["attempts"][1]["outcome"], "duplicate", "{page}");
    assert_eq!(page["attempt_timing"][1]["processing_s"], 84.0, "{page}");
    assert_eq!(page["timing"]["processing_s"], 113.0, "{page}");
}

/// A task of the last era: its claim is a line, and the load of its model a column.
const LOADED: &str = "
# loaded: the column of the claim is written anew when the model is there
on 2026-05-20
worker w1 created=09:00:00 beat=10:20:00 status=active
task t1 type=wan_2_2_t2i status=Complete created=09:59:00 worker=w1 started=10:00:53 processed=10:02:00 updated=10:02:00
log 10:00:00 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
repeat 30s 09:50:00..10:20:00 log {time} gpu#{n} INFO Cycle #{n}: scaling=0 active=0
";

#[test]
fn the_load_of_a_model_is_no_claim() {
    let bench = Bench::of_case(LOADED);
    let page = json(&bench, "task", &[&only_task(&bench)]);
    let story = page["timeline"].to_string();
    assert!(story.contains("the model was loaded, by its row"), "{story}");
    assert!(!story.contains("claimed, by its row"), "{story}");
    assert_eq!(page["timing"]["load_s"], 53.0, "{page}");
}

#[test]
fn a_time_in_a_state_that_ended_between_bounds_is_not_told_as_exact() {
    // no line tells of the claim, and the column was cleared
    let silent = LOADED.replace(" started=10:00:53", "").replace(
        "log 10:00:00 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}\n",
        "",
    );
    let bench = Bench::of_case(&silent);
    let page = json(&bench, "task", &[&only_task(&bench)]);
    assert!(page["timing"]["first_claimed_at"].is_null(), "{page}");
    assert!(page["timing"]["queue_s"].is_null(), "{page}");
    assert_eq!(page["timing"]["total_s"], 180.0, "{page}");
}

/// The row of who held a task last may be gone, or written after the workers were read: what others did for the
/// task is their sign of life all the same.
#[test]
fn a_result_is_its_senders_sign_of_life_whoever_held_the_task_last() {
    let case = |last: &str| {
        format!(
            "
# overtaken: an earlier holder completed the task that another had claimed since
on 2026-01-12
worker w1 created=09:00:00 beat=10:25:00
{last}
task t1 status=Complete created=09:40:00 worker=w2 started=10:20:00 processed=10:21:00 updated=10:20:00 error=Reset - no activity for 30 minutes (stale task)
log 09:49:00.03 edge:claim-next-task/t1 INFO Task claimed successfully | {{\"worker_id\": \"{{w1}}\"}}
log 10:19:30 gpu#120 WARNING Reset stale task IDs: ['{{t1}}'] | {{\"module\": \"database\", \"funcName\": \"reset_stale_assigned_tasks\", \"lineno\": 720}}
log 10:20:00.03 edge:claim-next-task/t1 INFO Task claimed successfully | {{\"worker_id\": \"{{w2}}\"}}
log 10:20:00.1 w2/t1 INFO HEADLESS: Processing wan_2_2_t2i task
log 10:20:57 w1/t1 INFO HEADLESS: Finished task (Success: True)
log 10:21:00.12 edge:complete-task/t1 INFO Task completed successfully | {{\"has_thumbnail\": false}}
log 10:23:57 w2/t1 INFO HEADLESS: Finished task (Success: True)
"
        )
    };
    for (last, rows) in [("worker w2 created=09:00:00 beat=10:25:00", "2"), ("", "1")] {
        let bench = Bench::of_case(&case(last));
        assert_eq!(bench.sql("s", "select count(*) from workers")[0][0], rows);
        let by = "select count(*) from worker_signals s join workers w on w.id = s.worker_id \
                  where signal = 'completion' and happened_at = '2026-01-12 10:21:00.12'";
        assert_eq!(bench.sql("s", by)[0][0], "1", "{last}");
    }
}

/// An orphan has no row whose end could tell of its pod: the line of the zombie check does.
#[test]
fn an_orphan_that_was_ended_does_not_run() {
    let bench = Bench::of_case(
        "
# zombie: a pod without a row
on 2026-02-10
worker w1 created=09:00:00 beat=10:00:00 status=active
log 09:50:00 gpu#100 WARNING ZOMBIE DETECTED: RunPod pod gpu-20260210_080000-bbbbbbb1 (podzombie00001) not in database
log 09:50:02 gpu#100 INFO Pod terminated: podzombie00001
",
    );
    let pods = "select ended_at, end_kind from pods where pod_id = 'podzombie00001'";
    assert_eq!(bench.sql("s", pods), [["2026-02-10 09:50:02.000000", "unknown"]]);
}

/// A process that says goodbye is over; its pod runs on until somebody stops it.
#[test]
fn a_goodbye_ends_a_worker_and_not_its_pod() {
    let bench = Bench::of_case(
        "
# bye: nobody tells when the pod was stopped
on 2025-12-20
worker w1 created=08:00:40 beat=09:20:02 status=active meta={\"runpod_id\": \"{p1}\"}
log 09:20:05 w1 INFO HEADLESS: Shutting down...
log 09:20:06 w1 INFO QUEUE: Shutting down task queue...
log 11:40:00 gpu#300 INFO Starting orchestrator cycle
",
    );
    let ends = "select end_kind, ended_at from worker_ends";
    assert_eq!(bench.sql("s", ends)[0][0], "self_terminated");
    assert_eq!(bench.sql("s", "select count(*) from pods where ended_at is null"), [["1"]]);
    assert_eq!(bench.sql("s", "select count(*) from anomalies"), [["0"]]);
}

/// What no orchestrator writes is no claim, and no count of a row makes more rows than people can read.
#[test]
fn hostile_numbers_of_a_row_make_no_claims() {
    for limit in ["nan", "inf", "-600", "1e300", "x"] {
        let bench = Bench::of_case(&format!(
            "
# stuck: a limit that no orchestrator has
on 2026-02-10
worker w1 created=09:00:00 beat=09:40:00 status=terminated meta={{\"error_reason\": \"Stuck task {{t1}} (timeout: {limit}s)\", \"error_time\": \"@09:40:01\"}}
task t1 status=Queued created=09:05:00 updated=09:45:00
"
        ));
        assert_eq!(bench.sql("s", "select count(*) from task_attempts"), [["0"]], "{limit}");
    }
    let bench = Bench::of_case(
        "
# counted: more attempts than there can be
on 2026-02-10
worker w1 created=09:00:00 beat=10:00:00 status=active
task t1 status=Complete created=09:05:00 worker=w1 started=09:40:00 updated=09:40:00 processed=09:45:00 attempts=2000000000
",
    );
    // the row's own, and as many as are believed
    assert_eq!(bench.sql("s", "select count(*) from task_attempts"), [["101"]]);
}

/// Who completed a task before it was sent back had no part in its last end.
#[test]
fn each_attempt_that_completed_a_task_names_its_own_worker() {
    let bench = Bench::of_case(
        "
# again: completed, sent back, and completed by another worker
on 2026-01-10
worker w1 created=08:00:00 beat=11:00:00 status=active
worker w2 created=08:00:00 beat=11:00:00 status=active
task t1 status=Complete created=08:50:00 updated=10:00:00 started=10:00:00 worker=w2 processed=10:30:00
log 09:00:00.03 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
log 09:45:00.15 edge:update-task-status/t1 INFO Task status updated successfully | {\"old_status\": \"Complete\", \"new_status\": \"Queued\"}
log 10:00:00.03 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w2}\"}
",
    );
    let page = json(&bench, "task", &[&only_task(&bench)]);
    let last = page["attempts"].as_array().and_then(|all| all.last()).expect("an attempt");
    assert_eq!(last["ended_by"], last["worker"], "{page}");
}

/// Before 2025-12-02 what a task made hangs on its type; after the edge functions' last row they may be silent.
#[test]
fn what_could_not_have_been_known_of_a_generation_is_not_told_as_known() {
    let output = "output=https://abcdefghijklmnopqrst.supabase.co/storage/v1/object/public/image_uploads/u/x.png";
    let told = |case: &str, types: bool| {
        let bench = Bench::new();
        let mut tables = read(case).expect("a case")[0].captures[0].clone();
        if !types {
            tables.remove("task_types");
        }
        write_tables(&bench.path("files"), &tables);
        bench.replayed(&bench.path("files"), "s");
        let query = "select expected, verdict from task_generations order by decided_at";
        bench.sql("s", query)
    };
    let task = |name: &str, at: &str| {
        format!(
            "task {name} type=nobody_knows status=Complete created=08:00:00 started=08:01:00 processed={at} updated=08:01:00 {output}\n"
        )
    };
    let early = format!("\n# types: not exported\non 2025-11-10\n{}", task("t1", "09:00:00"));
    assert_eq!(told(&early, false), [["unknown", "missing_generation"]]);
    // its type had no row: such a task made one from 2025-11-05 on
    assert_eq!(told(&early, true), [["yes", "missing_unknown_type"]]);
    let earlier = early.replace("2025-11-10", "2025-11-04");
    assert_eq!(told(&earlier, true), [["no", "not_expected"]]);
    let line = "log 10:00:00 edge:complete-task INFO Complete task request | {}\n";
    let late = format!(
        "\n# edge: a row before, and one after the first\non 2026-01-10\n{}{}{line}{}",
        line.replace("10:00:00", "08:00:00"),
        task("t1", "09:00:00"),
        task("t2", "11:00:00"),
    );
    let expected =
        [["unknown", "completed_outside_complete_task"], ["unknown", "missing_generation"]];
    assert_eq!(told(&late, false), expected);
}
