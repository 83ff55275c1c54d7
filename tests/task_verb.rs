//! `task`: held against what truly happened, and against the faults of the tool that came before it
//! (domain/orchestrator.md 6).

use std::fs;
use std::path::{Path, PathBuf};

use backstory::answers::ask::Ask;
use backstory::answers::subject::Subject;
use backstory::answers::task::{TABLES, TaskAsked, task};
use backstory::findings::short;
use backstory::read::database::Database;
use backstory::read::engine::Engine;
use backstory::report::page_text::{Layout, write_text};
use backstory::snapshot::open::Snapshot;
use jiff::Timestamp;
use serde_json::Value;

use crate::support::replayed::{Bench, INCIDENTS, incident, tables, write_tables};

/// Seconds that a time of ours may be off: clocks, and lines that come in batches.
const TOLERANCE_S: f64 = 5.0;

fn told(bench: &Bench, id: &str, more: &[&str]) -> Value {
    let said = bench.run("task", "s", &[&[id, "--format", "json"], more].concat()).ok();
    serde_json::from_str(&said).expect("JSON")
}

fn truth(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("truth.json")).expect("a truth");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    all["tasks"].as_array().expect("tasks").clone()
}

fn bench_of(name: &str, test: &str) -> Option<(Bench, PathBuf)> {
    let folder = incident(name, test)?;
    let bench = Bench::new();
    bench.replayed(&folder, "s");
    Some((bench, folder))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("{key} in {value}"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Ten of so many, the same at every run; BACKSTORY_DRAWN draws another number of them.
fn drawn(of: usize) -> impl Iterator<Item = usize> {
    let asked = std::env::var("BACKSTORY_DRAWN").ok().and_then(|text| text.parse().ok());
    let mut seed: u64 = 20_260_107;
    (0..asked.unwrap_or(10)).map(move |_| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("31 bits") % of
    })
}

fn apart_s(told: &Value, truth: &Value) -> f64 {
    let at = |value: &Value| -> Timestamp {
        value.as_str().expect("an instant").parse().expect("an instant")
    };
    (at(told).as_microsecond() - at(truth).as_microsecond()).abs() as f64 / 1e6
}

/// Outcomes that are true where a claim ended so.
fn outcomes(event: Option<&str>) -> &'static [&'static str] {
    match event {
        Some("requeued") => &["reset", "requeued", "lost"],
        Some("completed") => &["complete", "overtaken"],
        Some("failed") => &["failed"],
        Some("cancelled") => &["cancelled"],
        Some(other) => panic!("what is {other}?"),
        None => &["open"],
    }
}

/// Holds every attempt that is told of against the claim behind it, in order.
fn check_attempts(made: &Value, truth: &Value, what: &str) {
    let steps: Vec<&Value> =
        list(truth, "transitions").iter().filter(|step| step["event"] != "flags_changed").collect();
    let claims: Vec<usize> = (0..steps.len()).filter(|n| steps[*n]["event"] == "claimed").collect();
    let attempts = list(made, "attempts");
    assert_eq!(attempts.len(), claims.len(), "{what}: attempts");
    assert_eq!(made["overview"]["attempts"], claims.len(), "{what}");
    for (attempt, claim) in attempts.iter().zip(claims) {
        let (claimed, end) = (steps[claim], steps.get(claim + 1));
        if !attempt["worker"].is_null() {
            assert_eq!(attempt["worker"], claimed["worker_id"], "{what}: {attempt}");
        }
        let expected = outcomes(end.map(|end| text(end, "event")));
        assert!(expected.contains(&text(attempt, "outcome")), "{what}: {attempt} is {end:?}");
        if let Some(bounds) = attempt["claimed_within"].as_array() {
            let at = |value: &Value| value.as_str().expect("an instant").parse::<Timestamp>();
            let [from, until] =
                [&bounds[0], &bounds[1]].map(|bound| at(bound).expect("an instant"));
            let truly = at(&claimed["t"]).expect("an instant");
            let slack = jiff::SignedDuration::from_secs(TOLERANCE_S as i64);
            assert!(
                from - slack <= truly && truly <= until + slack,
                "{what}: {attempt}, {claimed}"
            );
        }
        if attempt["basis"] == "inferred" {
            continue;
        }
        let off = apart_s(&attempt["claimed_at"], &claimed["t"]);
        assert!(off <= TOLERANCE_S, "{what}: claimed {off} s off, {attempt}");
        if let (Some(end), Some(_)) = (end, attempt["ended_at"].as_str()) {
            let off = apart_s(&attempt["ended_at"], &end["t"]);
            assert!(off <= TOLERANCE_S, "{what}: ended {off} s off, {attempt}, {end}");
        }
    }
    let back = ["reset", "requeued", "lost"];
    let back = attempts.iter().filter(|one| back.contains(&text(one, "outcome"))).count();
    assert_eq!(truth["n_requeues"], back, "{what}: put back");
}

