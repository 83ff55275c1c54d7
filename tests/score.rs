//! A score made in-process equals the one that the outside script makes through the command line.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use backstory::derived;
use backstory::events;
use backstory::export::import::{FileSummary, Import, Progress};
use backstory::export::key::RowKey;
use backstory::export::source_dir::SourceDir;
use backstory::grammar::matcher::Grammar;
use backstory::model::table::Table;
use backstory::model::time::Micros;
use backstory::replay::replay;
use backstory::score::error::ScoreError;
use backstory::score::floors::Floors;
use backstory::score::truth::Truth;
use backstory::score::{Score, score};
use backstory::snapshot::open::Snapshot;
use serde_json::Value;

use crate::support::replayed::{case, incident};

/// Figures may differ by so much: the script adds up the same seconds in another way.
const OFF_MAX: f64 = 1e-9;
const LIMIT: Duration = Duration::from_secs(120);

/// Figures of the script, family by family; what is a list there is compared by its ids.
const FAMILIES: [(&str, &[&str]); 9] = [
    (
        "task_states",
        &[
            "tasks",
            "time_agreement",
            "live_agreement",
            "live_agreement_retried",
            "within_1s",
            "within_5s",
            "same_sequence",
            "not_contiguous",
        ],
    ),
    (
        "task_attempts",
        &["count_exact", "false_names", "unnamed", "exact", "exact_where_retried", "retried"],
    ),
    (
        "worker_ends",
        &[
            "ended_within_30s",
            "ended_within_5s",
            "ended",
            "false_ends",
            "false_end_ids",
            "other_pods_ended_within_30s",
            "other_pods",
            "last_alive_within_30s",
            "died_otherwise",
        ],
    ),
    ("killed_while_healthy", QUESTION),
    ("missing_generation", QUESTION),
    ("late_completion", &["truth", "predicted", "hit", "precision", "recall", "missed", "wrong"]),
    ("outages", &["outages", "overlap", "gaps_reported", "false_gaps"]),
    ("runs", &["found", "truth", "reported", "false_runs"]),
    ("understood", &["log_rows", "understood", "unknown_templates"]),
];
const QUESTION: &[&str] = &[
    "truth",
    "predicted",
    "hit",
    "precision",
    "recall",
    "missed",
    "wrong",
    "confirmed",
    "confirmed_precision",
    "verdicts",
    "evidence_resolves",
    "evidence_on_subject",
    "evidence_time_right",
];

#[test]
fn the_score_of_missing_generations_is_the_scripts() {
    check("missing_generations");
}

#[test]
fn the_score_of_log_outage_1755_is_the_scripts() {
    check("log_outage_1755");
}

#[test]
fn the_score_of_era_c_mixed_is_the_scripts() {
    check("era_c_mixed");
}

/// The rows of a case, in which workers were killed, against truths written here.
#[test]
fn a_truth_that_says_otherwise_is_a_shortfall() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let snapshot = replayed(&case("worker_killed_while_healthy"), root.path());
    let truth = |killed: &[&str], claims: &str| {
        let killed = serde_json::to_string(killed).expect("JSON");
        let text = format!(
            r#"{{"sim_end": "2026-01-05T12:00:00Z", "false_positive_workers": {killed},
            "tasks": [{{"task_id": "00000000-0000-4000-8000-000000000021", "claims": ["{claims}"]}}]}}"#
        );
        Truth::parse(text.as_bytes()).expect("a truth")
    };
    let of = |truth: &Truth| score(truth, &snapshot, LIMIT).expect("a score");
    let found = of(&truth(&[], "gpu-20260105_090000-aaaaaaa2"));
    let killed = found.killed_while_healthy.names.wrong.clone();
    assert!(1 < killed.len(), "the case fires");
    assert_eq!(found.killed_while_healthy.evidence_resolves, Some(1.0));
    assert_eq!(found.killed_while_healthy.evidence_on_subject, Some(1.0));
    assert_eq!(found.killed_while_healthy.evidence_time_right, Some(0.0));
    assert!(!found.agreement().holds());

    let all: Vec<&str> = killed.iter().map(String::as_str).collect();
    let right = of(&truth(&all, "gpu-20260105_090000-aaaaaaa2"));
    assert_eq!(right.killed_while_healthy.names.recall, Some(1.0));
    assert_eq!(right.shortfalls(&Floors::of_any_fleet()), Vec::<String>::new());
    assert!(right.agreement().holds(), "{:?}", right.agreement());

    let mut other = all.clone();
    other[0] = "gpu-unheard-of";
    let wrong = of(&truth(&other, "gpu-20260105_090000-aaaaaaa9"));
    assert_eq!(wrong.killed_while_healthy.names.wrong, [all[0]]);
    assert_eq!(wrong.killed_while_healthy.names.missed, ["gpu-unheard-of"]);
    assert_eq!(wrong.task_attempts.false_names, 1);
    let shortfalls = wrong.shortfalls(&Floors::of_any_fleet()).join("\n");
    assert!(shortfalls.contains("task_attempts.false_names: 1, must be at most 0"), "{shortfalls}");
    assert_eq!(wrong.agreement().disagreements.len(), 3, "{:?}", wrong.agreement());
}

