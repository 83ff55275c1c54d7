//! A replay after a new capture reads what is new, and ends with the bytes of a whole replay.

use std::fs;
use std::path::PathBuf;

use crate::support::growing::{UNTIL, capture, capture_of};
use crate::support::replayed::{Bench, assert_same_files, incident};

/// The recorded incident after two hours, after four, and whole (its data/README).
const UNTIL_RECORDED: [&str; 3] = ["2026-01-07 08:00", "2026-01-07 10:00", "9999"];

/// The files that replays keep for later ones.
fn checkpoints(bench: &Bench) -> Vec<PathBuf> {
    let folder = fs::read_dir(bench.path("s").join("checkpoints")).into_iter().flatten();
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

/// How many log rows a replay did not read again.
fn known(bench: &Bench) -> u64 {
    let said = bench.run("replay", "s", &[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let line = said.stderr.lines().find_map(|line| line.strip_prefix("of "));
    line.map_or(0, |line| line.split(' ').next().expect("a word").parse().expect("a count"))
}

fn whole_is_the_same(bench: &Bench, what: &str) {
    let made = bench.derived("s");
    drop(fs::remove_dir_all(bench.path("s").join("checkpoints")));
    assert_eq!(known(bench), 0, "{what}: nothing is kept");
    assert_same_files(&made, &bench.derived("s"), what);
}

#[test]
fn only_new_text_is_read_and_the_bytes_are_those_of_a_whole_replay() {
    let bench = Bench::new();
    for (n, until) in UNTIL.iter().enumerate() {
        capture(&bench, until, "s");
        known(&bench);
        whole_is_the_same(&bench, until);
        // what the whole replay kept serves the next one, but one capture alone is replayed once
        assert_eq!(checkpoints(&bench).len(), if n == 0 { 0 } else { n + 1 }, "{until}");
        let rows: u64 =
            bench.sql("s", "select count(*) from system_logs")[0][0].parse().expect("n");
        assert_eq!(known(&bench), if n == 0 { 0 } else { rows }, "{until}");
        whole_is_the_same(&bench, until);
    }
    let verified = bench.run("verify", "s", &[]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

#[test]
fn a_checkpoint_that_does_not_fit_is_made_anew() {
    let bench = Bench::new();
    UNTIL.iter().for_each(|until| capture(&bench, until, "s"));
    known(&bench);
    let all = known(&bench);
    let expected = bench.derived("s");
    let files = checkpoints(&bench);
    let good = fs::read(&files[1]).expect("a checkpoint");
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    let other = fs::read(&files[2]).expect("a checkpoint");
    for (damage, what) in [
        (flipped, "a flipped bit"),
        (good[..good.len() / 2].to_vec(), "cut"),
        (Vec::new(), "empty"),
        (other, "of another file"),
    ] {
        fs::write(&files[1], damage).expect("a damaged checkpoint");
        let left = known(&bench);
        assert!(0 < left && left < all, "{what}: {left} of {all} rows");
        assert_same_files(&expected, &bench.derived("s"), what);
        assert_eq!(fs::read(&files[1]).expect("a checkpoint"), good, "{what}");
    }
    // a grammar of other entries reads everything again
    let mine = bench.path("mine.toml");
    let entry = "source = \"orchestrator_gpu\"\n[[entry]]\nid = \"U1\"\neras = \"E3-\"\nlevels = [\"INFO\"]\n\
                 says_nothing = \"a test\"\npattern = \"a line of my own\"\n\
                 samples = [[\"a line of my own\"]]\n";
    fs::write(&mine, entry).expect("a grammar");
    let said = bench.run("replay", "s", &["--grammar", mine.to_str().expect("UTF-8")]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(!said.stderr.contains("an earlier replay"), "{}", said.stderr);
}

#[test]
fn a_recorded_incident_grows_to_the_same_bytes() {
    let Some(folder) = incident("stuck_and_orphans", "incremental") else { return };
    let bench = Bench::new();
    for until in UNTIL_RECORDED {
        capture_of(&bench, &folder, until, "s");
        known(&bench);
    }
    assert!(known(&bench) > 10_000);
    whole_is_the_same(&bench, "stuck_and_orphans in three captures");
}
