//! What a person meets when the command or the snapshot is not what it should be.

use std::fs;
use std::path::PathBuf;

use crate::support::files::walk;
use crate::support::replayed::{Bench, case};
use crate::support::run::{Ran, backstory};
use crate::verify::read_all;

#[test]
fn help_lists_the_verbs() {
    let bench = Bench::new();
    let said = backstory(&bench.path("config"), &["--help"]).ok();
    for verb in ["export", "import", "replay", "findings", "sql"] {
        let line = said.lines().find(|line| line.trim_start().starts_with(verb));
        let about = line.and_then(|line| line.split_once(verb)).map(|(_, about)| about.trim());
        assert!(about.is_some_and(|about| !about.is_empty()), "{verb}: {said}");
    }
}

#[test]
fn no_verb_and_an_unknown_verb_are_typed_wrongly() {
    let bench = Bench::new();
    for args in [&[][..], &["rewind"], &["replay", "--threads", "many"]] {
        assert_eq!(backstory(&bench.path("config"), args).code, 2, "{args:?}");
    }
}

#[test]
fn a_directory_that_is_no_snapshot() {
    let bench = Bench::new();
    fs::create_dir(bench.path("s")).expect("a directory");
    let said = refused(&bench, bench.run("replay", "s", &[]));
    insta::assert_snapshot!(said, @r"
    error: SNAPSHOT is not a snapshot: it has no manifest.json
    hint: make one with `backstory import --from DIR --snapshot DIR` or `backstory export`
    ");
}

#[test]
fn a_snapshot_that_lost_its_manifest_is_not_written_over() {
    let bench = imported();
    fs::remove_file(bench.path("s").join("manifest.json")).expect("a manifest");
    let files = || read_all(&bench.path("s"));
    let before = files();
    let said = refused(&bench, bench.run("findings", "s", &[]));
    insta::assert_snapshot!(said, @r"
    error: SNAPSHOT has lost its manifest.json: the files of a snapshot are there
    hint: put manifest.json back from a copy of the snapshot: nothing else says which files belong to it; a new export or import goes into another directory
    ");
    let from = case("worker_killed_while_healthy");
    let from = from.to_str().expect("UTF-8");
    let ran = bench.run("import", "s", &["--from", from]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    // the same where it had been replayed
    fs::create_dir(bench.path("s").join("derived")).expect("a directory");
    let ran = bench.run("import", "s", &["--from", from]);
    assert!(
        refused(&bench, ran).contains("hint: put manifest.json back"),
        "what to do is not told"
    );
    assert!(files() == before, "the import touched the evidence");
    let ran = bench.run("verify", "s", &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(ran.code, 4);
    assert_eq!(json["faults"][0]["file"], "manifest.json");
    assert_eq!(json["faults"][0]["kind"], "missing");
}

#[test]
fn a_snapshot_that_lost_a_capture_file() {
    let bench = imported();
    fs::remove_file(bench.path("s").join("captures/c000001.json")).expect("a capture");
    let said = refused(&bench, bench.run("findings", "s", &[]));
    assert!(said.starts_with("error: SNAPSHOT/captures/c000001.json is missing"), "{said}");
    assert!(said.contains("`backstory verify` names all that did; restore them"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn output_onto_a_full_disk() {
    let bench = imported();
    let full = fs::File::create("/dev/full").expect("the full device");
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_backstory"))
        .args(["captures", "--format", "json", "--snapshot"])
        .arg(bench.path("s"))
        .stdout(full)
        .output()
        .expect("the binary");
    let said = String::from_utf8(ran.stderr).expect("UTF-8");
    assert_eq!(ran.status.code(), Some(2), "{said}");
    assert!(said.contains("hint: the disk is full"), "{said}");
}

#[test]
fn a_snapshot_of_a_newer_format() {
    let bench = imported();
    let path = bench.path("s").join("manifest.json");
    let text = fs::read_to_string(&path).expect("a manifest");
    assert!(text.contains("\"format\": 1,"), "{text}");
    fs::write(&path, text.replace("\"format\": 1,", "\"format\": 2,")).expect("a manifest");
    let said = refused(&bench, bench.run("replay", "s", &[]));
    insta::assert_snapshot!(said, @r"
    error: SNAPSHOT has snapshot format 2; this build reads up to 1
    hint: read it with a newer backstory
    ");
}

#[test]
fn a_truncated_parquet_file() {
    let bench = imported();
    let path = log_rows(&bench);
    let bytes = fs::read(&path).expect("a file");
    fs::write(&path, &bytes[..bytes.len() - 1]).expect("a file");
    for verb in [&["replay"][..], &["findings"], &["sql", "select 1"]] {
        let said = refused(&bench, bench.run(verb[0], "s", &verb[1..]));
        assert!(said.contains(" bytes but has "), "{verb:?}: {said}");
        assert!(said.contains("\nhint: "), "{verb:?}: {said}");
    }
}

#[test]
fn a_damaged_capture_file() {
    let bench = imported();
    let path = bench.path("s").join("captures").join("c000001.json");
    let text = fs::read_to_string(&path).expect("a capture");
    fs::write(&path, text.replacen("as_given", "AS_given", 1)).expect("a capture");
    let said = refused(&bench, bench.run("replay", "s", &[]));
    insta::assert_snapshot!(said, @r"
    error: SNAPSHOT/captures/c000001.json does not have the content that was written (BLAKE3 differs)
    hint: the files changed after they were written: `backstory verify` names all that did; restore them, or export or import again into a new directory
    ");
}

#[test]
fn a_manifest_that_is_not_json() {
    let bench = imported();
    fs::write(bench.path("s").join("manifest.json"), "{").expect("a manifest");
    let said = refused(&bench, bench.run("replay", "s", &[]));
    insta::assert_snapshot!(said, @r"
    error: SNAPSHOT/manifest.json is damaged: EOF while parsing an object at line 1 column 1
    hint: the files changed after they were written: `backstory verify` names all that did; restore them, or export or import again into a new directory
    ");
}

#[test]
fn replay_finds_a_flipped_byte_anywhere_in_a_parquet_file() {
    let bench = imported();
    let path = log_rows(&bench);
    let bytes = fs::read(&path).expect("a file");
    for at in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        fs::write(&path, flipped).expect("a file");
        let said = refused(&bench, bench.run("replay", "s", &[]));
        assert!(said.contains("BLAKE3 differs"), "byte {at}: {said}");
        assert!(said.contains("\nhint: "), "byte {at}: {said}");
        assert!(!bench.path("s").join("derived").exists(), "byte {at}: it was replayed");
    }
    fs::write(&path, bytes).expect("a file");
    bench.run("replay", "s", &[]).ok();
}

/// What was replayed before is asked without a look at the hashes of the evidence: the engine stumbles over the
/// bytes, and knows neither the file nor what is wrong with it.
#[test]
fn a_question_that_stumbles_over_damaged_evidence_names_the_file() {
    let bench = imported();
    bench.run("replay", "s", &[]).ok();
    let path = bench.path("s").join("workers/c000001-0001.parquet");
    let whole = fs::read(&path).expect("a file");
    let mut flipped = whole.clone();
    flipped[4..120].iter_mut().for_each(|byte| *byte ^= 0xff);
    fs::write(&path, flipped).expect("a file");
    for (verb, more) in [
        ("health", &[][..]),
        ("workers", &[]),
        ("sql", &["select * from workers"]),
        ("explain", &["gpu-"]),
    ] {
        let said = refused(&bench, bench.run(verb, "s", more));
        let named = "error: SNAPSHOT/workers/c000001-0001.parquet does not have the content";
        assert!(said.contains(named) && said.contains("backstory verify"), "{verb}: {said}");
    }
    let ran = bench.run("findings", "s", &[]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    // of sound evidence a question may break, too: by itself
    fs::write(&path, whole).expect("a file");
    let ran = bench.run("sql", "s", &["select strptime(id, '%Y') from workers"]);
    assert_eq!(ran.code, 5, "{}", ran.stderr);
}

/// A snapshot `s`, not replayed.
fn imported() -> Bench {
    let bench = Bench::new();
    bench.import(&case("worker_killed_while_healthy"), "s");
    bench
}

fn log_rows(bench: &Bench) -> PathBuf {
    let mut files = Vec::new();
    walk(&bench.path("s"), &mut files);
    let is_log = |path: &PathBuf| {
        let text = path.display().to_string();
        text.contains("system_logs") && text.ends_with(".parquet")
    };
    files.into_iter().find(is_log).expect("log rows in a file")
}

/// What a refused snapshot is told with, its place left out.
#[track_caller]
fn refused(bench: &Bench, ran: Ran) -> String {
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert_eq!(ran.stdout, "", "no data comes from a damaged snapshot");
    ran.stderr.replace(&bench.path("s").display().to_string(), "SNAPSHOT")
}

#[test]
fn a_missing_evidence_file_is_named_as_missing() {
    let bench = imported();
    fs::remove_file(log_rows(&bench)).expect("a file");
    let said = refused(&bench, bench.run("findings", "s", &[]));
    assert!(said.contains(" is missing"), "{said}");
}

#[test]
fn a_changed_derived_table_is_never_answered_from() {
    let bench = imported();
    let healthy = bench.run("findings", "s", &["--format", "json"]).ok();
    assert!(healthy.contains("confirmed"), "{healthy}");
    let derived = bench.path("s").join("derived");
    fs::copy(
        derived.join("worker_liveness/worker_liveness.parquet"),
        derived.join("worker_ends/worker_ends.parquet"),
    )
    .expect("a file");
    assert_eq!(bench.run("findings", "s", &["--format", "json"]).ok(), healthy);
}

/// A table that was hashed and not touched since is not read again; one that was touched is, whatever it says of
/// itself.
#[test]
fn a_table_changed_after_it_was_found_whole_is_noticed() {
    let bench = imported();
    let healthy = bench.run("findings", "s", &["--format", "json"]).ok();
    // what was written just now could be written again without a sign
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    let again = bench.run("findings", "s", &["--format", "json"]);
    assert!(!again.stderr.contains("replaying"), "{}", again.stderr);
    assert!(bench.path("s").join("checkpoints/derived.json").is_file());
    let table = bench.path("s").join("derived/worker_ends/worker_ends.parquet");
    let (bytes, written) = (
        fs::read(&table).expect("a table"),
        fs::metadata(&table).and_then(|file| file.modified()).expect("its time"),
    );
    fs::write(&table, vec![b'x'; bytes.len()]).expect("a file of the same length");
    let file = fs::File::options().write(true).open(&table).expect("a file");
    file.set_modified(written).expect("the time it had");
    let mended = bench.run("findings", "s", &["--format", "json"]);
    assert!(mended.stderr.contains("replaying"), "{}", mended.stderr);
    assert_eq!(mended.ok(), healthy);
    assert_eq!(fs::read(&table).expect("made anew"), bytes);
}

#[test]
fn a_number_of_threads_that_makes_no_sense_is_typed_wrongly() {
    let bench = imported();
    for threads in ["0", "99999", "-3"] {
        let ran = bench.run("replay", "s", &["--threads", threads]);
        assert_eq!(ran.code, 2, "{threads}");
        assert!(ran.stderr.contains(&format!("{threads} is not in 1..=256")), "{}", ran.stderr);
    }
}
