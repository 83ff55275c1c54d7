//! Files into an empty database: whole, or not at all.

use std::fs;
use std::io::Write;
use std::path::Path;

use backstory::export::load::{LoadStep, Loaded, load};
use backstory::export::load_error::LoadError;
use backstory::export::target::Target;
use backstory::model::table::Table;
use secrecy::SecretString;

use crate::support::postgres::{Database, PASSWORD, database};
use crate::support::replayed::{Bench, assert_same_files, case, tables, write_tables};

/// The orchestrator's tables with the columns of the cases; `json` keeps a text as it was written, which
/// `jsonb` does not.
const SCHEMA: &str = r#"
create type task_status as enum ('Queued', 'In Progress', 'Complete', 'Failed', 'Cancelled');
create table system_logs (
    id uuid primary key, "timestamp" timestamptz not null, source_type text, source_id text,
    log_level text, message text, task_id uuid, worker_id text, cycle_number integer, metadata json
);
create table workers (
    id text primary key, instance_type text, created_at timestamptz, last_heartbeat timestamptz,
    status text, metadata json
);
create table tasks (
    id uuid primary key, task_type text, params json, status task_status, output_location text,
    created_at timestamptz, updated_at timestamptz, project_id uuid,
    generation_processed_at timestamptz, generation_started_at timestamptz,
    worker_id text, generation_created boolean, attempts integer, error_message text
);
create table generations (
    id uuid primary key, tasks json, params json, location text, type text, created_at timestamptz
);
create table generation_variants (
    id uuid primary key, generation_id uuid, location text, params json, created_at timestamptz
);
create table task_types (
    id uuid primary key, name text, run_type text, category text, content_type text,
    is_active boolean, created_at timestamptz
);
"#;

fn target(database: &Database) -> Target {
    let url = SecretString::from(database.url());
    Target::resolve(Some(&url), None, &|_| None).expect("a target")
}

fn loaded(database: &Database, dir: &Path) -> Result<Vec<Loaded>, LoadError> {
    load(target(database), dir, SCHEMA, &mut |_| {})
}

/// The error of a load that must leave no table behind, as a person reads it.
fn refused(database: &Database, dir: &Path) -> String {
    let err = loaded(database, dir).expect_err("a refusal");
    let said = format!("{err}\nhint: {}", err.hint());
    assert!(!format!("{err:?}{said}").contains(PASSWORD), "a password in {said}");
    assert!(!has_tables(database), "a failed load left its tables");
    said
}

fn has_tables(database: &Database) -> bool {
    database.sql("select to_regclass('public.tasks') is not null").trim() == "t"
}

/// The files of a case with one of them changed.
fn changed(dir: &Path, table: &str, change: impl Fn(&str) -> String) {
    let mut files = tables(&case("task_missing_generation"));
    let text = files.get_mut(table).expect("a file of the case");
    let new = change(text);
    assert_ne!(*text, new, "{table} is as it was");
    *text = new;
    write_tables(dir, &files);
}

#[test]
fn what_was_loaded_and_exported_replays_to_the_same_bytes_as_the_files() {
    let (bench, database) = (Bench::new(), database("load_whole"));
    let files = case("task_missing_generation");
    let counts = loaded(&database, &files).expect("a load");
    assert_eq!(counts.iter().map(|one| one.table).collect::<Vec<_>>(), Table::ALL);
    for one in &counts {
        let there = database.sql(&format!("select count(*) from {}", one.table));
        assert_eq!(one.rows.to_string(), there.trim(), "{}", one.table);
        assert!(0 < one.rows || one.table == Table::GenerationVariants, "{} is empty", one.table);
    }
    bench.run("export", "exported", &["--db", &database.url()]).ok();
    bench.import(&files, "imported");
    for snapshot in ["exported", "imported"] {
        bench.run("replay", snapshot, &[]).ok();
    }
    assert_same_files(&bench.derived("exported"), &bench.derived("imported"), "loaded");
}

