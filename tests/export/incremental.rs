//! Captures that ask only for what may be new: whatever the order in which transactions end, no row is missed
//! and none comes twice.

use std::collections::BTreeSet;

use backstory::model::table::Table;
use backstory::snapshot::open::Snapshot;

use super::{OPTIONS, export_into};
use crate::support::postgres::{Database, Session, database, private};
use crate::support::replayed::Bench;

const SCHEMA: &str = "
create table public.system_logs (id uuid primary key default gen_random_uuid(), timestamp timestamptz not null,
    source_type text, source_id text, log_level text, message text, metadata jsonb,
    task_id uuid, worker_id text);
create table public.workers (id text primary key, instance_type text, status text, created_at timestamptz,
    last_heartbeat timestamptz, metadata jsonb);
create table public.tasks (id uuid primary key, params jsonb, status text, task_type text, created_at timestamptz,
    worker_id text, generation_started_at timestamptz, generation_processed_at timestamptz, output_location text, generation_created boolean,
    updated_at timestamptz, attempts int, error_message text);
create function public.log(at timestamptz, said text) returns void language plpgsql as $$
begin
    -- each row in a subtransaction of its own, as the source's own function has it
    begin
        insert into public.system_logs (timestamp, message) values (at, said);
    exception when others then raise;
    end;
end $$;";

/// Adds a row, in a transaction of its own.
fn say(database: &Database, message: &str) {
    database.sql(&format!("select public.log(now(), '{message}')"));
}

/// The first column of an answer.
fn texts(bench: &Bench, snapshot: &str, query: &str) -> Vec<String> {
    let rows = bench.sql(snapshot, query);
    rows.into_iter().map(|row| row.into_iter().next().expect("a column")).collect()
}

/// Rows of the log: in the source, and in the snapshot; each once.
fn assert_whole(database: &Database, bench: &Bench, snapshot: &str) {
    let there = database.sql("select id from public.system_logs order by id");
    let there: BTreeSet<String> = there.lines().map(str::to_string).collect();
    let opened = Snapshot::open(&bench.path(snapshot)).expect("a snapshot");
    let kept = texts(bench, snapshot, "select id from system_logs_versions");
    let distinct: BTreeSet<String> = kept.iter().cloned().collect();
    assert_eq!(kept.len(), distinct.len(), "a row came twice");
    let missed: Vec<&String> = there.difference(&distinct).collect();
    assert!(missed.is_empty(), "missed: {missed:?}");
    opened.check_hashes().expect("whole files");
}

/// From which transaction on the last capture asked for log rows.
fn since(bench: &Bench, snapshot: &str) -> Option<u64> {
    let opened = Snapshot::open(&bench.path(snapshot)).expect("a snapshot");
    let last = opened.captures().last().expect("a capture");
    last.tables[Table::SystemLogs.name()].since_xid
}

