//! What only several captures of a row tell, and what rows contradict. Rows and expectations by hand.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::replayed::{Bench, case, tables, write_tables};

const TASK: &str = "00000000-0000-4000-8000-000000000001";
const OTHER: &str = "00000000-0000-4000-8000-000000000002";
const WORKER: &str = "gpu-20260105_090000-aaaaaaa1";
const SECOND: &str = "gpu-20260105_090000-aaaaaaa2";

/// Takes one capture of these rows.
fn capture(bench: &Bench, name: &str, tasks: &str, workers: &str, logs: &str) {
    let tasks_head = "id,task_type,status,created_at,worker_id,generation_started_at,\
                      generation_processed_at,updated_at,attempts,generation_created,error_message\n";
    let logs_head = "id,timestamp,source_type,source_id,log_level,message,task_id,worker_id,\
                     cycle_number,metadata\n";
    let workers_head = "id,instance_type,created_at,last_heartbeat,status,metadata\n";
    let tables = [
        ("tasks", format!("{tasks_head}{tasks}")),
        ("workers", format!("{workers_head}{workers}")),
        ("system_logs", format!("{logs_head}{logs}")),
    ];
    let folder = bench.path(name);
    write_tables(&folder, &tables.map(|(name, text)| (name.to_string(), text)).into());
    bench.import(&folder, "s");
    bench.run("replay", "s", &[]).ok();
}

fn ids(bench: &Bench) -> BTreeMap<String, String> {
    let rows = bench.sql("s", "select event_id, kind from events");
    rows.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect()
}

