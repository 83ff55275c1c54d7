//! Tables as of an instant: nothing later shows, nothing is forgotten, and it is what truly was.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use backstory::cases::case as cases;
use jiff::Timestamp;
use serde_json::Value;

use crate::support;
use crate::support::replayed::{Bench, case, incident, write_tables};

/// Every table that an instant cuts, with the times in it that say what had happened.
const TIMES: [(&str, &[&str]); 22] = [
    ("events", &["happened_at"]),
    ("event_evidence", &[]),
    ("event_objects", &[]),
    ("decisions", &[]),
    ("anomalies", &["happened_at"]),
    ("task_states", &["entered_at", "left_at"]),
    ("worker_states", &["entered_at", "left_at"]),
    ("worker_liveness", &["entered_at", "left_at"]),
    ("worker_signals", &["happened_at"]),
    ("worker_ends", &["ended_at"]),
    ("task_attempts", &["claimed_at", "started_at", "ended_at"]),
    ("task_generations", &["decided_at"]),
    ("pods", &["created_at", "ended_at"]),
    ("runs", &["started_at", "ended_at"]),
    ("cycles", &["started_at", "completed_at"]),
    ("gaps", &["began_at", "ended_at"]),
    ("coverage", &["from_at", "until_at"]),
    ("system_logs", &["\"timestamp\""]),
    ("tasks", &["created_at", "generation_started_at", "generation_processed_at", "updated_at"]),
    ("workers", &["created_at", "last_heartbeat"]),
    ("generations", &["created_at"]),
    ("generation_variants", &["created_at"]),
];

fn number(bench: &Bench, sql: &str) -> i64 {
    let rows = bench.sql("s", sql);
    rows[0][0].parse().unwrap_or_else(|_| panic!("{sql}: {rows:?}"))
}

#[test]
fn nothing_later_shows_and_at_the_end_all_is_there() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    let end = "timestamp '2100-01-01 00:00:00'";
    for (table, times) in TIMES {
        // the rows of the fixture stand between 10:30 and 11:20
        for minute in ["09:59:59", "10:30:05", "10:37:01", "10:52:02.3", "11:10:00.2"] {
            let instant = format!("timestamp '2026-01-05 {minute}'");
            for time in times {
                let later = format!(
                    "select count(*) from {table}_as_of({instant}) where {time} > {instant}"
                );
                assert_eq!(number(&bench, &later), 0, "{table}.{time} as of {minute}");
            }
        }
        let same = format!(
            "select count(*) from (select * from {table} except all select * from {table}_as_of({end}))"
        );
        // columns that are worked out afresh equal those of the row at the end
        assert_eq!(number(&bench, &same), 0, "{table} at the end");
    }
}

#[test]
fn an_option_is_the_macro() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    let instant = "2026-01-05T10:37:01";
    for (table, _) in TIMES {
        let counted = |more: &[&str], sql: &str| {
            let said = bench.run("sql", "s", &[&["--format", "csv"], more, &[sql]].concat()).ok();
            said.lines().nth(1).expect("a row").to_string()
        };
        let by_macro = format!("select count(*) from {table}_as_of(timestamp '{instant}')");
        let by_option = format!("select count(*) from {table}");
        assert_eq!(counted(&[], &by_macro), counted(&["--as-of", instant], &by_option), "{table}");
        let whole = counted(&["--as-of", instant], &format!("select count(*) from whole_{table}"));
        assert_eq!(whole, counted(&[], &by_option), "whole_{table}");
    }
    let failed = bench.run("sql", "s", &["--as-of", "yesterday", "select 1"]);
    assert_eq!(failed.code, 2);
    // the second kill of the fixture happened at 10:37:00.1, the first at 10:30
    let found = |instant: &str| {
        let more =
            ["--format", "json", "--only", "worker_killed_while_healthy", "--as-of", instant];
        let said = bench.run("findings", "s", &more).ok();
        let said: Value = serde_json::from_str(&said).expect("JSON");
        said["findings"].as_array().expect("findings").len()
    };
    assert_eq!(found("2026-01-05T10:29"), 0);
    // a day alone is its midnight, when there was nothing yet to be asked
    let early = bench.run("findings", "s", &["--as-of", "2026-01-05"]);
    assert_eq!(early.code, 2, "{}", early.stderr);
    assert_eq!(found("2026-01-06"), found("2026-01-06T00:00:00Z"));
    assert!(found("2026-01-06") >= found("2026-01-05T10:45"));
    assert!(found("2026-01-05T10:35") >= 1);
    assert!(found("2026-01-05T10:45") > found("2026-01-05T10:35"));
}