fn check_generation(made: &Value, truth: &Value, what: &str) {
    let generation = &made["generation"];
    let is_missing = generation["expected"] == "yes" && generation["linked"] == 0;
    assert_eq!(truth["missing_generation"], is_missing, "{what}: {generation}");
    assert_eq!(made["result"]["generation_created"], truth["generation_created_flag"], "{what}");
    let mut told: Vec<&str> = list(made, "generations").iter().map(|one| text(one, "id")).collect();
    let mut true_ids: Vec<&str> =
        list(truth, "generation_ids").iter().filter_map(Value::as_str).collect();
    told.sort_unstable();
    true_ids.sort_unstable();
    assert_eq!(told, true_ids, "{what}: generations");
    if let Some(through) = generation["completed_through"].as_str() {
        let path = text(truth, "completion_path");
        let function = through.replace('-', "_");
        // a call that came too late made a generation, and completed nothing
        if path.is_empty() {
            assert!(!list(truth, "ineffective_completions").is_empty(), "{what}: {through}");
            return;
        }
        assert!(path.replace('-', "_").contains(&function), "{what}: {through}, truly {path}");
    }
}

#[test]
fn what_it_says_of_ten_tasks_is_true() {
    for name in INCIDENTS {
        let Some((bench, folder)) = bench_of(name, "ten tasks") else { continue };
        let tasks = truth(&folder);
        for n in drawn(tasks.len()) {
            let truth = &tasks[n];
            let id = text(truth, "task_id");
            let what = format!("{name} {id}");
            let made = told(&bench, id, &[]);
            let status = text(truth, "final_status").to_lowercase().replace(' ', "_");
            assert_eq!(made["overview"]["status"], status.as_str(), "{what}");
            assert_eq!(made["overview"]["type"], truth["task_type"], "{what}");
            assert_eq!(made["overview"]["row_attempts"], truth["attempts"], "{what}");
            check_attempts(&made, truth, &what);
            check_generation(&made, truth, &what);
            let created = &list(truth, "transitions")[0]["t"];
            assert!(apart_s(&made["timing"]["created_at"], created) < 0.001, "{what}");
            if let Some(error) = truth["fate"]["fail"].as_str().filter(|_| status == "failed") {
                assert!(text(&made["error"], "error").contains(error), "{what}: {}", made["error"]);
            }
        }
    }
}

#[test]
fn rows_of_one_time_are_different_rows() {
    let Some((bench, _)) = bench_of("stuck_and_orphans", "rows of one time") else { return };
    let rows = bench.sql(
        "s",
        "select task_id, count(*), count(distinct \"timestamp\") from system_logs \
         where task_id in (select id from tasks) group by 1 \
         order by count(*) - count(distinct \"timestamp\") desc, 1 limit 1",
    );
    let all: usize = rows[0][1].parse().expect("a number");
    let times: usize = rows[0][2].parse().expect("a number");
    assert!(all > times, "{rows:?}");
    let made = told(&bench, &rows[0][0], &["--logs-only", "--limit", "5000"]);
    let by_column =
        list(&made, "logs").iter().filter(|row| row["mentioned_in"] == "column").count();
    assert_eq!(by_column, all);
}

