//! The same evidence gives the same bytes, whatever the threads and the order of the rows.

use std::path::Path;

use backstory::derived;
use backstory::events;
use backstory::grammar::matcher::Grammar;
use backstory::replay::replay;
use backstory::snapshot::open::Snapshot;
use backstory::spool::Spool;

use crate::support::replayed::{
    Bench, assert_same_files, case, incident, records, tables, write_tables,
};

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    same_for_threads(&case("worker_killed_while_healthy"));
    if let Some(folder) = incident("era_c_mixed", "determinism") {
        same_for_threads(&folder);
    }
}

#[test]
fn any_amount_of_memory_gives_the_same_bytes() {
    same_for_memory(&case("worker_killed_while_healthy"));
    for name in ["era_c_mixed", "stuck_and_orphans"] {
        if let Some(folder) = incident(name, "determinism") {
            same_for_memory(&folder);
        }
    }
}

#[test]
fn any_order_of_rows_gives_the_same_bytes() {
    same_for_orders(&case("worker_killed_while_healthy"), &[1, 2, 3, 4, 5, 6, 7, 8]);
    if let Some(folder) = incident("false_positive_ssh", "determinism") {
        same_for_orders(&folder, &[1]);
    }
}

#[test]
fn shuffling_moves_records_and_loses_none() {
    let text = "id,m\n1,a\n2,\"b\nb\"\n3,\"c\"\"\n\"\n4,d\n";
    let shuffled = shuffled(text, 7);
    assert_ne!(shuffled, text);
    let (mut a, mut b) = (records(text), records(&shuffled));
    assert_eq!((a.len(), a[0]), (5, b[0]));
    a.sort_unstable();
    b.sort_unstable();
    assert_eq!(a, b);
}

fn same_for_threads(evidence: &Path) {
    let bench = Bench::new();
    bench.import(evidence, "s");
    let derived = |threads: &str| {
        bench.run("replay", "s", &["--threads", threads]).ok();
        bench.derived("s")
    };
    let one = derived("1");
    for threads in ["2", "8"] {
        let what = format!("{} with {threads} threads", evidence.display());
        assert_same_files(&one, &derived(threads), &what);
    }
}

fn same_for_memory(evidence: &Path) {
    let bench = Bench::new();
    bench.import(evidence, "s");
    bench.run("replay", "s", &["--memory", "1000"]).ok();
    let all = bench.derived("s");
    bench.run("replay", "s", &["--memory", "1"]).ok();
    assert_same_files(&all, &bench.derived("s"), &format!("{} in 1 MB", evidence.display()));
    // so little that all of it goes through many files
    let snapshot = Snapshot::open(&bench.path("s")).expect("a snapshot");
    let grammar = Grammar::built_in().expect("a grammar");
    let spool = Spool::in_files(&bench.path("s"), 2_000);
    let history = events::read(&snapshot, &grammar, &spool).expect("a history");
    assert!(history.events.in_memory().is_none());
    derived::write(&snapshot, grammar.digest(), &replay(history)).expect("tables");
    assert_same_files(&all, &bench.derived("s"), &format!("{} in 2 kB", evidence.display()));
}

fn same_for_orders(evidence: &Path, seeds: &[u64]) {
    let bench = Bench::new();
    bench.replayed(evidence, "as_given");
    let expected = bench.derived("as_given");
    let given = tables(evidence);
    for seed in seeds {
        let name = format!("seed_{seed}");
        let moved = given.iter().map(|(name, text)| (name.clone(), shuffled(text, *seed)));
        let from = bench.path(&format!("from_{seed}"));
        write_tables(&from, &moved.collect());
        bench.replayed(&from, &name);
        let what = format!("{} shuffled with seed {seed}", evidence.display());
        assert_same_files(&expected, &bench.derived(&name), &what);
    }
}

/// The records of a CSV text in another order, the header first.
fn shuffled(text: &str, seed: u64) -> String {
    let mut records = records(text);
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for last in (2..records.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let other = 1 + (state % last as u64) as usize;
        records.swap(last, other);
    }
    records.concat()
}
