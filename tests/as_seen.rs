//! What could be known at an instant: the captures taken by then and no other, whatever was captured later.

use crate::support::replayed::{Bench, case, records, tables, write_tables};

/// Tables that together show events, states, ends, silence and what was understood.
const TABLES: [&str; 9] = [
    "events",
    "task_states",
    "task_attempts",
    "worker_states",
    "worker_ends",
    "worker_liveness",
    "gaps",
    "log_coverage",
    "captures",
];

/// What each capture has seen.
const UNTIL: [&str; 3] = ["10:37", "10:52", "23:59"];

/// The same evidence as several captures saw it growing: of each table the rows that end by a time.
fn growing(bench: &Bench, captures: usize, into: &str) {
    let given = tables(&case("worker_killed_while_healthy"));
    for until in &UNTIL[..captures] {
        let kept = |text: &String| {
            let times = |row: &str| row.split("2026-01-05 ").skip(1).map(time).max();
            let rows = records(text).into_iter();
            rows.filter(|row| times(row).is_none_or(|at| at.as_str() < *until)).collect::<String>()
        };
        let seen = given.iter().map(|(table, text)| (table.clone(), kept(text)));
        let from = bench.path(&format!("{into}-{until}").replace(':', ""));
        write_tables(&from, &seen.collect());
        bench.import(&from, into);
    }
}

fn time(text: &str) -> String {
    text[.."10:37".len()].to_string()
}

fn said(bench: &Bench, snapshot: &str, more: &[&str]) -> Vec<String> {
    let one = |table: &&str| {
        let select = format!("select * from {table} order by all");
        bench.run("sql", snapshot, &[&["--format", "csv", &select], more].concat()).ok()
    };
    TABLES.iter().map(one).collect()
}

#[test]
fn only_the_captures_of_the_time_count() {
    let bench = Bench::new();
    growing(&bench, 3, "all");
    for (captures, at) in [(1, "10:40"), (2, "10:55")] {
        let alone = format!("first_{captures}");
        growing(&bench, captures, &alone);
        let mut expected = said(&bench, &alone, &[]);
        let at = format!("2026-01-05T{at}:00Z");
        let mut seen = said(&bench, "all", &["--as-seen", &at]);
        // when each was imported differs
        let (these, those) = (expected.pop().expect("captures"), seen.pop().expect("captures"));
        assert_eq!(these.lines().count(), captures + 1);
        assert_eq!(those.lines().count(), captures + 1);
        assert_eq!(seen, expected, "as seen at {at}");
        assert_ne!(seen, said(&bench, "all", &["--as-of", &at])[..seen.len()], "two meanings");
    }
    let whole = said(&bench, "all", &[]);
    assert_eq!(said(&bench, "all", &["--as-seen", "2026-01-06T00:00:00"]), whole);
    // nothing stays beside the snapshot
    let left = std::fs::read_dir(bench.path("all")).expect("a snapshot");
    let names =
        left.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    assert_eq!(names.filter(|name| name.starts_with("seen-")).count(), 0);
}

#[test]
fn before_the_first_capture_nothing_could_be_known() {
    let bench = Bench::new();
    growing(&bench, 1, "s");
    let early = ["--as-seen", "2026-01-05T09:00:00Z", "select 1"];
    let said = bench.run("sql", "s", &early);
    assert_eq!(said.code, 2);
    let said = said.stderr;
    assert!(said.contains("no capture had been taken by 2026-01-05"), "{said}");
    assert!(said.contains("--as-of"), "{said}");
    for verb in ["findings", "coverage"] {
        assert_eq!(bench.run(verb, "s", &["--as-seen", "2026-01-05T09:00:00Z"]).code, 2);
    }
    assert_eq!(bench.run("coverage", "s", &["--as-of", "2026-01-05T10:00:00Z"]).code, 2);
    let both = ["--as-seen", "2026-01-06T00:00:00", "--as-of", "2026-01-06T00:00:00", "select 1"];
    assert_eq!(bench.run("sql", "s", &both).code, 2);
}
