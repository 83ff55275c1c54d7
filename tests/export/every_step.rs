//! `kill -9` and a full disk at each step by which an export changes the snapshot, and `kill -9` at bytes of
//! what the server sends: the snapshot stays readable, the next export finishes, and the bytes are those of
//! an export that nobody disturbed.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::mpsc::channel;

use backstory::snapshot::open::Snapshot;

use crate::export::disturbed::Source;
use crate::support::proxy::{Fate, Proxy};
use crate::support::run::{command, spawn};
use crate::support::steps::{self, Disturbance};
use crate::support::{skipped, told};
use crate::verify::read_all;

#[test]
fn killed_at_any_step_the_next_export_ends_as_if_it_had_not_been() {
    at_every_step("killed", Disturbance::Killed);
}

#[test]
fn a_disk_that_is_full_at_any_step_harms_nothing() {
    at_every_step("disk_full", Disturbance::DiskFull);
}

fn at_every_step(name: &str, how: Disturbance) {
    if !steps::can_be_found() {
        skipped(&format!("no strace to disturb single steps with ({name})"));
        return;
    }
    let source = Source::new(name, 300);
    let url = source.database.url();
    for captures in [1, 2] {
        let prepare = |snapshot: &str| match captures {
            1 => source.bench.path(snapshot),
            _ => source.put_first(snapshot),
        };
        let export = |dir: &Path| {
            let dir = dir.to_str().expect("UTF-8");
            command(&source.bench.path("config"), &["export", "--db", &url, "--snapshot", dir])
        };
        let dir = prepare("n");
        let found = steps::of(&export(&dir), &dir, &source.bench.path("trace"));
        for call in ["mkdir", "openat", "write", "fsync", "rename"] {
            assert!(found.iter().any(|step| step.call == call), "no {call} among the steps");
        }
        let (mut finished, mut missed) = (0, Vec::new());
        for (n, step) in found.iter().enumerate() {
            let what = format!("capture {captures}, step {n}, {}", step.shown);
            let hit = (0..18).find_map(|attempt| {
                drop(fs::remove_dir_all(&dir));
                prepare("n");
                steps::disturbed(&export(&dir), step, how, &source.bench.path("trace"), attempt)
            });
            let Some(status) = hit else {
                missed.push(what);
                continue;
            };
            finished += u32::from(examine(&source, status, how, captures, &what));
        }
        told(&format!(
            "export: {name} at {} steps of capture {captures}, {finished} past the end",
            found.len()
        ));
        assert!(found.len() > 30 && finished < 8, "{} steps, {finished} past the end", found.len());
        assert!(missed.len() < 3, "never hit: {missed:?}");
        fs::remove_dir_all(&dir).expect("a folder");
    }
}

/// Looks at what a disturbed export left, and exports again; whether its capture had been finished.
fn examine(
    source: &Source,
    status: ExitStatus,
    how: Disturbance,
    captures: usize,
    what: &str,
) -> bool {
    let dir = source.bench.path("n");
    let before = (captures > 1).then_some(&source.first);
    let seen = match Snapshot::open(&dir) {
        Ok(snapshot) => {
            snapshot.check_hashes().expect(what);
            snapshot.captures().len()
        }
        Err(err) => {
            assert!(before.is_none(), "{what}: {err}");
            0
        }
    };
    let finished = seen == captures;
    assert!(finished || seen + 1 == captures, "{what}: {seen} captures");
    match how {
        Disturbance::Killed => assert!(!status.success(), "{what}: {status}"),
        // a step that may fail is cleaning, or a name that gets its file once more
        Disturbance::DiskFull if status.success() => assert!(finished, "{what}"),
        Disturbance::DiskFull => {
            assert_eq!(status.code(), Some(2), "{what}");
            let left = if dir.exists() { read_all(&dir) } else { Default::default() };
            let left: Vec<_> = left.keys().filter(|name| *name != ".lock").collect();
            let kept = before.map_or_else(Vec::new, |before| {
                before.keys().filter(|name| *name != ".lock").collect()
            });
            assert!(finished || left == kept, "{what}: {left:?}");
        }
    }
    let again = source.bench.run("export", "n", &["--db", &source.database.url()]);
    assert_eq!(again.code, 0, "{what}: {}", again.stderr);
    let whole = if captures == 1 { &source.whole } else { &source.both };
    if finished {
        let found = read_all(&dir);
        let same = whole.iter().filter(|(name, _)| !MADE_ANEW.contains(&name.as_str()));
        same.for_each(|(name, bytes)| assert!(found.get(name) == Some(bytes), "{what}: {name}"));
        let snapshot = Snapshot::open(&dir).expect(what);
        let empty = snapshot.captures().last().expect("a capture");
        assert!(empty.tables.values().all(|held| held.rows_new == 0), "{what}: a row came twice");
    } else {
        source.assert_is("n", whole, what);
    }
    finished
}

/// What a further capture writes again.
const MADE_ANEW: [&str; 1] = ["manifest.json"];

#[test]
fn killed_at_any_byte_the_next_export_ends_as_if_it_had_not_been() {
    let source = Source::new("killed_at_bytes", 3_000);
    let mut with_litter = 0;
    for at in (0..10).map(|n| 1 + n * 130_000) {
        let dir = source.put_first("s1");
        let (to, child) = channel::<u32>();
        let kill = move || {
            let id = child.recv().expect("a process").to_string();
            Command::new("kill").args(["-KILL", &id]).status().expect("kill runs");
        };
        let port = source.database.port();
        let proxy = Proxy::new(port, vec![Fate::Pause(at, Box::new(kill))]);
        let url = proxy.through(&source.database.url(), port);
        let args = ["export", "--db", &url, "--snapshot", dir.to_str().expect("UTF-8")];
        let mut running = spawn(&source.bench.path("config"), &args);
        to.send(running.id()).expect("a pause to come");
        assert!(running.wait().expect("it ends").code().is_none(), "{at}: it was not killed");
        let found = read_all(&dir);
        assert!(source.first.iter().all(|(name, bytes)| found.get(name) == Some(bytes)), "{at}");
        with_litter += u32::from(found.len() > source.first.len());
        assert_eq!(source.bench.run("verify", "s1", &[]).code, 0, "{at}");
        let (ran, _) = source.export("s1", Vec::new(), &[]);
        assert_eq!(ran.code, 0, "{at}: {}", ran.stderr);
        source.assert_is("s1", &source.both, &format!("killed at byte {at}"));
        fs::remove_dir_all(dir).expect("a folder");
    }
    assert!(with_litter >= 3, "only {with_litter} killed exports left something behind");
}
