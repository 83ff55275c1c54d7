//! What of the findings is shown, left out, and counted: themes, times, suppressions, and the report for
//! CI.

use std::fs;

use serde_json::Value;

use crate::support::files::with_core;
use crate::support::replayed::{Bench, case};
use crate::support::run::Ran;

const KILLED: &str = "worker_killed_while_healthy";

fn replayed() -> Bench {
    let bench = Bench::new();
    bench.replayed(&case(KILLED), "s");
    bench
}

/// The subjects found, and the whole answer.
fn found(bench: &Bench, more: &[&str]) -> (Vec<String>, Value) {
    let args = [&["--format", "json", "--only", KILLED], more].concat();
    let said: Value = serde_json::from_str(&bench.run("findings", "s", &args).ok()).expect("JSON");
    let subject = |finding: &Value| {
        let id = finding["subject_id"].as_str().expect("a text");
        id.chars().last().expect("a name").to_string()
    };
    let list = said["findings"].as_array().expect("a list").iter().map(subject).collect();
    (list, said)
}

#[test]
fn findings_are_of_a_theme_and_a_time() {
    let bench = replayed();
    let all = found(&bench, &[]).0;
    assert_eq!(all, ["1", "2", "3", "5", "6", "7"]);
    let late = found(&bench, &["--since", "2026-01-05T11:00:00.2"]).0;
    assert_eq!(late, ["5", "6", "7"]);
    let early = found(&bench, &["--until", "2026-01-05T11:00:00.2"]).0;
    assert_eq!(early, ["1", "2", "3"]);
    let none = bench.run("findings", "s", &["--only", KILLED, "--theme", "tasks"]);
    assert_eq!((none.code, none.stdout.as_str()), (2, ""), "no question is left: {}", none.stderr);
    for part in ["--theme leaves nothing to ask", "`worker_killed_while_healthy` is of `workers`"] {
        assert!(none.stderr.contains(part), "{}", none.stderr);
    }
    for (since, until) in [("2026-01-05T12:00", "2026-01-05T11:00"), ("2026-01-05", "2026-01-05")] {
        let ran = bench.run("findings", "s", &["--since", since, "--until", until]);
        assert!(ran.code == 2 && ran.stderr.contains("is not before --until"), "{}", ran.stderr);
    }
    assert_eq!(found(&bench, &["--theme", "workers"]).0, all);
    let ran = bench.run("findings", "s", &["--theme", "frogs"]);
    assert!(ran.code == 2 && ran.stderr.contains("there is no theme `frogs`"), "{}", ran.stderr);
}

