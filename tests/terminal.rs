//! The terminal: `window`, `config`, `pods`, `timeline`, and what all verbs share.

mod course;
mod refused;
mod settings;
mod triggers;

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::replayed::{Bench, INCIDENTS, incident};
use crate::support::run::{backstory, command};
use crate::support::told;

/// A logging outage: the orchestrator's lines end at 17:35, rows go on to tell of what it does, and a new process
/// is heard of at 17:56.
const OUTAGE: &str = include_str!("terminal/outage.txt");

fn json(bench: &Bench, verb: &str, more: &[&str]) -> Value {
    let said = bench.run(verb, "s", &[&["--format", "json"], more].concat()).ok();
    serde_json::from_str(&said).expect("JSON")
}

fn outage() -> Bench {
    Bench::of_case(OUTAGE)
}

fn truth(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("truth.json")).expect("the truth");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_logging_outage_is_what_set_a_window_off() {
    let bench = outage();
    let said = bench.run("window", "s", &["2025-10-16T17:30", "2025-10-16T18:20"]).ok();
    insta::assert_snapshot!(said);
}

#[test]
fn the_outage_of_the_record_is_told_with_what_was_done_in_it() {
    let Some(folder) = incident("log_outage_1755", "a window") else { return };
    let bench = Bench::new();
    bench.replayed(&folder, "s");
    let truth = truth(&folder);
    let outage = &truth["outage_windows"][0];
    let (from, until) =
        (outage["t0"].as_str().expect("a time"), outage["t1"].as_str().expect("a time"));
    let page = json(&bench, "window", &[from, until]);
    let likely = page["likely_trigger"][0].as_str().expect("a sentence");
    assert!(likely.contains("No line of an orchestrator arrived"), "{likely}");
    // what truly happened in it, although no line of the orchestrator tells of it
    let inside = |value: &Value| value.as_str().is_some_and(|at| from <= at && at < until);
    let tasks = truth["tasks"].as_array().expect("tasks");
    let created = tasks.iter().filter(|task| inside(&task["transitions"][0]["t"])).count();
    assert!(created > 0);
    assert_eq!(page["summary"]["tasks_created"], created);
    assert_eq!(page["decisions"].as_array().map(Vec::len), Some(0), "no line, no decision");
}

#[test]
fn a_window_that_is_none_or_of_which_nothing_is_known_is_refused() {
    let bench = outage();
    let code = |from: &str, until: &str| bench.run("window", "s", &[from, until]).code;
    assert_eq!(code("2025-10-16T18:00", "2025-10-16T17:30"), 2);
    assert_eq!(code("2025-10-16T17:30", "2025-10-16T17:30"), 2);
    assert_eq!(code("2024-10-16T17:30", "2024-10-16T18:30"), 2);
    assert_eq!(code("soon", "2025-10-16T18:00"), 2);
    let part = bench.run("window", "s", &["2025-10-16T10:00", "2025-10-16T18:00"]);
    assert!(part.stderr.contains("of a part of this nothing is known"), "{}", part.stderr);
    assert_eq!(part.code, 0);
}

#[test]
fn every_setting_that_is_shown_is_what_was_set() {
    for name in INCIDENTS {
        let Some(folder) = incident(name, "config") else { continue };
        let bench = Bench::new();
        bench.replayed(&folder, "s");
        let set = &truth(&folder)["env"];
        let page = json(&bench, "config", &[]);
        let mut checked = 0;
        for row in page["settings"].as_array().expect("settings") {
            let name = row["setting"].as_str().expect("a name");
            let Some(truly) = set[name].as_str().and_then(|text| text.parse::<f64>().ok()) else {
                continue;
            };
            let Some(value) = row["value"].as_str() else {
                let said = row["value_said"].as_str();
                assert!(said.is_some_and(|said| said.starts_with("no row tells")), "{row}");
                continue;
            };
            checked += 1;
            let number = value.parse::<f64>().unwrap_or_else(|_| panic!("{name}: {value}"));
            if row["value_said"].as_str().is_some_and(|said| said.starts_with("at least")) {
                assert!(number <= truly, "{name} {value}, in truth {truly}");
            } else {
                assert!(
                    (number - truly).abs() < 0.01 * truly.abs() + 0.01,
                    "{name} {value}, in truth {truly}"
                );
            }
        }
        told(&format!("config: {name}: {checked} values are what was set"));
        assert!(checked > 0, "{name}");
    }
}

