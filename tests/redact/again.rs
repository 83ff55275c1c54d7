//! A stricter snapshot out of one that is there: what an import under that policy would have made.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use backstory::model::token::without_digits;
use backstory::snapshot::open::Snapshot;

use crate::redact::canary::{Cage, Hay, Kind};
use crate::redact::evidence::{Rows, tables, write_csv};
use crate::redact::hay;
use crate::support::replayed::{Bench, case};
use crate::support::run::{Ran, command};
use crate::verify::read_all;

/// Two captures of tables full of canaries, under a policy.
fn captured(bench: &Bench, tables: &BTreeMap<&'static str, Rows>, snapshot: &str, policy: &str) {
    for (n, shown) in [("first", 2), ("second", 3)] {
        let some = tables.iter().map(|(table, rows)| {
            // a third of the rows comes with the second capture, and some of the first change
            let rest = rows.rows.iter().enumerate().filter(|(at, _)| at % 3 < shown);
            let mut rows = Rows {
                columns: rows.columns.clone(),
                rows: rest.map(|(_, row)| row.clone()).collect(),
            };
            if n == "second" && *table == "tasks" {
                let status =
                    rows.columns.iter().position(|name| *name == "status").expect("status");
                rows.rows.iter_mut().take(5).for_each(|row| row[status] = "Failed".to_string());
                rows.rows.remove(7);
            }
            (*table, rows)
        });
        let from = bench.path(&format!("{n}-files"));
        write_csv(&some.collect(), &from);
        let from = from.to_str().expect("UTF-8");
        bench.run("import", snapshot, &["--from", from, "--redact", policy]).ok();
    }
}

fn again(bench: &Bench, from: &str, out: &str, more: &[&str]) -> Ran {
    let out = bench.path(out);
    bench.run("redact", from, &[&["--out", out.to_str().expect("UTF-8")], more].concat())
}

const TABLES: [&str; 6] =
    ["system_logs", "workers", "tasks", "generations", "generation_variants", "task_types"];

/// Every version of every row, hashes and captures with it.
fn rows(bench: &Bench, snapshot: &str) -> Vec<(String, Vec<Vec<String>>)> {
    let of = |table: &str| {
        let query = format!("select * from {table}_versions order by id, _capture");
        (table.to_string(), bench.sql(snapshot, &query))
    };
    TABLES.map(of).into()
}

