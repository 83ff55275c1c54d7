//! What a replay costs: events to timelines in memory, and rows to derived tables, on one core and two;
//! beside it a fold of the tasks' events into states by DuckDB's window functions. A simulated fleet, warm
//! files; `BENCH_HOURS` changes its length.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use backstory::derived;
use backstory::events;
use backstory::grammar::matcher::Grammar;
use backstory::replay::replay;
use backstory::simulate::{self, Era, Fault, Plan};
use backstory::snapshot::open::Snapshot;
use backstory::spool::Spool;

type Done<T> = Result<T, Box<dyn Error>>;

const RUNS: usize = 3;

/// States of tasks, from the events that move them; of repeats the first counts.
const WINDOWS: &str = "with moves as (\
    select task_id, happened_at, event_id, case \
        when kind in ('task_created', 'task_reset_listed') then 'queued' \
        when kind in ('task_claimed', 'task_claim_recorded') then 'in_progress' \
        when kind = 'task_completed' then 'complete' when kind = 'task_failed' then 'failed' \
        when kind = 'task_cancelled' then 'cancelled' end as state \
    from read_parquet('EVENTS') where task_id is not null), \
    changed as (select *, lag(state) over (partition by task_id order by happened_at, event_id) as before \
        from moves where state is not null) \
    select count(*) from (select task_id, state, happened_at as entered_at, \
        lead(happened_at) over (partition by task_id order by happened_at, event_id) as left_at \
        from changed where before is distinct from state)";

fn main() -> Done<()> {
    let hours: f64 = std::env::var("BENCH_HOURS").ok().and_then(|h| h.parse().ok()).unwrap_or(40.0);
    let work = tempfile::tempdir()?;
    println!("backstory {}, {}, E6, warm", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
    for hours in [hours, hours * 4.0] {
        measure(hours, work.path())?;
    }
    Ok(())
}

fn measure(hours: f64, work: &Path) -> Done<()> {
    let (rows, snapshot) = snapshot(hours, work)?;
    let grammar = Grammar::built_in()?;
    println!("\n{rows} log rows");
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let (mut warm, mut cold, mut made) = (f64::MAX, f64::MAX, 0);
        for _ in 0..RUNS {
            let begin = Instant::now();
            let history = events::read(&snapshot, &grammar, &Spool::in_memory())?;
            let read = begin.elapsed().as_secs_f64();
            made = history.events.len();
            let begin = Instant::now();
            let replayed = pool.install(|| replay(history));
            let folded = begin.elapsed().as_secs_f64();
            // workers and decisions are folded again as they are written
            let again = Instant::now();
            let mut workers = 0;
            pool.install(|| replayed.each_worker(|_| workers += 1));
            replayed.decisions().for_each(drop);
            let warm_too = again.elapsed().as_secs_f64();
            let begin = Instant::now();
            derived::write(&snapshot, grammar.digest(), &replayed)?;
            warm = warm.min(folded + warm_too);
            cold = cold.min(read + folded + begin.elapsed().as_secs_f64());
        }
        println!(
            "  {threads} threads: {made} events to all timelines {:>6.2} M events/s; rows to derived tables {:>5.0} k rows/s",
            made as f64 / warm / 1e6,
            rows as f64 / cold / 1e3
        );
    }
    windows(&snapshot)
}

fn windows(snapshot: &Snapshot) -> Done<()> {
    let file = snapshot.dir().join("derived/events/events.parquet");
    let sql = WINDOWS.replace("EVENTS", &file.display().to_string());
    let connection = duckdb::Connection::open_in_memory()?;
    connection.execute_batch("set threads = 1")?;
    let (mut best, mut states) = (f64::MAX, 0i64);
    for _ in 0..RUNS {
        let begin = Instant::now();
        states = connection.query_row(&sql, [], |row| row.get(0))?;
        best = best.min(begin.elapsed().as_secs_f64());
    }
    let count = format!("select count(*) from read_parquet('{}')", file.display());
    let events: i64 = connection.query_row(&count, [], |row| row.get(0))?;
    println!(
        "  DuckDB windows, 1 thread, task states alone, from Parquet: {:>6.2} M events/s ({states} states)",
        events as f64 / best / 1e6
    );
    Ok(())
}

fn snapshot(hours: f64, work: &Path) -> Done<(u64, Snapshot)> {
    let (from, to) = (work.join(format!("f-{hours}")), work.join(format!("s-{hours}")));
    let era = Era::E6;
    let plan = Plan {
        era,
        workers: 8,
        hours,
        seed: 1,
        tasks_per_hour: 64.0,
        faults: Fault::ALL
            .iter()
            .map(|(fault, _)| *fault)
            .filter(|f| f.is_of(era) && !f.hides_rows())
            .collect(),
        hours_between: 4.0,
    };
    std::fs::create_dir_all(&from)?;
    let rows = simulate::run(&plan, &from, &mut |_, _| {})?.log_rows;
    let import = Command::new(env!("CARGO_BIN_EXE_backstory"))
        .args(["import", "--redact", "none", "--from"])
        .arg(&from)
        .arg("--snapshot")
        .arg(&to)
        .env("XDG_CONFIG_HOME", work)
        .output()?;
    if !import.status.success() {
        return Err(String::from_utf8_lossy(&import.stderr).into());
    }
    std::fs::remove_dir_all(&from)?;
    Ok((rows, Snapshot::open(&to)?))
}
