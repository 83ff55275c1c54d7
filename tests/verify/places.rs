//! Files that are gone, exchanged, somewhere else, or of someone else.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::verify::{Snap, all_found};

#[test]
fn every_file_deleted() {
    let snap = Snap::new();
    let (mut tried, mut missed) = (0, Vec::new());
    for (path, bytes) in snap.files.iter().filter(|(path, _)| *path != ".lock") {
        fs::remove_file(snap.dir().join(path)).expect("a file");
        tried += 1;
        if !snap.names_only(path) {
            missed.push(path.clone());
        }
        snap.write(path, bytes);
    }
    all_found("a deleted file", &missed, tried);
    fs::remove_file(snap.dir().join(".lock")).expect("a file");
    assert!(snap.said().is_empty(), "the lock is no evidence: {:?}", snap.said());
}

#[test]
fn every_two_files_swapped() {
    let snap = Snap::new();
    let (mut tried, mut missed) = (0, Vec::new());
    let files: Vec<_> = snap.files.iter().filter(|(path, _)| path.contains('/')).collect();
    for (at, (a, of_a)) in files.iter().enumerate() {
        for (b, of_b) in &files[at + 1..] {
            snap.write(a, of_b);
            snap.write(b, of_a);
            tried += 1;
            if !swap_is_named(&snap, a, b) {
                missed.push(format!("{a} and {b}"));
            }
            snap.write(a, of_a);
            snap.write(b, of_b);
        }
    }
    all_found("two files swapped", &missed, tried);
}

/// Each is named; where both are of a kind, with the name of the other.
fn swap_is_named(snap: &Snap, a: &str, b: &str) -> bool {
    let verdict = snap.verify().expect("still a snapshot");
    let of = |file: &str| verdict.damage.iter().find(|damage| damage.file == file);
    let alike = a.ends_with(".json") == b.ends_with(".json");
    let names = |file: &str, other: &str| {
        // the files of a capture whose own file is not its own cannot be judged
        let unproven = verdict.notes.iter().any(|note| note.file == file);
        let named = of(file).map(|damage| damage.flaw.to_string());
        named.map_or(unproven, |told| !alike || told.contains(other))
    };
    !verdict.is_whole() && names(a, b) && names(b, a)
}

#[test]
fn foreign_files() {
    let snap = Snap::new();
    let evidence = &snap.files["workers/c000001-0001.parquet"];
    let capture = &snap.files["captures/c000001.json"];
    let strangers: [(&str, &[u8]); 9] = [
        ("notes.txt", b"mine"),
        ("workers/notes.txt", b"mine"),
        ("workers/c000001-0002.parquet", evidence),
        ("workers/c000009-0001.parquet", evidence),
        ("generations.parquet", evidence),
        ("captures/c000000.json", capture),
        ("captures/c000005.json", capture),
        (".manifest.json", b"{}"),
        ("manifest.json.bak", b"{}"),
    ];
    let (mut tried, mut missed) = (0, Vec::new());
    for (path, bytes) in strangers {
        snap.write(path, bytes);
        tried += 1;
        if !snap.names_only(path) || snap.kinds(path) != ["foreign"] {
            missed.push(path.to_string());
        }
        fs::remove_file(snap.dir().join(path)).expect("a file");
    }
    fs::create_dir_all(snap.dir().join("attic/inside")).expect("a folder");
    fs::create_dir_all(snap.dir().join("tasks/inside")).expect("a folder");
    fs::create_dir_all(snap.dir().join("generations")).expect("a folder");
    tried += 2;
    for folder in ["attic", "tasks/inside"] {
        if snap.kinds(folder) != ["foreign"] {
            missed.push(folder.to_string());
        }
    }
    assert_eq!(snap.said().len(), 2, "an empty folder of a table is none: {:?}", snap.said());
    all_found("a foreign file or folder", &missed, tried);
}

#[test]
fn links_folders_and_pipes_in_the_place_of_files() {
    let snap = Snap::new();
    let elsewhere = snap.home.path().join("elsewhere");
    fs::create_dir(&elsewhere).expect("a folder");
    let (mut tried, mut missed) = (0, Vec::new());
    for (path, bytes) in &snap.files {
        // nobody reads a lock: what is in its place is no evidence
        let kind = if path == ".lock" { "foreign" } else { "not_a_file" };
        let target = elsewhere.join("same");
        fs::write(&target, bytes).expect("a file");
        let place = snap.dir().join(path);
        fs::remove_file(&place).expect("a file");
        symlink(&target, &place).expect("a link");
        tried += 1;
        if !snap.names_only(path) || snap.kinds(path) != [kind] {
            missed.push(format!("a link at {path}"));
        }
        fs::remove_file(&place).expect("a link");
        fs::create_dir(&place).expect("a folder");
        tried += 1;
        if !snap.names_only(path) {
            missed.push(format!("a folder at {path}"));
        }
        fs::remove_dir(&place).expect("a folder");
        // nobody waits for what may come through it
        let made = Command::new("mkfifo").arg(&place).status().expect("mkfifo");
        assert!(made.success());
        tried += 1;
        if !snap.names_only(path) {
            missed.push(format!("a pipe at {path}"));
        }
        fs::remove_file(&place).expect("a pipe");
        snap.write(path, bytes);
    }
    for folder in ["tasks", "captures"] {
        let place = snap.dir().join(folder);
        fs::rename(&place, elsewhere.join(folder)).expect("a folder");
        symlink(elsewhere.join(folder), &place).expect("a link");
        tried += 1;
        if !snap.names_only(folder) {
            missed.push(format!("a link at {folder}"));
        }
        fs::remove_file(&place).expect("a link");
        fs::rename(elsewhere.join(folder), &place).expect("a folder");
    }
    all_found("a link, folder or pipe where a file was written", &missed, tried);
    assert!(snap.said().is_empty(), "{:?}", snap.said());
}

#[test]
fn what_a_killed_write_leaves_is_a_note() {
    let snap = Snap::new();
    let evidence = &snap.files["workers/c000001-0001.parquet"];
    for path in [
        "manifest.json.part",
        "source_schema.json.part",
        "workers/c000004-0001.parquet.part",
        "workers/c000004-0001.parquet",
        "captures/c000004.json",
        "captures/c000004.json.part",
    ] {
        snap.write(path, evidence);
        assert_eq!(snap.said(), [format!("note {path} leftover")]);
        fs::remove_file(snap.dir().join(path)).expect("a file");
    }
    for folder in ["derived.part", "derived.old.part"] {
        fs::create_dir(snap.dir().join(folder)).expect("a folder");
        assert_eq!(snap.said(), [format!("note {folder} leftover")]);
        fs::remove_dir(snap.dir().join(folder)).expect("a folder");
    }
    let (schema, part) = ("source_schema.json", "source_schema.json.part");
    snap.write(part, &snap.files[schema]);
    snap.write(schema, b"{}");
    assert_eq!(snap.said(), [format!("note {part} unrenamed")]);
}
