//! `coverage`, `grammar check`, `grammar match` and `--grammar` as a person or a script meets them.

use std::fs;

use serde_json::Value;

use crate::support::replayed::{Bench, case, tables, write_tables};
use crate::support::run::backstory;

const LEASE: &str = "Lease 12 of pool eu taken for 30.5s";

/// A snapshot with one line that nobody knows, three times.
fn bench() -> Bench {
    let mut rows = tables(&case("worker_killed_while_healthy"));
    let logs = rows.get_mut("system_logs").expect("log rows");
    for n in 1..=3 {
        logs.push_str(&format!(
            "00000000-0000-4000-9fff-{n:012},2026-01-05 10:3{n}:00+00,orchestrator_gpu,orchestrator_gpu-host1,INFO,Lease {n} of pool eu taken for 30.5s,,,,{{}}\n"
        ));
    }
    let bench = Bench::new();
    write_tables(&bench.path("from"), &rows);
    bench.import(&bench.path("from"), "s");
    bench
}

#[test]
fn coverage_names_what_is_unknown_with_an_entry_that_makes_it_known() {
    let bench = bench();
    let json: Value = serde_json::from_str(&bench.run("coverage", "s", &["--format", "json"]).ok())
        .expect("JSON");
    assert_eq!(json["total"]["unknown"], 3);
    assert_eq!(json["unknown_templates"], 1);
    let unknown = &json["unknown"][0];
    assert_eq!(unknown["template"], "Lease <n> of pool eu taken for <n>s");
    assert_eq!(unknown["count"], 3);
    let sums = json["sources"].as_array().expect("a list").iter();
    let read: u64 = sums.map(|source| source["rows_read"].as_u64().expect("a count")).sum();
    assert_eq!(json["total"]["rows_read"], read);

    let entry = unknown["entry"].as_str().expect("an entry");
    let file = bench.path("mine.toml");
    fs::write(&file, format!("source = \"orchestrator_gpu\"\n\n{entry}")).expect("a file");
    let file = file.to_str().expect("UTF-8");
    let config = bench.path("config");
    let said = backstory(&config, &["grammar", "check", file]).ok();
    assert!(said.ends_with(": 1 entries, all right\n"), "{said}");
    let known = bench.run("coverage", "s", &["--grammar", file]).ok();
    assert!(known.contains("no line is unknown"), "{known}");
    let again = bench.run("coverage", "s", &[]).ok();
    assert!(
        again.contains("1 shapes are unknown"),
        "without the file it is unknown again: {again}"
    );

    let folder = config.join("backstory/grammar");
    fs::create_dir_all(&folder).expect("a folder");
    fs::copy(file, folder.join("mine.toml")).expect("a copy");
    let known = bench.run("coverage", "s", &[]).ok();
    assert!(known.contains("no line is unknown"), "of the configuration: {known}");
}

#[test]
fn coverage_for_a_person_and_as_a_table() {
    let bench = bench();
    insta::assert_snapshot!(bench.run("coverage", "s", &["--format", "csv"]).ok(), @r#"
    source_type,era,rows_read,understood,silent,unknown,unreadable
    edge_function,W2,6,6,0,0,0
    orchestrator_gpu,E6,18,15,0,3,0
    worker,W2,5,5,0,0,0
    "#);
    insta::assert_snapshot!(bench.run("coverage", "s", &[]).ok(), @r#"
    source             era                rows understood     silent  unknown unreadable  known %
    edge_function      W2                    6          6          0        0          0   100.00
    orchestrator_gpu   E6                   18         15          0        3          0    83.33
    worker             W2                    5          5          0        0          0   100.00
    all                                     29         26          0        3          0    89.65

    1 shapes are unknown, 1 shown:

    orchestrator_gpu  3 rows, 0 next to a failure
      Lease <n> of pool eu taken for <n>s
        [[entry]]
        id = "mine1"
        eras = "E0-"
        levels = ["INFO"]
        says_nothing = "say why, or give it a kind"
        pattern = "Lease {n:int} of pool eu taken for {x:num}s"
        samples = [["Lease 1 of pool eu taken for 30.5s", "1", "30.5"]]

    to know them: put entries under `source = "..."` into FILE, `backstory grammar check FILE`, then `--grammar FILE`
    "#);
}

#[test]
fn a_wrong_file_is_named_by_line_and_column() {
    let bench = Bench::new();
    let file = bench.path("mine.toml");
    let path = file.to_str().expect("UTF-8");
    let config = bench.path("config");
    let check = |text: &str| {
        fs::write(&file, text).expect("a file");
        let ran = backstory(&config, &["grammar", "check", path]);
        assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
        ran.stdout.replace(path, "mine.toml")
    };
    let entry =
        "source = \"worker\"\n[[entry]]\nid = \"X1\"\neras = \"W0-\"\nlevels = [\"INFO\"]\n";
    insta::assert_snapshot!(
        check(&format!("{entry}kind = \"worker_redy\"\npattern = \"HEADLESS: hello {{n:int}}\"\n")),
        @r#"
        mine.toml:6:8: entry X1: there is no event kind `worker_redy`
        "#
    );
    insta::assert_snapshot!(
        check(&format!(
            "{entry}says_nothing = \"x\"\npattern = \"HEADLESS: Shutting {{rest:text}}\"\nsamples = [[\"HEADLESS: Shutting down...\", \"down\"]]\n"
        )),
        @r#"
        mine.toml:2:1: entry X1: a sample is wrong: `HEADLESS: Shutting down...` gives ["down..."], not ["down"]
        mine.toml:2:1: entry X1: the sample `HEADLESS: Shutting down...` matches W103 too, in a common era
        worker.toml:2083:1: entry W103: the sample `HEADLESS: Shutting down...` matches X1 too, in a common era
        worker.toml:2143:1: entry W104b: the sample `HEADLESS: Shutting down task queue...` matches X1 too, in a common era
        "#
    );
    let ran = backstory(&config, &["grammar", "check", "nowhere.toml"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    fs::write(&file, "source = 3").expect("a file");
    let ran = backstory(&config, &["--grammar", path, "grammar", "match", "x"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("mine.toml:1:10: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: `backstory grammar check FILE`"), "{}", ran.stderr);
}

#[test]
fn match_explains() {
    let config = Bench::new().path("config");
    let ran = |message: &str, more: &[&str]| {
        backstory(&config, &[&["grammar", "match", message], more].concat())
    };
    let kill = "🔄 WORKER_LIFECYCLE [Worker gpu-20260101_000000-0a1b2c3d] MARKING AS ERROR: boom";
    let said = ran(kill, &[]).ok();
    assert!(
        said.contains("matches  orchestrator_gpu G113 (E2-E13, orchestrator_gpu.toml:"),
        "{said}"
    );
    assert!(said.contains("event worker_marked_error") && said.contains("reason = boom"), "{said}");
    let missed = ran("Cycle completed: nothing", &["--source", "orchestrator_gpu"]);
    assert_eq!(missed.code, 1);
    assert!(missed.stdout.contains("not      orchestrator_gpu G4 "), "{}", missed.stdout);
    assert!(missed.stdout.contains("stops at `nothing`"), "{}", missed.stdout);
    assert_eq!(ran(LEASE, &[]).code, 1);
}
