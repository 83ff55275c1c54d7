//! What the logs are worth: attempts of retried tasks with them and from the rows alone.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use crate::support::replayed::{Bench, incident, records, tables, write_tables};

#[test]
fn stuck_and_orphans_needs_its_logs() {
    check("stuck_and_orphans");
}

#[test]
fn era_c_mixed_needs_its_logs() {
    check("era_c_mixed");
}

fn check(name: &str) {
    let Some(folder) = incident(name, "the row-only baseline") else { return };
    let bench = Bench::new();
    bench.replayed(&folder, "logs");
    let mut rows_only = tables(&folder);
    let logs = rows_only.get_mut("system_logs").expect("log rows");
    *logs = records(logs)[0].to_string();
    let from = bench.path("rows_only");
    write_tables(&from, &rows_only);
    bench.replayed(&from, "rows");

    let truth = true_claims(&folder);
    assert!(!truth.is_empty(), "{name}: no task was claimed twice");
    let [logs, rows] = ["logs", "rows"].map(|snapshot| exact(&truth, &attempts(&bench, snapshot)));
    let told = format!(
        "{name}: attempts exact where retried ({} tasks): {logs:.3} with logs, {rows:.3} from rows",
        truth.len()
    );
    drop(writeln!(std::io::stderr(), "baseline: {told}"));
    assert!(logs >= 0.85, "{told}");
    assert!(logs > rows, "{told}");
}

/// Workers that claimed each retried task, in order.
fn true_claims(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(folder.join("truth.json")).expect("the truth");
    let truth: Value = serde_json::from_str(&text).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let tasks = truth["tasks"].as_array().expect("tasks").iter().map(|task| {
        let claims = task["claims"].as_array().map_or(Vec::new(), |c| c.iter().map(text).collect());
        (text(&task["task_id"]), claims)
    });
    tasks.filter(|(_, claims)| claims.len() > 1).collect()
}

fn attempts(bench: &Bench, snapshot: &str) -> BTreeMap<String, Vec<String>> {
    let query = "select task_id, worker_id from task_attempts order by task_id, attempt";
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in bench.sql(snapshot, query) {
        found.entry(row[0].clone()).or_default().push(row[1].clone());
    }
    found
}

/// The share of tasks whose attempts name all true claimants in order.
fn exact(truth: &BTreeMap<String, Vec<String>>, made: &BTreeMap<String, Vec<String>>) -> f64 {
    let good = truth.iter().filter(|(task, claims)| made.get(*task) == Some(*claims)).count();
    good as f64 / truth.len() as f64
}