#[test]
fn a_claim_that_the_row_forgot_stays_known_from_an_earlier_capture() {
    let bench = Bench::new();
    let worker = |id: &str, beat: &str, status: &str| {
        format!("{id},NVIDIA,2026-01-05 09:00:00+00,2026-01-05 {beat}+00,{status},{{}}\n")
    };
    let both =
        |beat: &str, status: &str| worker(WORKER, beat, status) + &worker(SECOND, beat, "active");
    let made = "wan_2_2_t2i";
    let other = format!("{OTHER},{made},Queued,2026-01-05 10:00:00+00,,,,,0,false,\n");
    let held = format!(
        "{TASK},{made},In Progress,2026-01-05 10:00:00+00,{WORKER},2026-01-05 10:01:00+00,,,0,false,\n"
    );
    capture(&bench, "1", &(held + &other), &both("10:05:00", "active"), "");
    let first = ids(&bench);

    // reset by hand: the row names nobody any more, and no line tells of it; the other task is gone
    let reset = format!(
        "{TASK},{made},Queued,2026-01-05 10:00:00+00,,,,,0,false,Reset - orphaned from failed worker\n"
    );
    capture(&bench, "2", &reset, &both("11:05:00", "terminated"), "");
    let second = ids(&bench);
    let text =
        "select attributes->>'by', attributes->>'why' from events where kind = 'task_reset_text'";
    assert_eq!(bench.sql("s", text), [["orchestrator_gpu", "worker_failed"]]);
    let attempts =
        "select worker_id, claimed_at, outcome, reason from task_attempts order by attempt";
    assert_eq!(
        bench.sql("s", attempts),
        [[WORKER, "2026-01-05 10:01:00.000000", "reset", "a capture found it queued again"]]
    );
    let seen = "select kind, subject_id, earliest, latest, attributes->>'old_status', attributes->>'new_status' \
                from events where basis = 'observed' order by kind, subject_id";
    let (from, until) = ("2026-01-05 10:05:00.000000", "2026-01-05 11:05:00.000000");
    assert_eq!(
        bench.sql("s", seen),
        [
            ["task_row_changed", TASK, from, until, "In Progress", "Queued"],
            ["task_row_vanished", OTHER, from, until, "", ""],
            ["worker_row_changed", WORKER, from, until, "active", "terminated"],
        ]
    );

    let done = format!(
        "{TASK},{made},Complete,2026-01-05 10:00:00+00,{SECOND},2026-01-05 11:10:00+00,2026-01-05 11:12:00+00,2026-01-05 11:10:00+00,0,true,Reset - orphaned from failed worker\n"
    );
    capture(&bench, "3", &done, &both("12:05:00", "terminated"), "");
    let third = ids(&bench);
    let rows = bench.sql("s", "select worker_id, outcome from task_attempts order by attempt");
    assert_eq!(rows, [[WORKER, "reset"], [SECOND, "complete"]]);
    let states = bench.sql(
        "s",
        &format!("select state, entered_at from task_states where task_id = '{TASK}' order by seq"),
    );
    assert_eq!(
        states,
        [
            ["queued", "2026-01-05 10:00:00.000000"],
            ["in_progress", "2026-01-05 10:01:00.000000"],
            ["queued", until],
            ["in_progress", "2026-01-05 11:10:00.000000"],
            ["complete", "2026-01-05 11:12:00.000000"],
        ]
    );
    // every heartbeat that a capture saw is a sign of life
    let beats = bench.sql("s", &format!("select happened_at from worker_signals where worker_id = '{SECOND}' and signal = 'heartbeat' order by 1"));
    assert_eq!(beats.len(), 3, "{beats:?}");

    // a later capture renames no event and takes none away
    for (before, after) in [(&first, &second), (&second, &third)] {
        let lost: BTreeSet<_> = before.iter().filter(|(id, _)| !after.contains_key(*id)).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
}

#[test]
fn a_write_that_the_row_lacks_contradicts_the_line_that_tells_of_it() {
    let bench = Bench::new();
    let line = |n: u8, at: &str, worker: &str| {
        format!(
            "00000000-0000-4000-9000-00000000000{n},2026-01-05 {at}+00,orchestrator_gpu,orchestrator_gpu-h,\
             ERROR,🔄 WORKER_LIFECYCLE [Worker {worker}] MARKING AS ERROR: Failed basic health check,,,40,{{}}\n"
        )
    };
    // the first mark was lost, the second kept, the third is too young for its write to be seen
    let third = "gpu-20260105_090000-aaaaaaa3";
    let logs =
        line(1, "10:00:00", WORKER) + &line(2, "10:01:00", SECOND) + &line(3, "10:04:40", third);
    let row = |id: &str, metadata: &str| {
        format!("{id},NVIDIA,2026-01-05 09:00:00+00,2026-01-05 10:05:00+00,active,{metadata}\n")
    };
    let kept = r#""{""error_time"": ""2026-01-05T10:01:04+00:00""}""#;
    let other = "\"{\"\"ram_tier\"\": 1}\"";
    let workers = row(WORKER, other) + &row(SECOND, kept) + &row(third, other);
    capture(&bench, "1", "", &workers, &logs);
    let contradicted = "select events.worker_id, evidence_column from events \
                        join event_evidence using (event_id) where role = 'contradicts'";
    let contradicted = contradicted.replace("evidence_column", "event_evidence.evidence_column");
    assert_eq!(bench.sql("s", &contradicted), [[WORKER, "metadata.error_time"]]);
    let anomalies = "select subject_id from anomalies where kind = 'lost_update'";
    assert_eq!(bench.sql("s", anomalies), [[WORKER]]);
}

#[test]
fn a_cut_id_that_two_tasks_share_names_both_and_claims_neither() {
    let bench = Bench::new();
    let task = |id: &str| format!("{id},wan_2_2_t2i,Queued,2026-01-05 10:00:00+00,,,,,0,false,\n");
    let line = |n: u8, short: &str| {
        format!(
            "00000000-0000-4000-9000-00000000000{n},2026-01-05 10:02:00+00,orchestrator_gpu,orchestrator_gpu-h,\
             INFO,   1. {short}... | wan_2_2_t2i         | worker: {WORKER} | started: 10:01:30,,,40,{{}}\n"
        )
    };
    let alone = "11111111-0000-4000-8000-000000000003";
    let tasks = task(TASK) + &task(OTHER) + &task(alone);
    capture(&bench, "1", &tasks, "", &(line(1, "00000000") + &line(2, "11111111")));
    let named = bench.sql(
        "s",
        "select kind, object_id from events join event_objects using (event_id) \
         where kind like 'task_listed%' and object_kind = 'task' order by 1, 2",
    );
    assert_eq!(
        named,
        [
            ["task_listed_active", alone],
            ["task_listed_ambiguous", TASK],
            ["task_listed_ambiguous", OTHER],
        ]
    );
    assert_eq!(bench.sql("s", "select task_id from task_attempts"), [[alone]]);
}

#[test]
fn files_from_before_an_earlier_capture_are_refused() {
    let bench = Bench::new();
    let line = |n: u8, at: &str| {
        format!(
            "00000000-0000-4000-9000-00000000000{n},2026-01-05 {at}+00,orchestrator_gpu,h,INFO,Starting,,,1,{{}}\n"
        )
    };
    capture(&bench, "late", "", "", &(line(1, "10:00:00") + &line(2, "10:30:00")));
    capture(&bench, "later", "", "", &(line(1, "10:00:00") + &line(3, "10:40:00")));
    let folder = bench.path("late");
    let ran = bench.run("import", "s", &["--from", folder.to_str().expect("UTF-8")]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    write_logs(&bench, "older", &line(4, "10:20:00"));
    let folder = bench.path("older");
    let ran = bench.run("import", "s", &["--from", folder.to_str().expect("UTF-8")]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("import older files first"), "{}", ran.stderr);
    let horizon = "select capture, retention_horizon from captures order by 1";
    let reaches = "2026-01-05 10:00:00.000000";
    assert_eq!(bench.sql("s", horizon), [["c000001", reaches], ["c000002", reaches]]);
}

fn write_logs(bench: &Bench, name: &str, logs: &str) {
    let folder = bench.path(name);
    let head = "id,timestamp,source_type,source_id,log_level,message,task_id,worker_id,cycle_number,metadata\n";
    let none = "id,task_type,status,created_at\n".to_string();
    let workers = "id,instance_type,created_at,last_heartbeat,status,metadata\n".to_string();
    let tables = [("system_logs", format!("{head}{logs}")), ("tasks", none), ("workers", workers)];
    write_tables(&folder, &tables.map(|(name, text)| (name.to_string(), text)).into());
}

#[test]
fn a_row_that_vanished_vanished_once_and_contradicts_nothing_later() {
    let bench = Bench::new();
    let row = |id: &str, beat: &str| {
        format!("{id},NVIDIA,2026-01-05 09:00:00+00,2026-01-05 {beat}+00,active,{{}}\n")
    };
    let mark = format!(
        "00000000-0000-4000-9000-000000000001,2026-01-05 10:10:00+00,orchestrator_gpu,h,ERROR,\
         🔄 WORKER_LIFECYCLE [Worker {WORKER}] MARKING AS ERROR: Failed basic health check,,,40,{{}}\n"
    );
    capture(&bench, "1", "", &(row(WORKER, "10:05:00") + &row(SECOND, "10:05:00")), "");
    capture(&bench, "2", "", &row(SECOND, "11:05:00"), &mark);
    capture(&bench, "3", "", &row(SECOND, "12:05:00"), &mark);
    capture(&bench, "4", "", &row(SECOND, "13:05:00"), &mark);
    let vanished =
        "select subject_id, earliest, latest from events where kind = 'worker_row_vanished'";
    let (from, until) = ("2026-01-05 10:05:00.000000", "2026-01-05 11:05:00.000000");
    assert_eq!(bench.sql("s", vanished), [[WORKER, from, until]]);
    let lost = "select count(*) from anomalies where kind = 'lost_update'";
    assert_eq!(bench.sql("s", lost), [["0"]]);
}

#[test]
fn rows_that_a_file_repeats_count_once() {
    let bench = Bench::new();
    let line = "00000000-0000-4000-9000-000000000001,2026-01-05 10:10:00+00,orchestrator_gpu,h,INFO,Starting,,,1,{}\n";
    capture(&bench, "1", "", "", &line.repeat(3));
    assert_eq!(bench.sql("s", "select count(*) from system_logs"), [["1"]]);
}

#[test]
fn metadata_that_is_no_json_costs_no_answer() {
    let bench = Bench::new();
    let folder = bench.path("broken");
    let mut whole = tables(&case("worker_killed_while_healthy"));
    bench.replayed(&case("worker_killed_while_healthy"), "whole");
    let found = |bench: &Bench, snapshot: &str| {
        let said = bench.run("findings", snapshot, &["--format", "csv", "--verdict", "all"]).ok();
        said.lines().count()
    };
    let expected = found(&bench, "whole");
    let workers = whole.get_mut("workers").expect("workers");
    let mut reader = csv::Reader::from_reader(workers.as_bytes());
    let head = reader.headers().expect("a header").clone();
    let at = head.iter().position(|name| name == "metadata").expect("metadata");
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&head).expect("in memory");
    for row in reader.records() {
        let row = row.expect("a row");
        let cells = row.iter().enumerate().map(|(n, cell)| if n == at { "not json" } else { cell });
        writer.write_record(cells).expect("in memory");
    }
    *workers = String::from_utf8(writer.into_inner().expect("in memory")).expect("UTF-8");
    write_tables(&folder, &whole);
    bench.replayed(&folder, "s");
    assert_eq!(found(&bench, "s"), expected);
    // the same as of an instant, where keys of the metadata are taken away
    bench.run("findings", "s", &["--as-of", "2026-01-05T11:00"]).ok();
}

#[test]
fn a_broken_grammar_file_does_not_stop_a_verification() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    let file = bench.path("broken.toml");
    std::fs::write(&file, "").expect("a file");
    let file = file.to_str().expect("UTF-8");
    let said = bench.run("verify", "s", &["--grammar", file]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("was not checked"), "{}", said.stderr);
    assert_eq!(bench.run("replay", "s", &["--grammar", file]).code, 2);
}

