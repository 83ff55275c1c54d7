//! Two of the questions asked of evidence in files, as a user has it; every query has written cases beside
//! it, which `query_verbs` checks.
//!
//! `tests/queries/<id>/{fires,silent}/` hold `<table>.csv` as PostgreSQL writes it (an unquoted empty
//! field is NULL, times with their offset); `expected.csv` holds what `fires` must give: any columns
//! of the findings' CSV, or of the query's own, as the header names them. Everything runs through the
//! binary: import, replay, findings.

use std::fs;
use std::path::{Path, PathBuf};

use backstory::findings::catalogue;
use serde_json::Value;

use crate::support::replayed::{tables, write_tables};
use crate::support::run::{Ran, backstory};

#[test]
fn the_evidence_of_the_tests_fires_and_stays_silent() {
    for id in ["task_missing_generation", "worker_killed_while_healthy"] {
        let case = cases().join(id);
        let expected = fs::read_to_string(case.join("expected.csv")).expect(id);
        let (names, rows) = table(&expected);
        assert!(!rows.is_empty(), "{id}: nothing is expected to fire");
        let found: Vec<Vec<String>> = findings(&case.join("fires"), id)
            .iter()
            .map(|finding| names.iter().map(|name| told(finding, name)).collect())
            .collect();
        assert_eq!(found, rows, "{id} on `fires`, columns {names:?}");
        let silent = findings(&case.join("silent"), id);
        assert_eq!(silent, Vec::<Value>::new(), "{id} on `silent`");
    }
}

#[test]
fn every_query_has_cases_and_every_folder_of_cases_a_query() {
    let queries = catalogue::all().expect("good headers");
    let mut ids: Vec<String> = queries.into_iter().map(|query| query.header.id).collect();
    let entries = fs::read_dir(cases()).expect("the folder of cases");
    let mut folders: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    ids.sort();
    folders.sort();
    assert_eq!(ids, folders);
    for id in ids {
        for part in ["fires.txt", "silent.txt"] {
            assert!(cases().join(&id).join(part).is_file(), "{id}/{part}");
        }
    }
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queries")
}

#[test]
fn a_line_of_generations_that_cannot_be_read_leaves_no_absence_proved() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let id = "task_missing_generation";
    let mut tables = tables(&cases().join(id).join("fires"));
    let proved = |tables: &_| {
        write_tables(root.path(), tables);
        let report = report(root.path(), id);
        let verdicts = report["findings"].as_array().expect("a list").iter();
        let confirmed = verdicts.filter(|found| found["verdict"] == "confirmed").count();
        (confirmed, report["incomplete"].clone())
    };
    let (confirmed, incomplete) = proved(&tables);
    assert!(confirmed > 0 && incomplete == serde_json::json!([]));
    tables.get_mut("generations").expect("a table").push_str("g9,\"[\"\"cut\n");
    let cut = serde_json::json!([{"table": "generations", "unreadable": 1}]);
    assert_eq!(proved(&tables), (0, cut));
}

/// The findings of one query on a folder of evidence, refuted ones left out.
fn findings(evidence: &Path, id: &str) -> Vec<Value> {
    report(evidence, id)["findings"].as_array().expect("a list").clone()
}

/// The answer to one query on a folder of evidence.
fn report(evidence: &Path, id: &str) -> Value {
    let root = tempfile::tempdir().expect("a temporary directory");
    let snapshot = root.path().join("snapshot");
    let snapshot = snapshot.to_str().expect("UTF-8");
    let run = |args: &[&str]| -> Ran { backstory(root.path(), args) };
    let from = evidence.to_str().expect("UTF-8");
    run(&["import", "--from", from, "--snapshot", snapshot]).ok();
    run(&["replay", "--snapshot", snapshot]).ok();
    let said = run(&["findings", "--snapshot", snapshot, "--only", id, "--format", "json"]).ok();
    let report: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(report["skipped"], Value::Array(Vec::new()), "{id} was not asked");
    report
}

/// A field of a finding, or a column of its own.
fn told(finding: &Value, name: &str) -> String {
    let value = finding.get(name).unwrap_or(&finding["columns"][name]);
    match (value, value.as_str()) {
        (_, Some(text)) => text.to_string(),
        (Value::Null, None) => String::new(),
        (other, None) => other.to_string(),
    }
}

fn table(csv: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names = reader.headers().expect("a header").iter().map(str::to_string).collect();
    let rows = reader.records().map(|row| row.expect("a row").iter().map(str::to_string).collect());
    (names, rows.collect())
}
