//! What the grammar costs: messages in memory against `RegexSet` and DuckDB, and rows from Parquet to
//! typed events. One thread, warm files, a simulated fleet; `BENCH_HOURS` changes its length,
//! `BENCH_ROWS_ONLY` leaves the first part out.

#![allow(clippy::print_stdout)]

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use backstory::events;
use backstory::grammar::head::head;
use backstory::grammar::matcher::Grammar;
use backstory::simulate::{self, Era, Fault, Plan};
use backstory::snapshot::open::Snapshot;
use backstory::spool::Spool;
use regex::RegexSet;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Done<T> = Result<T, Box<dyn Error>>;

/// Distinct messages that DuckDB is asked about: it takes long.
const DUCKDB_MESSAGES: usize = 2_000;

fn main() -> Done<()> {
    let hours: f64 = std::env::var("BENCH_HOURS").ok().and_then(|h| h.parse().ok()).unwrap_or(20.0);
    let work = tempfile::tempdir()?;
    println!("backstory {}, {}", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
    if std::env::var_os("BENCH_ROWS_ONLY").is_none() {
        for era in [Era::E4, Era::E6, Era::E12] {
            in_memory(era, hours, work.path())?;
        }
    }
    linear(hours, work.path())
}

fn simulated(era: Era, hours: f64, dir: &Path) -> Done<u64> {
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
    fs::create_dir_all(dir)?;
    Ok(simulate::run(&plan, dir, &mut |_, _| {})?.log_rows)
}

/// Source type and message of each row.
fn messages(dir: &Path) -> Done<Vec<(String, String)>> {
    let mut reader = csv::Reader::from_path(dir.join("system_logs.csv"))?;
    let mut found = Vec::new();
    for row in reader.records() {
        let row = row?;
        found.push((row[2].to_string(), row[5].to_string()));
    }
    Ok(found)
}

/// The best of three runs, in seconds: this machine is noisy, and noise only adds.
fn best(mut run: impl FnMut()) -> f64 {
    let times = (0..3).map(|_| {
        let begin = Instant::now();
        run();
        begin.elapsed().as_secs_f64()
    });
    times.fold(f64::MAX, f64::min)
}

fn in_memory(era: Era, hours: f64, work: &Path) -> Done<()> {
    let dir = work.join(era.name());
    simulated(era, hours, &dir)?;
    let all = messages(&dir)?;
    let mut seen = BTreeSet::new();
    let distinct: Vec<(String, String)> =
        all.iter().filter(|one| seen.insert(*one)).cloned().collect();
    let bytes: usize = distinct.iter().map(|(_, message)| message.len()).sum();
    let grammar = Grammar::built_in()?;
    let ours = best(|| {
        let known =
            distinct.iter().filter(|(source, message)| grammar.classify(source, message).is_some());
        black_box(known.count());
    });
    let count = distinct.len() as f64;
    println!(
        "\n{}: {} rows, {} distinct messages ({:.0} %), {} bytes each",
        era.name(),
        all.len(),
        distinct.len(),
        100.0 * count / all.len() as f64,
        bytes / distinct.len()
    );
    println!(
        "  classified with captures   {:>8.0} k distinct messages/s, 1.00 x",
        count / ours / 1e3
    );

    let sets = sets(&grammar)?;
    let regex_set = best(|| {
        let hits = distinct.iter().filter(|(source, message)| {
            sets.iter().any(|(name, set)| name == source && set.is_match(head(message)))
        });
        black_box(hits.count());
    });
    println!(
        "  RegexSet, no captures      {:>8.0} k distinct messages/s, {:.2} x our time",
        count / regex_set / 1e3,
        regex_set / ours
    );
    in_duckdb(&grammar, &distinct, ours / count)
}

fn sets(grammar: &Grammar) -> Done<Vec<(String, RegexSet)>> {
    let mut sources: Vec<&str> = grammar.entries().map(|entry| entry.source.as_str()).collect();
    sources.dedup();
    let set = |source: &str| -> Done<(String, RegexSet)> {
        let entries = grammar.entries().filter(|entry| entry.source == source);
        let regexes: Vec<&str> = entries.map(|entry| entry.pattern.regex()).collect();
        let set = regex::RegexSetBuilder::new(regexes).size_limit(1 << 30).build()?;
        Ok((source.to_string(), set))
    };
    sources.into_iter().map(set).collect()
}

/// The patterns of the GPU orchestrator over some of its messages, as SQL would ask.
fn in_duckdb(grammar: &Grammar, distinct: &[(String, String)], ours: f64) -> Done<()> {
    let source = "orchestrator_gpu";
    let entries = grammar.entries().filter(|entry| entry.source == source);
    let asked: Vec<&str> = entries.map(|entry| entry.pattern.regex()).collect();
    let of_source = distinct.iter().filter(|(name, _)| name == source);
    let step = (of_source.clone().count() / DUCKDB_MESSAGES).max(1);
    let some: Vec<&str> = of_source.step_by(step).map(|(_, message)| head(message)).collect();
    let connection = duckdb::Connection::open_in_memory()?;
    connection.execute_batch("set threads = 1; create table m(message text)")?;
    {
        let mut rows = connection.appender("m")?;
        for message in &some {
            rows.append_row([message])?;
        }
    }
    let clauses: Vec<String> = asked
        .iter()
        .map(|regex| {
            format!("when regexp_matches(message, '{}') then 1", regex.replace('\'', "''"))
        })
        .collect();
    let sql = format!("select sum(case {} else 0 end) from m", clauses.join(" "));
    let begin = Instant::now();
    let known: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
    let each = begin.elapsed().as_secs_f64() / some.len() as f64;
    println!(
        "  DuckDB regexp_matches      {:>8.1} k distinct messages/s, {:.0} x our time ({known} of {} messages, {} patterns, 1 thread)",
        1e-3 / each,
        each / ours,
        some.len(),
        asked.len()
    );
    Ok(())
}

/// From Parquet to typed events: a fleet, and one ten times as long.
fn linear(hours: f64, work: &Path) -> Done<()> {
    println!("\nfrom Parquet to typed events, E6, one thread, warm:");
    let mut times = Vec::new();
    for hours in [hours, hours * 10.0] {
        let (dir, snapshot) = (work.join(format!("e6-{hours}")), work.join(format!("s-{hours}")));
        let rows = simulated(Era::E6, hours, &dir)?;
        let import = Command::new(env!("CARGO_BIN_EXE_backstory"))
            .args(["import", "--redact", "none", "--from"])
            .arg(&dir)
            .arg("--snapshot")
            .arg(&snapshot)
            .env("XDG_CONFIG_HOME", work)
            .output()?;
        if !import.status.success() {
            return Err(String::from_utf8_lossy(&import.stderr).into());
        }
        fs::remove_dir_all(&dir)?;
        let (snapshot, grammar) = (Snapshot::open(&snapshot)?, Grammar::built_in()?);
        let (mut made, mut time) = (0, f64::MAX);
        for _ in 0..3 {
            let begin = Instant::now();
            let history = events::read(&snapshot, &grammar, &Spool::in_memory())?;
            time = time.min(begin.elapsed().as_secs_f64());
            made = history.events.len();
        }
        println!("  {rows:>9} rows  {:>7.0} k rows/s, {made} events", rows as f64 / time / 1e3);
        times.push((rows as f64, time));
    }
    let [(few, short), (many, long)] = times[..] else { return Ok(()) };
    println!("  {:.1} x the rows take {:.1} x the time", many / few, long / short);
    Ok(())
}
