//! Columns that come, go and change between two captures of one snapshot.

use backstory::model::table::Table;
use backstory::snapshot::open::Snapshot;

use crate::export::kept::{Cell, kept};
use crate::export::{OPTIONS, export_into};
use crate::support::postgres::database;
use crate::support::replayed::Bench;
use crate::verify::read_all;

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
        "create table public.generations (\"ID\" text, \"Location\" text, id text, location text, tasks jsonb);
         insert into public.generations values ('high', 'HIGH', 'low', 'here')",
    );
    let bench = Bench::new();
    let said = export_into(&bench, &database, "snapshot");
    assert!(said.contains("column `_capture`, `_XID`, `Captured_At` left out"), "{said}");
    assert!(said.contains("tasks: column `X_Name`, `ID` is kept in the files alone"), "{said}");
    let snapshot = Snapshot::open(&bench.path("snapshot")).expect("a snapshot");
    let row = kept(&snapshot, Table::Tasks, &["id", "ID", "x_name", "X_Name"])[TASK].clone();
    assert_eq!(row["x_name"], Cell::Text("low".to_string()));
    assert_eq!(row["X_Name"], Cell::Number(7));
    assert_eq!(row["ID"], Cell::Text("high".to_string()));
    assert_eq!(bench.sql("snapshot", "select id, x_name from tasks"), [[TASK, "low"]]);
    assert_eq!(bench.sql("snapshot", "select id, location from generations"), [["low", "here"]]);
}

#[test]
fn a_core_column_under_another_name_is_refused_by_name_and_nothing_is_lost() {
    let database = database("drift_core");
    database.sql(SCHEMA);
    let bench = Bench::new();
    export_into(&bench, &database, "snapshot");
    let before = read_all(&bench.path("snapshot"));
    let refused = |sql: &str, said: &[&str]| {
        database.sql(sql);
        for snapshot in ["snapshot", "new"] {
            let url = database.url();
            let ran = bench.run("export", snapshot, &[&["--db", url.as_str()], OPTIONS].concat());
            assert_eq!(ran.code, 3, "{sql}: {}", ran.stderr);
            for said in said {
                assert!(ran.stderr.contains(said), "{sql}: {said}: {}", ran.stderr);
            }
            assert!(ran.stderr.contains("use `backstory import`"), "{}", ran.stderr);
        }
        assert!(read_all(&bench.path("snapshot")) == before, "{sql}");
        assert!(!bench.path("new").exists(), "{sql}");
    };
    refused(
        "alter table public.tasks rename worker_id to worker",
        &["`tasks` has no column `worker_id`", "the nearest it has is `worker`"],
    );
    database.sql("alter table public.tasks rename worker to worker_id");
    refused(
        "alter table public.system_logs rename message to body",
        &["`system_logs` has no column `message`", "no known revision had: `body`"],
    );
    database.sql("alter table public.system_logs drop column body");
    refused("select 1", &["`system_logs` has no column `message`"]);
    // what no replay needs may go
    database.sql(
        "alter table public.system_logs add column message text not null default '',
           drop column log_level;",
    );
    let said = export_into(&bench, &database, "snapshot");
    assert!(said.contains("system_logs: column `log_level` is gone (was text)"), "{said}");
}

#[test]
fn a_core_column_of_another_type_and_place_is_kept_and_told() {
    let database = database("drift_place");
    database.sql(SCHEMA);
    database.sql(&format!(
        "insert into public.tasks (id, params, worker_id) values ('{TASK}', '{{}}', null);"
    ));
    let bench = Bench::new();
    export_into(&bench, &database, "snapshot");
    // `id` moves behind the others, and a state is added
    database.sql(
        "alter table public.workers rename to old;
         create table public.workers as
           select instance_type, created_at, last_heartbeat, status, metadata, id from public.old;
         alter type public.task_status add value 'Paused' after 'Queued';
         alter table public.tasks alter column created_at type text;
         alter table public.system_logs alter column timestamp drop default;
         alter table public.system_logs alter column timestamp type text;
         insert into public.system_logs (timestamp, source_type, source_id, log_level, message)
           values ('2026-01-12 11:00:00.123456+00', 'worker', 'w', 'INFO', 'a line');",
    );
    let said = export_into(&bench, &database, "snapshot");
    for note in [
        "workers: column `id` stands in another place now",
        "type public.task_status: the value `Paused` is new",
        "tasks: column `created_at` was timestamp with time zone, is text now",
    ] {
        assert!(said.contains(note), "{note}: {said}");
    }
    assert_eq!(said.matches("stands in another place").count(), 1, "{said}");
    let said = export_into(&bench, &database, "snapshot");
    assert!(!said.contains("Paused") && !said.contains("another place"), "told once: {said}");
    bench.run("replay", "snapshot", &[]).ok();
    let read = bench.sql("snapshot", "select sum(rows_read), sum(unreadable) from log_coverage");
    assert_eq!(read, [["1", "0"]], "a time that is written as text is one");
}

