//! One case a row of the tables of transitions: domain/orchestrator.md 2.2, 2.3 and 3, and
//! domain/worker-app.md 2.2. Each goes the whole way: rows, snapshot, events, replay, derived tables.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use backstory::cases::case::{Case, read};
use backstory::cases::names::shortened;
use backstory::read::database::Database;
use rayon::prelude::*;

use crate::support::imported::{import_at, write_derived};
use crate::support::replayed::write_tables;

const FILES: [&str; 5] = [
    include_str!("transitions/workers.txt"),
    include_str!("transitions/workers_e7.txt"),
    include_str!("transitions/tasks.txt"),
    include_str!("transitions/resets.txt"),
    include_str!("transitions/rows.txt"),
];

/// The rows of the tables. W: orchestrator.md 2.2. E: 2.3, in its order. R: the resets of section 3, in
/// its order. T: worker-app.md 2.2.
const ROWS: &str = "W1 W2 W3 W4 W5 W6 W6b W7 W8 W9 W10 W11 W12 W13 W14 W15 W16 W17 W18 W19 W20 W21 W22 \
    E1 E2 E3 E4 E5 E6 E7 E8 E9 E10 E11 E12 E13 E14 E15 E16 E17 E18 \
    R1 R2 R3 R4 R5 R6 R7 \
    T1 T2 T2b T3 T3b T4 T4b T5 T6 T7 T8 T9 T10 T11 T12 T13 T14 T15";

/// What is told of a case: states, ends and attempts in order, then contradictions.
fn told(case: &Case) -> Vec<String> {
    let root = tempfile::tempdir().expect("a temporary directory");
    let mut snapshot = None;
    for (n, tables) in case.captures.iter().enumerate() {
        let files = root.path().join(format!("files{n}"));
        write_tables(&files, tables);
        let at = format!("2026-11-01T00:0{n}:00Z");
        snapshot = Some(import_at(&files, root.path(), &at));
    }
    let snapshot = snapshot.expect("a capture");
    write_derived(&snapshot);
    let database = Database::open(&snapshot).expect("a database");
    let mut lines = Vec::new();
    for query in QUERIES {
        let answer = database.query(query, &[], Duration::from_secs(60)).expect("an answer");
        let text = |row: &Vec<backstory::read::cell::Cell>| {
            row.iter().filter_map(|cell| cell.to_plain()).collect::<Vec<_>>().join(" ")
        };
        lines.extend(answer.rows.iter().map(text));
    }
    lines.iter().map(|line| shortened(line, &case.day)).collect()
}

const QUERIES: [&str; 4] = [
    "select worker_id, string_agg(state || ' ' || entered_at::text, ', ' order by seq) \
     from worker_states group by worker_id order by 1",
    "select worker_id, 'ends', end_kind, coalesce(ended_at::text, 'at no known time'), \
            '(' || reason || ')', error_code \
     from worker_ends order by 1",
    "select task_id, line from ( \
       select task_id, 0 as n, string_agg(state || ' ' || entered_at::text, ', ' order by seq) as line \
       from task_states group by task_id \
       union all \
       select task_id, attempt, 'attempt ' || attempt || ' by ' || coalesce(worker_id, 'unknown') || ' ' \
         || outcome || coalesce(' ' || ended_at::text, '') || coalesce(' (' || reason || ')', '') \
         || coalesce(' result ' || delivered_at::text, '') from task_attempts) order by task_id, n",
    "select '!', subject_id, kind, detail from anomalies order by subject_id, happened_at, kind",
];

fn cases() -> Vec<Case> {
    FILES.iter().flat_map(|text| read(text).expect("cases")).collect()
}

#[test]
fn every_row_of_the_tables_is_told_as_written() {
    let cases = cases();
    let all: Vec<Vec<String>> = cases.par_iter().map(told).collect();
    let mut wrong = Vec::new();
    for (case, told) in cases.iter().zip(all) {
        if told != case.expected {
            let list =
                |lines: &[String]| lines.iter().map(|l| format!("> {l}\n")).collect::<String>();
            wrong.push(format!(
                "# {}\n{}expected\n{}",
                case.title,
                list(&told),
                list(&case.expected)
            ));
        }
    }
    assert!(wrong.is_empty(), "{} cases are told otherwise:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_row_of_the_tables_has_a_case() {
    let mut have: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases() {
        assert!(!case.expected.is_empty(), "{}: it expects nothing", case.title);
        *have.entry(case.id).or_default() += 1;
    }
    let want: BTreeSet<&str> = ROWS.split_whitespace().collect();
    let missing: Vec<_> = want.iter().filter(|row| !have.contains_key(**row)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // X is a chapter of incidents: cases beside the tables
    let strange: Vec<_> =
        have.keys().filter(|id| !want.contains(id.as_str()) && !id.starts_with('X')).collect();
    assert!(strange.is_empty(), "{strange:?}");
}