#[test]
fn a_snapshot_that_was_not_replayed_has_no_score() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let snapshot = imported(&case("worker_killed_while_healthy"), root.path());
    let truth = Truth::parse(r#"{"sim_end": "2026-01-05T12:00:00Z"}"#.as_bytes());
    let outcome = score(&truth.expect("a truth"), &snapshot, LIMIT);
    assert!(matches!(outcome, Err(ScoreError::NotReplayed)), "{outcome:?}");
}

fn check(name: &str) {
    let Some(folder) = incident(name, "the score against the script") else { return };
    let ours = scored(&folder);
    let said = serde_json::to_value(&ours).expect("JSON");
    let Some(script) = by_script(&folder) else { return };
    let (mut compared, mut off) = (0, 0.0);
    for (family, figures) in FAMILIES {
        for figure in figures {
            let (a, b) = (&said[family][*figure], &script[family][*figure]);
            off = f64::max(off, difference(a, b, &format!("{family}.{figure}")));
            compared += 1;
        }
        let known = script[family].as_object().expect("a family of figures");
        let lists = ["worst", "wrong"];
        let new: Vec<_> = known
            .keys()
            .filter(|key| !figures.contains(&key.as_str()) && !lists.contains(&key.as_str()))
            .collect();
        assert!(new.is_empty(), "{family}: the script has {new:?}, which is not compared");
    }
    for all in ["findings_medium_or_worse", "skipped_queries"] {
        assert_eq!(said[all], script[all], "{all}");
    }
    same_ids(&said["task_states"]["worst"], "task_id", &script["task_states"]["worst"], 1);
    same_ids(&said["task_attempts"]["wrong"], "task_id", &script["task_attempts"]["wrong"], 0);
    same_ids(&said["worker_ends"]["wrong"], "worker_id", &script["worker_ends"]["wrong"], 0);
    assert_eq!(ours.shortfalls(&Floors::of_any_fleet()), Vec::<String>::new());
    let told = format!("score: {name}: {compared} figures as the script's, at most {off:e} off");
    drop(writeln!(std::io::stderr(), "{told}"));
}

/// How far apart two numbers are; anything else must be equal.
fn difference(a: &Value, b: &Value, what: &str) -> f64 {
    let (Some(x), Some(y)) = (a.as_f64(), b.as_f64()) else {
        assert!(a.is_null() == b.is_null() && a == b, "{what}: {a}, the script says {b}");
        return 0.0;
    };
    let off = (x - y).abs();
    assert!(off <= OFF_MAX, "{what}: {a}, the script says {b}");
    off
}

/// Lists of what is wrong name the same ids in the same order.
fn same_ids(ours: &Value, key: &str, theirs: &Value, place: usize) {
    let ours = ours.as_array().expect("a list").iter().map(|item| item[key].clone());
    let theirs = theirs.as_array().expect("a list").iter().map(|item| item[place].clone());
    assert_eq!(ours.collect::<Vec<_>>(), theirs.collect::<Vec<_>>(), "{key}");
}

/// Import, replay and score without a process of its own.
fn scored(folder: &Path) -> Score {
    let root = tempfile::tempdir().expect("a temporary directory");
    let snapshot = replayed(folder, root.path());
    let truth = Truth::open(&folder.join("truth.json")).expect("the truth");
    score(&truth, &snapshot, LIMIT).expect("a score")
}

fn imported(folder: &Path, root: &Path) -> Snapshot {
    let source = SourceDir::scan(folder).expect("table files");
    let key = RowKey::load_or_create(Some(&root.join("key"))).expect("a key");
    let at = Micros::parse("2026-01-05 12:00:00").expect("a time");
    let import = Import::run(&source, &root.join("snapshot"), &key, at, &mut Silent);
    import.expect("an import").finish(at).expect("a snapshot")
}

fn replayed(folder: &Path, root: &Path) -> Snapshot {
    let snapshot = imported(folder, root);
    let grammar = Grammar::built_in().expect("a grammar");
    let replayed = replay(events::read(&snapshot, &grammar).expect("events"));
    derived::write(&snapshot, grammar.digest(), &replayed).expect("derived tables");
    snapshot
}

struct Silent;

impl Progress for Silent {
    fn rows(&mut self, _: Table, _: u64) {}
    fn file(&mut self, _: &FileSummary) {}
}

/// The outside script on the built binary.
fn by_script(folder: &Path) -> Option<Value> {
    let config = tempfile::tempdir().expect("a temporary directory");
    let script = folder.join("../../tools/score.py");
    let out = Command::new("python3")
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_backstory"))
        .arg(folder)
        .arg("--json")
        .env("XDG_CONFIG_HOME", config.path())
        .env("TMPDIR", config.path())
        .output();
    let Ok(out) = out else {
        crate::support::skipped("python3 is not here (the score against the script)");
        return None;
    };
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let all: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    Some(all[0].clone())
}
