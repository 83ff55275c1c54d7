//! A lock of another session's that excludes reading: waited for aloud, and not for ever.

use std::thread;
use std::time::{Duration, Instant};

use crate::export::Home;
use crate::support::postgres::{Session, database};

const SCHEMA: &str = include_str!("schema.sql");

#[test]
fn a_lock_is_waited_for_and_whose_it_is_is_told() {
    let database = database("locked");
    database.sql(SCHEMA);
    let mut other = Session::open(&database);
    other.run("begin");
    other.run("lock table public.workers in access exclusive mode");
    let pid = database.sql(
        "select pid from pg_locks where mode = 'AccessExclusiveLock' and relation = 'public.workers'::regclass",
    );
    let home = Home::new();
    let begun = Instant::now();
    let run = thread::scope(|scope| {
        let export = scope.spawn(|| home.export_all(&database));
        thread::sleep(Duration::from_secs(7));
        assert!(!export.is_finished(), "it did not wait");
        other.run("commit");
        export.join().expect("an export")
    });
    let want = format!(
        "note: waiting for `public.workers`, on which another session holds a lock that excludes reading \
         (process {}, idle in transaction, its transaction open for ",
        pid.trim()
    );
    assert!(run.stderr.contains(&want), "{want}: {}", run.stderr);
    assert!(!run.stderr.contains("trying again"), "{}", run.stderr);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn whoever_locks_the_tables_the_other_way_round_is_not_ended_for_us() {
    let database = database("deadlock");
    database.sql(SCHEMA);
    let mut migration = Session::open(&database);
    migration.run("begin");
    migration.run("lock table public.workers in access exclusive mode");
    let home = Home::new();
    let run = thread::scope(|scope| {
        let export = scope.spawn(|| home.export_all(&database));
        thread::sleep(Duration::from_secs(2));
        assert!(!export.is_finished(), "it did not wait");
        // the export must not have this one locked while it waits for the other
        migration.run("lock table public.system_logs in access exclusive mode");
        migration.run("commit");
        export.join().expect("an export")
    });
    assert_eq!(run.code, 0, "{}", run.stderr);
}
