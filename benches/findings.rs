//! What the whole library of questions costs on a large snapshot, beside the same sort of question written
//! over the raw log lines in plain DuckDB, as one would without us. A simulated fleet; `BENCH_HOURS` changes
//! its length.

#![allow(clippy::print_stdout)]

mod fleet;

use std::error::Error;
use std::time::{Duration, Instant};

use backstory::derived;
use backstory::events;
use backstory::findings::catalogue::{self, Query};
use backstory::findings::run::{answer, ask};
use backstory::grammar::matcher::Grammar;
use backstory::read::database::Database;
use backstory::replay::replay;
use backstory::snapshot::open::Snapshot;
use backstory::spool::Spool;

type Done<T> = Result<T, Box<dyn Error>>;

const RUNS: usize = 3;
const SPOOL_BYTES: usize = 256 << 20;
const LIMIT: Duration = Duration::from_secs(600);
/// Queries named with their time: the slowest.
const SLOWEST: usize = 10;

/// Questions as they are typed over raw lines: who was marked, who was reset, what was claimed and never
/// finished, whose heartbeat was old, what was claimed twice, who failed in a row.
const RAW: [(&str, &str); 6] = [
    (
        "kills after an SSH failure",
        "select a.worker, a.at from (select regexp_extract(message, 'Worker ([^\\]]+)\\] MARKING AS ERROR', 1) \
         as worker, timestamp as at from system_logs where message like '%MARKING AS ERROR%') a join (select \
         regexp_extract(message, 'Worker ([^\\]]+)\\].*not accessible', 1) as worker, timestamp as at from \
         system_logs where message like '%SSH port not accessible%') b on a.worker = b.worker and b.at between \
         a.at - interval 60 seconds and a.at",
    ),
    (
        "tasks that were reset",
        "select regexp_extract_all(message, '[0-9a-f-]{36}') from system_logs where message like \
         '%Reset%orphaned%' or message like '%Reset stale%'",
    ),
    (
        "claims without an end",
        "select task_id from system_logs where message like 'Task claimed successfully%' and task_id not in \
         (select task_id from system_logs where task_id is not null and (message like '%completed successfully%' \
         or message like '%Finished task%'))",
    ),
    (
        "old heartbeats",
        "select regexp_extract(message, 'Worker ([^\\]]+)', 1), max(try_cast(regexp_extract(message, \
         '\\(([0-9.]+)s old', 1) as double)) from system_logs where message like '%heartbeat%s old%' group by 1",
    ),
    (
        "claimed twice",
        "select task_id, count(*) from system_logs where message like 'Task claimed successfully%' group by 1 \
         having count(*) > 1",
    ),
    (
        "failures of workers",
        "select worker_id, count(*) from system_logs where source_type = 'worker' and message like \
         '%Success: False%' group by 1",
    ),
];

fn main() -> Done<()> {
    let hours: f64 =
        std::env::var("BENCH_HOURS").ok().and_then(|h| h.parse().ok()).unwrap_or(140.0);
    let work = tempfile::tempdir()?;
    let (rows, snapshot) = fleet::snapshot(hours, work.path())?;
    let grammar = Grammar::built_in()?;
    let spool = Spool::in_files(snapshot.dir(), SPOOL_BYTES);
    derived::write(
        &snapshot,
        grammar.digest(),
        &replay(events::read(&snapshot, &grammar, &spool)?),
    )?;
    println!("backstory {}, E6, {rows} log rows, warm, best of {RUNS}", env!("CARGO_PKG_VERSION"));
    let queries = catalogue::all()?;
    let (mut opened, mut asked, mut found) = (f64::MAX, f64::MAX, 0);
    for _ in 0..RUNS {
        let begin = Instant::now();
        let database = Database::open_for_many(&snapshot, None)?;
        opened = opened.min(begin.elapsed().as_secs_f64());
        let begin = Instant::now();
        found = ask(&database, &queries, LIMIT)?.whole()?.found.len();
        asked = asked.min(begin.elapsed().as_secs_f64());
    }
    println!(
        "  {} questions: {asked:.2} s, and {opened:.2} s to open ({found} findings)",
        queries.len()
    );
    slowest(&snapshot, &queries)?;
    raw(&snapshot, asked / queries.len() as f64)
}

/// The questions one after the other, to see which cost most.
fn slowest(snapshot: &Snapshot, queries: &[Query]) -> Done<()> {
    let database = Database::open(snapshot)?;
    let mut times = Vec::new();
    for query in queries {
        let begin = Instant::now();
        let found = answer(&database, query, LIMIT)?.len();
        times.push((begin.elapsed().as_secs_f64(), query.header.id.as_str(), found));
    }
    times.sort_by(|a, b| b.0.total_cmp(&a.0));
    let all: f64 = times.iter().map(|(time, _, _)| time).sum();
    println!("  one after the other: {all:.2} s; the slowest:");
    for (time, id, found) in times.iter().take(SLOWEST) {
        println!("    {:7.1} ms  {id} ({found})", time * 1e3);
    }
    Ok(())
}

fn raw(snapshot: &Snapshot, ours: f64) -> Done<()> {
    let database = Database::open(snapshot)?;
    println!(
        "  over raw lines, with LIKE and regular expressions (ours: {:.1} ms each):",
        ours * 1e3
    );
    for (name, sql) in RAW {
        let mut best = f64::MAX;
        for _ in 0..RUNS {
            let begin = Instant::now();
            database.query(sql, &[], LIMIT)?;
            best = best.min(begin.elapsed().as_secs_f64());
        }
        println!("    {:7.1} ms  {name} ({:.1} of ours)", best * 1e3, best / ours);
    }
    Ok(())
}
