//! `export --every`: it goes on by itself, tells what it cannot mend, and loses nothing when it is killed.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use backstory::snapshot::open::Snapshot;

use crate::export::{Bench, OPTIONS};
use crate::support::postgres::database;
use crate::support::run::spawn;

const SCHEMA: &str = "
create table public.system_logs (id uuid primary key default gen_random_uuid(), timestamp timestamptz not null,
    source_type text, message text, source_id text, metadata jsonb,
    task_id uuid, worker_id text);
create table public.workers (id text primary key, status text, created_at timestamptz,
    last_heartbeat timestamptz, metadata jsonb,
    instance_type text);
create table public.tasks (id uuid primary key, status text, task_type text, created_at timestamptz, worker_id text,
    generation_started_at timestamptz, generation_processed_at timestamptz, output_location text, generation_created boolean,
    updated_at timestamptz, attempts int, error_message text, params jsonb);";

/// Waits until something holds, at most for half a minute.
pub(super) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(30), "not in time: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Killed at the end of the test, however that comes.
pub(super) struct Running(pub(super) Child);

impl Running {
    /// A watcher of a database, into the snapshot `s`.
    fn watcher(bench: &Bench, url: &str) -> Self {
        let dir = bench.path("s");
        let dir = dir.to_str().expect("UTF-8");
        let args = ["export", "--db", url, "--snapshot", dir, "--every", "5s"];
        Self(spawn(&bench.path("config"), &[&args[..], OPTIONS].concat()))
    }

    /// Sends a signal.
    pub(super) fn signal(&self, signal: &str) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill runs").success());
    }

    /// Sends a signal, waits for the end and returns the exit code.
    pub(super) fn signalled(&mut self, signal: &str) -> Option<i32> {
        self.signal(signal);
        self.0.wait().expect("it ends").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Buffers that come and go take a quarter more memory in huge pages.
#[cfg(target_os = "linux")]
fn assert_small_pages(running: &Running) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.0.id()));
    let status = status.expect("a process that runs");
    assert!(status.contains("THP_enabled:\t0"), "{status}");
}

#[cfg(not(target_os = "linux"))]
fn assert_small_pages(_: &Running) {}

#[test]
fn captures_follow_until_someone_stops_it() {
    let database = database("every");
    database.sql(SCHEMA);
    let bench = Bench::new();
    let (url, dir) = (database.url(), bench.path("s"));
    let running = Running::watcher(&bench, &url);
    let captures = || Snapshot::open(&dir).map_or(0, |snapshot| snapshot.captures().len());
    wait_until("a first capture", || captures() >= 1);
    assert_small_pages(&running);
    database.sql("insert into public.system_logs (timestamp, message) values (now(), 'one')");
    let before = captures();
    wait_until("two more captures", || captures() >= before + 2);
    drop(running);
    let snapshot = Snapshot::open(&dir).expect("a snapshot that is whole");
    snapshot.check_hashes().expect("whole files");
    let new: u64 =
        snapshot.captures().iter().map(|capture| capture.tables["system_logs"].rows_new).sum();
    assert_eq!(new, 1, "the row was captured once");
}