#[test]
fn it_is_what_a_stricter_import_would_have_made_and_no_canary_is_left() {
    let (bench, mut cage) = (Bench::new(), Cage::default());
    let tables = tables(&mut cage);
    for (from, to) in [("none", "standard"), ("none", "strict"), ("standard", "strict")] {
        let (source, out) = (format!("{from}-to-{to}"), format!("made-{to}-of-{from}"));
        captured(&bench, &tables, &source, from);
        captured(&bench, &tables, &format!("direct-{to}-{from}"), to);
        let before = read_all(&bench.path(&source));
        let ran = again(&bench, &source, &out, &["--redact", to]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(read_all(&bench.path(&source)) == before, "{source} was touched");
        assert!(!bench.path(&out).join("derived").exists(), "what is derived is made anew");
        let direct = rows(&bench, &format!("direct-{to}-{from}"));
        let made = rows(&bench, &out);
        if from == "standard" {
            assert_alike(&made, &direct)
        } else {
            assert_eq!(made, direct)
        }
        examine(&bench, &cage, &out, (from, to));
        goes_on(&bench, &out, (from, to));
    }
}

/// The token of a whole text that held a token already is another one than that of the original, which nobody
/// has any more: but for those, and the hashes of their rows, all is the same.
#[track_caller]
fn assert_alike(made: &[(String, Vec<Vec<String>>)], direct: &[(String, Vec<Vec<String>>)]) {
    let (mut same, mut other) = (0, 0);
    for ((table, made), (_, direct)) in made.iter().zip(direct) {
        assert_eq!(made.len(), direct.len(), "{table}");
        for (made, direct) in made.iter().zip(direct) {
            let is_hash =
                |cell: &str| cell.len() == 16 && cell.bytes().all(|b| b.is_ascii_hexdigit());
            for (a, b) in made.iter().zip(direct).filter(|(a, _)| !is_hash(a)) {
                assert_eq!(without_digits(a, "<token>"), without_digits(b, "<token>"), "{table}");
            }
            if made == direct { same += 1 } else { other += 1 }
        }
    }
    assert!(other > 0 && same > 20 * other, "{same} rows are the same, {other} are not");
}

/// A later capture under the stricter policy finds the rows it knows.
#[track_caller]
fn goes_on(bench: &Bench, out: &str, (from, to): (&str, &str)) {
    let files = bench.path("second-files");
    fs::write(files.join("task_types.csv"), "id,name\nnew,new\n").expect("a file");
    let files = files.to_str().expect("UTF-8");
    bench.run("import", out, &["--from", files, "--redact", to]).ok();
    let opened = Snapshot::open(&bench.path(out)).expect("a snapshot");
    let last = &opened.captures()[2].tables;
    let new: BTreeMap<&str, u64> =
        last.iter().map(|(table, held)| (table.as_str(), held.rows_new)).collect();
    assert_eq!((new["system_logs"], new["task_types"]), (0, 1), "{from} to {to}");
    if from == "none" {
        assert_eq!(new.values().sum::<u64>(), 1, "{from} to {to}: {new:?}");
    }
}

/// What the new snapshot says of itself, and what it must not say.
#[track_caller]
fn examine(bench: &Bench, cage: &Cage, out: &str, (from, to): (&str, &str)) {
    let mut hay = Hay::default();
    hay::snapshot(&bench.path(out), &mut hay);
    assert!(hay.bytes() > 100_000, "{} bytes searched", hay.bytes());
    let leaks = cage.leaks(&hay);
    assert!(leaks.is_empty(), "{from} to {to}: {}", leaks.join("\n"));
    let opened = Snapshot::open(&bench.path(out)).expect("a snapshot");
    assert_eq!(opened.manifest().redaction.policy, to);
    assert_eq!(opened.captures().len(), 2);
    for capture in opened.captures() {
        assert_eq!(capture.captured_under.as_deref(), Some(from));
    }
    assert_eq!(opened.captures()[1].tables["tasks"].disappeared.len(), 1);
    let said = bench.run("verify", out, &[]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    bench.run("findings", out, &["--verdict", "all"]).ok();
}

#[test]
fn findings_are_the_same_and_nothing_weaker_or_of_another_key_is_made() {
    let bench = Bench::new();
    bench.import(&case("worker_killed_while_healthy"), "s");
    again(&bench, "s", "strict", &["--redact", "strict"]).ok();
    let found = |snapshot: &str| bench.run("findings", snapshot, &["--format", "csv"]).ok();
    assert!(found("s").lines().count() > 1);
    assert_eq!(found("s"), found("strict"));

    let key = bench.path("other.key");
    fs::write(&key, [7; 32]).expect("a key");
    let key = key.to_str().expect("UTF-8");
    let missing = bench.path("no.key");
    let missing = missing.to_str().expect("UTF-8");
    let of_s = |out: &str, more: &[&str]| again(&bench, "s", out, more);
    for (ran, said) in [
        (
            of_s("x", &["--redact", "none"]),
            "has the redaction policy `standard`, and `none` hides nothing more",
        ),
        (
            again(&bench, "strict", "x", &["--redact", "standard"]),
            "has the redaction policy `strict`, and `standard` hides nothing more",
        ),
        (
            of_s("x", &["--redact", "strict", "--redact-key-file", key]),
            "was made with redaction key",
        ),
        (of_s("x", &["--redact", "strict", "--redact-key-file", missing]), "no.key"),
        (of_s("strict", &["--redact", "strict"]), "is there already"),
        (of_s("s", &["--redact", "strict"]), "is there already"),
        (of_s("s/inside", &["--redact", "strict"]), "lies inside the snapshot"),
    ] {
        assert_eq!(ran.code, 2, "{said}: {}", ran.stderr);
        assert!(
            ran.stderr.contains(said) && ran.stderr.contains("hint: "),
            "{said}: {}",
            ran.stderr
        );
    }
    assert!(!bench.path("x").exists() && !bench.path(".x.redact.part").exists());
    assert!(!bench.path("no.key").exists(), "no key is made for what needs an old one");
    assert!(!bench.path("s/.inside.redact.part").exists());
    let said = bench.run("verify", "s", &[]);
    assert_eq!(said.code, 0, "{}", said.stdout);
}

#[test]
fn damaged_evidence_gets_no_hash_that_vouches_for_it() {
    let bench = Bench::new();
    bench.import(&case("worker_killed_while_healthy"), "s");
    let file = bench.path("s/tasks/c000001-0001.parquet");
    let mut bytes = fs::read(&file).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).expect("a file");
    let ran = again(&bench, "s", "out", &["--redact", "strict"]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("tasks/c000001-0001.parquet"), "{}", ran.stderr);
    assert!(!bench.path("out").exists() && !bench.path(".out.redact.part").exists());
}

#[test]
fn a_name_without_a_folder_is_made_here() {
    let bench = Bench::new();
    bench.import(&case("worker_killed_while_healthy"), "s");
    let args = ["redact", "--snapshot", "s", "--out", "out", "--redact", "strict"];
    let mut ran = command(&bench.path("config"), &args);
    let ran = ran.current_dir(bench.path("")).output().expect("it starts");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(0), "{said}");
    assert!(said.contains("snapshot: out, 1 capture"), "{said}");
    bench.run("verify", "out", &[]).ok();
}

