//! A database that nothing else touches, and what undisturbed exports of it make: every disturbed one has
//! to come to the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::support::postgres::{Database, private};
use crate::support::proxy::{Fate, Proxy};
use crate::support::replayed::Bench;
use crate::support::run::Ran;
use crate::verify::read_all;

const SCHEMA: &str = "
create table public.system_logs (id uuid primary key, timestamp timestamptz not null, source_type text, message text,
    source_id text, metadata jsonb,
    task_id uuid, worker_id text);
create table public.workers (id text primary key, status text, created_at timestamptz,
    last_heartbeat timestamptz, metadata jsonb,
    instance_type text);
create table public.tasks (id uuid primary key, status text, attempts int, task_type text,
    created_at timestamptz, worker_id text, generation_started_at timestamptz, generation_processed_at timestamptz, output_location text, generation_created boolean,
    updated_at timestamptz, error_message text, params jsonb);
create table public.generations (id uuid primary key, type text, tasks jsonb);
create function id(kind text, n int) returns uuid return md5(kind || n)::uuid;";

/// Rows of both states: `$from..=$to` are new, and some tasks have changed.
const ROWS: &str = "
insert into public.system_logs select id('log', n), '2026-01-05 10:00+00'::timestamptz + n * interval '1 s',
    'worker', repeat(md5(n::text), 8) from generate_series($from, $to) n;
insert into public.workers select 'gpu-' || n, 'active' from generate_series($from / 100, $to / 100) n;
insert into public.tasks select id('task', n), 'Queued', 0 from generate_series($from, $to, 2) n;
update public.tasks set status = 'Complete', attempts = attempts + 1 where attempts = 0 and id::text > '8';";

/// The source, in its second state, with the snapshots of it.
pub(super) struct Source {
    pub(super) database: Database,
    pub(super) bench: Bench,
    /// After the first capture, taken of the first state.
    pub(super) first: BTreeMap<String, Vec<u8>>,
    /// After a second capture.
    pub(super) both: BTreeMap<String, Vec<u8>>,
    /// One capture of the second state.
    pub(super) whole: BTreeMap<String, Vec<u8>>,
}

impl Source {
    pub(super) fn new(name: &str, rows: usize) -> Self {
        let database = private(name);
        database.sql(SCHEMA);
        let add = |from: usize, to: usize| {
            let sql = ROWS.replace("$from", &from.to_string()).replace("$to", &to.to_string());
            database.sql(&sql);
        };
        let bench = Bench::new();
        let url = database.url();
        let exported = |snapshot: &str| {
            let ran = bench.run("export", snapshot, &["--db", &url]);
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            read_all(&bench.path(snapshot))
        };
        add(1_000, 1_000 + rows);
        let first = exported("s");
        add(2_000 + rows, 2_000 + 2 * rows);
        // a type of its own: the schemas of the captures differ
        database.sql("alter table public.workers add column note text");
        let (both, whole) = (exported("s"), exported("whole"));
        Self { database, bench, first, both, whole }
    }

    /// Puts a snapshot of the first capture there.
    pub(super) fn put_first(&self, snapshot: &str) -> PathBuf {
        let dir = self.bench.path(snapshot);
        for (path, bytes) in &self.first {
            let place = dir.join(path);
            fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
            fs::write(place, bytes).expect("a file");
        }
        dir
    }

    /// Exports through a network on which the first connections meet these fates.
    pub(super) fn export(&self, snapshot: &str, fates: Vec<Fate>, more: &[&str]) -> (Ran, Proxy) {
        let proxy = Proxy::new(self.database.port(), fates);
        let url = proxy.through(&self.database.url(), self.database.port());
        let args = [&["--db", &url, "--retry-wait", "1ms"][..], more].concat();
        (self.bench.run("export", snapshot, &args), proxy)
    }

    /// Whether a snapshot is what was asked for, byte for byte.
    #[track_caller]
    pub(super) fn assert_is(&self, snapshot: &str, want: &BTreeMap<String, Vec<u8>>, what: &str) {
        let found = read_all(&self.bench.path(snapshot));
        let names = found.keys().chain(want.keys()).collect::<std::collections::BTreeSet<_>>();
        let differ: Vec<_> =
            names.into_iter().filter(|name| found.get(*name) != want.get(*name)).collect();
        assert!(differ.is_empty(), "{what}: {differ:?} differ");
        assert_eq!(self.bench.run("verify", snapshot, &[]).code, 0, "{what}");
    }
}
