//! What could be known at an instant: the captures taken by then and no other, whatever was captured later.

use crate::support::growing::growing;
use crate::support::replayed::Bench;

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
    assert_eq!(said(&bench, "all", &["--as-seen", "2026-01-06"]), whole);
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
