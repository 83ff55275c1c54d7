//! Each fault of the tool before us (domain/orchestrator.md 6) that these verbs must not have, on recorded
//! incidents.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{json, rows, text};
use crate::support::replayed::{Bench, incident, tables, write_tables};

fn replayed(name: &str, test: &str) -> Option<Bench> {
    let folder = incident(name, test)?;
    let bench = Bench::new();
    bench.replayed(&folder, "s");
    Some(bench)
}

fn number(bench: &Bench, sql: &str) -> i64 {
    let found = bench.sql("s", sql);
    found[0][0].parse().unwrap_or_else(|_| panic!("{sql}: {found:?}"))
}

/// Both failure rates: failed, of.
fn rates(page: &Value) -> [(i64, i64); 2] {
    let rows = rows(page, "failure_rates");
    let of = |n: usize| {
        let count = |key: &str| rows[n][key].as_i64().expect("a count");
        (count("failed"), count("of"))
    };
    [of(0), of(1)]
}

#[test]
fn check_logging_is_not_fooled_by_rows_of_the_orchestrator() {
    let Some(bench) = replayed("era_c_mixed", "check-logging") else { return };
    let silent = bench.sql(
        "s",
        "select worker_id from system_logs where worker_id is not null group by worker_id \
         having count(*) filter (source_type = 'worker') = 0 order by worker_id limit 5",
    );
    assert!(!silent.is_empty(), "no worker of which orchestrator rows alone tell");
    for worker in silent {
        let page = json(&bench, "worker", &[&worker[0], "--check-logging"]);
        let logging = &page["logging"];
        assert_eq!(logging["own_lines"], 0, "{page}");
        let naming = number(
            &bench,
            &format!(
                "select count(*) from system_logs where concat_ws(' ', source_id, worker_id, message, metadata) \
                 like '%{}%'",
                worker[0]
            ),
        );
        assert_eq!(logging["others_lines_with_its_id"].as_i64(), Some(naming), "{page}");
        let answer = text(logging, "answer");
        assert!(answer.starts_with("no") && !answer.contains("it did"), "{answer}");
    }
    // and one that logs is told so, with its own lines alone
    let loud = bench.sql(
        "s",
        "select source_id, count(*) from system_logs where source_type = 'worker' \
         group by source_id order by count(*) desc, source_id limit 1",
    );
    let page = json(&bench, "worker", &[&loud[0][0], "--check-logging"]);
    assert_eq!(page["logging"]["own_lines"].as_i64(), loud[0][1].parse().ok());
    assert!(
        text(&page["logging"], "answer").contains("it did")
            || text(&page["logging"], "answer") == "yes"
    );
}

#[test]
fn failure_rate_counts_no_normal_termination() {
    let Some(bench) = replayed("stuck_and_orphans", "the failure rate") else { return };
    let faults = number(
        &bench,
        "select count(*) from worker_ends where end_kind in \
         ('error', 'failsafe', 'self_terminated', 'external', 'spawn_failed')",
    );
    let ends = number(&bench, "select count(*) from worker_ends");
    let page = json(&bench, "workers", &["--hours", "24"]);
    let [_, (failed, of)] = rates(&page);
    let sort = |name: &str| page["ended_by_sort"][name].as_i64().expect("a count");
    // a worker that was stopped in order after a fault of its own failed, too
    let spent = sort("stopped_in_order_after_a_fault");
    assert_eq!((failed - spent + sort("ended_without_fault"), of), (faults, ends));
    // one truly stalled for four minutes and was stopped before anybody could tell (worker_frozen_unnoticed)
    assert_eq!(spent + 1, stopped_after_a_fault(&bench, "stuck_and_orphans"));
    // a scale-down of a young worker: the orchestrator's formula takes it for a failure, the other does not
    let normal = bench.sql(
        "s",
        "select strftime(ended_at + interval 10 second, '%Y-%m-%dT%H:%M:%S') from worker_ends \
         join workers on workers.id = worker_ends.worker_id \
         where end_kind = 'scale_down' and ended_at - workers.created_at < interval 200 second \
         order by ended_at limit 3",
    );
    for at in normal {
        let page = json(&bench, "workers", &["--as-of", &at[0], "--hours", "0.02"]);
        let [(by_status, _), (by_fault, _)] = rates(&page);
        assert!(by_status > by_fault, "as of {}: {page}", at[0]);
    }
}

/// Workers that truly crashed or froze and whose pod was then stopped in order, by the truth and `worker_ends`.
fn stopped_after_a_fault(bench: &Bench, name: &str) -> i64 {
    let folder = incident(name, "faults of workers").expect("the incident");
    let truth = fs::read_to_string(folder.join("truth.json")).expect("the truth");
    let truth: Value = serde_json::from_str(&truth).expect("JSON");
    let faults = truth["worker_faults"].as_array().expect("faults");
    let normal = "select worker_id from worker_ends where end_kind not in \
        ('error', 'failsafe', 'self_terminated', 'external', 'spawn_failed', 'unknown')";
    let normal = bench.sql("s", normal);
    let is_faulty = |id: &str| {
        faults.iter().any(|fault| {
            let kind = text(fault, "kind");
            text(fault, "worker_id") == id
                && (kind.contains("crash") || kind.contains("freeze") || kind.contains("stall"))
        })
    };
    normal.iter().filter(|row| is_faulty(&row[0])).count() as i64
}

