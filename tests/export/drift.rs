//! Columns that come, go and change between two captures of one snapshot.

use backstory::model::table::Table;
use backstory::snapshot::open::Snapshot;

use crate::export::export_into;
use crate::export::kept::{Cell, kept};
use crate::support::postgres::database;
use crate::support::replayed::Bench;

const SCHEMA: &str = include_str!("schema.sql");
const TASK: &str = "10000000-0000-0000-0000-000000000001";

#[test]
fn what_came_went_and_changed_is_named_and_kept() {
    let database = database("drift");
    database.sql(SCHEMA);
    database.sql(&format!(
        "alter table public.tasks add column dependant_on uuid, add column x_gone interval,
           add column x_flag boolean, add column x_count bigint, add column x_at timestamptz,
           add column x_share double precision;
         insert into public.tasks (id, params, dependant_on, x_gone, x_flag, x_count, x_at, x_share)
           values ('{TASK}', '{{}}', '{TASK}', '1 day', true, 9007199254740993,
                   '2025-11-03 14:00:00.5+00', 0.1);"
    ));
    let bench = Bench::new();
    let said = export_into(&bench, &database, "snapshot");
    assert!(!said.contains("is new"), "a first capture has nothing to compare: {said}");
    database.sql(
        "alter table public.tasks
           alter column dependant_on type uuid[] using array[dependant_on],
           drop column x_gone, add column x_new inet default '10.1.2.3/8',
           alter column x_flag type text using 'perhaps',
           alter column x_count type text using 'many',
           alter column x_at type text using 'soon',
           alter column x_share type text using 'half';",
    );
    let said = export_into(&bench, &database, "snapshot");
    for note in [
        "tasks: column `dependant_on` was uuid, is uuid[] now",
        "tasks: column `x_gone` is gone (was interval)",
        "tasks: column `x_new` is new (inet)",
        "tasks: column `x_flag` was boolean, is text now",
        "tasks: column `x_count` was bigint, is text now",
    ] {
        assert!(said.contains(note), "{note}: {said}");
    }
    let said = export_into(&bench, &database, "snapshot");
    assert!(!said.contains("column `dependant_on`"), "told once: {said}");
    assert!(said.contains("tasks: 1 rows read, 0 new"), "{said}");

    // Both versions as they were ...
    let rows = bench.sql(
        "snapshot",
        "select dependant_on, x_gone, x_new, x_flag, x_count, x_at, x_share from tasks_versions \
         order by _capture",
    );
    assert_eq!(
        rows,
        [
            [TASK, "1 day", "", "true", "9007199254740993", "2025-11-03 14:00:00.5", "0.1"],
            [&format!("{{{TASK}}}"), "", "10.1.2.3/8", "perhaps", "many", "soon", "half"],
        ]
    );
    // ... and the last one alone where only the latest is asked for.
    let latest = bench.sql("snapshot", "select x_flag, x_count, x_at from tasks");
    assert_eq!(latest, [["perhaps", "many", "soon"]]);
}

#[test]
fn names_that_differ_in_case_only_are_told_apart() {
    let database = database("drift_case");
    database.sql(SCHEMA);
    database.sql(&format!(
        "alter table public.tasks add column x_name text, add column \"X_Name\" integer,
           add column \"ID\" text, add column \"_XID\" text, add column \"Captured_At\" text;
         insert into public.tasks (id, params, x_name, \"X_Name\", \"ID\") values
           ('{TASK}', '{{}}', 'low', 7, 'high');"
    ));
    database.sql(
        "create table public.generations (\"ID\" text, \"Location\" text, id text, location text);
         insert into public.generations values ('high', 'HIGH', 'low', 'here')",
    );
    let bench = Bench::new();
    let said = export_into(&bench, &database, "snapshot");
    assert!(said.contains("column `_capture`, `_XID`, `Captured_At` left out"), "{said}");
    let snapshot = Snapshot::open(&bench.path("snapshot")).expect("a snapshot");
    let row = kept(&snapshot, Table::Tasks, &["id", "ID", "x_name", "X_Name"])[TASK].clone();
    assert_eq!(row["x_name"], Cell::Text("low".to_string()));
    assert_eq!(row["X_Name"], Cell::Number(7));
    assert_eq!(row["ID"], Cell::Text("high".to_string()));
    assert_eq!(bench.sql("snapshot", "select id, x_name from tasks"), [[TASK, "low"]]);
    assert_eq!(bench.sql("snapshot", "select id, location from generations"), [["low", "here"]]);
}
