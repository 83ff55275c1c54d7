//! What a replay costs, step by step, on one thread and two; and one small fold, written by hand, as
//! DuckDB's window functions, over the same events. A simulated fleet; `BENCH_HOURS` changes its length,
//! `BENCH_SNAPSHOT` names a snapshot to be measured instead, `BENCH_PEERS=no` leaves the last part out.

#![allow(clippy::print_stdout)]

#[path = "replay/cost.rs"]
mod cost;
mod fleet;
#[path = "replay/peers.rs"]
mod peers;

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use backstory::derived;
use backstory::events;
use backstory::grammar::matcher::Grammar;
use backstory::replay::by_row::Weights;
use backstory::replay::lives::Lives;
use backstory::replay::numbers::Numbers;
use backstory::replay::seen::Seen;
use backstory::replay::task::world::Told;
use backstory::replay::{Replayed, replay};
use backstory::snapshot::open::Snapshot;
use backstory::spool::Spool;
use backstory::spool::pieces::in_pieces;

use crate::cost::{Cost, forget};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Done<T> = Result<T, Box<dyn Error + Send + Sync>>;

const RUNS: usize = 3;

fn main() -> Done<()> {
    println!("backstory {}, {}", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
    println!(
        "best of {RUNS}; a second is one of the clock, a core-second one that a core worked for us"
    );
    if let Some(dir) = std::env::var_os("BENCH_SNAPSHOT") {
        return measure(&Snapshot::open(Path::new(&dir))?);
    }
    let hours: f64 = std::env::var("BENCH_HOURS").ok().and_then(|h| h.parse().ok()).unwrap_or(40.0);
    let work = tempfile::tempdir()?;
    for hours in [hours, hours * 4.0] {
        let (_, snapshot) = fleet::snapshot(hours, work.path()).map_err(|err| err.to_string())?;
        measure(&snapshot)?;
    }
    Ok(())
}

/// What each step took.
struct Steps {
    read_cold: Cost,
    read: Cost,
    states: Cost,
    replay: Cost,
    others: Cost,
    written: Cost,
}

fn measure(snapshot: &Snapshot) -> Done<()> {
    let grammar = Grammar::built_in()?;
    let mut last = None;
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let mut steps = Steps {
            read_cold: Cost::NONE,
            read: Cost::NONE,
            states: Cost::NONE,
            replay: Cost::NONE,
            others: Cost::NONE,
            written: Cost::NONE,
        };
        for _ in 0..RUNS {
            // what another run left is given back before the next begins
            drop(last.take());
            let replayed = pool.install(|| once(snapshot, &grammar, &mut steps))?;
            last = Some(replayed);
        }
        last.iter().for_each(|replayed| report(threads, replayed, &steps));
    }
    match last {
        Some(_) if std::env::var("BENCH_PEERS").is_ok_and(|told| told == "no") => Ok(()),
        Some(replayed) => peers::compare(snapshot, &replayed.history),
        None => Ok(()),
    }
}

/// The whole way once, as threads of the pool.
fn once(snapshot: &Snapshot, grammar: &Grammar, steps: &mut Steps) -> Done<Replayed> {
    let spool = Spool::in_memory();
    forget(snapshot.dir())?;
    drop(steps.read_cold.least(|| events::read(snapshot, grammar, &spool))?);
    let history = steps.read.least(|| events::read(snapshot, grammar, &spool))?;
    let replayed = steps.replay.least(|| replay(history));
    // folded as they are written, one beside the other
    steps.others.least(|| {
        let mut workers = 0;
        rayon::join(
            || replayed.each_worker(|_| workers += 1),
            || replayed.decisions().for_each(|decision| drop(black_box(decision))),
        );
        black_box(workers)
    });
    // the same events, once more, into states of tasks and workers alone
    steps.states.least(|| {
        let history = &replayed.history;
        let numbers = Arc::new(Numbers::of(&history.facts));
        let (mut told, mut weighed) =
            (Told::new(&numbers), Weights::new(&history.events, &numbers));
        in_pieces(history.events.iter(), |piece| {
            rayon::join(
                || piece.iter().for_each(|event| told.see(Seen::lent(event))),
                || piece.iter().for_each(|event| weighed.see(Seen::lent(event))),
            );
        });
        let lives = Lives::of(history, &told, weighed);
        let mut workers = Vec::new();
        lives.each_worker(history, |worker| workers.push(worker));
        black_box((lives.tasks, workers));
    });
    steps.written.least(|| derived::write(snapshot, grammar.digest(), &replayed))?;
    Ok(replayed)
}

fn report(threads: usize, replayed: &Replayed, steps: &Steps) {
    let rows = replayed.history.tallies.values().map(|tally| tally.read).sum();
    let events = replayed.history.events.len() as u64;
    if threads == 1 {
        println!("\n{rows} log rows, {events} events");
    }
    println!("  {threads} threads, warm but where it says cold:");
    println!("    events to states of tasks and workers  {}", steps.states.rate(events));
    let timelines = steps.replay.and(steps.others);
    println!("    events to all timelines                {}", timelines.rate(events));
    println!("    timelines to derived tables, by events {}", steps.written.rate(events));
    println!("    rows to events                         {}", steps.read.rate(rows));
    println!("    rows to events, cold                   {}", steps.read_cold.rate(rows));
    println!(
        "    rows to all timelines, cold            {}",
        steps.read_cold.and(timelines).rate(rows)
    );
    let all = steps.read_cold.and(steps.replay).and(steps.written);
    println!("    rows to derived tables, cold           {}", all.rate(rows));
}
