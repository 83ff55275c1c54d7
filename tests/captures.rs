//! What only several captures of a row tell, and what rows contradict. Rows and expectations by hand.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::replayed::{Bench, write_tables};

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
    let workers = row(WORKER, "{}") + &row(SECOND, kept) + &row(third, "{}");
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