/// Killed after more and more time: the first snapshot is as it was, the second is not there or whole.
#[test]
fn killed_at_any_time_it_leaves_one_snapshot_or_two() {
    let (bench, mut cage) = (Bench::new(), Cage::default());
    captured(&bench, &tables(&mut cage), "s", "none");
    again(&bench, "s", "whole", &["--redact", "strict"]).ok();
    let (before, whole) = (read_all(&bench.path("s")), read_all(&bench.path("whole")));
    let (from, out, part) = (bench.path("s"), bench.path("out"), bench.path(".out.redact.part"));
    let text = |path: &Path| path.to_str().expect("UTF-8").to_string();
    let args = ["redact", "--snapshot", &text(&from), "--out", &text(&out), "--redact", "strict"];
    let (mut unfinished, mut finished) = (0, 0);
    for after in (0..40).map(|n| Duration::from_millis(10 * n)) {
        let mut child = command(&bench.path("config"), &args);
        let mut child = child.stderr(std::process::Stdio::null()).spawn().expect("it starts");
        std::thread::sleep(after);
        drop(child.kill());
        drop(child.wait());
        assert!(read_all(&from) == before, "{after:?}");
        if out.exists() {
            assert!(read_all(&out) == whole, "{after:?}");
            fs::remove_dir_all(&out).expect("a folder");
            finished += 1;
        } else {
            unfinished += u32::from(part.exists());
            let ran = bench.run("findings", "out", &[]);
            assert_eq!(ran.code, 4, "{}", ran.stderr);
        }
        // whatever was left, the next one ends well
        again(&bench, "s", "out", &["--redact", "strict"]).ok();
        assert!(read_all(&out) == whole && !part.exists(), "{after:?}");
        fs::remove_dir_all(&out).expect("a folder");
    }
    crate::support::told(&format!(
        "redact: killed 40 times, {unfinished} left a part, {finished} had ended"
    ));
    fs::create_dir(&part).expect("a folder");
    fs::write(part.join("mine.txt"), "mine").expect("a file");
    let ran = again(&bench, "s", "out", &["--redact", "strict"]);
    assert_ne!(ran.code, 0);
    assert!(part.join("mine.txt").exists(), "what is someone else's is not cleared");
}

#[test]
fn a_default_with_a_secret_is_hidden_in_the_schema_too() {
    let mut cage = Cage::default();
    let secret = cage.value(Kind::SupabaseKey, "a column's default");
    let database = crate::support::postgres::database("redact_again");
    database.sql(include_str!("../export/schema.sql"));
    database.sql(&format!(
        "alter table tasks add column note text default '{secret}';
         insert into tasks (id, params, note) values (gen_random_uuid(), '{{}}', null);
         insert into workers (id, instance_type, created_at) values ('w', 'x', 'infinity');"
    ));
    let bench = Bench::new();
    let export = |snapshot: &str, policy: &str| {
        let ran = bench.run("export", snapshot, &["--db", &database.url(), "--redact", policy]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    };
    export("none", "none");
    again(&bench, "none", "out", &["--redact", "standard"]).ok();
    export("direct", "standard");
    assert_eq!(rows(&bench, "out"), rows(&bench, "direct"));
    let schema = |snapshot: &str| {
        let path = bench.path(snapshot).join("source_schema.json");
        fs::read_to_string(path).expect("a schema")
    };
    assert!(schema("none").contains(&secret) && schema("out") == schema("direct"));
    let kept = bench.sql("out", "select created_at, _verbatim, _xid is null from workers_versions");
    assert_eq!(kept, [["", "{\"created_at\":\"infinity\"}", "false"]]);
    // and the next export goes on from it, asking for what is new only
    export("out", "standard");
    let opened = Snapshot::open(&bench.path("out")).expect("a snapshot");
    let last = &opened.captures()[1].tables;
    assert!(last["system_logs"].since_xid.is_some());
    assert!(last.values().all(|held| held.rows_new == 0), "{last:?}");
}