#[test]
fn nothing_to_be_asked_is_no_clean_bill() {
    let bench = replayed();
    for verb in ["findings", "query run", "query explain"] {
        let mut args: Vec<&str> = verb.split(' ').collect();
        if args.len() == 2 {
            args.push(KILLED);
        }
        if verb == "query explain" {
            args.push("gpu-20260105_090000-aaaaaaa1");
        }
        let dir = bench.path("s");
        args.extend(["--snapshot", dir.to_str().expect("UTF-8"), "--as-of", "2020-01-01"]);
        let ran = crate::support::run::backstory(&bench.path("config"), &args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{verb}: {}", ran.stderr);
        assert!(ran.stderr.contains("the evidence begins at 2026-01-05"), "{}", ran.stderr);
    }
    let sql = bench.run("sql", "s", &["--as-of", "2020-01-01", "select count(*) from tasks"]);
    assert!(sql.stderr.contains("warning: nothing is known of 2020"), "{}", sql.stderr);
    assert!(sql.ok().contains('0'), "an empty table is a true answer");
    let files = bench.path("empty");
    fs::create_dir_all(&files).expect("a folder");
    for (table, columns) in [
        ("system_logs", "id,timestamp,source_type,source_id,log_level,message"),
        ("workers", "id,status,created_at,last_heartbeat,metadata,instance_type"),
        ("tasks", "id,status,created_at,task_type"),
    ] {
        let csv = with_core(table, &format!("{columns}\n"));
        fs::write(files.join(format!("{table}.csv")), csv).expect("a file");
    }
    bench.replayed(&files, "none");
    let ran = bench.run("findings", "none", &[]);
    assert!(ran.stderr.contains("no table of the snapshot has a row"), "{}", ran.stderr);
    assert!(!bench.run("findings", "s", &[]).stderr.contains("has a row"));
}

#[test]
fn findings_of_one_cause_are_one_story_with_what_they_hit() {
    let bench = replayed();
    let (_, said) = found(&bench, &["--price", "3.6"]);
    let stories = said["stories"].as_array().expect("a list");
    let ssh = stories.iter().find(|story| story["cause"]["rule"] == "ssh").expect("a story");
    assert_eq!(ssh["members"].as_array().expect("a list").len(), 3);
    assert_eq!(ssh["verdicts"]["confirmed"], 2);
    assert_eq!(ssh["first_at"], "2026-01-05T10:30:00.200000Z");
    for bad in ["-1", "nan", "dear"] {
        let ran = bench.run("findings", "s", &["--price", bad]);
        assert!(ran.code == 2 && ran.stderr.contains("not a price"), "{bad}: {}", ran.stderr);
    }
    let reset = stories.iter().find(|story| story["blast"]["tasks"] == 1).expect("a story");
    // worker 3 held task 32 for 12.2 s until its pod ended: 10:51:50.13 to 10:52:02.3
    assert_eq!(reset["blast"]["worker_s"], 12.0);
    assert!((reset["blast"]["cost"].as_f64().expect("a number") - 0.012).abs() < 1e-9, "{reset}");
    assert_eq!(reset["blast"]["projects"], 1);
}

/// Writes suppressions and asks with them.
fn suppressed(bench: &Bench, text: &str) -> Ran {
    let file = bench.path("known.toml");
    fs::write(&file, text).expect("a file");
    let file = file.to_str().expect("UTF-8");
    bench.run("findings", "s", &["--only", KILLED, "--suppress", file, "--format", "json"])
}

#[test]
fn what_is_suppressed_is_counted_until_it_expires() {
    let bench = replayed();
    let one = |subject: &str, expires: &str| {
        format!(
            "[[suppress]]\nquery = \"{KILLED}\"\nsubject = \"{subject}\"\nreason = \"seen\"\n\
             owner = \"ops\"\nexpires = \"{expires}\"\n"
        )
    };
    // the snapshot was taken on 2026-01-05
    let said: Value =
        serde_json::from_str(&suppressed(&bench, &one("gpu-*aaaaaaa1", "2026-01-06")).ok())
            .expect("JSON");
    assert_eq!(said["findings"].as_array().expect("a list").len(), 5);
    assert_eq!(said["suppressed"].as_array().expect("a list").len(), 1);
    assert_eq!(said["suppressed"][0]["owner"], "ops");
    let day = one("gpu-*aaaaaaa1", "2026-01-06").replace("\"2026-01-06\"", "2026-01-06");
    let said: Value = serde_json::from_str(&suppressed(&bench, &day).ok()).expect("JSON");
    assert_eq!(said["suppressed"].as_array().expect("a list").len(), 1, "as TOML writes a day");
    let renewed = one("gpu-*aaaaaaa1", "2026-01-05") + &one("gpu-*aaaaaaa1", "2026-01-06");
    let said: Value = serde_json::from_str(&suppressed(&bench, &renewed).ok()).expect("JSON");
    assert_eq!(said["findings"].as_array().expect("a list").len(), 5, "it was renewed: {said}");
    let idle = suppressed(&bench, &one("gpu-frog*", "2026-01-05"));
    assert!(idle.stderr.contains("for `gpu-frog*` matches no finding"), "{}", idle.stderr);
    let said: Value = serde_json::from_str(&idle.ok()).expect("JSON");
    assert_eq!(said["findings"].as_array().expect("a list").len(), 6, "it hides nothing: {said}");
    let said: Value =
        serde_json::from_str(&suppressed(&bench, &one("gpu-*aaaaaaa1", "2026-01-05")).ok())
            .expect("JSON");
    let list = said["findings"].as_array().expect("a list");
    assert_eq!((list.len(), said["suppressed"].as_array().expect("a list").len()), (7, 0));
    let expired = list.iter().find(|finding| finding["query"] == "suppression_expired");
    let expired = expired.expect("a finding of its own");
    assert!(expired["summary"].as_str().expect("a text").contains("1 findings"), "{expired}");
    for (text, part) in [
        (one("*", "soon"), "is no day"),
        (one("*", "2026-01-06").replace(KILLED, "frog"), "there is no query `frog`"),
        (one("*", "2026-01-06").replace(KILLED, "worker_killed_healthy"), "did you mean `worker_"),
        (one("*", "2026-01-06").replace("ops", " "), "needs a reason and an owner"),
        ("frog = 1".to_string(), "unknown field `frog`"),
    ] {
        let ran = suppressed(&bench, &text);
        assert!(ran.code == 2 && ran.stderr.contains(part), "`{part}`: {}", ran.stderr);
    }
    let ran = bench.run("findings", "s", &["--suppress", "/nowhere/known.toml"]);
    assert!(ran.code == 2 && ran.stderr.contains("hint: --suppress names"), "{}", ran.stderr);
}

#[test]
fn ci_reads_a_test_report() {
    let bench = replayed();
    let said = bench.run("findings", "s", &["--only", KILLED, "--format", "junit"]).ok();
    assert!(said.starts_with("<?xml"), "{said}");
    assert!(said.contains("tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\""), "{said}");
    assert!(said.contains(&format!("name=\"{KILLED}\"")), "{said}");
    assert!(
        said.contains("confirmed worker gpu-20260105_090000-aaaaaaa1: killed for &quot;"),
        "{said}"
    );
    let (failed, told) = said.split_once("</failure>").expect("a failure");
    assert!(!failed.contains("aaaaaaa6"), "what is not sure fails no test: {said}");
    assert!(told.contains("<system-out>") && told.contains("aaaaaaa6"), "{said}");
}

/// The test report, and the exit code.
fn junit(bench: &Bench, more: &[&str]) -> (String, i32) {
    let ran = bench.run("findings", "s", &[&["--format", "junit"], more].concat());
    (ran.stdout, ran.code)
}

#[test]
fn the_test_report_and_the_exit_code_say_the_same() {
    let bench = replayed();
    let only = ["--only", KILLED, "--fail-on", "info"];
    // only what is shown counts
    let (said, code) =
        junit(&bench, &[&only[..], &["--verdict", "insufficient_evidence"]].concat());
    assert_eq!(code, 0, "what fails is hidden: {said}");
    assert!(said.contains("tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\""), "{said}");
    assert!(said.contains("<skipped message=\"insufficient evidence (1)\">"), "{said}");
    assert!(said.contains("aaaaaaa6: "), "with its sentence: {said}");
    assert_eq!(junit(&bench, &[&only[..], &["--verdict", "refuted"]].concat()).1, 0);
    assert_eq!(junit(&bench, &[&only[..], &["--verdict", "probable"]].concat()).1, 1);
    // only what is as bad as named fails
    let ssh = ["--only", "worker_ssh_probe_failed"];
    let (said, code) = junit(&bench, &[&ssh[..], &["--fail-on", "high"]].concat());
    assert!(code == 0 && said.contains("failures=\"0\" errors=\"0\" skipped=\"0\""), "{said}");
    assert!(said.contains("<system-out>") && said.contains("aaaaaaa5: "), "{said}");
    let (said, code) = junit(&bench, &[&ssh[..], &["--fail-on", "medium"]].concat());
    assert!(code == 1 && said.contains("failures=\"1\""), "{said}");
    let (said, code) = junit(&bench, &ssh);
    assert!(code == 0 && said.contains("failures=\"1\""), "no level was named: {said}");
    // what no question found
    let file = bench.path("known.toml");
    let known = format!(
        "[[suppress]]\nquery = \"{KILLED}\"\nsubject = \"*\"\nreason = \"seen\"\nowner = \"ops\"\n\
         expires = 2026-01-05\n"
    );
    fs::write(&file, known).expect("a file");
    let file = file.to_str().expect("UTF-8");
    let args = ["--only", KILLED, "--verdict", "confirmed", "--suppress", file, "--fail-on", "low"];
    let (said, code) = junit(&bench, &args);
    assert!(code == 1 && said.contains("tests=\"2\" failures=\"2\""), "{said}");
    assert!(said.contains("name=\"suppression_expired\""), "{said}");
}