#[test]
fn what_others_mend_is_waited_for_once_there_was_a_capture() {
    let database = database("every_mended");
    database.sql(SCHEMA);
    let bench = Bench::new();
    let (url, dir) = (database.url(), bench.path("s"));
    let mut running = Running::watcher(&bench, &url);
    let captures = || Snapshot::open(&dir).map_or(0, |snapshot| snapshot.captures().len());
    wait_until("a first capture", || captures() >= 1);
    let mut goes_on_after = |what: &str, mended: &dyn Fn()| {
        let before = captures();
        // long enough for an attempt, whenever the last one was
        std::thread::sleep(Duration::from_secs(8));
        assert!(captures() <= before + 1, "{what}: it captures on");
        assert!(running.0.try_wait().expect("a child").is_none(), "{what}: it has ended");
        let before = captures();
        mended();
        wait_until(what, || captures() > before);
    };
    database.sql("alter table public.workers rename to workers_old");
    let back = || drop(database.sql("alter table public.workers_old rename to workers"));
    goes_on_after("a table that is back", &back);
    let lock = std::fs::File::open(dir.join(".lock")).expect("the lock of the snapshot");
    while lock.try_lock().is_err() {
        std::thread::sleep(Duration::from_millis(20));
    }
    goes_on_after("a snapshot that nobody else writes to", &|| lock.unlock().expect("unlocked"));
    let away = bench.path("away");
    std::fs::rename(&dir, &away).expect("moved");
    goes_on_after("a snapshot that is back", &|| std::fs::rename(&away, &dir).expect("moved"));
}

#[test]
fn what_cannot_pass_ends_it_and_wrong_times_are_refused() {
    let database = database("every_ends");
    database.sql(SCHEMA);
    let bench = Bench::new();
    let url = database.url_as("postgres", "wrong");
    let ran = bench.run("export", "s", &["--db", &url, "--every", "5s"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("refused the user name or the password"), "{}", ran.stderr);
    for (option, wrong, words) in
        [("--every", "1ms", "give 5s or more"), ("--retention-at", "24", "0 to 23; midnight is 0")]
    {
        let ran = bench.run("export", "s", &["--db", &url, option, wrong]);
        assert_eq!(ran.code, 2, "{wrong}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{wrong}: {}", ran.stderr);
    }
    for wrong in ["0s", "6", "soon"] {
        let ran = bench.run("export", "s", &["--db", &url, "--every", wrong]);
        assert_eq!(ran.code, 2, "{wrong}: {}", ran.stderr);
        assert!(ran.stderr.contains("such as 6h, 90m"), "{wrong}: {}", ran.stderr);
    }
}

#[test]
fn times_that_are_none_do_not_count_for_the_retention() {
    // without a zone it is UTC
    for (name, kind) in [("every_odd_times", "timestamptz"), ("every_no_zone", "timestamp")] {
        let database = database(name);
        database.sql(SCHEMA);
        database.sql(&format!(
            "set timezone = 'UTC'; alter table public.system_logs alter timestamp type {kind};
             insert into public.system_logs (timestamp, message) values ('2026-01-05 10:00:00+00', 'x'),
               ('0044-03-15 00:00:00+00 BC', 'x'), ('-infinity', 'x'), ('infinity', 'x')"
        ));
        let (bench, url) = (Bench::new(), database.url());
        // read whole, and what came since
        for capture in 1..=2 {
            let ran = bench.run("export", "s", &[&["--db", url.as_str()], OPTIONS].concat());
            let want = "oldest log line at the source: 2026-01-05T10:00:00.000000Z, deleted there at 2026-01-08T03";
            assert!(ran.stderr.contains(want), "{kind}, capture {capture}: {}", ran.stderr);
        }
    }
}

#[test]
fn retention_is_told_and_silence_is_no_loss() {
    let database = database("every_hole");
    database.sql(SCHEMA);
    let say = |at: &str| {
        database.sql(&format!(
            "insert into public.system_logs (timestamp, message) values ({at}, 'x')"
        ));
    };
    say("'2026-01-05 10:00:00+00'");
    let bench = Bench::new();
    let url = database.url();
    let args =
        [&["--db", url.as_str(), "--retention", "6", "--retention-at", "0"][..], OPTIONS].concat();
    let ran = bench.run("export", "s", &args);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("deleted there at 2026-01-06T00:00:00"), "{}", ran.stderr);
    database.sql("truncate public.system_logs");
    say("'2026-01-09 10:00:00+00'");
    let ran = bench.run("export", "s", &args);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    // a line since the capture before could not have been deleted yet: silence is no loss
    assert!(!ran.stderr.contains("deleted before"), "{}", ran.stderr);
}
