//! A recorded incident means the same with and without redaction.

use std::collections::BTreeMap;

use backstory::model::token::end;

use crate::support::replayed::{Bench, incident};

/// Tables whose rows are compared cell by cell.
const TABLES: &[&str] = &[
    "events",
    "event_evidence",
    "event_objects",
    "worker_states",
    "worker_signals",
    "worker_liveness",
    "worker_ends",
    "task_states",
    "task_attempts",
    "task_generations",
    "pods",
    "runs",
    "cycles",
    "gaps",
    "coverage",
    "clocks",
    "anomalies",
    "decisions",
    "unknown_messages",
];

/// The fixed pieces of a redacted cell, between its tokens and marks.
fn pieces(cell: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut from, mut at) = (0, 0);
    while at < cell.len() {
        let mark = cell[at..].starts_with("<redacted:");
        let closing = mark.then(|| cell[at..].find('>')).flatten().map(|length| at + length + 1);
        match end(cell, at).or(closing) {
            Some(end) => {
                found.push(&cell[from..at]);
                (from, at) = (end, end);
            }
            None => at += cell[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    found.push(&cell[from..]);
    found
}

/// Whether a cell is the other one with something hidden.
fn hides(redacted: &str, original: &str) -> bool {
    let pieces = pieces(redacted);
    let Some((first, rest)) = pieces.split_first() else { return false };
    let Some(mut left) = original.strip_prefix(first) else { return false };
    let Some((last, middle)) = rest.split_last() else { return left.is_empty() };
    for piece in middle {
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
    }
    left.ends_with(last)
}

#[test]
fn a_cell_is_compared_but_for_its_tokens() {
    assert!(hides("a ~user-0123456789abcdef~ b", "a 8ed10ffe b"));
    assert!(hides("x", "x"));
    assert!(!hides("a ~user-0123456789abcdef~ b", "a 8ed10ffe c"));
    assert!(!hides("x", "y"));
}

fn check(name: &str) {
    let Some(from) = incident(name, "redaction changes no answer") else { return };
    let bench = Bench::new();
    let from = from.to_str().expect("UTF-8");
    for policy in ["none", "standard", "strict"] {
        bench.run("import", policy, &["--from", from, "--redact", policy]).ok();
        bench.run("replay", policy, &[]).ok();
    }
    let findings = |policy: &str| {
        let text = bench.run("findings", policy, &["--format", "csv", "--verdict", "all"]).ok();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows = reader.records().map(|row| row.expect("a row"));
        rows.map(|row| row.iter().map(str::to_string).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let mut tables: BTreeMap<&str, [Vec<Vec<String>>; 3]> = BTreeMap::new();
    let of = |get: &dyn Fn(&str) -> Vec<Vec<String>>| ["none", "standard", "strict"].map(get);
    for table in TABLES {
        tables.insert(table, of(&|policy| bench.sql(policy, &format!("select * from {table}"))));
    }
    tables.insert("findings", of(&findings));
    let mut rows = 0;
    for (table, [original, standard, strict]) in tables {
        for redacted in [standard, strict] {
            assert_eq!(original.len(), redacted.len(), "{name}: rows of {table}");
            for (original, redacted) in original.iter().zip(&redacted) {
                for (a, b) in original.iter().zip(redacted) {
                    assert!(hides(b, a), "{name}, {table}: {a:?} became {b:?}");
                }
                rows += 1;
            }
        }
    }
    assert!(rows > 10_000, "{name}: only {rows} rows were compared");
}

#[test]
fn a_missing_generation_is_found_under_every_policy() {
    check("missing_generations");
}

#[test]
fn a_healthy_worker_that_was_killed_is_found_under_every_policy() {
    check("era_c_mixed");
}
