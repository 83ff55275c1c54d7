//! What holds of every replay, whatever the evidence.

use std::path::{Path, PathBuf};

use backstory::derived::manifest::DerivedManifest;
use backstory::events::tally::RowTally;
use backstory::events::{self, History};
use backstory::grammar::matcher::Grammar;
use backstory::model::id::RowKey;
use backstory::model::table::Table;
use backstory::replay::replay;
use backstory::replay::task::TaskTimeline;
use backstory::replay::task::state::{TaskEvent, TaskState};
use backstory::replay::timeline::Step;
use backstory::snapshot::manifest::write_json;
use backstory::snapshot::open::Snapshot;
use backstory::spool::Spool;
use proptest::prelude::*;
use regex::Regex;
use serde_json::Value;
use uuid::Uuid;

use crate::support::replayed::{Bench, case, incident};
use crate::support::snapshot::TestSnapshot;

/// Columns that name an event.
const EVENT_IDS: &[(&str, &str)] = &[
    ("task_states", "entered_event_id"),
    ("task_states", "left_event_id"),
    ("worker_states", "entered_event_id"),
    ("worker_states", "left_event_id"),
    ("task_attempts", "claimed_event_id"),
    ("task_attempts", "ended_event_id"),
    ("worker_ends", "event_id"),
    ("worker_signals", "event_id"),
    ("task_generations", "completed_event_id"),
    ("decisions", "event_id"),
    ("decisions", "failed_read_event_id"),
    ("anomalies", "event_id"),
    ("pods", "created_event_id"),
    ("pods", "ended_event_id"),
    ("event_evidence", "event_id"),
    ("event_objects", "event_id"),
];

/// Stays that do not begin where the one before ended, or are out of count.
fn broken_stays(table: &str, id: &str) -> String {
    format!(
        "select {id}, seq from (
           select *, lag(left_at) over each_one as before, row_number() over each_one - 1 as n
           from {table} window each_one as (partition by {id} order by seq)
         ) where seq <> n or entered_at is null or (n > 0 and before is distinct from entered_at)
           or left_at <= entered_at"
    )
}

fn unknown_events(table: &str, column: &str) -> String {
    format!("select {column} from {table} where {column} not in (select event_id from events)")
}

/// Pieces of evidence in a table that does not hold them.
fn lost_evidence(table: Table) -> String {
    format!(
        "select evidence_key from event_evidence where evidence_table = '{table}'
         and evidence_key not in (select id from {table}_versions where id is not null)"
    )
}

fn evidence() -> Vec<PathBuf> {
    let mut folders = vec![case("worker_killed_while_healthy"), case("task_missing_generation")];
    for name in ["false_positive_ssh", "stuck_and_orphans", "era_c_mixed"] {
        folders.extend(incident(name, "properties"));
    }
    folders
}

#[test]
fn derived_tables_are_whole() {
    for folder in evidence() {
        let bench = Bench::new();
        bench.replayed(&folder, "s");
        let none = |query: &str| {
            let rows = bench.sql("s", query);
            let first = &rows[..rows.len().min(3)];
            assert!(rows.is_empty(), "{}: {} x {first:?}: {query}", folder.display(), rows.len());
        };
        for (table, id) in [("task_states", "task_id"), ("worker_states", "worker_id")] {
            assert!(!bench.sql("s", &format!("select 1 from {table}")).is_empty(), "{table}");
            none(&broken_stays(table, id));
        }
        for (table, column) in EVENT_IDS {
            none(&unknown_events(table, column));
        }
        for table in Table::ALL {
            none(&lost_evidence(table));
        }
        let tables = Table::ALL.map(|table| format!("'{table}'")).join(", ");
        none(&format!("select * from event_evidence where evidence_table not in ({tables})"));
        none(
            "select event_id from events where event_id not in (select event_id from event_evidence)",
        );
        none("select event_id from events group by event_id having count(*) > 1");
        none(
            "select event_id from events where not earliest <= happened_at or not happened_at <= latest",
        );
        findings_are_proved(&bench, &folder);
    }
}