/// An incident in which some workers' rows lost columns.
fn with_empty(folder: &Path, into: &Path, columns: &[&str], of: impl Fn(&str, usize) -> bool) {
    let mut all = tables(folder);
    let mut reader = csv::Reader::from_reader(all["workers"].as_bytes());
    let header = reader.headers().expect("a header").clone();
    let at = |name: &str| header.iter().position(|column| column == name).expect("a column");
    let emptied: Vec<usize> = columns.iter().map(|name| at(name)).collect();
    let status = at("status");
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&header).expect("a record");
    for (n, row) in reader.records().map(|row| row.expect("a row")).enumerate() {
        let fields = row.iter().enumerate().map(|(column, field)| {
            if emptied.contains(&column) && of(&row[status], n) { "" } else { field }
        });
        writer.write_record(fields).expect("a record");
    }
    let text = String::from_utf8(writer.into_inner().expect("bytes")).expect("UTF-8");
    all.insert("workers".to_string(), text);
    fs::create_dir_all(into).expect("a folder");
    write_tables(into, &all);
}

#[test]
fn metadata_may_be_null() {
    let Some(folder) = incident("false_positive_ssh", "NULL metadata") else { return };
    let bench = Bench::new();
    with_empty(&folder, &bench.path("files"), &["metadata"], |_, n| n % 2 == 0);
    bench.replayed(&bench.path("files"), "s");
    for verb in ["workers", "health", "orchestrator"] {
        json(&bench, verb, &[]);
        bench.run(verb, "s", &[]).ok();
    }
    let all = bench.sql("s", "select id, metadata is null from workers order by id");
    for (n, worker) in all.iter().enumerate().take(8) {
        for part in [&[][..], &["--check-logging"], &["--startup"]] {
            let more = [&[worker[0].as_str()][..], part].concat();
            bench.run("worker", "s", &more).ok();
        }
        let page = json(&bench, "worker", &[&worker[0]]);
        let says = rows(&page, "unknown").iter().any(|row| text(row, "why") == "metadata is NULL");
        assert_eq!(says, worker[1] == "true", "worker {n}: {page}");
    }
}

#[test]
fn a_null_heartbeat_is_neither_healthy_nor_forgotten() {
    let Some(folder) = incident("healthy_day", "NULL heartbeats") else { return };
    let bench = Bench::new();
    with_empty(&folder, &bench.path("files"), &["last_heartbeat"], |status, _| status == "active");
    bench.replayed(&bench.path("files"), "s");
    let page = json(&bench, "workers", &["--hours", "48"]);
    let without = page["summary"]["active_without_heartbeat"].as_i64();
    let active = number(
        &bench,
        "select count(*) from workers where status = 'active' and last_heartbeat is null \
         and id not in (select worker_id from worker_ends) and id not like 'api%'",
    );
    assert!(active > 0, "no active worker without a heartbeat: {page}");
    assert_eq!(without, Some(active), "{page}");
    let told = rows(&page, "in_service").iter().filter(|row| text(row, "heartbeat") == "NONE");
    assert!(told.count() >= usize::try_from(active).expect("a count"), "{page}");
    bench.run("workers", "s", &[]).ok();
    bench.run("health", "s", &[]).ok();
}

#[test]
fn lines_of_e3_to_e6_that_carry_no_worker_id_are_told() {
    let Some(bench) = replayed("false_positive_ssh", "lines without worker_id") else { return };
    let killed = bench.sql(
        "s",
        "select worker_id from worker_ends where end_kind = 'error' order by worker_id limit 4",
    );
    for worker in killed {
        let id = &worker[0];
        let column = number(
            &bench,
            &format!(
                "select count(*) from system_logs where worker_id = '{id}' and source_type like 'orch%'"
            ),
        );
        assert_eq!(column, 0, "in E4 the column is not set");
        let page = json(&bench, "worker", &[id, "--logs-only", "--limit", "100000"]);
        let lines = rows(&page, "lines");
        let by_orchestrator =
            lines.iter().filter(|row| text(row, "source").starts_with("orchestrator"));
        assert!(by_orchestrator.count() > 10, "{id}");
        assert!(lines.iter().any(|row| text(row, "message").contains("MARKING AS ERROR")), "{id}");
    }
}

