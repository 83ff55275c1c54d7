//! One recorded database after two, four and six hours, captured each time: from a database that was made anew
//! for each dump, and from one that the differences were applied to. Both snapshots hold what the last dump
//! holds and every version that was seen on the way, and no event is ever renamed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use backstory::model::table::Table;
use backstory::snapshot::open::Snapshot;

use super::OPTIONS;
use crate::support::postgres::{Database, database};
use crate::support::replayed::{Bench, incident};
use crate::support::run::command;

/// When each dump was made (its data/README).
const TAKEN: [(&str, &str); 3] = [
    ("t1", "2026-01-07T08:00:00Z"),
    ("t2", "2026-01-07T10:00:00Z"),
    ("t3", "2026-01-07T12:00:00Z"),
];

/// Tables of the dump, those that others refer to first.
const DUMPED: [&str; 7] =
    ["users", "projects", "task_types", "workers", "tasks", "generations", "system_logs"];

fn dumps() -> Option<Vec<PathBuf>> {
    let folder = incident("stuck_and_orphans", "three dumps")?;
    Some(TAKEN.iter().map(|(name, _)| folder.join(name).join("dump.sql.gz")).collect())
}

/// A capture at the time of a dump; returns what was said.
fn capture(bench: &Bench, database: &Database, snapshot: &str, at: &str) -> String {
    let (dir, url) = (bench.path(snapshot), database.url());
    let args = ["export", "--snapshot", dir.to_str().expect("UTF-8"), "--db", &url];
    let mut export = command(&bench.path("config"), &[&args[..], OPTIONS].concat());
    let out = export.env("BACKSTORY_NOW", at).output().expect("the program runs");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{said}");
    said
}

/// Makes the tables of one database those of another, touching only rows that differ.
fn apply(bench: &Bench, from: &Database, to: &Database) {
    let mut sql = "set session_replication_role = replica; create schema stage;\n".to_string();
    for table in DUMPED {
        let file = from.copy_csv(table, &bench.path("."));
        let file = file.display();
        sql += &format!(
            "create table stage.{table} (like public.{table} including generated);\n\
             \\copy stage.{table} from '{file}' with (format csv, header)\n\
             delete from public.{table} t
               where not exists (select from stage.{table} s where s.id = t.id);
             delete from public.{table} t using stage.{table} s
               where s.id = t.id and s::text is distinct from t::text;
             insert into public.{table} select s.* from stage.{table} s
               where not exists (select from public.{table} t where t.id = s.id);\n"
        );
    }
    to.sql(&(sql + "drop schema stage cascade;"));
}

/// Every version of every row, by table: all columns but those that say when and from where it was captured.
fn versions(bench: &Bench, snapshot: &str) -> BTreeMap<&'static str, BTreeSet<Vec<String>>> {
    let of = |table: Table| {
        let columns = "columns(c -> c not in ('_capture', '_xid', 'captured_at'))";
        let rows = bench.sql(snapshot, &format!("select {columns} from {table}_versions"));
        (table.name(), rows.into_iter().collect())
    };
    Table::ALL.map(of).into()
}

fn event_ids(bench: &Bench, snapshot: &str) -> BTreeSet<String> {
    bench.run("replay", snapshot, &[]).ok();
    let rows = bench.sql(snapshot, "select event_id from events");
    rows.into_iter().map(|mut row| row.remove(0)).collect()
}

/// Takes the next capture and replays; no event of the captures before may be gone.
fn grow(bench: &Bench, known: &mut BTreeSet<String>, database: &Database, of: (&str, &str, &str)) {
    let (snapshot, dump, at) = of;
    let said = capture(bench, database, snapshot, at);
    let ids = event_ids(bench, snapshot);
    let lost: Vec<&String> = known.difference(&ids).take(5).collect();
    assert!(lost.is_empty(), "{snapshot}, {dump}: {lost:?} are gone\n{said}");
    assert!(ids.len() > known.len() + 1_000, "{snapshot}, {dump}: {} events", ids.len());
    *known = ids;
}

#[test]
fn three_dumps_end_in_the_same_rows_however_they_are_loaded() {
    let Some(dumps) = dumps() else { return };
    let bench = Bench::new();
    let (mut of_anew, mut of_grown) = (BTreeSet::new(), BTreeSet::new());
    let grown = database("dumps_grown");
    let mut seen: BTreeMap<&str, BTreeSet<Vec<String>>> = BTreeMap::new();
    for ((dump, at), path) in TAKEN.into_iter().zip(&dumps) {
        let anew = database(&format!("dumps_{dump}"));
        anew.load(path);
        if dump == "t1" {
            grown.load(path)
        } else {
            apply(&bench, &anew, &grown)
        }
        grow(&bench, &mut of_anew, &anew, ("anew", dump, at));
        grow(&bench, &mut of_grown, &grown, ("grown", dump, at));
        capture(&bench, &anew, dump, at);
        for (table, rows) in versions(&bench, dump) {
            seen.entry(table).or_default().extend(rows);
        }
    }
    let last = versions(&bench, "t3");
    for (name, expected) in [("anew", &of_anew), ("grown", &of_grown)] {
        let held = versions(&bench, name);
        for (table, rows) in &seen {
            assert_eq!(held[table].len(), rows.len(), "{name}: {table}");
            assert!(held[table] == *rows, "{name}: {table}");
            assert!(last[table].is_subset(&held[table]), "{name}: {table} of the last dump");
        }
        assert!(expected.len() > 10_000, "{name}: {} events", expected.len());
        let said = bench.run("verify", name, &[]);
        assert_eq!(said.code, 0, "{name}: {}", said.stdout);
    }
    let older: usize =
        ["tasks", "workers"].map(|table| seen[table].len() - last[table].len()).iter().sum();
    assert!(older > 10, "{older} older versions were seen");
    assert!(of_anew == of_grown, "the way by which rows came renames no event");
    asked(&bench);
}

/// Another database is read by key; one that grew is asked for what is new.
fn asked(bench: &Bench) {
    let since = |snapshot: &str| -> Vec<bool> {
        let opened = Snapshot::open(&bench.path(snapshot)).expect("a snapshot");
        let logs = opened.captures().iter().map(|capture| &capture.tables["system_logs"]);
        logs.map(|held| held.since_xid.is_some()).collect()
    };
    assert_eq!(since("anew"), [false, false, false]);
    assert_eq!(since("grown"), [false, true, true]);
}
