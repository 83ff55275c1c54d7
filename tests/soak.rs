//! Two hundred seeds: small fleets of every era with every fault, replayed and scored against their
//! truth. Nothing false may be said of any of them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use backstory::derived;
use backstory::events;
use backstory::grammar::matcher::Grammar;
use backstory::replay::replay;
use backstory::score::Score;
use backstory::score::floors::Floors;
use backstory::score::truth::Truth;
use backstory::simulate::{self, Era, Fault, Plan};
use backstory::snapshot::open::Snapshot;

use crate::support::imported::import;

/// Seeds that CI runs; `BACKSTORY_SOAK_SEEDS=FROM..TO` runs others.
const SEEDS: (u64, u64) = (0, 200);
/// Enough for any query on so little evidence.
const LIMIT: Duration = Duration::from_secs(60);

/// A small fleet in which everything goes wrong that can.
fn plan(seed: u64) -> Plan {
    let era = Era::ALL[(seed % 3) as usize];
    let faults = Fault::ALL.iter().map(|(fault, _)| *fault).filter(|fault| fault.is_of(era));
    Plan {
        era,
        workers: 5,
        hours: 3.0,
        seed,
        tasks_per_hour: 60.0,
        faults: faults.collect(),
        hours_between: 4.0,
    }
}

/// The same fleet on the command line.
fn command(plan: &Plan) -> String {
    format!(
        "backstory simulate --out DIR --era {} --workers {} --hours {} --tasks-per-hour {} --seed {}",
        plan.era.name(),
        plan.workers,
        plan.hours,
        plan.tasks_per_hour,
        plan.seed
    )
}

fn seeds() -> (u64, u64) {
    let given = std::env::var("BACKSTORY_SOAK_SEEDS").ok();
    let parsed = given.as_deref().map(|text| {
        let (from, to) = text.split_once("..").expect("BACKSTORY_SOAK_SEEDS=FROM..TO");
        (from.parse().expect("a number"), to.parse().expect("a number"))
    });
    parsed.unwrap_or(SEEDS)
}

/// Simulates, imports, replays, asks and scores one fleet.
fn scored(plan: &Plan, grammar: &Grammar) -> Score {
    let root = tempfile::tempdir().expect("a temporary directory");
    let files = root.path().join("files");
    std::fs::create_dir(&files).expect("a new directory");
    simulate::run(plan, &files, &mut |_, _| {}).expect("a simulation");
    let snapshot = import(&files, root.path());
    rebuild(&snapshot, grammar);
    let truth = Truth::open(&files.join("truth.json")).expect("a truth");
    backstory::score::score(&truth, &snapshot, LIMIT).expect("a score")
}

fn rebuild(snapshot: &Snapshot, grammar: &Grammar) {
    let history = events::read(snapshot, grammar).expect("a history");
    derived::write(snapshot, grammar.digest(), &replay(history)).expect("derived tables");
}

#[test]
fn nothing_false_is_said_of_two_hundred_fleets() {
    let (from, to) = seeds();
    let grammar = Grammar::built_in().expect("the built-in grammar");
    let floors = Floors::of_any_fleet();
    let (next, failed) = (AtomicU64::new(from), Mutex::new(Vec::new()));
    let worst = Mutex::new(1.0_f64);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= to {
                        break;
                    }
                    let plan = plan(seed);
                    let score = scored(&plan, &grammar);
                    let live = score.task_states.live_agreement.unwrap_or(1.0);
                    let mut worst = worst.lock().expect("no panic");
                    *worst = worst.min(live);
                    for text in score.shortfalls(&floors) {
                        failed
                            .lock()
                            .expect("no panic")
                            .push(format!("{text}\n    {}", command(&plan)));
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().expect("no panic");
    failed.sort();
    eprintln!(
        "soak: seeds {from}..{to} in {:.0} s, {} shortfalls, worst live_agreement {:.4}",
        began.elapsed().as_secs_f64(),
        failed.len(),
        worst.into_inner().expect("no panic")
    );
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_floors_of_the_soak_can_fail() {
    let grammar = Grammar::built_in().expect("the built-in grammar");
    let mut plan = plan(0);
    plan.hours = 1.0;
    let mut score = scored(&plan, &grammar);
    assert!(score.shortfalls(&Floors::of_any_fleet()).is_empty(), "{}", command(&plan));
    score.task_attempts.false_names = 1;
    score.task_states.live_agreement = Some(0.98);
    assert_eq!(score.shortfalls(&Floors::of_any_fleet()).len(), 2);
}

#[test]
fn a_day_without_faults_has_no_finding() {
    let grammar = Grammar::built_in().expect("the built-in grammar");
    for era in Era::ALL {
        let plan = Plan { era, faults: Vec::new(), hours: 8.0, ..plan(3) };
        let score = scored(&plan, &grammar);
        assert_eq!(score.findings_medium_or_worse, Default::default(), "{}", command(&plan));
        assert_eq!(score.outages.false_gaps, 0, "{}", command(&plan));
        assert!(score.task_states.same_sequence >= Some(0.99), "{:?}", score.task_states);
    }
}