#[test]
fn only_rows_that_may_be_new_are_read() {
    let database = database("incremental_new");
    database.sql(SCHEMA);
    for n in 0..50 {
        say(&database, &format!("line {n}"));
    }
    let bench = Bench::new();
    export_into(&bench, &database, "s");
    assert_eq!(since(&bench, "s"), None, "the first capture reads all");
    say(&database, "one more");
    let said = export_into(&bench, &database, "s");
    // another database's open transaction lets rows be read again, but not kept
    assert!(said.contains(" rows read, 1 new"), "{said}");
    assert!(since(&bench, "s").is_some());
    assert_whole(&database, &bench, "s");
    let said = export_into(&bench, &database, "s");
    assert!(
        said.lines().any(|line| line.starts_with("system_logs:") && line.ends_with(" 0 new")),
        "{said}"
    );
    let told = bench.run("captures", "s", &[]).ok();
    for said in [
        "c000001: every row of every table, as all of them stood at one instant; all log rows were asked for;",
        "c000002: every row of every table, as all of them stood at one instant; log rows of transactions from",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    // how far back the source reaches is known all the same
    let opened = Snapshot::open(&bench.path("s")).expect("a snapshot");
    let horizons: BTreeSet<_> =
        opened.captures().iter().map(|capture| capture.retention_horizon()).collect();
    assert_eq!(horizons.len(), 1);
    assert!(horizons.iter().all(Option::is_some));
}

#[test]
fn transactions_that_end_out_of_order_are_read() {
    let database = database("incremental_order");
    database.sql(SCHEMA);
    let bench = Bench::new();
    say(&database, "first");
    let mut early = Session::open(&database);
    early.run("begin; select public.log(now() - interval '3 days', 'early, dated back')");
    let mut late = Session::open(&database);
    late.run("begin; select public.log(now() + interval '1 day', 'late, dated forward')");
    late.run("commit");
    let mut lost = Session::open(&database);
    lost.run("begin; select public.log(now(), 'never')");
    export_into(&bench, &database, "s");
    say(&database, "between");
    export_into(&bench, &database, "s");
    early.run("savepoint a; select public.log(now(), 'undone'); rollback to a");
    early.run("select public.log(now(), 'in the same one'); commit");
    lost.run("rollback");
    export_into(&bench, &database, "s");
    assert_whole(&database, &bench, "s");
    let said: BTreeSet<String> =
        texts(&bench, "s", "select message from system_logs").into_iter().collect();
    assert!(said.contains("early, dated back"), "{said:?}");
    assert!(!said.contains("never") && !said.contains("undone"), "{said:?}");
}

#[test]
fn rows_in_the_gaps_of_a_large_table_are_read() {
    let database = database("incremental_gaps");
    database.sql(SCHEMA);
    database.sql(
        "insert into public.system_logs (timestamp, message)
           select now() - interval '1 h', repeat(md5(n::text), 60) from generate_series(1, 24000) n",
    );
    let bench = Bench::new();
    export_into(&bench, &database, "s");
    // room in two hundred places of fifty megabytes
    database.sql(
        "delete from public.system_logs where ctid in
           (select ctid from (select ctid, row_number() over () n from public.system_logs) t where n % 120 < 2)",
    );
    database.sql("vacuum public.system_logs");
    for rows in [300, 3_000] {
        database.sql(&format!(
            "insert into public.system_logs (timestamp, message)
               select now(), repeat(md5(n::text), 60) from generate_series(1, {rows}) n"
        ));
        let chunks = database.sql(
            "select count(distinct (ctid::text::point)[0]::int / 256) from public.system_logs
               where timestamp > now() - interval '30 min'",
        );
        assert!(chunks.trim().parse::<u32>().expect("a number") > 8, "no gaps: {chunks}");
        let said = export_into(&bench, &database, "s");
        assert!(said.contains(&format!("rows read, {rows} new")), "{said}");
        assert_whole(&database, &bench, "s");
    }
}

#[test]
fn rows_of_other_tables_that_nobody_wrote_are_taken_as_they_were() {
    let database = database("incremental_standing");
    database.sql(SCHEMA);
    database.sql(
        "create type public.state as enum ('Queued', 'Complete');
         alter table public.tasks alter column status type public.state using status::public.state;
         insert into public.tasks (id, status, created_at, params)
           select gen_random_uuid(), 'Queued', timestamptz '2026-01-05 10:00+00' + n * interval '1 s', '{\"a\": 1}'
           from generate_series(1, 100) n;
         insert into public.workers (id, status) values ('gpu-1', 'active'), ('gpu-2', 'active')",
    );
    let bench = Bench::new();
    let steps = [
        ("select", 0),
        (
            "update public.tasks set status = 'Complete' where created_at < '2026-01-05 10:00:06+00'",
            5,
        ),
        ("insert into public.tasks (id) values ('10000000-0000-0000-0000-000000000001')", 1),
        ("delete from public.tasks where created_at > '2026-01-05 10:01:00+00'", 0),
        // texts change with no row written; then those of all rows that have one
        ("alter type public.state rename value 'Queued' to 'Waiting'", 55),
        ("alter table public.tasks alter column params type text using upper(params::text)", 60),
        ("vacuum (full, freeze) public.tasks", 0),
    ];
    export_into(&bench, &database, "s");
    for (n, (step, new)) in steps.into_iter().enumerate() {
        database.sql(step);
        export_into(&bench, &database, "s");
        let fresh = format!("fresh{n}");
        export_into(&bench, &database, &fresh);
        let last = |snapshot: &str| {
            let opened = Snapshot::open(&bench.path(snapshot)).expect("a snapshot");
            opened.captures().last().expect("a capture").tables.clone()
        };
        let (ours, whole) = (last("s"), last(&fresh));
        assert_eq!(ours["tasks"].rows_new, new, "{step}");
        for table in ["tasks", "workers"] {
            let told = |of: &std::collections::BTreeMap<String, _>| {
                let held: &backstory::snapshot::manifest::TableCapture = &of[table];
                let (from, until) = (held.read_from.clone(), held.read_until.clone());
                (held.rows_read, held.digest.clone(), from, until)
            };
            assert_eq!(told(&ours), told(&whole), "{step}: {table}");
        }
        assert_eq!(ours["tasks"].disappeared.len(), if n < 3 { 0 } else { 40 }, "{step}");
    }
}

#[test]
fn upkeep_of_the_table_hides_no_row() {
    let database = database("incremental_upkeep");
    database.sql(SCHEMA);
    let bench = Bench::new();
    say(&database, "first");
    export_into(&bench, &database, "s");
    let steps = [
        ("vacuum (freeze) public.system_logs", None),
        ("vacuum full public.system_logs", None),
        ("update public.system_logs set message = message", None),
        (
            "alter table public.system_logs add column cycle_number int default 7",
            Some("its columns are not those of the capture before"),
        ),
        ("truncate public.system_logs", None),
        (
            "alter table public.system_logs rename to old; \
             create table public.system_logs (like public.old including all)",
            Some("the table was made anew"),
        ),
    ];
    for (n, (step, why)) in steps.into_iter().enumerate() {
        say(&database, &format!("before step {n}"));
        database.sql(step);
        say(&database, &format!("after step {n}"));
        let said = export_into(&bench, &database, "s");
        assert_whole(&database, &bench, "s");
        assert_eq!(since(&bench, "s").is_none(), why.is_some(), "{step}: {said}");
        assert!(why.is_none_or(|why| said.contains(why)), "{step}: {said}");
    }
}

#[test]
fn another_database_of_the_same_name_is_read_whole() {
    let first = database("incremental_other");
    first.sql(SCHEMA);
    say(&first, "of the first");
    let bench = Bench::new();
    export_into(&bench, &first, "s");
    let second = database("incremental_other_too");
    second.sql(SCHEMA);
    say(&second, "of the second");
    let said = export_into(&bench, &second, "s");
    assert!(said.contains("all rows are read and told apart by key"), "{said}");
    assert_whole(&second, &bench, "s");
    let url = second.url();
    let ran = bench.run("export", "s", &[&["--db", url.as_str()], OPTIONS].concat());
    let again = |line: &str| line.starts_with("system_logs:") && line.ends_with(" 0 new");
    assert!(ran.stderr.lines().any(again), "{}", ran.stderr);
}

#[test]
fn writers_at_work_meanwhile_lose_nothing() {
    let database = database("incremental_writers");
    database.sql(SCHEMA);
    let bench = Bench::new();
    // each transaction stays open for another while, and one of four is rolled back
    let script: String = (0..150)
        .map(|n| {
            let end = if n % 4 == 3 { "rollback" } else { "commit" };
            format!(
                "begin; select public.log(now(), 'a'); select pg_sleep({}); \
                 select public.log(now() - interval '1 hour', 'b'); {end};\n",
                f64::from((n * 7) % 11) / 1_000.0
            )
        })
        .collect();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4).map(|_| scope.spawn(|| database.sql(&script))).collect();
        while writers.iter().any(|writer| !writer.is_finished()) {
            export_into(&bench, &database, "s");
        }
    });
    export_into(&bench, &database, "s");
    assert_whole(&database, &bench, "s");
    let count = database.sql("select count(*) from public.system_logs");
    assert_eq!(count.trim(), "904", "of 600 transactions 452 end well, two rows each");
}