#[test]
fn a_large_gzipped_file_streams_in_and_is_analyzed() {
    let dir = tempfile::tempdir().expect("a directory");
    write_tables(dir.path(), &tables(&case("task_missing_generation")));
    let plain = dir.path().join("system_logs.csv");
    let mut text =
        fs::read_to_string(&plain).expect("a file").lines().next().expect("one").to_string();
    text.push('\n');
    for n in 0..30_000 {
        let said = "a \"\"quoted\"\"\nline, and more ".repeat(3);
        text.push_str(&format!(
            "00000000-0000-4000-9000-{n:012},2026-01-05 10:01:00+00,worker,w,INFO,\"{said}{n}\",,,,{{}}\n"
        ));
    }
    fs::remove_file(&plain).expect("a file");
    let file = fs::File::create(dir.path().join("system_logs.csv.gz")).expect("a file");
    let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gz.write_all(text.as_bytes()).expect("gzip");
    gz.finish().expect("gzip");

    let database = database("load_large");
    let mut steps = Vec::new();
    let counts = load(target(&database), dir.path(), SCHEMA, &mut |step| steps.push(step));
    assert_eq!(counts.expect("a load")[0], Loaded { table: Table::SystemLogs, rows: 30_000 });
    assert_eq!(steps[0], LoadStep::Begin(Table::SystemLogs));
    let sent: Vec<u64> = steps
        .iter()
        .filter_map(|s| if let LoadStep::Bytes(n) = s { Some(*n) } else { None })
        .collect();
    assert!(sent.contains(&(text.len() as u64)), "all bytes are told");
    assert!(10 < sent.len(), "it is sent in pieces: {}", sent.len());
    assert_eq!(database.sql("select sum(length(message)) > 2000000 from system_logs").trim(), "t");
    let known = "select reltuples from pg_class where relname = 'system_logs'";
    assert_eq!(database.sql(known).trim(), "30000");
}

#[test]
fn a_database_in_use_is_refused_and_left_alone() {
    let database = database("load_in_use");
    database.sql("create table workers (id text); insert into workers values ('w1')");
    let dir = case("task_missing_generation");
    insta::assert_snapshot!(refused(&database, &dir), @r#"
    `public.workers` holds rows already
    hint: nothing was changed: name an empty database, made with `createdb`
    "#);
    assert_eq!(database.sql("select count(*) from workers").trim(), "1");
    database.sql("delete from workers");
    insta::assert_snapshot!(refused(&database, &dir), @r#"
    something that the schema creates is there already
    hint: nothing was changed: name an empty database, made with `createdb`
    "#);
    database.sql("drop table workers");
    loaded(&database, &dir).expect("an empty database");
    let again = loaded(&database, &dir).expect_err("it is full now");
    assert!(matches!(again, LoadError::Occupied(Table::SystemLogs)), "{again}");
}

#[test]
fn a_bad_row_is_named_by_its_line_and_never_told() {
    let database = database("load_bad_row");
    let dir = tempfile::tempdir().expect("a directory");
    changed(dir.path(), "tasks", |text| text.replacen(",Complete,", ",Sekret-word,", 1));
    let said = refused(&database, dir.path());
    assert!(!said.contains("Sekret"), "{said}");
    insta::assert_snapshot!(said, @r#"
    tasks.csv, line 2: PostgreSQL refuses the row (SQLSTATE 22P02)
    hint: see the server's log for the value it refuses; nothing was changed
    "#);

    let twice = tempfile::tempdir().expect("a directory");
    changed(twice.path(), "workers", |text| {
        format!("{text}{}\n", text.lines().nth(1).expect("a worker"))
    });
    let said = refused(&database, twice.path());
    assert!(!said.contains("gpu-"), "{said}");
    insta::assert_snapshot!(said, @r#"
    workers.csv, line 3: PostgreSQL refuses the row (SQLSTATE 23505)
    hint: see the server's log for the value it refuses; nothing was changed
    "#);
}

#[test]
fn files_that_do_not_fit_the_schema_are_refused() {
    let database = database("load_misfit");
    let dir = tempfile::tempdir().expect("a directory");
    changed(dir.path(), "tasks", |text| text.replacen("attempts", "\"att\"\"empts\"", 1));
    insta::assert_snapshot!(refused(&database, dir.path()), @r#"
    `public.tasks` has no column `att"empts`, which tasks.csv has
    hint: files and schema are of two revisions; nothing was changed
    "#);
    let err = load(target(&database), dir.path(), "create table x (y nothing)", &mut |_| {});
    assert!(matches!(err, Err(LoadError::Schema(code)) if code == "42704"));
    let err = load(target(&database), dir.path(), "select 1", &mut |_| {});
    assert!(matches!(err, Err(LoadError::NoTable { table: Table::SystemLogs, .. })));
    fs::write(dir.path().join("task_types.ndjson"), "{}\n").expect("a file");
    fs::remove_file(dir.path().join("task_types.csv")).expect("a file");
    let err = loaded(&database, dir.path());
    assert!(matches!(err, Err(LoadError::NotCsv(file)) if file == "task_types.ndjson"));
    assert!(!has_tables(&database));
}

#[test]
fn a_role_that_may_not_write_is_told_so() {
    let database = database("load_forbidden");
    database.sql("drop role if exists load_reader; create role load_reader login password 'r'");
    let url = SecretString::from(database.url_as("load_reader", "r"));
    let target = Target::resolve(Some(&url), None, &|_| None).expect("a target");
    let err = load(target, &case("task_missing_generation"), SCHEMA, &mut |_| {});
    assert!(matches!(err, Err(LoadError::Forbidden)), "{err:?}");
}
