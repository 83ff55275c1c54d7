//! `verify` and `captures` as a person or a script meets them.

use std::fs;

use crate::support::replayed::{Bench, case};
use crate::support::run::{Ran, backstory};
use crate::verify::{Snap, all_found, read_all};

impl Snap {
    fn run(&self, verb: &str, more: &[&str]) -> Ran {
        let dir = self.dir();
        let args = [&[verb, "--snapshot", dir.to_str().expect("UTF-8")], more].concat();
        backstory(&self.home.path().join("config"), &args)
    }

    /// What is said of a damaged snapshot, its place left out.
    #[track_caller]
    fn damaged(&self, more: &[&str]) -> String {
        let ran = self.run("verify", more);
        assert_eq!(ran.code, 4, "{}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.stderr, "");
        masked(&ran.stdout.replace(self.dir().to_str().expect("UTF-8"), "SNAPSHOT"))
    }
}

/// Without sizes, which change with the compressor.
fn masked(text: &str) -> String {
    let sizes = r#"[\d.]+ kB|\d+ were written|"bytes": \d+|\d{5},0,standard"#;
    regex::Regex::new(sizes).expect("a pattern").replace_all(text, "SIZE").into_owned()
}

#[test]
fn a_whole_snapshot() {
    let snap = Snap::new();
    insta::assert_snapshot!(masked(&snap.run("verify", &[]).ok()), @r"
    note   derived
           nothing was replayed yet: the first question does it
    whole: 3 captures, 14 files, 29 rows, SIZE checked
    ");
    snap.run("replay", &[]).ok();
    insta::assert_snapshot!(masked(&snap.run("verify", &[]).ok()), @"whole: 3 captures, 35 files, 29 rows, SIZE checked");
    assert!(snap.run("verify", &["--format", "csv"]).ok().lines().count() == 1);
}

#[test]
fn a_damaged_one_is_told_file_by_file() {
    let snap = Snap::new();
    snap.write("tasks/c000001-0001.parquet", &snap.files["workers/c000001-0001.parquet"]);
    snap.write("workers/c000002-0001.parquet", b"PAR1");
    snap.write("system_logs/notes.txt", b"mine");
    fs::remove_file(snap.dir().join("source_schema.json")).expect("a file");
    insta::assert_snapshot!(snap.damaged(&[]), @r"
    fault  tasks/c000001-0001.parquet
           it holds what was written to workers/c000001-0001.parquet
    fault  workers/c000002-0001.parquet
           it has 4 bytes where SIZE
    fault  source_schema.json
           it is not there
    fault  system_logs/notes.txt
           no manifest names it
    note   derived
           nothing was replayed yet: the first question does it
    to do  tasks/c000001-0001.parquet
           give the files back their names
    to do  workers/c000002-0001.parquet
           restore it from a copy of the snapshot; without one, export or import again into a new
           directory
    to do  source_schema.json
           restore it from a copy, or let the next capture write it: no timeline needs it
    to do  system_logs/notes.txt
           nothing reads it: move it out of the snapshot
    damaged: 4 faults; 3 captures, 13 files, 24 rows, SIZE checked
    ");
    insta::assert_snapshot!(snap.damaged(&["--format", "csv"]), @r#"
    level,file,kind,detail,remedy
    fault,tasks/c000001-0001.parquet,swapped,it holds what was written to workers/c000001-0001.parquet,give the files back their names
    fault,workers/c000002-0001.parquet,size,it has 4 bytes where SIZE,"restore it from a copy of the snapshot; without one, export or import again into a new directory"
    fault,source_schema.json,missing,it is not there,"restore it from a copy, or let the next capture write it: no timeline needs it"
    fault,system_logs/notes.txt,foreign,no manifest names it,nothing reads it: move it out of the snapshot
    note,derived,not_replayed,nothing was replayed yet: the first question does it,
    "#);
}

#[test]
fn the_json_is_the_documented_one() {
    let snap = Snap::new();
    let mut bytes = snap.files["captures/c000003.json"].clone();
    bytes[10] ^= 1;
    snap.write("captures/c000003.json", &bytes);
    snap.write("workers/c000004-0001.parquet.part", b"");
    insta::assert_snapshot!(snap.damaged(&["--format", "json"]), @r#"
    {
      "format": 1,
      "snapshot": "SNAPSHOT",
      "whole": false,
      "evidence_whole": false,
      "checked": {
        "captures": 3,
        "files": 11,
        SIZE,
        "rows": 19
      },
      "faults": [
        {
          "file": "captures/c000003.json",
          "kind": "json",
          "detail": "it is not the JSON that was written: expected value at line 2 column 9",
          "remedy": "restore it from a copy of the snapshot; without one, export or import again into a new directory"
        }
      ],
      "notes": [
        {
          "file": "source_schema.json",
          "kind": "unchecked",
          "detail": "not checked: captures/c000003.json, which says what it should be, is damaged"
        },
        {
          "file": "system_logs/c000003-0001.parquet",
          "kind": "unchecked",
          "detail": "not checked: captures/c000003.json, which says what it should be, is damaged"
        },
        {
          "file": "tasks/c000003-0001.parquet",
          "kind": "unchecked",
          "detail": "not checked: captures/c000003.json, which says what it should be, is damaged"
        },
        {
          "file": "workers/c000003-0001.parquet",
          "kind": "unchecked",
          "detail": "not checked: captures/c000003.json, which says what it should be, is damaged"
        },
        {
          "file": "workers/c000004-0001.parquet.part",
          "kind": "leftover",
          "detail": "a write was interrupted: nothing reads it, and the next one clears it away"
        },
        {
          "file": "derived",
          "kind": "not_replayed",
          "detail": "nothing was replayed yet: the first question does it"
        }
      ]
    }
    "#);
}

#[test]
fn verify_writes_nothing_and_captures_needs_no_evidence() {
    let snap = Snap::new();
    snap.run("verify", &[]).ok();
    assert!(read_all(&snap.dir()) == snap.files);
    let listed = snap.run("captures", &["--format", "csv"]).ok();
    fs::remove_dir_all(snap.dir().join("system_logs")).expect("a folder");
    assert_eq!(snap.run("captures", &["--format", "csv"]).ok(), listed);
    insta::assert_snapshot!(masked(&listed), @r"
    capture,began_at,ended_at,guarantee,rows_read,rows_new,system_logs_read,system_logs_new,workers_read,workers_new,tasks_read,tasks_new,generations_read,generations_new,generation_variants_read,generation_variants_new,task_types_read,task_types_new,min_time,max_time,retention_horizon,disappeared,unreadable,files,bytes,rows_repeated,redaction_policy
    c000001,2026-01-05 12:00:00.000000,2026-01-05 12:00:00.000000,as_given,10,10,3,3,4,4,3,3,,,,,,,2025-11-03 14:00:00.000000,2025-11-03 14:00:02.500000,2025-11-03 14:00:00.500000,0,0,3,SIZE
    c000002,2026-01-05 12:00:00.000000,2026-01-05 12:00:00.000000,as_given,15,9,6,3,5,2,4,4,,,,,,,2025-11-03 14:00:00.000000,2025-11-03 14:00:05.500000,2025-11-03 14:00:00.500000,1,0,3,SIZE
    c000003,2026-01-05 12:00:00.000000,2026-01-05 12:00:00.000000,as_given,20,10,9,3,6,2,5,5,,,,,,,2025-11-03 14:00:00.000000,2025-11-03 14:00:08.500000,2025-11-03 14:00:00.500000,1,0,3,SIZE
    ");
    let text = snap.run("captures", &[]).ok();
    for said in ["c000003", "as_given", "3/9", "2025-11-03 14:00:08", "redaction: standard (key "] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&snap.run("captures", &["--format", "json"]).ok()).expect("JSON");
    assert_eq!(json["format"], 1);
    let last = &json["captures"][2];
    assert_eq!(last["tables"]["tasks"]["disappeared"], serde_json::json!(["t000002"]));
    assert_eq!((&last["rows_read"], &last["rows_new"]), (&20.into(), &10.into()));
    assert_eq!(last["retention_horizon"], "2025-11-03T14:00:00.500000Z");
    assert_eq!(last["guarantee_means"], "what the files hold, which may be any part of the source");
    let logs = &last["tables"]["system_logs"];
    assert_eq!(logs["oldest_at_source"], "2025-11-03T14:00:00.500000Z");
    assert_eq!(logs["read_until"], "2025-11-03T14:00:08.500000Z");
    assert_eq!(json["holes"], serde_json::json!([]));
    snap.write("captures/c000002.json", b"{}");
    let refused = snap.run("captures", &[]);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains("captures/c000002.json"), "{}", refused.stderr);
    assert!(refused.stderr.contains("`backstory verify`"), "{}", refused.stderr);
}

#[test]
fn damage_of_derived_tables_is_repaired_by_replay() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    let derived = bench.path("s").join("derived");
    let files = read_all(&derived);
    let mut missed = Vec::new();
    let mut tried = 0;
    let mut check = |what: String, file: &str| {
        let ran = bench.run("verify", "s", &["--format", "json"]);
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let named = |fault: &serde_json::Value| fault["file"] == format!("derived/{file}").as_str();
        let faults = json["faults"].as_array().expect("faults");
        tried += 1;
        if ran.code != 4 || !faults.iter().all(named) || json["evidence_whole"] != true {
            missed.push(what);
        }
    };
    for (path, bytes) in &files {
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 4;
        fs::write(derived.join(path), &flipped).expect("a file");
        check(format!("a flipped bit in {path}"), path);
        fs::remove_file(derived.join(path)).expect("a file");
        check(format!("{path} deleted"), path);
        fs::write(derived.join(path), bytes).expect("a file");
    }
    let mine = &files["worker_ends/worker_ends.parquet"];
    fs::write(derived.join("worker_ends/more.parquet"), mine).expect("a file");
    check("a foreign table".to_string(), "worker_ends/more.parquet");
    all_found("damage of derived tables", &missed, tried);
    // No answer was ever drawn from it: a question replays.
    let ends = bench.sql("s", "select count(*) from worker_ends");
    assert!(!derived.join("worker_ends/more.parquet").exists(), "{ends:?}");
    bench.run("verify", "s", &[]).ok();
}

#[test]
fn a_directory_that_is_no_snapshot_is_damaged_too() {
    let bench = Bench::new();
    fs::create_dir(bench.path("s")).expect("a directory");
    for verb in ["verify", "captures"] {
        let ran = bench.run(verb, "s", &[]);
        assert_eq!(ran.code, 4, "{}", ran.stderr);
        assert!(ran.stderr.contains("no manifest.json"), "{}", ran.stderr);
    }
}
