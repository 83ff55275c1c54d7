//! The simulator: the same plan the same bytes, every fault seen, files as PostgreSQL would write them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use backstory::simulate::{self, Era, Fault, Plan};
use serde_json::Value;

use crate::support::run::backstory;

fn plan(era: Era, seed: u64) -> Plan {
    let faults = Fault::ALL.iter().map(|(fault, _)| *fault).filter(|fault| fault.is_of(era));
    Plan {
        era,
        workers: 5,
        hours: 4.0,
        seed,
        tasks_per_hour: 60.0,
        faults: faults.collect(),
        hours_between: 2.0,
    }
}

/// Every file of a simulation, by name.
fn files(plan: &Plan) -> BTreeMap<String, Vec<u8>> {
    let root = tempfile::tempdir().expect("a temporary directory");
    simulate::run(plan, root.path(), &mut |_, _| {}).expect("a simulation");
    let entries =
        fs::read_dir(root.path()).expect("a directory").map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().expect("UTF-8");
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

fn truth(files: &BTreeMap<String, Vec<u8>>) -> Value {
    serde_json::from_slice(&files["truth.json"]).expect("JSON")
}

fn rows(bytes: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(bytes);
    reader.deserialize().map(|row| row.expect("a row as wide as the header")).collect()
}

#[test]
fn the_same_plan_gives_the_same_bytes_and_another_seed_others() {
    let first = files(&plan(Era::E6, 7));
    assert_eq!(first.len(), 7, "{:?}", first.keys());
    assert!(first == files(&plan(Era::E6, 7)), "the same plan, other bytes");
    let other = files(&plan(Era::E6, 8));
    assert!(first["system_logs.csv"] != other["system_logs.csv"], "another seed, the same bytes");
}

#[test]
fn every_fault_of_an_era_happens_and_is_told() {
    for era in Era::ALL {
        let plan = plan(era, 11);
        let truth = truth(&files(&plan));
        let kinds = |list: &str| -> BTreeSet<String> {
            let faults = truth[list].as_array().expect("a list").iter();
            faults.map(|fault| fault["kind"].as_str().expect("a kind").to_string()).collect()
        };
        let told: BTreeSet<String> = &kinds("injected_faults") | &kinds("worker_faults");
        for fault in &plan.faults {
            assert!(
                told.contains(fault.name()),
                "{} did not happen in {}",
                fault.name(),
                era.name()
            );
        }
        let absent = Fault::ALL.iter().filter(|(fault, _)| !fault.is_of(era));
        for (fault, name) in absent {
            assert!(!told.contains(*name), "{fault:?} happened in {}", era.name());
        }
    }
}

#[test]
fn log_rows_are_in_the_order_of_their_times_and_whole() {
    for era in Era::ALL {
        let files = files(&plan(era, 5));
        let logs = rows(&files["system_logs.csv"]);
        assert!(logs.len() > 5_000, "{} rows", logs.len());
        let times: Vec<String> = logs
            .iter()
            .map(|row| {
                // PostgreSQL cuts trailing zeros: padded, they compare as texts
                let time = row["timestamp"].trim_end_matches("+00");
                let (second, fraction) = time.split_once('.').unwrap_or((time, ""));
                format!("{second}.{fraction:0<6}")
            })
            .collect();
        assert!(times.is_sorted(), "{}", era.name());
        let ids: BTreeSet<&String> = logs.iter().map(|row| &row["id"]).collect();
        assert_eq!(ids.len(), logs.len(), "ids are unique");
        let workers: BTreeSet<String> =
            rows(&files["workers.csv"]).into_iter().map(|row| row["id"].clone()).collect();
        for row in &logs {
            assert!(row["worker_id"].is_empty() || workers.contains(&row["worker_id"]), "{row:?}");
            let metadata: Value = serde_json::from_str(&row["metadata"]).expect("JSON");
            assert!(metadata.is_object());
        }
    }
}

#[test]
fn rows_and_truth_tell_of_the_same_workers_and_tasks() {
    let files = files(&plan(Era::E12, 3));
    let truth = truth(&files);
    let ids = |list: &str, key: &str| -> BTreeSet<String> {
        let items = truth[list].as_array().expect("a list").iter();
        items.map(|item| item[key].as_str().expect("an id").to_string()).collect()
    };
    let of = |table: &str| -> BTreeSet<String> {
        rows(&files[table]).into_iter().map(|row| row["id"].clone()).collect()
    };
    assert_eq!(ids("workers", "worker_id"), of("workers.csv"));
    assert_eq!(ids("tasks", "task_id"), of("tasks.csv"));
    for row in rows(&files["tasks.csv"]) {
        let tasks = truth["tasks"].as_array().expect("a list").iter();
        let task =
            tasks.clone().find(|task| task["task_id"] == row["id"].as_str()).expect("a task");
        let last = task["transitions"].as_array().and_then(|all| all.last()).expect("a history");
        assert_eq!(last["status"], row["status"].as_str(), "{}", row["id"]);
    }
}

#[test]
fn a_wrong_argument_is_named_and_nothing_is_overwritten() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let full = root.path().join("full");
    fs::create_dir(&full).expect("a directory");
    fs::write(full.join("mine.txt"), "mine").expect("a file");
    let run = |out: &Path, more: &[&str]| {
        let out = out.to_str().expect("UTF-8");
        backstory(&root.path().join("config"), &[&["simulate", "--out", out], more].concat())
    };
    let fresh = root.path().join("fresh");
    for (out, more, says) in [
        (&full, &["--hours", "1"][..], "is not empty"),
        (&fresh, &["--faults", "quake"][..], "there is no fault `quake`"),
        (&fresh, &["--faults", ","][..], "the list of faults is empty"),
        (&fresh, &["--faults", "freeze,freeze"][..], "`freeze` is named twice"),
        (&fresh, &["--era", "E4", "--faults", "never_signals_ready"][..], "cannot happen in E4"),
        (&fresh, &["--hours", "0"][..], "more than 0"),
        (&fresh, &["--era", "E5"][..], "the eras are E4, E6 and E12"),
        (&fresh, &["--workers", "0"][..], "0 is not in 1..=500"),
        (&fresh, &["--workers", "-3"][..], "-3 is not in 1..=500"),
        (&fresh, &["--hours", "-3"][..], "more than 0 and at most 100000 hours"),
        (&fresh, &["--seed", "-1"][..], "a whole number from 0 to 18446744073709551615"),
    ] {
        let ran = run(out, more);
        assert_eq!(ran.code, 2, "{more:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{more:?}: {}", ran.stderr);
    }
    assert_eq!(fs::read_dir(&full).expect("a directory").count(), 1);
    assert!(!fresh.exists() || fs::read_dir(&fresh).expect("a directory").count() == 0);
    let ran = run(&fresh, &["--hours", "1", "--era", "e12", "--faults", "freeze, guardian_died"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("1 h of E12"), "{}", ran.stderr);
    let listed =
        backstory(&root.path().join("config"), &["simulate", "--list-faults", "--era", "E4"]);
    assert_eq!(listed.stdout.lines().count(), 32, "{}", listed.stdout);
    assert!(listed.stdout.lines().any(|name| name == "ssh_port_unreachable_eagain"));
}

/// Peak memory of a simulation, as the kernel counts it.
fn peak_kib(out: &Path, era: &str, hours: &str) -> u64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_backstory"))
        .args(["simulate", "--workers", "2", "--era", era, "--hours", hours, "--out"])
        .arg(out)
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary");
    let mut peak = 0;
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        if let Some(ended) = child.try_wait().expect("a child") {
            assert!(ended.success(), "{era}, {hours} h");
            return peak;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_hours() {
    let root = tempfile::tempdir().expect("a temporary directory");
    for era in ["E4", "E6", "E12"] {
        let peak = |hours| peak_kib(&root.path().join(format!("{era}-{hours}")), era, hours);
        let (short, long) = (peak("20"), peak("400"));
        assert!(short > 1_000, "{era}: {short} KiB is no measurement");
        assert!(long < short + 3_000, "{era}: {short} KiB in 20 h, {long} KiB in 400 h");
    }
}

#[test]
fn a_killed_simulation_leaves_nothing_that_has_the_name_of_a_table() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let out = root.path().join("fleet");
    let mut child = Command::new(env!("CARGO_BIN_EXE_backstory"))
        .args(["simulate", "--hours", "100000", "--out"])
        .arg(&out)
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary");
    while !out.join("system_logs.csv.part").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(100));
    child.kill().expect("a process to kill");
    child.wait().expect("its end");
    let names: BTreeSet<String> = fs::read_dir(&out)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .filter(|name| !name.ends_with(".part"))
        .collect();
    assert_eq!(names, BTreeSet::from(["task_types.csv".to_string()]));
}