fn findings_are_proved(bench: &Bench, folder: &Path) {
    let ran = bench.run("findings", "s", &["--format", "json"]);
    assert!(ran.code == 0 || ran.code == 1, "{}", ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    assert!(!findings.is_empty(), "{}: nothing was found", folder.display());
    for finding in findings.iter().filter(|finding| finding["verdict"] == "confirmed") {
        let pieces = finding["evidence"].as_array().expect("evidence").len();
        assert!(pieces >= 2, "{}: {finding}", folder.display());
    }
}

#[test]
fn the_checks_of_stays_and_events_can_fail() {
    let broken = |states: &str| {
        let snapshot = TestSnapshot::new()
            .capture("2026-01-05T11:00:00Z", &[("tasks", "id\nt1\n")])
            .derived("events", "event_id\ne1\n")
            .derived(
                "task_states",
                &format!("task_id,seq,entered_at,left_at,entered_event_id\n{states}"),
            );
        // made from this evidence, or the command would replay first
        let opened = Snapshot::open(&snapshot.dir()).expect("a snapshot");
        let made = DerivedManifest::of(&opened, Grammar::built_in().expect("a grammar").digest());
        let path = snapshot.dir().join("derived").join("manifest.json");
        write_json(&path, &made).expect("a manifest");
        let count = |query: String| {
            let query = format!("select count(*) from ({query})");
            let said = snapshot.run("sql", &["--format", "csv", &query]).ok();
            said.lines().last().expect("a count").parse::<usize>().expect("a count")
        };
        let stays = count(broken_stays("task_states", "task_id"));
        (stays, count(unknown_events("task_states", "entered_event_id")))
    };
    let (nine, ten) = ("2026-01-05 09:00:00", "2026-01-05 10:00:00");
    assert_eq!(broken(&format!("t1,0,{nine},{ten},e1\nt1,1,{ten},,e1\n")), (0, 0));
    assert_eq!(broken(&format!("t1,0,{nine},{ten},e1\nt1,1,{nine},,e2\n")), (1, 1));
    assert_eq!(broken(&format!("t1,0,{nine},,e1\nt1,1,{ten},,\n")), (1, 0));
    assert_eq!(broken(&format!("t1,1,{nine},,e1\n")), (1, 0));
}

#[test]
fn every_log_row_is_accounted_for() {
    for folder in evidence() {
        let bench = Bench::new();
        bench.import(&folder, "s");
        let (snapshot, history) = history(&bench);
        let tally: RowTally = history.tallies.values().copied().sum();
        tally.assert_balanced();
        let held: u64 =
            snapshot.captures().iter().map(|capture| capture.tables["system_logs"].rows_new).sum();
        assert_eq!(tally.read, held, "{}", folder.display());
        let ids = history.events.iter().map(|event| event.id);
        let distinct = ids.collect::<std::collections::BTreeSet<_>>().len();
        assert_eq!(distinct, history.events.len(), "{}", folder.display());
        assert!(history.events.iter().is_sorted_by(|a, b| a.order() < b.order()), "a strict order");
    }
}

#[test]
fn events_of_one_instant_may_come_in_any_order() {
    let mut folders = vec![case("worker_killed_while_healthy")];
    folders.extend(incident("false_positive_ssh", "properties"));
    let ids = Regex::new(r"EventId\([0-9a-f-]+\)").expect("a pattern");
    for folder in folders {
        let bench = Bench::new();
        bench.import(&folder, "s");
        let expected = tasks(history(&bench).1);
        // the keys of rows are random, and the last thing that orders events
        let mut turned = history(&bench).1;
        let before: Vec<_> = turned.events.iter().map(|event| event.id).collect();
        turned.events.change(
            || (),
            |(), event| {
                if let RowKey::Uuid(key) = &mut event.evidence.key {
                    *key = Uuid::from_u128(!key.as_u128());
                }
            },
        );
        turned.events.sort();
        let moved = turned.events.iter().zip(&before).any(|(event, id)| event.id != *id);
        assert!(moved, "{}: no two events of one instant and kind", folder.display());
        // which of two rows of one microsecond is cited may differ, what is told of the task may not
        let told =
            |task: &TaskTimeline| ids.replace_all(&format!("{task:?}"), "an event").into_owned();
        for (got, expected) in tasks(turned).iter().zip(&expected) {
            assert_eq!(told(got), told(expected), "{}", folder.display());
        }
    }
}

fn history(bench: &Bench) -> (Snapshot, History) {
    let snapshot = Snapshot::open(&bench.path("s")).expect("a snapshot");
    let grammar = Grammar::built_in().expect("a grammar");
    let history = events::read(&snapshot, &grammar, &Spool::in_memory()).expect("a history");
    (snapshot, history)
}

fn tasks(history: History) -> Vec<TaskTimeline> {
    replay(history).lives.tasks
}

fn task_event() -> impl Strategy<Value = TaskEvent> {
    use TaskEvent as E;
    prop::sample::select(vec![
        E::Created,
        E::Claimed,
        E::Requeued,
        E::Revived,
        E::Resumed,
        E::Delivered,
        E::Completed,
        E::Failed,
        E::Cancelled,
    ])
}

fn is_final(state: TaskState) -> bool {
    matches!(state, TaskState::Complete | TaskState::Failed | TaskState::Cancelled)
}

/// Every move, `(from, to)`, with whether it contradicts the state before.
fn moves(events: &[TaskEvent]) -> Vec<(TaskState, TaskState, bool)> {
    let (mut state, mut moves) = (TaskState::Unseen, Vec::new());
    for event in events {
        if let Step::Moved(to) = state.next(*event) {
            moves.push((state, to, state.contradicted_by(*event).is_some()));
            state = to;
        }
    }
    moves
}

proptest! {
    #[test]
    fn a_task_leaves_a_final_state_only_as_an_anomaly(
        events in prop::collection::vec(task_event(), 0..40),
    ) {
        let moves = moves(&events);
        for (from, to, is_anomaly) in &moves {
            prop_assert_eq!(is_final(*from), *is_anomaly, "{:?} -> {:?}", from, to);
            prop_assert!(from != to && *to != TaskState::Unseen, "{:?} -> {:?}", from, to);
        }
        prop_assert!(moves.windows(2).all(|pair| pair[0].1 == pair[1].0));
        let said = events.iter().any(|event| *event != TaskEvent::Delivered);
        prop_assert_eq!(!moves.is_empty(), said, "all but a result move a task at first");
    }

    #[test]
    fn more_events_never_change_earlier_moves(
        events in prop::collection::vec(task_event(), 0..40), cut in 0usize..40,
    ) {
        let (whole, part) = (moves(&events), moves(&events[..cut.min(events.len())]));
        prop_assert_eq!(&whole[..part.len()], &part[..]);
    }
}