#[test]
fn a_mention_in_the_text_alone_is_a_mention() {
    let Some((bench, _)) = bench_of("stuck_and_orphans", "mentions") else { return };
    let rows = bench.sql(
        "s",
        "select t.id, l.id, contains(l.message, t.id) from system_logs l \
         join tasks t on contains(l.message, left(t.id, 8)) where l.task_id is null \
         and l.source_type = 'orchestrator_gpu' order by 3, 1, 2",
    );
    assert!(!rows.is_empty());
    for row in [&rows[0], &rows[rows.len() - 1]] {
        let made = told(&bench, &row[0], &["--logs-only", "--limit", "5000"]);
        let found = list(&made, "logs").iter().find(|one| one["row"] == row[1].as_str());
        let expected = if row[2] == "true" { "text" } else { "short id" };
        assert_eq!(found.map(|one| text(one, "mentioned_in")), Some(expected), "{row:?}");
        let newest_last = list(&made, "logs").is_sorted_by_key(|one| text(one, "at").to_string());
        assert!(newest_last);
    }
}

#[test]
fn the_failure_stands_at_the_end_and_is_shown() {
    let Some((bench, _)) = bench_of("stuck_and_orphans", "failures") else { return };
    let failed = bench.sql(
        "s",
        "select tasks.id from tasks join events on events.task_id = tasks.id where status = 'Failed' \
         group by 1 order by count(*) desc, 1",
    );
    for row in failed.iter().take(5) {
        let made = told(&bench, &row[0], &[]);
        let what = list(&made, "timeline").iter().rev().take(4).map(|one| text(one, "what"));
        assert!(
            what.clone().any(|what| what.contains("ailed")),
            "{row:?}: {:?}",
            what.collect::<Vec<_>>()
        );
        let error = text(&made["error"], "error");
        assert!(!error.is_empty() && !error.starts_with("Reset"), "{row:?}: {}", made["error"]);
        assert_eq!(made["result"]["is_success"], false);
        let first = &list(&made, "timeline")[0];
        assert_eq!(first["what"], "created", "{row:?}");
    }
}

#[test]
fn a_success_that_is_none_is_told() {
    if let Some((bench, folder)) = bench_of("missing_generations", "successes that are none") {
        let tasks = truth(&folder);
        let missing = tasks.iter().find(|task| task["missing_generation"] == true);
        let made = told(&bench, text(missing.expect("one of many"), "task_id"), &[]);
        assert_eq!(made["overview"]["row_status"], "Complete");
        assert_eq!(made["result"]["generation_created"], false);
        assert_eq!(made["result"]["is_success"], false);
        assert_eq!(made["generation"]["verdict"], "completed_outside_complete_task");
    }
    let Some((bench, _)) = bench_of("stuck_and_orphans", "results elsewhere") else { return };
    let elsewhere = bench.sql(
        "s",
        "select id from tasks where status = 'Complete' and _output_class = 'external_url'",
    );
    for row in elsewhere {
        let made = told(&bench, &row[0], &[]);
        assert_eq!(made["result"]["is_success"], false, "{row:?}");
        assert!(made["result"]["caveats"].to_string().contains("another host"), "{row:?}");
    }
}

/// The text with a column of every row NULL.
fn without(csv_text: &str, column: &str) -> String {
    let mut reader = csv::Reader::from_reader(csv_text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let at = header.iter().position(|name| name == column).expect("the column");
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&header).expect("memory");
    for row in reader.records() {
        let row = row.expect("a row");
        let kept = row.iter().enumerate().map(|(n, cell)| if n == at { "" } else { cell });
        writer.write_record(kept).expect("memory");
    }
    String::from_utf8(writer.into_inner().expect("memory")).expect("UTF-8")
}