#[test]
fn a_database_that_cannot_take_the_fleet_is_named_before_the_work() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let out = root.path().join("fleet");
    let text = out.to_str().expect("UTF-8");
    let db = "postgres://nobody@127.0.0.1:1/nowhere";
    let ran = backstory(&root.path().join("config"), &["simulate", "--out", text, "--db", db]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    let with_password = "postgres://nobody:pw@127.0.0.1:1/nowhere";
    let said =
        backstory(&root.path().join("config"), &["simulate", "--out", text, "--db", with_password]);
    let warning =
        "can see the password in the list of processes (`ps`): give the password in PGPASSWORD";
    assert!(said.stderr.contains(warning), "{}", said.stderr);
    assert!(ran.stderr.contains("cannot connect to 127.0.0.1"), "{}", ran.stderr);
    assert_eq!(fs::read_dir(&out).expect("a directory").count(), 0, "it simulated first");
}

#[test]
fn the_demonstration_agrees_with_its_truth_and_leaves_nothing() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let config = root.path().join("config");
    let ran = backstory(&config, &["demo"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let last = ran.stdout.lines().last().expect("output");
    assert!(last.starts_with("agreed with the truth: "), "{last}");
    assert!(ran.stdout.contains("A worker that could still complete work was killed"));
    assert!(ran.stdout.contains("A finished task never got its generation"));
    assert!(!config.join("backstory").exists(), "it made a key in the user's configuration");
    let kept = root.path().join("kept");
    let keep = kept.to_str().expect("UTF-8");
    let ran = backstory(&config, &["demo", "--seed", "5", "--keep", keep]);
    assert!(matches!(ran.code, 0 | 1), "{}", ran.stderr);
    assert!(
        kept.join("snapshot/manifest.json").is_file() && kept.join("files/truth.json").is_file()
    );
    let again = backstory(&config, &["demo", "--keep", keep]);
    assert_eq!(again.code, 2, "{}", again.stderr);
}
