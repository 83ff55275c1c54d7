//! What stands between: a transaction pooler, whose sessions are others' next, and a standby, which is behind.

use std::time::{Duration, Instant};

use backstory::model::table::Table;
use backstory::snapshot::manifest::Capture;
use backstory::snapshot::open::Snapshot;

use super::{Home, OPTIONS};
use crate::support::postgres::{Database, Pooler, database, private};
use crate::support::replayed::Bench;
use crate::support::told;

const SCHEMA: &str = "
create table public.system_logs (id uuid primary key default gen_random_uuid(), timestamp timestamptz not null,
    source_type text, source_id text, log_level text, message text, metadata jsonb,
    task_id uuid, worker_id text);
create table public.workers (id text primary key, instance_type text, status text, created_at timestamptz,
    last_heartbeat timestamptz, metadata jsonb);
create table public.tasks (id uuid primary key, params jsonb, status text, task_type text, created_at timestamptz,
    worker_id text, generation_started_at timestamptz, generation_processed_at timestamptz, output_location text, generation_created boolean,
    updated_at timestamptz, attempts int, error_message text);
insert into public.system_logs (timestamp, message)
    select now(), repeat('a line ', 100) from generate_series(1, 30000);";

const ONE_MORE: &str =
    "insert into public.system_logs (timestamp, message) values (now(), 'one more')";

/// What was said, and the capture.
fn exported(bench: &Bench, url: &str, jobs: &str) -> (String, Capture) {
    let ran = bench.run("export", "s", &[&["--db", url, "--jobs", jobs], OPTIONS].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let opened = Snapshot::open(&bench.path("s")).expect("a snapshot");
    opened.check_hashes().expect("whole files");
    (ran.stderr, opened.captures().last().expect("a capture").clone())
}

#[test]
fn a_transaction_pooler_is_told_of_and_left_as_it_was() {
    let database = database("pooled");
    database.sql(SCHEMA);
    let Some(pooler) = Pooler::start(&database) else {
        told("pooler: skipped, pgbouncer is not installed (Debian's package `pgbouncer`)");
        return;
    };
    let bench = Bench::new();
    let others = format!("{}?pgbouncer=true", pooler.url("pooled"));
    // what its one session is like for whoever comes next
    let session = "select name, setting from pg_settings where name in ('search_path', 'timezone', \
        'row_security', 'statement_timeout', 'lock_timeout', 'default_transaction_read_only', 'datestyle', \
        'client_encoding', 'idle_in_transaction_session_timeout') order by name; \
        select count(*) from pg_prepared_statements; select count(*) from pg_stat_activity \
        where state like 'idle in transaction%'";
    let before = database.sql_at(&pooler.url("pooled"), session);
    let (said, capture) = exported(&bench, &others, "3");
    assert!(said.contains("a transaction pooler: one connection"), "{said}");
    assert_eq!(capture.guarantee, "transactional_pooled");
    let listed = bench.run("captures", "s", &[]).ok();
    assert!(listed.contains("as long as the pooler leads to one server"), "{listed}");
    let logs = &capture.tables[Table::SystemLogs.name()];
    assert_eq!((logs.rows_new, logs.files.len()), (30_000, 1));
    assert_eq!(database.sql_at(&pooler.url("pooled"), session), before);
    // the session is as good as it was for those who write
    database.sql_at(&pooler.url("pooled"), ONE_MORE);
    let (_, capture) = exported(&bench, &others, "1");
    let logs = &capture.tables[Table::SystemLogs.name()];
    assert!(logs.since_xid.is_some());
    assert_eq!(logs.rows_new, 1);
    assert_eq!(database.sql_at(&pooler.url("pooled"), session), before);
}

#[test]
fn a_pooler_that_nobody_told_of_does_no_harm() {
    let database = database("pooled_unknown");
    database.sql(SCHEMA);
    let Some(pooler) = Pooler::start(&database) else {
        told("pooler: skipped, pgbouncer is not installed (Debian's package `pgbouncer`)");
        return;
    };
    let bench = Bench::new();
    exported(&bench, &pooler.url("pooled_unknown"), "1");
    let (_, capture) = exported(&bench, &database.url(), "1");
    assert_eq!(capture.tables[Table::SystemLogs.name()].rows_new, 0);
    database.sql_at(&pooler.url("pooled_unknown"), ONE_MORE);
}

#[test]
fn session_options_that_a_pooler_refuses_are_named_and_not_tried_again() {
    let database = database("pooled_options");
    database.sql(SCHEMA);
    let Some(pooler) = Pooler::start(&database) else {
        told("pooler: skipped, pgbouncer is not installed (Debian's package `pgbouncer`)");
        return;
    };
    let home = Home::new();
    let dir = home.path().join("s").display().to_string();
    let url = pooler.url("pooled_options");
    let env = [("BACKSTORY_DB", url.as_str()), ("PGOPTIONS", "-c row_security=off")];
    let run = home.export(&["--snapshot", &dir], &env);
    assert_eq!(run.code, 3, "{}", run.stderr);
    insta::assert_snapshot!(run.stderr, @r#"
        error: the server refuses the session options that were given (SQLSTATE 08P01)
        hint: unset PGOPTIONS, and leave `options` out of the URL: a pooler such as pgbouncer takes none
    "#);
}

#[test]
fn a_standby_is_told_of_and_loses_nothing() {
    let primary = private("standby");
    primary.sql(SCHEMA);
    let standby = primary.standby();
    caught_up(&standby, 30_000);
    let bench = Bench::new();
    let (said, capture) = exported(&bench, &standby.url(), "3");
    assert!(said.contains("a standby: it may be behind its primary"), "{said}");
    assert!(said.contains("one connection: a standby hands no snapshot on"), "{said}");
    assert_eq!(capture.guarantee, "transactional_standby");
    primary.sql(ONE_MORE);
    caught_up(&standby, 30_001);
    let (_, capture) = exported(&bench, &standby.url(), "1");
    let logs = &capture.tables[Table::SystemLogs.name()];
    assert!(logs.since_xid.is_some());
    assert_eq!(logs.rows_new, 1);
    // the primary goes on from there, and the standby from the primary
    primary.sql(ONE_MORE);
    let (_, capture) = exported(&bench, &primary.url(), "1");
    assert_eq!(capture.guarantee, "transactional");
    assert_eq!(capture.tables[Table::SystemLogs.name()].rows_new, 1);
    caught_up(&standby, 30_002);
    let (_, capture) = exported(&bench, &standby.url(), "1");
    assert_eq!(capture.tables[Table::SystemLogs.name()].rows_new, 0);
    assert_eq!(bench.sql("s", "select count(*) from system_logs")[0][0], "30002");
}

/// Waits until a standby shows so many rows.
fn caught_up(standby: &Database, rows: usize) {
    let begin = Instant::now();
    while standby.sql("select count(*) from public.system_logs").trim() != rows.to_string() {
        assert!(begin.elapsed() < Duration::from_secs(60), "the standby does not follow");
        std::thread::sleep(Duration::from_millis(50));
    }
}
