//! Several connections read what one reads, at the instant of the first.

use backstory::model::table::Table;
use backstory::snapshot::manifest::TableCapture;
use backstory::snapshot::open::Snapshot;

use super::OPTIONS;
use crate::support::postgres::{Database, database};
use crate::support::replayed::Bench;

/// A log of some forty megabytes, with holes where rows were deleted.
const SCHEMA: &str = "
create table public.system_logs (id uuid primary key default gen_random_uuid(), timestamp timestamptz not null,
    source_type text, source_id text, log_level text, message text, metadata jsonb,
    task_id uuid, worker_id text);
create table public.workers (id text primary key, instance_type text, status text, created_at timestamptz,
    last_heartbeat timestamptz, metadata jsonb);
create table public.tasks (id uuid primary key, params jsonb, status text, task_type text, created_at timestamptz,
    worker_id text, generation_started_at timestamptz, generation_processed_at timestamptz, output_location text, generation_created boolean,
    updated_at timestamptz, attempts int, error_message text);
insert into public.tasks values (gen_random_uuid(), '{}');
insert into public.system_logs (timestamp, source_type, source_id, log_level, message, metadata)
    select timestamptz '2026-01-12 10:00+00' + n * interval '1 s', 'worker', 'gpu-' || n % 7, 'INFO',
        'line ' || n || repeat(' and more', 50), jsonb_build_object('n', n)
    from generate_series(1, 70000) n;
delete from public.system_logs where timestamp < timestamptz '2026-01-12 13:00+00';";

fn exported(bench: &Bench, database: &Database, snapshot: &str, jobs: &str) -> TableCapture {
    let url = database.url();
    let options = [&["--db", url.as_str(), "--jobs", jobs], OPTIONS].concat();
    let ran = bench.run("export", snapshot, &options);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let opened = Snapshot::open(&bench.path(snapshot)).expect("a snapshot");
    opened.check_hashes().expect("whole files");
    let last = opened.captures().last().expect("a capture");
    last.tables[Table::SystemLogs.name()].clone()
}

#[test]
fn several_connections_read_what_one_reads() {
    let database = database("jobs");
    database.sql(SCHEMA);
    let bench = Bench::new();
    let one = exported(&bench, &database, "one", "1");
    let three = exported(&bench, &database, "three", "3");
    assert_eq!((one.files.len(), three.files.len()), (1, 3));
    assert!(three.files.iter().all(|file| file.rows > 0), "{:?}", three.files);
    assert_eq!(three, TableCapture { files: three.files.clone(), ..one });
    let rows = |snapshot: &str| {
        bench.sql(snapshot, "select id, _xid, _row_hash, message from system_logs order by id")
    };
    assert_eq!(rows("one"), rows("three"));
    // what comes later is asked for as after a capture over one connection
    database.sql("insert into public.system_logs (timestamp, message) values (now(), 'new')");
    let next = exported(&bench, &database, "three", "3");
    assert!(next.since_xid.is_some());
    assert_eq!((next.rows_new, next.files.len()), (1, 1));
}

#[test]
fn a_part_that_fails_fails_the_whole() {
    let database = database("jobs_refused");
    database.sql(SCHEMA);
    database.sql(&format!(
        "create role jobs_one login password '{p}' connection limit 1;
         grant pg_read_all_data to jobs_one",
        p = crate::support::postgres::PASSWORD
    ));
    let bench = Bench::new();
    let url = database.url_as("jobs_one", crate::support::postgres::PASSWORD);
    let args = ["--db", url.as_str(), "--jobs", "3", "--retries", "0"];
    let ran = bench.run("export", "s", &[&args, OPTIONS].concat());
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("takes no connection now"), "{}", ran.stderr);
    assert!(Snapshot::open(&bench.path("s")).is_err(), "no half of a capture");
    assert!(!bench.path("s").join("system_logs").exists(), "nothing is left behind");
}

#[test]
fn the_number_of_connections_is_a_number() {
    let bench = Bench::new();
    for jobs in ["0", "33", "two"] {
        let ran = bench.run("export", "s", &["--db", "postgres://localhost/x", "--jobs", jobs]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
    }
}
