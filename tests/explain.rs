//! `explain`: from a state to the event, the rows and the rule. Expectations from the fixture, by hand.

use serde_json::Value;

use crate::support::replayed::{Bench, case, incident};
use crate::support::run::{Ran, backstory};

const SECOND: &str = "gpu-20260105_090000-aaaaaaa2";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    bench
}

fn json(bench: &Bench, more: &[&str]) -> Value {
    let said = bench.run("explain", "s", &[more, &["--format", "json"]].concat()).ok();
    serde_json::from_str(&said).expect("JSON")
}

#[test]
fn a_killed_worker_is_explained_down_to_the_line() {
    let bench = bench();
    // marked by row 13 at 10:37:00.1, its pod gone by row 14 at 10:37:02.3
    let made = json(&bench, &[SECOND, "--as-of", "2026-01-05T10:37:01"]);
    let last = made["states"].as_array().expect("states").last().expect("a state");
    assert_eq!(last["state"], "condemned");
    assert_eq!(last["entered_at"], "2026-01-05 10:37:00.100000");
    let event = &made["event"];
    assert_eq!(event["kind"], "worker_marked_error");
    assert_eq!(event["rule"]["by"], "grammar");
    assert_eq!(event["rule"]["entry"], "G113");
    let rows = event["rows"].as_array().expect("rows");
    assert_eq!(rows[0]["role"], "primary");
    assert_eq!(rows[0]["key"], "00000000-0000-4000-9000-000000000013");
    assert!(rows[0]["text"].as_str().is_some_and(|text| text.contains("MARKING AS ERROR")));
    assert!(rows.iter().any(|row| row["role"] == "confirms"));

    let later = json(&bench, &[SECOND]);
    let last = later["states"].as_array().expect("states").last().expect("a state");
    assert_eq!(last["state"], "ended");
    let text = bench.run("explain", "s", &[SECOND, "--at", "2026-01-05T10:37:01"]).ok();
    for part in
        ["condemned since 2026-01-05 10:37:00.100000", "grammar entry G113", "primary", "surer by"]
    {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn a_column_and_an_event_are_explained_too() {
    let bench = bench();
    // the task of row 4 completed by its row alone
    let task = "00000000-0000-4000-8000-000000000021";
    let made = json(&bench, &[task]);
    assert_eq!(made["event"]["kind"], "task_completed");
    assert_eq!(made["event"]["rule"]["column"], "tasks.generation_processed_at");
    assert_eq!(made["event"]["basis"], "recorded");
    let id = made["event"]["event_id"].as_str().expect("an id");
    let event = json(&bench, &[id]);
    assert_eq!(event["subject"]["kind"], "event");
    assert_eq!(event["event"], made["event"]);
    let before = json(&bench, &[id, "--as-of", "2026-01-05T09:00"]);
    assert_eq!(before["event"], Value::Null);
    let text = bench.run("explain", "s", &[task, "--as-of", "2026-01-05T09:00"]).ok();
    assert!(text.contains("no event tells of it yet"), "{text}");
    // of a time before all evidence nothing is known: that is no answer about this task
    let refused = bench.run("explain", "s", &[task, "--as-of", "2000-01-01T00:00"]);
    assert_eq!(refused.code, 2, "{}", refused.stdout);
}

#[test]
fn an_id_that_means_none_or_several_says_which() {
    let bench = bench();
    let failed = |id: &str| -> Ran { bench.run("explain", "s", &[id]) };
    let several = failed("gpu-20260105_090000-aaaaaaa");
    assert_eq!(several.code, 2);
    assert!(several.stderr.contains("begins several ids"), "{}", several.stderr);
    assert!(several.stderr.contains(SECOND), "{}", several.stderr);
    let none = failed("gpu-20260105_090000-aaaaaab2");
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("did you mean"), "{}", none.stderr);
    assert_eq!(failed("").code, 2);
    assert_eq!(failed("'; drop table tasks; --").code, 2);
    // a prefix that one thing alone has
    assert!(
        bench.run("explain", "s", &["gpu-20260105_090000-aaaaaaa2"]).ok().starts_with("worker")
    );
}

/// Lines of the README that name what a demonstration keeps, with what it shows below them.
fn examples(readme: &str) -> Vec<(Vec<&str>, Vec<&str>)> {
    let mut lines = readme.lines().peekable();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let line = line.trim_start_matches("$ ");
        let Some(command) = line.strip_prefix("backstory ") else { continue };
        let words: Vec<&str> = command.split_whitespace().take_while(|word| *word != "#").collect();
        let mut shown = Vec::new();
        while let Some(line) =
            lines.next_if(|line| !line.starts_with("backstory ") && *line != "```")
        {
            shown.push(line);
        }
        if words.contains(&"demo/snapshot") {
            found.push((words, shown));
        }
    }
    found
}

#[test]
fn the_examples_of_the_readme_work_as_typed() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let config = root.path().join("config");
    let keep = root.path().join("demo").display().to_string();
    backstory(&config, &["demo", "--keep", &keep]).ok();
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));
    let readme = readme.expect("a README");
    let examples = examples(&readme);
    assert_eq!(examples.len(), 2, "{examples:?}");
    let snapshot = format!("{keep}/snapshot");
    for (words, shown) in examples {
        let at = words.iter().position(|word| *word == "demo/snapshot").expect("it names one");
        let mut args = words.clone();
        args[at] = &snapshot;
        let said = backstory(&config, &args).ok();
        for line in shown.iter().filter(|line| **line != "...") {
            let parts = line.split("...").all(|part| said.contains(part));
            assert!(parts, "{words:?} does not say `{line}`:\n{said}");
        }
    }
}

/// What the README shows of a recorded incident is what is told of it today.
#[test]
fn the_figures_of_the_readme_are_those_of_the_incident() {
    let Some(folder) = incident("false_positive_ssh", "the README's figures") else { return };
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));
    let readme = readme.expect("a README");
    let (_, after) = readme.split_once("`findings` replays when it has to:\n\n```\n").expect("it");
    let (shown, _) = after.split_once("\n```").expect("its end");
    let bench = Bench::new();
    bench.import(&folder, "s");
    let ran = bench.run("findings", "s", &[]);
    let said = format!("{}{}", ran.stderr, ran.stdout);
    let lines: Vec<&str> = shown.lines().filter(|line| *line != "...").collect();
    assert_eq!(lines.len(), 3, "{shown}");
    for line in lines {
        assert!(said.contains(line), "not told: {line}");
    }
}