/// A person cleared `worker_id` between 09:44 and the sweep: nobody knows when.
const CLEARED: &str = "
# cleared: the sweep says that no worker stood on it
on 2026-01-12
worker w1 created=09:00:00 beat=09:44:20 status=error meta={\"runpod_id\": \"{p1}\", \"error_reason\": \"Failed basic health check\", \"error_time\": \"@09:46:00\"}
task t1 status=Queued created=09:40:00 error=Reset - stuck in progress with no worker assigned
task t2 status=In_Progress created=09:40:00 worker=w1 started=09:43:00
log 09:43:00.03 edge:claim-next-task/t2 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
log 09:44:00.03 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
log 10:00:04 gpu#120 WARNING Reset unassigned orphaned task IDs: ['{t1}'] | {\"module\": \"database\", \"funcName\": \"reset_unassigned_orphaned_tasks\", \"lineno\": 604}
";

#[test]
fn a_worker_that_was_cleared_from_a_row_is_not_told_of_it() {
    let bench = Bench::new();
    let case = &cases::read(CLEARED).expect("a case")[0];
    write_tables(&bench.path("files"), &case.captures[0]);
    bench.replayed(&bench.path("files"), "s");
    let rows = bench.sql(
        "s",
        "select status, worker_id from tasks_as_of(timestamp '2026-01-12 09:59:00') order by id",
    );
    let of = |n: usize| (rows[n][0].as_str(), rows[n][1].as_str());
    assert_eq!(of(0), ("In Progress", ""), "{rows:?}");
    assert_eq!((of(1).0, of(1).1.is_empty()), ("In Progress", false), "{rows:?}");
}

/// A pod that went at some time after 10:17:21 and was missed at 10:19:47; and a task that failed, was sent back and
/// claimed by another.
const LATER: &str = "
# later: what was written later was not there yet
on 2026-01-12
worker w1 created=10:00:00 beat=10:17:21 status=terminated meta={\"runpod_id\": \"{p1}\", \"error_reason\": \"Pod externally terminated - not found in RunPod\", \"error_time\": \"@10:19:47\", \"terminated_at\": \"@10:29:50\"}
worker w2 created=09:00:00 beat=10:40:00 status=active meta={\"vram_timestamp\": 1768213800, \"vram_used_mb\": 7}
worker w3 created=09:00:00 beat=10:40:00 status=active meta={\"vram_timestamp\": 1e300}
worker w4 created=09:00:00 beat=10:40:00 status=active meta={\"vram_timestamp\": \"nan\"}
task t1 status=Complete created=09:40:00 worker=w2 started=10:10:00 processed=10:20:00 updated=10:10:00 output=https://example.com/a.png
log 09:50:00.03 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
log 09:55:00.15 edge:update-task-status/t1 INFO Task status updated successfully | {\"old_status\": \"In Progress\", \"new_status\": \"Failed\"}
log 10:10:00.03 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w2}\"}
";

#[test]
fn what_was_written_later_was_not_there_yet() {
    let bench = Bench::new();
    let case = &cases::read(LATER).expect("a case")[0];
    write_tables(&bench.path("files"), &case.captures[0]);
    bench.replayed(&bench.path("files"), "s");
    let one = |sql: &str, at: &str| {
        let sql = sql.replace("{at}", &format!("timestamp '2026-01-12 {at}'"));
        bench.sql("s", &sql).concat().join(" ")
    };
    let row = "select status from workers_as_of({at}) where id like '%1' order by id limit 1";
    assert_eq!(one(row, "10:18:30"), "active", "nobody has missed it");
    assert_eq!(one(row, "10:25:00"), "error", "it is cleaned up later");
    assert_eq!(one(row, "10:35:00"), "terminated");
    let end = "select coalesce(decided_at::text, '-'), coalesce(reason, '-') from worker_ends_as_of({at})";
    assert_eq!(one(end, "10:18:30"), "- -");
    assert!(one(end, "10:25:00").contains("Pod externally terminated"), "{}", one(end, "10:25:00"));
    let task = "select status, coalesce(worker_id, '-') like '%1', coalesce(output_location, '-') \
                from tasks_as_of({at})";
    assert_eq!(one(task, "10:00:00"), "Failed true -", "what the second made is not there");
    let memory = "select count(*) from workers_as_of({at}) where metadata like '%vram_used_mb%'";
    assert_eq!((one(memory, "10:25:00"), one(memory, "10:35:00")), ("0".into(), "1".into()));
}

/// Killed at once, and written down as ended by the cleanup of ten minutes later, which says no more than that it does.
const CLEANED_UP: &str = "
# cleaned-up: an error lasts until the cleanup
on 2026-04-05
worker w1 created=09:30:00 beat=09:59:50 status=terminated meta={\"runpod_id\": \"{p1}\", \"error_reason\": \"Failed basic health check\", \"error_time\": \"@10:00:02\"}
log 10:00:00 gpu#61 ERROR WORKER_LIFECYCLE [Worker {w1}] MARKING AS ERROR: Failed basic health check
log 10:00:03 gpu#61 INFO WORKER_LIFECYCLE [Worker {w1}] RunPod terminated successfully
log 10:10:05 gpu#81 INFO [ERROR_CLEANUP] Worker {w1} past grace period (603s), forcing cleanup
";

#[test]
fn a_row_in_error_stays_so_until_the_cleanup() {
    let bench = Bench::new();
    let case = &cases::read(CLEANED_UP).expect("a case")[0];
    write_tables(&bench.path("files"), &case.captures[0]);
    bench.replayed(&bench.path("files"), "s");
    let status = |at: &str| {
        let sql = format!("select status from workers_as_of(timestamp '2026-04-05 {at}')");
        bench.sql("s", &sql).concat().concat()
    };
    assert_eq!(status("09:59:55"), "active");
    assert_eq!(status("10:05:00"), "error", "its pod is gone, its row says so later");
    assert_eq!(status("10:11:00"), "terminated");
}

#[test]
fn the_fleet_and_the_queue_were_so_in_truth() {
    for name in ["era_c_mixed", "stuck_and_orphans", "false_positive_ssh"] {
        let Some(folder) = incident(name, "tables as of an instant") else { continue };
        let bench = Bench::new();
        bench.replayed(&folder, "s");
        let truth = true_states(&folder);
        let fleet = true_fleet(&folder);
        let (mut right, mut all) = (0, 0);
        let (mut fleet_right, mut fleet_all) = (0, 0);
        let instants = instants(&folder, 12);
        for instant in &instants {
            let at = instant.strftime("%Y-%m-%d %H:%M:%S").to_string();
            let sql = format!("select id, status from tasks_as_of(timestamp '{at}')");
            let told: BTreeMap<String, String> = bench
                .sql("s", &sql)
                .into_iter()
                .map(|row| (row[0].clone(), row[1].clone()))
                .collect();
            for (task, states) in &truth {
                let state = states.iter().rev().find(|(entered, _)| entered <= instant);
                all += 1;
                right += usize::from(told.get(task) == state.map(|(_, status)| status));
            }
            let sql = format!("select id, status from workers_as_of(timestamp '{at}')");
            let told = bench.sql("s", &sql).into_iter().map(|row| (row[0].clone(), row[1].clone()));
            let told: BTreeMap<String, String> = told.collect();
            for (worker, states) in &fleet {
                let state = states.iter().rev().find(|(entered, _)| entered <= instant);
                fleet_all += 1;
                fleet_right += usize::from(told.get(worker) == state.map(|(_, status)| status));
            }
        }
        support::told(&format!(
            "as of: {name}: {right} of {all} statuses at {} instants",
            instants.len()
        ));
        support::told(&format!("as of: {name}: {fleet_right} of {fleet_all} statuses of workers"));
        assert!(right as f64 >= 0.999 * all as f64, "{name}: {right} of {all}");
        assert!(fleet_right as f64 >= 0.99 * fleet_all as f64, "{name}: {fleet_right} workers");
    }
}

fn truth(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("truth.json")).expect("the truth");
    serde_json::from_str(&text).expect("JSON")
}

fn time(value: &Value) -> Timestamp {
    value.as_str().expect("a time").parse().expect("a time")
}

/// Instants spread over the incident.
fn instants(folder: &Path, count: i64) -> Vec<Timestamp> {
    let truth = truth(folder);
    let (begin, end) = (time(&truth["sim_start"]), time(&truth["sim_end"]));
    let step = (end.as_second() - begin.as_second()) / (count + 1);
    (1..=count)
        .map(|n| Timestamp::from_second(begin.as_second() + n * step).expect("a time"))
        .collect()
}

/// The true statuses of each task by the audit trigger: when, and which.
fn true_states(folder: &Path) -> BTreeMap<String, Vec<(Timestamp, String)>> {
    let truth = truth(folder);
    let tasks = truth["tasks"].as_array().expect("tasks").iter().map(|task| {
        let moves = task["transitions"].as_array().expect("transitions").iter();
        let told = moves
            .map(|one| (time(&one["t"]), one["status"].as_str().unwrap_or_default().to_string()));
        (task["task_id"].as_str().expect("an id").to_string(), told.collect())
    });
    tasks.collect()
}

/// What the rows of workers said in truth, and since when.
fn true_fleet(folder: &Path) -> BTreeMap<String, Vec<(Timestamp, String)>> {
    let truth = truth(folder);
    let workers = truth["workers"].as_array().expect("workers").iter();
    let told = workers.filter(|worker| worker["in_db"] == true).map(|worker| {
        let steps = worker["db_transitions"].as_array().expect("transitions").iter();
        let steps = steps.map(|step| {
            let status = step["new_status"].as_str().expect("a status");
            (time(&step["t"]), status.to_string())
        });
        (worker["worker_id"].as_str().expect("an id").to_string(), steps.collect())
    });
    told.collect()
}