/// Tasks that depend on others, in both spellings that `dependant_on` has had.
#[test]
fn a_dependency_means_the_same_as_uuid_and_as_array() {
    let database = database("drift_dependency");
    database.sql(SCHEMA);
    let id = |n: u8| format!("10000000-0000-0000-0000-00000000000{n}");
    let (first, second, third, gone) = (id(1), id(2), id(3), id(9));
    database.sql(&format!(
        "insert into public.system_logs (timestamp, source_type, source_id, log_level, message)
           values ('2026-01-05 11:00+00', 'orchestrator_gpu', 'o', 'INFO', 'Starting');
         alter table public.tasks add column dependant_on uuid;
         insert into public.tasks (id, task_type, params, status, created_at, dependant_on) values
           ('{first}', 'edit', '{{}}', 'Complete', '2026-01-05 09:00+00', null),
           ('{second}', 'edit', '{{}}', 'Queued', '2026-01-05 09:00+00', '{first}'),
           ('{third}', 'edit', '{{}}', 'Queued', '2026-01-05 09:00+00', '{gone}');"
    ));
    let bench = Bench::new();
    export_into(&bench, &database, "snapshot");
    let missing = |bench: &Bench| -> Vec<String> {
        let more = ["--only", "task_dependency_missing", "--format", "json"];
        let said = bench.run("findings", "snapshot", &more).ok();
        let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!(said["skipped"], serde_json::json!([]));
        let found = said["findings"].as_array().expect("findings").iter();
        found.map(|one| one["subject_id"].as_str().expect("an id").to_string()).collect()
    };
    assert_eq!(missing(&bench), std::slice::from_ref(&third));
    database.sql(&format!(
        "alter table public.tasks
           alter column dependant_on type uuid[] using array[dependant_on];
         update public.tasks set dependant_on = null where dependant_on = '{{null}}';
         insert into public.tasks (id, task_type, params, status, created_at, dependant_on) values
           ('{}', 'edit', '{{}}', 'Queued', '2026-01-05 09:00+00', '{{{first},{second}}}'),
           ('{}', 'edit', '{{}}', 'Queued', '2026-01-05 09:00+00', '{{{first},{gone}}}');",
        id(4),
        id(5)
    ));
    let said = export_into(&bench, &database, "snapshot");
    assert!(said.contains("tasks: column `dependant_on` was uuid, is uuid[] now"), "{said}");
    let mut found = missing(&bench);
    found.sort();
    assert_eq!(found, [third.clone(), id(5)]);
    // every version of every row, split alike
    let pairs = "select _capture, id, unnest(string_split(trim(dependant_on, '{}'), ',')) as other
                 from tasks_versions where dependant_on is not null order by all";
    let pair = |capture: &str, id: &String, other: &String| {
        vec![capture.to_string(), id.clone(), other.clone()]
    };
    assert_eq!(
        bench.sql("snapshot", pairs),
        [
            pair("c000001", &second, &first),
            pair("c000001", &third, &gone),
            pair("c000002", &second, &first),
            pair("c000002", &third, &gone),
            pair("c000002", &id(4), &first),
            pair("c000002", &id(4), &second),
            pair("c000002", &id(5), &first),
            pair("c000002", &id(5), &gone),
        ]
    );
}

#[test]
fn a_key_that_is_a_number_and_a_time_that_became_one_are_kept_and_read() {
    let database = database("drift_numbers");
    database.sql(SCHEMA);
    database.sql(&format!(
        "alter table public.tasks drop constraint tasks_worker_id_fkey;
         alter table public.workers alter id type bigint using id::bigint;
         insert into public.workers (id, instance_type) values (7, 'gpu');
         insert into public.tasks (id, params, created_at) values ('{TASK}', '{{}}', '2025-11-03 14:00:00+00');
         insert into public.system_logs (source_type, source_id, log_level, message)
           values ('worker', '7', 'INFO', 'one'), ('worker', '7', 'INFO', 'two')"
    ));
    let bench = Bench::new();
    export_into(&bench, &database, "snapshot");
    database.sql(
        "alter table public.tasks alter created_at type bigint using 7, alter generation_created
           type timestamptz using '2025-11-03 15:00:00+00';
         alter table public.system_logs alter \"timestamp\" drop default;
         alter table public.system_logs alter \"timestamp\" type text;
         insert into public.workers (id, instance_type) values (8, 'gpu')",
    );
    let said = export_into(&bench, &database, "snapshot");
    assert!(
        said.contains("tasks: column `created_at` was timestamp with time zone, is bigint now"),
        "{said}"
    );
    let ids = bench.sql("snapshot", "select id, instance_type from workers order by id");
    assert_eq!(ids, [["7", "gpu"], ["8", "gpu"]]);
    let times = "select created_at, generation_created from tasks_versions order by _capture";
    assert_eq!(bench.sql("snapshot", times), [["2025-11-03 14:00:00.000000", ""], ["", ""]]);
    // a source whose times are none tells no oldest one, which is not to have no row
    let said = export_into(&bench, &database, "snapshot");
    assert!(said.contains("system_logs: 0 rows read, 0 new"), "{said}");
    assert!(!said.contains("no row of it any more"), "{said}");
    bench.run("verify", "snapshot", &[]).ok();
    bench.run("health", "snapshot", &[]).ok();
}

#[test]
fn an_id_that_stands_twice_and_a_log_that_was_emptied_are_told() {
    let database = database("drift_twice");
    database.sql(SCHEMA);
    database.sql(
        "alter table public.workers drop constraint workers_pkey cascade;
         insert into public.workers (id, instance_type) values ('w', 'gpu'), ('w', 'other');
         insert into public.system_logs (source_type, source_id, log_level, message)
           values ('worker', 'w', 'INFO', 'one')",
    );
    let bench = Bench::new();
    let said = export_into(&bench, &database, "snapshot");
    assert!(said.contains("workers: 1 rows repeat an id of another row"), "{said}");
    database.sql("truncate public.system_logs");
    let said = export_into(&bench, &database, "snapshot");
    assert!(said.contains("system_logs: the source has no row of it any more"), "{said}");
}