#[test]
fn what_nobody_took_between_two_captures_is_a_hole_of_both() {
    let bench = Bench::new();
    let line = |n: u8, at: &str| {
        format!(
            "00000000-0000-4000-9000-00000000000{n},2026-01-{at}+00,orchestrator_gpu,h,INFO,Starting,,,1,{{}}\n"
        )
    };
    capture(&bench, "1", "", "", &(line(1, "01 10:00:00") + &line(2, "01 10:00:20")));
    capture(&bench, "2", "", "", &(line(1, "01 10:00:00") + &line(3, "01 10:00:50")));
    let listed = |bench: &Bench| -> serde_json::Value {
        let said = bench.run("captures", "s", &["--format", "json"]).ok();
        serde_json::from_str(&said).expect("JSON")
    };
    assert_eq!(listed(&bench)["holes"], serde_json::json!([]));
    capture(&bench, "3", "", "", &(line(4, "04 09:00:00") + &line(5, "04 09:00:30")));
    let hole = serde_json::json!({
        "before": "c000003",
        "from": "2026-01-01T10:00:50.000000Z",
        "until": "2026-01-04T09:00:00.000000Z",
        "cause": "not_exported",
    });
    assert_eq!(listed(&bench)["holes"], serde_json::json!([hole]));
    let text = bench.run("captures", "s", &[]).ok();
    let said = "hole before c000003: log lines between 2026-01-01 10:00:50 and 2026-01-04 09:00:00 were deleted";
    assert!(text.contains(said), "{text}");
    // as a replay has it
    let gaps =
        "select began_at, ended_at from gaps where cause = 'not_exported' and source_id = 'h'";
    let (from, until) = ("2026-01-01 10:00:50.000000", "2026-01-04 09:00:00.000000");
    assert_eq!(bench.sql("s", gaps), [[from, until]]);
    // and the evidence is not needed to tell
    std::fs::remove_dir_all(bench.path("s").join("system_logs")).expect("a folder");
    assert_eq!(listed(&bench)["holes"], serde_json::json!([hole]));
}
