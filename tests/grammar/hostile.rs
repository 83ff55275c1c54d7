//! What the fuzz target asks, of its seeds and of what grows out of them.

use std::fs;
use std::path::Path;

use backstory::grammar::head::head;
use backstory::grammar::matcher::Grammar;
use backstory::grammar::{entry, python};
use proptest::prelude::*;

use super::built_in;

fn seeds() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds/grammar");
    let files = fs::read_dir(folder).expect("the seeds of the fuzz target");
    let text = |path| fs::read_to_string(path).expect("a seed of UTF-8");
    files.map(|file| text(file.expect("a seed").path())).collect()
}

/// As tests/fuzz/fuzz_targets/grammar.rs.
fn survive(grammar: &Grammar, text: &str) {
    let line = head(text);
    for entry in grammar.entries() {
        let found = entry.pattern.find(line);
        assert_eq!(found, entry.pattern.find_by_regex(line), "{} on {line}", entry.template);
        assert!(entry.pattern.fits_up_to(line) <= line.len(), "{} on {line}", entry.template);
    }
    drop(python::parse(text));
    drop(entry::parse("fuzz.toml", text));
}

#[test]
fn the_seeds_of_the_fuzz_target_and_what_grows_from_them() {
    let grammar = built_in();
    let seeds = seeds();
    assert!(seeds.len() >= 6, "{} seeds", seeds.len());
    for seed in &seeds {
        survive(&grammar, seed);
        survive(&grammar, &seed.repeat(2_000));
    }
    let grown =
        prop::collection::vec((prop::sample::select(seeds), "\\PC{0,12}", 0..40_usize), 1..4);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(200));
    let all = runner.run(&grown, |parts| {
        let cut = |text: &str, at: usize| text.chars().skip(at).collect::<String>();
        let text: String = parts.iter().map(|(seed, more, at)| cut(seed, *at) + more).collect();
        survive(&grammar, &text);
        Ok(())
    });
    all.expect("no panic, and one answer");
}

#[test]
fn a_line_of_sixteen_megabytes_is_looked_at_by_its_beginning() {
    let grammar = built_in();
    let huge = "a ".repeat(8 << 20);
    assert_eq!(head(&huge).len(), 16_384);
    assert!(grammar.classify("worker", &huge).is_none());
    let kill = format!("WORKER_LIFECYCLE [Worker gpu-1] MARKING AS ERROR: {huge}");
    let found = grammar.classify("orchestrator_gpu", &kill).expect("it is a known line");
    assert_eq!(&*found.entry.id, "G113");
}