#[test]
fn a_server_that_was_put_back_to_its_past_is_read_whole() {
    let database = private("incremental_restored");
    database.sql(SCHEMA);
    say(&database, "one");
    let bench = Bench::new();
    export_into(&bench, &database, "s");
    // a directory that is put back tells by nothing but its start that it was away
    database.restart("-INT");
    say(&database, "two");
    let said = export_into(&bench, &database, "s");
    assert!(said.contains("started anew and may have been restored"), "{said}");
    assert_eq!(since(&bench, "s"), None);
    assert_whole(&database, &bench, "s");
    say(&database, "three");
    export_into(&bench, &database, "s");
    assert!(since(&bench, "s").is_some(), "the same start again");
    assert_whole(&database, &bench, "s");
}

#[test]
fn rows_that_become_visible_with_a_table_are_not_missed() {
    let database = database("incremental_heirs");
    database.sql(SCHEMA);
    say(&database, "one");
    database.sql(
        "create table public.archive (like public.system_logs including all);
         insert into public.archive (timestamp, message) select now(), 'old' from generate_series(1, 50);",
    );
    let bench = Bench::new();
    export_into(&bench, &database, "s");
    database.sql("alter table public.archive inherit public.system_logs");
    let said = export_into(&bench, &database, "s");
    assert!(said.contains("50 new"), "{said}");
    assert_whole(&database, &bench, "s");
}

#[test]
fn what_is_no_longer_as_it_was_is_said() {
    let database = database("incremental_losses");
    database.sql(SCHEMA);
    database.sql("insert into public.workers (id) values ('a'), ('b')");
    ["one", "two"].into_iter().for_each(|text| say(&database, text));
    let bench = Bench::new();
    let said = export_into(&bench, &database, "s");
    assert!(!said.contains("earlier capture"), "{said}");
    database.sql("update public.system_logs set message = 'rewritten' where message = 'one'");
    database.sql("delete from public.workers where id = 'a'");
    let said = export_into(&bench, &database, "s");
    assert!(
        said.contains("system_logs: 1 rows that an earlier capture holds have other"),
        "{said}"
    );
    assert!(said.contains("workers: rows that an earlier capture holds are gone: 1 ("), "{said}");
    database.sql("truncate public.system_logs");
    let said = export_into(&bench, &database, "s");
    assert!(said.contains("system_logs: the source has no row of it any more"), "{said}");
    assert!(!said.contains("are gone"), "that was said once: {said}");
    database.sql("delete from public.workers");
    let said = export_into(&bench, &database, "s");
    assert!(said.contains("workers: rows that an earlier capture holds are gone: 1 ("), "{said}");
}
