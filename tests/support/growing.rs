//! Evidence as several captures saw it growing.

use std::path::Path;

use regex::Regex;

use crate::support::replayed::{Bench, case, records, tables, write_tables};

/// What each capture has seen.
pub(crate) const UNTIL: [&str; 3] = ["10:37", "10:52", "23:59"];

/// Takes the first captures of the same evidence: of each table the rows that end by a time.
pub(crate) fn growing(bench: &Bench, captures: usize, into: &str) {
    for until in &UNTIL[..captures] {
        capture(bench, until, into);
    }
}

/// Takes one of them.
pub(crate) fn capture(bench: &Bench, until: &str, into: &str) {
    let evidence = case("worker_killed_while_healthy");
    capture_of(bench, &evidence, &format!("2026-01-05 {until}"), into);
}

/// Takes one of other evidence: the rows in which no time is later.
pub(crate) fn capture_of(bench: &Bench, evidence: &Path, until: &str, into: &str) {
    let times = Regex::new(r"20\d\d-\d\d-\d\d \d\d:\d\d").expect("a pattern of times");
    let kept = |text: &String| {
        let latest = |row: &str| times.find_iter(row).map(|time| time.as_str().to_string()).max();
        let rows = records(text).into_iter();
        rows.filter(|row| latest(row).is_none_or(|at| at.as_str() < until)).collect::<String>()
    };
    let seen = tables(evidence).into_iter().map(|(table, text)| {
        let kept = kept(&text);
        (table, kept)
    });
    let from = bench.path(&format!("{into}-{until}").replace([':', ' '], ""));
    write_tables(&from, &seen.collect());
    bench.import(&from, into);
}
