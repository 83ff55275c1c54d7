//! What a verb costs at the terminal: the whole process, from its start to its last byte, on a large snapshot
//! that is replayed, beside one question over the same Parquet files in plain DuckDB. A simulated fleet;
//! `BENCH_HOURS` changes its length, `BENCH_RUNS` the number of runs.

#![allow(clippy::print_stdout)]

mod fleet;

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use backstory::read::database::Database;
use backstory::snapshot::open::Snapshot;

type Done<T> = Result<T, Box<dyn Error>>;

/// Of a verb's runs, the first of which fills the caches and is not counted.
const RUNS: usize = 7;
/// The goals of a verb at a million lines, and of a start.
const GOAL_MS: f64 = 150.0;
const START_GOAL_MS: f64 = 30.0;

fn main() -> Done<()> {
    // `cargo test --benches` only wants to know that it starts
    if std::env::args().any(|arg| arg == "--test") {
        return Ok(());
    }
    let hours: f64 =
        std::env::var("BENCH_HOURS").ok().and_then(|h| h.parse().ok()).unwrap_or(140.0);
    let work = tempfile::tempdir()?;
    let (rows, snapshot) = fleet::snapshot(hours, work.path())?;
    let dir = snapshot.dir().to_path_buf();
    let replayed = Command::new(env!("CARGO_BIN_EXE_backstory"))
        .args(["replay", "--snapshot"])
        .arg(&dir)
        .env("XDG_CONFIG_HOME", work.path())
        .output()?;
    if !replayed.status.success() {
        return Err(String::from_utf8_lossy(&replayed.stderr).into());
    }
    println!("{rows} log rows, E6; DuckDB 1.5.6; wall time of the process, median of {RUNS}, warm");
    let (task, worker) = subjects(&snapshot)?;
    println!("  {:7.1} ms  --version (goal {START_GOAL_MS})", timed(work.path(), &["--version"])?);
    let dir = dir.to_str().ok_or("a path that is no text")?;
    for verb in verbs(&task, &worker) {
        let args = [&verb[..], &["--snapshot", dir]].concat();
        let first = once(work.path(), &args)?;
        let median = timed(work.path(), &args)?;
        let reached = if median <= GOAL_MS { "" } else { "  above the goal of 150" };
        println!("  {median:7.1} ms  {}  (the first {first:.0}){reached}", verb.join(" "));
    }
    plain(&snapshot, &task, &worker)
}

/// Each verb as it is typed.
fn verbs<'a>(task: &'a str, worker: &'a str) -> Vec<Vec<&'a str>> {
    vec![
        vec!["task", task],
        vec!["task", task, "--logs-only"],
        vec!["worker", worker],
        vec!["worker", worker, "--check-logging"],
        vec!["worker", worker, "--startup"],
        vec!["worker", worker, "--logs-only"],
        vec!["tasks"],
        vec!["workers"],
        vec!["health"],
        vec!["orchestrator"],
        vec!["config", "--explain"],
        vec!["pods"],
        vec!["window", "2026-01-13T08:00", "2026-01-13T08:30"],
        vec!["timeline", "--task", task],
        vec!["timeline", "--worker", worker],
        vec!["timeline", "--fleet"],
        vec!["task", task, "--as-of", "2026-01-14T00:00"],
        vec!["health", "--as-of", "2026-01-14T00:00"],
        vec!["explain", task],
    ]
}

/// A task that was claimed more than once, and the worker that had most, both of the first day.
fn subjects(snapshot: &Snapshot) -> Done<(String, String)> {
    let database = Database::open(snapshot)?;
    let one = |sql: &str| -> Done<String> {
        let rows = database.query(sql, &[], std::time::Duration::from_secs(60))?.rows;
        let cell = rows.first().and_then(|row| row.first()).and_then(|cell| cell.to_plain());
        Ok(cell.ok_or("nothing to ask about")?)
    };
    let task = one("select task_id from task_attempts group by 1 having min(claimed_at) < \
                    (select min(claimed_at) + interval 1 day from task_attempts) \
                    order by count(*) desc, 1 limit 1")?;
    let worker = one(
        "select worker_id from task_attempts join worker_states using (worker_id) group by 1 \
                      having min(claimed_at) < (select min(claimed_at) + interval 1 day from task_attempts) \
                      order by count(*) desc, 1 limit 1",
    )?;
    Ok((task, worker))
}

/// Milliseconds of one run.
fn once(config: &Path, args: &[&str]) -> Done<f64> {
    let begin = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_backstory"))
        .args(args)
        .env("XDG_CONFIG_HOME", config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if !status.success() {
        return Err(format!("{args:?} ended with {status}").into());
    }
    Ok(begin.elapsed().as_secs_f64() * 1e3)
}

/// The median of several.
fn timed(config: &Path, args: &[&str]) -> Done<f64> {
    let runs = std::env::var("BENCH_RUNS").ok().and_then(|n| n.parse().ok()).unwrap_or(RUNS);
    let mut times = (0..runs.max(1)).map(|_| once(config, args)).collect::<Done<Vec<f64>>>()?;
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// One question each over the raw lines of the same file, as one would ask without us: no process is started for
/// it, and it answers with lines, not with what they mean.
fn plain(snapshot: &Snapshot, task: &str, worker: &str) -> Done<()> {
    let file = snapshot.dir().join("system_logs").join("*.parquet");
    let from = format!("read_parquet('{}')", file.display());
    println!("  plain DuckDB over the same Parquet (a connection each, no process):");
    for (name, sql) in [
        ("lines of a task by its column", format!("select * from {from} where task_id = '{task}'")),
        (
            "lines that mention it",
            format!(
                "select * from {from} where task_id = '{task}' or message like '%{}%'",
                &task[..8]
            ),
        ),
        (
            "lines that mention a worker",
            format!(
                "select * from {from} where worker_id = '{worker}' or message like '%{worker}%'"
            ),
        ),
        (
            "lines of half an hour",
            format!(
                "select * from {from} where timestamp >= timestamp '2026-01-13 08:00' \
                 and timestamp < timestamp '2026-01-13 08:30'"
            ),
        ),
    ] {
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let begin = Instant::now();
            let connection = duckdb::Connection::open_in_memory()?;
            let mut statement = connection.prepare(&sql)?;
            let rows: usize = statement.query_arrow([])?.map(|batch| batch.num_rows()).sum();
            times.push((begin.elapsed().as_secs_f64() * 1e3, rows));
        }
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (median, rows) = times[times.len() / 2];
        println!("  {median:7.1} ms  {name} ({rows} lines)");
    }
    Ok(())
}
