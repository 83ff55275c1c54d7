//! `import` killed at any moment: the snapshot before is whole, and the next import ends as if
//! nothing had happened.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::run::spawn;
use crate::verify::{Snap, import, read_all, write_dump};

/// Moments of one import, spread over its duration and a little beyond.
const KILLS: u32 = 40;
/// Rows in a table: an import long enough to be hit in all its parts.
const ROWS: usize = 3_000;

#[test]
fn a_killed_import_leaves_a_whole_snapshot_and_the_next_one_ends_as_if_it_had_not_been() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let home = home.path();
    for dump in 1..=2 {
        write_dump(&home.join(format!("dump{dump}")), dump, ROWS);
    }
    // A table that the first has not, so that the schemas differ.
    fs::write(home.join("dump2/generations.csv"), "id,tasks\ng1,t1\n").expect("a file");
    // What undisturbed imports make.
    import(home, "dump1", "first").ok();
    copy(&home.join("first"), &home.join("both"));
    let begin = Instant::now();
    import(home, "dump2", "both").ok();
    let mut took = begin.elapsed();
    let (first, both) = (read_all(&home.join("first")), read_all(&home.join("both")));
    assert_eq!(check(home, "both"), (0, 0));

    let (mut unfinished, mut with_notes) = (0, 0);
    for n in 0..KILLS {
        let dir = home.join("killed");
        copy(&home.join("first"), &dir);
        kill_import(home, "dump2", took * n / (KILLS - 4));
        let (code, notes) = check(home, "killed");
        assert_eq!(code, 0, "kill {n}");
        let now = read_all(&dir);
        let finished = now["manifest.json"] == both["manifest.json"];
        if !finished {
            unfinished += 1;
            let kept = first.iter().all(|(path, bytes)| now.get(path) == Some(bytes));
            assert!(kept, "kill {n}: the snapshot before is as it was");
        }
        with_notes += u32::from(notes > 0);
        let begin = Instant::now();
        let again = import(home, "dump2", "killed");
        // the same files a second time are refused: nothing to do
        assert_eq!(again.code, if finished { 2 } else { 0 }, "kill {n}: {}", again.stderr);
        if !finished {
            // the machine may be busier or idler by now
            took = begin.elapsed();
        }
        assert!(read_all(&dir) == both, "kill {n}: {:?}", read_all(&dir).keys());
        assert_eq!(check(home, "killed"), (0, 0), "kill {n}");
        fs::remove_dir_all(&dir).expect("a folder");
    }
    crate::support::told(&format!(
        "verify: {KILLS} imports killed, {unfinished} before their end, {with_notes} of them left something"
    ));
    assert!(unfinished >= KILLS / 4, "only {unfinished} imports were killed before their end");
    assert!(with_notes >= 2, "only {with_notes} killed imports left something behind");
}

#[test]
fn the_next_capture_clears_away_what_a_killed_one_left() {
    let snap = Snap::new();
    let left: [&str; 6] = [
        "generations/c000004-0001.parquet",
        "tasks/c000004-0001.parquet.part",
        "captures/c000004.json",
        "captures/c000004.json.part",
        "manifest.json.part",
        "source_schema.json.part",
    ];
    fs::create_dir(snap.dir().join("generations")).expect("a folder");
    for path in left {
        snap.write(path, b"half");
    }
    assert_eq!(snap.said().len(), left.len(), "{:?}", snap.said());
    write_dump(&snap.home.path().join("dump4"), 4, 3);
    import(snap.home.path(), "dump4", "snap").ok();
    assert!(snap.said().is_empty(), "{:?}", snap.said());
    let whole = read_all(&snap.dir());
    assert_eq!(left.iter().filter(|path| whole.contains_key(**path)).count(), 1, "its own file");

    // One that died before the last rename exists: its schema gets its name, whatever comes next.
    let schema = "source_schema.json";
    snap.write("source_schema.json.part", &whole[schema]);
    snap.write(schema, b"{}");
    assert_eq!(import(snap.home.path(), "dump4", "snap").code, 2, "the same files");
    assert!(read_all(&snap.dir()) == whole);
}

#[test]
fn a_first_import_that_is_killed_can_be_done_again() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let home = home.path();
    write_dump(&home.join("dump1"), 1, ROWS);
    let begin = Instant::now();
    import(home, "dump1", "whole").ok();
    let took = begin.elapsed();
    let whole = read_all(&home.join("whole"));
    for n in 0..12 {
        kill_import(home, "dump1", took * n / 10);
        // half a first capture is no snapshot yet: 4, as for any directory that is none
        let (code, _) = check(home, "killed");
        let finished = home.join("killed/manifest.json").is_file();
        assert_eq!(code, if finished { 0 } else { 4 }, "kill {n}");
        let again = import(home, "dump1", "killed");
        assert_eq!(again.code, if finished { 2 } else { 0 }, "kill {n}: {}", again.stderr);
        if !finished {
            assert!(read_all(&home.join("killed")) == whole, "kill {n}");
        }
        if home.join("killed").exists() {
            fs::remove_dir_all(home.join("killed")).expect("a folder");
        }
    }
}

/// Starts an import into `killed` and kills it so much later.
fn kill_import(home: &Path, from: &str, after: Duration) {
    let (from, dir) = (home.join(from), home.join("killed"));
    let text = |path: &Path| path.to_str().expect("UTF-8").to_string();
    let args = ["import", "--from", &text(&from), "--snapshot", &text(&dir)];
    let mut child = spawn(&home.join("config"), &args);
    thread::sleep(after);
    // It may have ended by itself.
    drop(child.kill());
    child.wait().expect("it ends");
}

/// Exit code of `verify`, and how many notes it has beside that nothing was replayed.
fn check(home: &Path, snapshot: &str) -> (i32, usize) {
    let dir = home.join(snapshot);
    let args = ["verify", "--format", "json", "--snapshot", dir.to_str().expect("UTF-8")];
    let ran = crate::support::run::backstory(&home.join("config"), &args);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
    let notes = json["notes"]
        .as_array()
        .map_or(0, |notes| notes.iter().filter(|note| note["kind"] != "not_replayed").count());
    (ran.code, notes)
}

fn copy(from: &Path, to: &Path) {
    for (path, bytes) in read_all(from) {
        let place = to.join(path);
        fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        fs::write(place, bytes).expect("a file");
    }
}
