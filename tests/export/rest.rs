//! `backstory export --rest` against a small PostgREST in front of a real PostgreSQL.

mod faults;
mod incremental;
mod pages;
mod same;

use std::sync::Arc;

use backstory::model::table::Table;
use backstory::snapshot::open::Snapshot;

use crate::export::{Home, Run};
use crate::support::postgres::{Database, database};
use crate::support::rest::{Rest, SERVICE_KEY};

const SCHEMA: &str = "
create table public.system_logs (id uuid primary key default gen_random_uuid(), timestamp timestamptz not null,
    source_type text, source_id text, log_level text, message text, metadata jsonb,
    task_id uuid, worker_id text);
create table public.workers (id text primary key, status text, created_at timestamptz,
    last_heartbeat timestamptz, metadata jsonb,
    instance_type text);
create table public.tasks (id uuid primary key default gen_random_uuid(), status text, params jsonb,
    created_at timestamptz, task_type text, worker_id text, generation_started_at timestamptz,
    generation_processed_at timestamptz, output_location text, generation_created boolean,
    updated_at timestamptz, attempts int, error_message text);";

/// A database of our tables, empty.
fn ready(name: &str) -> Arc<Database> {
    let database = database(name);
    database.sql(SCHEMA);
    Arc::new(database)
}

/// Adds so many log rows, two of each time, from two hours ago on.
fn fill(database: &Database, rows: usize) {
    database.sql(&format!(
        "insert into public.system_logs (timestamp, source_type, message)
         select date_trunc('second', now()) - interval '2 hours' + (n / 2) * interval '17.000001 s', 'worker',
                'line ' || n
         from generate_series(1, {rows}) n"
    ));
}

/// Exports an API into `<home>/snapshot`, with these further arguments.
fn export(home: &Home, rest: &Rest, more: &[&str]) -> Run {
    export_as(home, &rest.url(), SERVICE_KEY, more)
}

/// The same with another key.
fn export_as(home: &Home, url: &str, key: &str, more: &[&str]) -> Run {
    let dir = home.path().join("snapshot").display().to_string();
    let args = [&["--rest", url, "--snapshot", &dir, "--redact", "none"][..], more].concat();
    home.export(&args, &[("BACKSTORY_REST_KEY", key)])
}

/// Exports and expects it to work; returns what was said.
#[track_caller]
fn exported(home: &Home, rest: &Rest) -> String {
    let run = export(home, rest, &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.stderr
}

fn snapshot(home: &Home) -> Snapshot {
    let snapshot = Snapshot::open(&home.path().join("snapshot")).expect("a snapshot");
    snapshot.check_hashes().expect("whole files");
    snapshot
}

/// Every log row of the source is in the snapshot, once.
#[track_caller]
fn assert_whole(database: &Database, home: &Home) {
    let there = database.sql("select count(*) from public.system_logs");
    let kept = super::kept::kept(&snapshot(home), Table::SystemLogs, &["id", "message"]);
    assert_eq!(there.trim(), kept.len().to_string());
}
