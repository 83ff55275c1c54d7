//! `tasks`: counts of all, a list of some, held against what truly happened.

use std::fs;

use serde_json::Value;

use crate::support::replayed::{Bench, case, incident};

fn told(bench: &Bench, more: &[&str]) -> Value {
    let said = bench.run("tasks", "s", &[&["--format", "json"], more].concat()).ok();
    serde_json::from_str(&said).expect("JSON")
}

fn rows<'a>(made: &'a Value, key: &str) -> &'a [Value] {
    made[key].as_array().unwrap_or_else(|| panic!("{key} in {made}"))
}

#[test]
fn more_than_a_thousand_tasks_are_counted_and_listed() {
    let Some(folder) = incident("healthy_day", "more than a thousand tasks") else { return };
    let bench = Bench::new();
    bench.replayed(&folder, "s");
    let truth: Value =
        serde_json::from_slice(&fs::read(folder.join("truth.json")).expect("a truth"))
            .expect("JSON");
    let tasks = truth["tasks"].as_array().expect("tasks");
    assert!(tasks.len() > 1000);
    let made = told(&bench, &["--limit", "5000"]);
    assert_eq!(made["summary"]["tasks"], tasks.len());
    assert_eq!(rows(&made, "list").len(), tasks.len());
    let claims: usize =
        tasks.iter().map(|task| task["claims"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!(made["summary"]["attempts"], claims);
    assert_eq!(rows(&told(&bench, &[]), "list").len(), 50);
}

#[test]
fn failures_are_counted_by_their_reasons_and_states_are_true() {
    let Some(folder) = incident("stuck_and_orphans", "failures by reason") else { return };
    let bench = Bench::new();
    bench.replayed(&folder, "s");
    let truth: Value =
        serde_json::from_slice(&fs::read(folder.join("truth.json")).expect("a truth"))
            .expect("JSON");
    let tasks = truth["tasks"].as_array().expect("tasks");
    let made = told(&bench, &[]);
    for state in rows(&made, "by_state") {
        let word = state["state"].as_str().expect("a state");
        let truly = tasks.iter().filter(|task| {
            task["final_status"]
                .as_str()
                .is_some_and(|s| s.to_lowercase().replace(' ', "_") == word)
        });
        assert_eq!(state["tasks"], truly.count(), "{word}");
    }
    let failed = told(&bench, &["--status", "Failed", "--limit", "1000"]);
    let by_reason: i64 =
        rows(&failed, "failures").iter().filter_map(|row| row["tasks"].as_i64()).sum();
    assert_eq!(failed["summary"]["tasks"], by_reason);
    assert!(rows(&failed, "list").iter().all(|row| row["state"] == "failed"));
    let worker = rows(&failed, "list").iter().find_map(|row| row["worker"].as_str()).expect("one");
    let of_worker = told(&bench, &["--worker", &worker[..20]]);
    let truly = tasks.iter().filter(|task| {
        let claims = task["claims"].as_array().expect("claims");
        claims.iter().any(|claim| claim.as_str().is_some_and(|id| id.starts_with(&worker[..20])))
    });
    assert_eq!(of_worker["summary"]["tasks"], truly.count());
}

#[test]
fn complete_tasks_without_their_generation_are_counted() {
    let Some(folder) = incident("missing_generations", "missing generations") else { return };
    let bench = Bench::new();
    bench.replayed(&folder, "s");
    let truth: Value =
        serde_json::from_slice(&fs::read(folder.join("truth.json")).expect("a truth"))
            .expect("JSON");
    let tasks = truth["tasks"].as_array().expect("tasks");
    let missing = tasks.iter().filter(|task| task["missing_generation"] == true).count();
    let made = told(&bench, &[]);
    assert_eq!(made["summary"]["complete_without_due_generation"], missing);
}

#[test]
fn hours_count_back_from_the_instant_told_of() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    let all = told(&bench, &[]);
    let first = all["summary"]["first_created_at"].as_str().expect("an instant").to_string();
    let made = told(&bench, &["--as-of", &first, "--hours", "1"]);
    assert_eq!(made["at"], first.as_str());
    assert_eq!(made["summary"]["last_created_at"], first.as_str());
    let none = told(&bench, &["--status", "cancelled", "--hours", "1"]);
    assert_eq!(none["summary"]["tasks"], 0);
    assert_eq!(rows(&none, "list").len(), 0);
    for wrong in [["--status", "done"], ["--hours", "0"], ["--hours", "soon"]] {
        assert_eq!(bench.run("tasks", "s", &wrong).code, 2, "{wrong:?}");
    }
}