#[test]
fn more_than_1000_rows_are_counted_and_the_last_are_shown() {
    let Some(bench) = replayed("healthy_day", "more than 1000 rows") else { return };
    let most = bench.sql(
        "s",
        "select source_id from system_logs where source_type = 'worker' group by source_id \
         order by count(*) desc, source_id limit 1",
    );
    let id = &most[0][0];
    let mentions = format!(
        "select count(*), strftime(max(\"timestamp\"), '%Y-%m-%dT%H:%M:%S.%f') from system_logs \
         where source_id = '{id}' or worker_id = '{id}' or contains(message, '{id}') \
         or contains(coalesce(metadata, ''), '{id}')"
    );
    let counted = bench.sql("s", &mentions);
    let all: usize = counted[0][0].parse().expect("a count");
    assert!(all > 1000, "{id} has {all} rows only");
    let page = json(&bench, "worker", &[id, "--logs-only"]);
    assert_eq!(page["counts"]["rows"], all);
    // the failure is at the end, not among the first 50
    let last = rows(&page, "lines").last().expect("a line");
    assert!(
        text(last, "at").starts_with(counted[0][1].trim_end_matches('0')),
        "{last} {counted:?}"
    );
    let page = json(&bench, "worker", &[id, "--logs-only", "--limit", "100000"]);
    assert_eq!(rows(&page, "lines").len(), all);
}

#[test]
fn cycles_are_told_where_their_first_line_vanished() {
    let Some(folder) = incident("era_c_mixed", "cycles since E10") else { return };
    let bench = Bench::new();
    bench.replayed(&folder, "s");
    let begins =
        "select count(*) from system_logs where message like '%Starting orchestrator cycle%'";
    assert_eq!(number(&bench, begins), 0, "no such line since E10");
    let page = json(&bench, "orchestrator", &["--limit", "1000"]);
    let truth = fs::read_to_string(folder.join("truth.json")).expect("a truth");
    let truth: Value = serde_json::from_str(&truth).expect("JSON");
    let instances = truth["instances"].as_array().expect("processes");
    let gpu = instances.iter().find(|one| one["kind"] == "gpu").expect("an orchestrator");
    let true_cycles = gpu["cycles"].as_array().expect("cycles");
    let cycles = rows(&page, "cycles");
    assert_eq!(cycles.len(), true_cycles.len());
    for (told, truth) in cycles.iter().rev().zip(true_cycles) {
        assert_eq!(told["cycle"], truth["n"]);
        let did = &truth["actions"];
        for (key, name) in [
            ("spawned", "workers_spawned"),
            ("promoted", "workers_promoted"),
            ("failed", "workers_failed"),
        ] {
            assert_eq!(told[key], did[name], "cycle {}", truth["n"]);
        }
    }
    assert!(!rows(&page, "not_told").is_empty(), "what no line tells is named");
}

#[test]
fn a_pod_that_is_not_written_to_its_row_yet_is_no_orphan() {
    for name in ["stuck_and_orphans", "era_c_mixed"] {
        let Some(bench) = replayed(name, "young pods") else { return };
        let young = bench.sql(
            "s",
            "select pod_id, strftime(created_at + interval 100 millisecond, '%Y-%m-%dT%H:%M:%S.%f') \
             from pods where worker_id is not null order by created_at limit 12",
        );
        assert!(young.len() == 12, "{name}");
        for pod in young.iter().step_by(3) {
            let page = json(&bench, "health", &["--as-of", &pod[1]]);
            assert!(rows(&page, "orphans").iter().all(|row| text(row, "pod") != pod[0]), "{page}");
        }
    }
}

#[test]
fn silence_of_an_orchestrator_that_could_not_log_is_not_judged() {
    let Some(bench) = replayed("log_outage_1755", "a logging outage") else { return };
    for verb in ["health", "orchestrator"] {
        let class = |at: &str| {
            let page = json(&bench, verb, &["--as-of", at]);
            text(&rows(&page, "alive")[0], "class").to_string()
        };
        assert_eq!(class("2025-10-30T17:30"), "HEALTHY");
        assert_eq!(class("2025-10-30T17:55"), "NOT JUDGED");
        assert_eq!(class("2025-10-30T18:20"), "HEALTHY");
    }
}

#[test]
fn lines_that_are_loud_on_purpose_are_no_errors() {
    let Some(bench) = replayed("stuck_and_orphans", "loud lines") else { return };
    let page = json(&bench, "health", &["--limit", "1000"]);
    for row in rows(&page, "errors") {
        assert!(!text(row, "message").contains("TASK COUNT ("), "{row}");
        assert!(!text(row, "message").contains("SCALING DECISION ("), "{row}");
    }
}

/// A late heartbeat sets the row back to active, a check kills it again, and the row tells of that kill alone
/// (domain/evidence-rules.md fact 19): what it tells is not of the first end.
#[test]
fn an_end_is_not_told_by_the_error_of_a_later_kill() {
    let Some(bench) = replayed("era_c_mixed", "errors of later kills") else { return };
    let later = "select worker_ends.worker_id, error_code, reason from worker_ends \
        join workers on workers.id = worker_id \
        where end_kind = 'scale_down' and try_cast(json_extract_string(metadata, '$.error_time') as timestamp) \
            > ended_at + interval 10 seconds";
    let ends = bench.sql("s", later);
    assert!(!ends.is_empty(), "nobody was killed again");
    for end in ends {
        assert!(end[1].is_empty() && end[2].starts_with("scale_down"), "{end:?}");
    }
}
