//! Two hundred seeds: small fleets of every era with every fault, replayed and scored against their
//! truth. Nothing false may be said of any of them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use backstory::model::state::GapCause;
use backstory::read::cell::Cell;
use backstory::read::database::Database;
use backstory::score::Score;
use backstory::score::floors::{Floor, Floors};
use backstory::score::truth::Truth;
use backstory::simulate::{self, Era, Fault, Plan};
use backstory::snapshot::open::Snapshot;

use crate::support::imported::replayed;

/// Seeds that CI runs; `BACKSTORY_SOAK_SEEDS=FROM..TO` runs others.
const SEEDS: (u64, u64) = (0, 200);
/// Fleets of which rows are lost: six of each era.
const HIDDEN_SEEDS: u64 = 18;
/// Enough for any query on so little evidence.
const LIMIT: Duration = Duration::from_secs(60);

/// A small fleet in which everything goes wrong that can, and all of it is told.
fn plan(seed: u64) -> Plan {
    let plan = hidden(seed);
    let faults = plan.faults.iter().copied().filter(|fault| !fault.hides_rows()).collect();
    Plan { faults, ..plan }
}

/// The same, and rows that tell of it are lost.
fn hidden(seed: u64) -> Plan {
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

/// Says something past the harness, which keeps what passing tests print to itself.
fn said(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// Simulates, imports, replays, asks and scores one fleet.
fn scored(plan: &Plan) -> Score {
    let root = tempfile::tempdir().expect("a temporary directory");
    scored_in(plan, root.path()).0
}

/// The same below a folder, with the snapshot.
fn scored_in(plan: &Plan, root: &Path) -> (Score, Snapshot) {
    let files = root.join("files");
    std::fs::create_dir(&files).expect("a new directory");
    simulate::run(plan, &files, &mut |_, _| {}).expect("a simulation");
    let snapshot = replayed(&files, root);
    let truth = Truth::open(&files.join("truth.json")).expect("a truth");
    (backstory::score::score(&truth, &snapshot, LIMIT).expect("a score"), snapshot)
}

#[test]
fn nothing_false_is_said_of_two_hundred_fleets() {
    let (from, to) = seeds();
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
                    let score = scored(&plan);
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
    said(&format!(
        "soak: seeds {from}..{to} in {:.0} s, {} shortfalls, worst live_agreement {:.4}",
        began.elapsed().as_secs_f64(),
        failed.len(),
        worst.into_inner().expect("no panic")
    ));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Fleets of which rows are lost as well: less is known of them, and still nothing false is said.
#[test]
fn every_cause_of_a_gap_is_shown_and_no_gap_is_invented() {
    let mut floors = Floors::of_any_fleet();
    // what stands in rows that are gone is not known
    floors.0.remove("task_states.live_agreement");
    floors.0.insert("outages.false_gaps".into(), Floor { max: Some(0.0), ..Floor::default() });
    let mut shown: BTreeMap<String, i64> = BTreeMap::new();
    let mut failed = Vec::new();
    for seed in 0..HIDDEN_SEEDS {
        let plan = hidden(seed);
        let root = tempfile::tempdir().expect("a temporary directory");
        let (score, snapshot) = scored_in(&plan, root.path());
        for text in score.shortfalls(&floors) {
            failed.push(format!("{text}: {:?}\n    {}", score.outages, command(&plan)));
        }
        let database = Database::open(&snapshot).expect("a database");
        let causes = "select why_not, count(*) from coverage where not could_reach group by 1";
        for row in database.query(causes, &[], LIMIT).expect("an answer").rows {
            let Cell::Int(count) = row[1] else { panic!("{row:?}") };
            *shown.entry(row[0].to_plain().unwrap_or_default()).or_default() += count;
        }
    }
    said(&format!("soak: stretches of {HIDDEN_SEEDS} fleets that could not reach us: {shown:?}"));
    let words = GapCause::ALL.iter().map(|cause| cause.name());
    let missing: Vec<&str> = words.filter(|word| !shown.contains_key(*word)).collect();
    assert_eq!(missing, Vec::<&str>::new());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_floors_of_the_soak_can_fail() {
    let mut plan = plan(0);
    plan.hours = 1.0;
    let mut score = scored(&plan);
    assert!(score.shortfalls(&Floors::of_any_fleet()).is_empty(), "{}", command(&plan));
    score.task_attempts.false_names = 1;
    score.task_states.live_agreement = Some(0.98);
    assert_eq!(score.shortfalls(&Floors::of_any_fleet()).len(), 2);
}

#[test]
fn a_day_without_faults_has_no_finding() {
    for era in Era::ALL {
        let plan = Plan { era, faults: Vec::new(), hours: 8.0, ..plan(3) };
        let score = scored(&plan);
        assert_eq!(score.findings_medium_or_worse, Default::default(), "{}", command(&plan));
        assert_eq!(score.outages.false_gaps, 0, "{}", command(&plan));
        assert!(score.task_states.same_sequence >= Some(0.99), "{:?}", score.task_states);
    }
}