#[test]
fn metadata_and_params_may_be_null() {
    let Some(folder) = incident("log_outage_1755", "NULL metadata and params") else { return };
    let mut all = tables(&folder);
    for (table, column) in
        [("tasks", "params"), ("workers", "metadata"), ("system_logs", "metadata")]
    {
        let text = without(&all[table], column);
        all.insert(table.to_string(), text);
    }
    let bench = Bench::new();
    write_tables(&bench.path("files"), &all);
    bench.replayed(&bench.path("files"), "s");
    for row in bench.sql("s", "select id from tasks order by id limit 3") {
        let made = told(&bench, &row[0], &[]);
        assert_eq!(list(&made, "params"), &[] as &[Value]);
        assert_eq!(made["overview"]["row_status"], "Complete");
        bench.run("task", "s", &[&row[0]]).ok();
        bench.run("task", "s", &[&row[0], "--logs-only"]).ok();
    }
    bench.run("tasks", "s", &[]).ok();
}

fn three_attempts() -> (Bench, String) {
    let written = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/task/three_attempts.txt");
    let text = fs::read_to_string(written).expect("the case");
    let bench = Bench::of_case(&text);
    let id = bench.sql("s", "select id from tasks")[0][0].clone();
    (bench, id)
}

#[test]
fn three_attempts_are_told_to_a_stranger() {
    let (bench, id) = three_attempts();
    let snapshot = Snapshot::open(&bench.path("s")).expect("a snapshot");
    let tables = [&TABLES[..], &["coverage"]].concat();
    let database =
        Database::open_some(Engine::start(), &snapshot, None, &tables).expect("its tables");
    let ask = Ask::new(&database, None).expect("an end");
    let asked = TaskAsked { is_all: false, since: None, until: None };
    let found = short::told(&Database::open(&snapshot).expect("a database")).expect("findings").0;
    let subject = Subject { kind: "task".to_string(), id };
    let page = task(ask, &subject, asked, &found).expect("a page");
    let zone = jiff::tz::TimeZone::UTC;
    let layout = Layout { width: Some(100), zone, zone_name: "UTC".to_string(), ascii: false };
    let mut out = Vec::new();
    write_text(&mut out, &page, &layout).expect("memory");
    let said = anstream::adapter::strip_str(std::str::from_utf8(&out).expect("UTF-8")).to_string();
    insta::with_settings!({ snapshot_path => "task", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("three_attempts_at_100_columns", said);
    });
}

#[test]
fn an_instant_and_a_span_cut_the_story() {
    let (bench, id) = three_attempts();
    let before = told(&bench, &id, &["--as-of", "2026-05-20T10:04:00"]);
    assert_eq!(before["overview"]["status"], "queued");
    assert_eq!(list(&before, "attempts").len(), 2);
    let span = ["--since", "2026-05-20T10:00:00", "--until", "2026-05-20T10:04:00"];
    let part = told(&bench, &id, &span);
    let all = told(&bench, &id, &["--all"]);
    assert!(list(&part, "timeline").len() < list(&all, "timeline").len());
    assert!(
        list(&part, "timeline").iter().all(|one| text(one, "at").starts_with("2026-05-20T10:0"))
    );
}

#[test]
fn a_wrong_id_or_option_is_told() {
    let (bench, id) = three_attempts();
    let wrong = bench.run("task", "s", &[&id.replace('-', "+")]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains(&id), "{}", wrong.stderr);
    let prefix = told(&bench, &id[..id.len() - 1], &[]);
    assert_eq!(prefix["subject"]["id"], id.as_str());
    assert_eq!(bench.run("task", "s", &[&id, "--limit", "5"]).code, 2);
    let backwards = ["--since", "2026-05-20T11:00", "--until", "2026-05-20T10:00"];
    assert_eq!(bench.run("task", "s", &[&[id.as_str()][..], &backwards].concat()).code, 2);
}
