//! Every kind of fault in the recorded truth is found by the question meant for it. Prints a table; the
//! incidents are not in the repository, so that the test says aloud when they are not at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::time::Duration;

use backstory::findings::catalogue;
use backstory::findings::run::{Findings, ask};
use backstory::read::database::Database;
use serde_json::Value;

use crate::support::imported::replayed;
use crate::support::replayed::{INCIDENTS, incident};

/// A question, the kinds of fault it is meant for, and in which state a worker must have been for rows to tell
/// of them: `domain/evidence-rules.md` facts 19 and 26 for a worker that freezes without a task, and
/// `domain/orchestrator.md` 3 for the SSH probe, which only idle workers meet.
const MEANT: [(&str, &[(&str, &str)]); 11] = [
    (
        "worker_frozen_unnoticed",
        &[("freeze", "busy"), ("silent_stall", "busy"), ("temporary_stall", "busy")],
    ),
    ("worker_process_crashed", &[("process_crash", ""), ("crash_heartbeat_sent", "")]),
    ("worker_pod_vanished", &[("pod_killed_externally", "")]),
    ("worker_guardian_died", &[("guardian_died", "")]),
    ("worker_self_terminated", &[("fatal_self_terminate", "")]),
    (
        "worker_never_ready",
        &[("pod_never_ready", ""), ("never_signals_ready", ""), ("startup_crash", "")],
    ),
    ("worker_fails_every_task", &[("fails_every_task", "")]),
    ("worker_ssh_probe_failed", &[("ssh_port_unreachable_eagain", "idle")]),
    ("worker_resurrected", &[("resurrected", "")]),
    ("task_cancelled_while_running", &[("user_cancelled_task", "In Progress")]),
    ("task_completed_late", &[("ineffective_completion", "")]),
];
const RECALL_MIN: f64 = 0.9;
const PRECISION_MIN: f64 = 0.95;

/// The subjects of positive findings, by question.
fn found(folder: &std::path::Path) -> BTreeMap<String, BTreeSet<String>> {
    let root = tempfile::tempdir().expect("a temporary directory");
    let snapshot = replayed(folder, root.path());
    let database = Database::open(&snapshot).expect("a database");
    let queries = catalogue::all().expect("good headers");
    let answers = ask(&database, &queries, Duration::from_secs(300))
        .and_then(Findings::whole)
        .expect("answers");
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for finding in answers.found.into_iter().filter(|finding| finding.verdict.is_positive()) {
        found.entry(finding.query).or_default().insert(finding.subject_id);
    }
    found
}

/// Workers and tasks by kind of fault, each with the state it was in.
fn truth(folder: &std::path::Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let text = fs::read_to_string(folder.join("truth.json")).expect("the truth");
    let truth: Value = serde_json::from_str(&text).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let mut faults: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for fault in truth["worker_faults"].as_array().into_iter().flatten() {
        let (kind, worker) = (text(&fault["kind"]), text(&fault["worker_id"]));
        faults.entry(kind).or_default().insert(worker, text(&fault["state_before"]));
    }
    for fault in truth["injected_faults"].as_array().into_iter().flatten() {
        if let Some(task) = fault["task_id"].as_str().filter(|_| !fault["status_before"].is_null())
        {
            let (kind, before) = (text(&fault["kind"]), text(&fault["status_before"]));
            faults.entry(kind).or_default().insert(task.to_string(), before);
        }
    }
    for task in truth["tasks"].as_array().into_iter().flatten() {
        if task["ineffective_completions"].as_array().is_some_and(|times| !times.is_empty()) {
            let of = faults.entry("ineffective_completion".to_string()).or_default();
            of.insert(text(&task["task_id"]), String::new());
        }
    }
    for worker in truth["workers"].as_array().into_iter().flatten() {
        // the time of the late heartbeat, or a list of them
        let told = &worker["resurrected_by_late_heartbeat"];
        let is = match told {
            Value::Null | Value::Bool(false) => false,
            Value::Array(times) => !times.is_empty(),
            Value::Bool(true) | Value::String(_) | Value::Object(_) | Value::Number(_) => true,
        };
        if is {
            let id = text(&worker["worker_id"]);
            faults.entry("resurrected".to_string()).or_default().insert(id, String::new());
        }
    }
    faults
}

/// What one question found of what it is meant for, over all incidents.
#[derive(Default)]
struct Count {
    found: BTreeMap<&'static str, (usize, usize)>,
    positive: usize,
    right: usize,
    missed: Vec<String>,
    wrong: Vec<String>,
}

#[test]
fn every_kind_of_fault_is_found_by_the_question_meant_for_it() {
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for name in INCIDENTS {
        let Some(folder) = incident(name, "fault_recall") else { return };
        let (found, truth) = (found(&folder), truth(&folder));
        let none = BTreeSet::new();
        for (query, kinds) in MEANT {
            let positive = found.get(query).unwrap_or(&none);
            let count = counts.entry(query).or_default();
            let mut all: BTreeSet<&String> = BTreeSet::new();
            for (kind, state) in kinds {
                for (worker, before) in truth.get(*kind).into_iter().flatten() {
                    all.insert(worker);
                    if before.starts_with(state) {
                        let hit = positive.contains(worker);
                        let of = count.found.entry(kind).or_default();
                        *of = (of.0 + usize::from(hit), of.1 + 1);
                        if !hit {
                            count.missed.push(format!("{name} {kind} {worker} ({before})"));
                        }
                    }
                }
            }
            let wrong: Vec<&String> = positive.iter().filter(|id| !all.contains(id)).collect();
            count.positive += positive.len();
            count.right += positive.len() - wrong.len();
            count.wrong.extend(wrong.into_iter().map(|id| format!("{name} {id}")));
        }
    }
    judge(&counts);
}

fn judge(counts: &BTreeMap<&str, Count>) {
    let mut bad = Vec::new();
    for (query, count) in counts {
        let kinds: Vec<String> =
            count.found.iter().map(|(kind, (hit, all))| format!("{kind} {hit} of {all}")).collect();
        let line = format!(
            "{query}: {}; {} of {} findings right",
            kinds.join(", "),
            count.right,
            count.positive
        );
        drop(writeln!(std::io::stderr(), "{line}"));
        let all: usize = count.found.values().map(|(_, all)| all).sum();
        let hit: usize = count.found.values().map(|(hit, _)| hit).sum();
        assert!(all > 0, "{query}: the truth has no such fault");
        let precise = count.right as f64 >= PRECISION_MIN * count.positive as f64;
        if (hit as f64) < RECALL_MIN * all as f64 || !precise {
            bad.push(format!("{line}\n  missed {:?}\n  wrong {:?}", count.missed, count.wrong));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