/// A kill whose diagnostics list limits; no decision was measured against one of them.
const NOTED: &str = "
# noted: limits in the diagnostics of a kill
on 2026-05-14
worker w1 created=09:00:00 beat=09:50:00 status=terminated meta={\"diagnostics\": {\"timeouts\": {\"startup_grace_period_sec\": 1234}}}
repeat 30s 09:30:00..10:10:00 log {time} gpu#{n} INFO Cycle #{n}: scaling=0 active=0
";

#[test]
fn limits_that_a_kill_noted_are_shown() {
    let bench = Bench::of_case(NOTED);
    let page = json(&bench, "config", &["startup_grace"]);
    let row = &page["settings"][0];
    assert_eq!(
        (&row["value"], &row["shown_by"]),
        (&"1234".into(), &"diagnostics of 1 kills".into())
    );
    assert!(
        row["first_event"].as_str().is_some_and(|cited| cited.starts_with("workers:gpu-")),
        "{row}"
    );
}

#[test]
fn a_span_after_all_evidence_is_no_timeline() {
    let bench = Bench::of_case(NOTED);
    let after = bench.run("timeline", "s", &["--fleet", "--since", "2027-01-01"]);
    assert_eq!(after.code, 2, "{}", after.stdout);
    assert!(after.stderr.contains("nothing is known"), "{}", after.stderr);
    bench.run("timeline", "s", &["--fleet", "--since", "2026-05-14T09:40"]).ok();
}

#[test]
fn pods_run_as_long_as_they_truly_did() {
    let Some(folder) = incident("stuck_and_orphans", "pods") else { return };
    let bench = Bench::new();
    bench.replayed(&folder, "s");
    let page = json(&bench, "pods", &["--price", "1"]);
    let truth = truth(&folder);
    let workers = truth["workers"].as_array().expect("workers");
    let pods: Vec<&Value> = workers.iter().map(|worker| &worker["pod"]).collect();
    let pods: Vec<&Value> = pods.into_iter().filter(|pod| pod.is_object()).collect();
    assert_eq!(page["summary"]["pods"], pods.len());
    let alive = |pod: &&&Value| pod["dead"].is_null();
    let mut truly: Vec<&str> =
        pods.iter().filter(alive).filter_map(|pod| pod["runpod_id"].as_str()).collect();
    let listed = page["running"].as_array().expect("a list");
    let mut said: Vec<&str> = listed.iter().filter_map(|pod| pod["pod"].as_str()).collect();
    truly.sort_unstable();
    said.sort_unstable();
    assert_eq!(said, truly, "pods that run");
    let running = page["running"].as_array().expect("a list");
    for pod in running {
        // both of an hour's price and of what it lived: the cost
        let cost = pod["cost"].as_f64().expect("a cost");
        let by_hand = pod["lived_s"].as_f64().expect("a life") / 3600.0
            * pod["price_per_hour"].as_f64().expect("a price");
        assert!((cost - by_hand).abs() < 1e-4, "{pod}");
    }
    let refused = bench.run("pods", "s", &["--price", "-1"]);
    assert_eq!(refused.code, 2);
}

#[test]
fn a_course_is_the_attempts_that_there_were() {
    let Some(folder) = incident("stuck_and_orphans", "timeline") else { return };
    let bench = Bench::new();
    bench.replayed(&folder, "s");
    let sql = "select task_id, count(*) from task_attempts group by 1 order by 2 desc, 1 limit 5";
    for row in bench.sql("s", sql) {
        let page = json(&bench, "timeline", &["--task", &row[0][..8]]);
        let lanes = page["lanes"].as_array().expect("lanes");
        assert_eq!(
            lanes.len().to_string(),
            (row[1].parse::<usize>().expect("a count") + 1).to_string()
        );
        assert_eq!(page["subject"]["id"], row[0].as_str());
    }
    let fleet = json(
        &bench,
        "timeline",
        &["--fleet", "--since", "2026-01-07T08:00", "--until", "2026-01-07T08:30"],
    );
    assert!(fleet["lanes"].as_array().is_some_and(|lanes| lanes.len() > 5));
    for more in [&["--fleet", "--task", "x"][..], &[], &["--task", "no-such-task"]] {
        assert_eq!(bench.run("timeline", "s", more).code, 2, "{more:?}");
    }
}

#[test]
fn times_are_told_in_the_zone_that_was_asked_for() {
    let bench = outage();
    let shown = |zone: &str| {
        let more = ["2025-10-16T17:33", "2025-10-16T17:40", "--tz", zone];
        bench.run("window", "s", &more)
    };
    assert!(shown("UTC").ok().contains("2025-10-16 17:33:00.000"));
    assert!(shown("+02:00").ok().contains("2025-10-16 19:33:00.000"));
    assert!(shown("Z").ok().contains("2025-10-16 17:33:00.000"));
    assert_eq!(shown("Nowhere/At_All").code, 2);
    // JSON is for scripts: always UTC
    let page = json(&bench, "window", &["2025-10-16T17:33", "2025-10-16T17:40", "--tz", "+02:00"]);
    assert_eq!(page["summary"]["from"], "2025-10-16T17:33:00.000000Z");
}

/// A zone that is not known is not UTC under the name `local`.
#[test]
fn a_machine_without_a_zone_is_told_so() {
    let bench = outage();
    let snapshot = bench.path("s").display().to_string();
    let shown = |zone: &str| {
        let args = ["pods", "--snapshot", &snapshot, "--tz", "local"];
        let mut pods = command(&bench.path("config"), &args);
        pods.env("TZ", zone).output().expect("it starts")
    };
    let lost = shown("Nowhere/Bad");
    let said = String::from_utf8_lossy(&lost.stderr);
    assert_eq!(lost.status.code(), Some(2), "{said}");
    assert!(said.contains("the zone of this machine is not known"), "{said}");
    // a rule needs no database of zones: the evidence ends at 18:16:02 UTC
    let there = shown("<+0545>-5:45");
    let said = String::from_utf8_lossy(&there.stdout);
    assert!(said.contains("2025-10-17 00:01:02"), "{said}");
}

#[test]
fn an_instant_before_all_evidence_is_refused_and_one_after_it_is_noted() {
    let bench = outage();
    assert_eq!(bench.run("pods", "s", &["--as-of", "2024-01-01"]).code, 2);
    let late = bench.run("pods", "s", &["--as-of", "2026-01-01"]);
    assert_eq!(late.code, 0);
    assert!(late.stderr.contains("the evidence ends at"), "{}", late.stderr);
    // what goes on at the end of the evidence is not known to have gone on until then
    assert!(
        late.stdout.contains("at the end of the evidence, 2025-10-16 18:16:02"),
        "{}",
        late.stdout
    );
}

#[test]
fn a_watch_writes_a_document_a_line() {
    let bench = outage();
    let more = ["--format", "json", "--times", "2", "--every", "1s"];
    let said = bench.run("watch", "s", &more).ok();
    let pages: Vec<Value> =
        said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(pages.len(), 2);
    assert_eq!(pages[0]["verb"], "health");
    assert!(pages[0]["warnings"].is_array());
    let never = bench.run("watch", "s", &["--times", "0"]);
    assert_eq!(never.code, 2);
    assert!(never.stderr.contains("write a whole number from 1 on"), "{}", never.stderr);
}

/// What an hour costs is assumed in one way, wherever no row tells it.
#[test]
fn one_pod_has_one_price() {
    let config = tempfile::tempdir().expect("a temporary directory");
    let assumed = |verb: &str| {
        let help = backstory(config.path(), &[verb, "--help"]).ok();
        let (_, price) = help.split_once("--price <PRICE>").expect("an option");
        let (_, price) = price.split_once("[default: ").expect("a default");
        price.split_once(']').expect("its end").0.to_string()
    };
    let price = assumed("pods");
    assert_eq!(assumed("findings"), price);
    for query in backstory::findings::catalogue::all().expect("the catalogue") {
        if let Some(own) = query.header.params.get("price_per_hour") {
            let own = own.as_float().map(|own| own.to_string());
            assert_eq!(own.as_deref(), Some(price.as_str()), "{}", query.header.id.as_str());
        }
    }
}

#[test]
fn every_verb_teaches_with_two_examples() {
    let config = tempfile::tempdir().expect("a temporary directory");
    let help = backstory(config.path(), &["--help"]).ok();
    let verbs = help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let verbs = verbs.take_while(|line| !line.is_empty());
    let verbs: Vec<&str> = verbs.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(verbs.len() > 15, "{verbs:?}");
    for verb in verbs.into_iter().filter(|verb| *verb != "help") {
        let help = backstory(config.path(), &[verb, "--help"]).ok();
        let examples = help.lines().filter(|line| line.trim_start().starts_with("backstory "));
        assert!(examples.count() >= 2, "{verb}:\n{help}");
    }
}

#[test]
fn shells_complete_and_the_manual_has_a_page_for_each_verb() {
    let config = tempfile::tempdir().expect("a temporary directory");
    for shell in ["bash", "zsh", "fish"] {
        let script = backstory(config.path(), &["completions", shell]).ok();
        assert!(script.contains("window"), "{shell}");
    }
    assert_eq!(backstory(config.path(), &["completions", "abacus"]).code, 2);
    let folder = config.path().join("man");
    let folder = folder.to_str().expect("UTF-8");
    backstory(config.path(), &["man", "--out", folder]).ok();
    for page in ["backstory.1", "backstory-window.1", "backstory-findings.1"] {
        assert!(Path::new(folder).join(page).is_file(), "{page}");
    }
    assert!(backstory(config.path(), &["man"]).ok().contains(".TH backstory"));
}

/// What is kept of findings is asked anew when it was changed, and may be deleted.
#[test]
fn kept_findings_are_those_that_are_found() {
    let bench = outage();
    let first = json(&bench, "window", &["2025-10-16T17:30", "2025-10-16T18:20"]);
    let kept = bench.path("s").join("checkpoints/findings.jsonl");
    let bytes = fs::read(&kept).expect("kept");
    assert!(!first["findings"].as_array().expect("findings").is_empty());
    // a changed byte is noticed: the hash no longer fits
    let changed = String::from_utf8(bytes.clone()).expect("text").replace("run_", "ruin_");
    fs::write(&kept, changed).expect("a file");
    let again = json(&bench, "window", &["2025-10-16T17:30", "2025-10-16T18:20"]);
    assert_eq!(first, again);
    assert_eq!(fs::read(&kept).expect("kept again"), bytes);
    fs::remove_file(&kept).expect("a file");
    assert_eq!(first, json(&bench, "window", &["2025-10-16T17:30", "2025-10-16T18:20"]));
    assert_eq!(
        backstory(
            bench.path("c").as_path(),
            &["verify", "--snapshot", bench.path("s").to_str().expect("UTF-8")]
        )
        .code,
        0
    );
}
