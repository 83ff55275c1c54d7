//! Changed bytes and changed lengths: nothing of a snapshot can differ unseen.

use crate::verify::{Snap, all_found};

/// One bit of each of these bytes, another bit at each; the file must be named, and no other.
fn flip(what: &str, step: usize, wanted: impl Fn(&str) -> bool) {
    let snap = Snap::of(2);
    let (mut tried, mut missed) = (0, Vec::new());
    for (path, bytes) in snap.files.iter().filter(|(path, _)| wanted(path)) {
        for at in (0..bytes.len()).step_by(step) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            snap.write(path, &flipped);
            tried += 1;
            if !snap.names_only(path) {
                missed.push(format!("{path} byte {at}"));
            }
        }
        snap.write(path, bytes);
    }
    all_found(&format!("a flipped bit in {what}"), &missed, tried);
    assert!(snap.said().is_empty(), "{:?}", snap.said());
}

#[test]
fn of_an_evidence_file_pages_and_footer() {
    flip("every byte of an evidence file", 1, |path| path == "system_logs/c000001-0001.parquet");
}

#[test]
fn of_the_other_evidence_files() {
    let other =
        |path: &str| path.ends_with(".parquet") && path != "system_logs/c000001-0001.parquet";
    flip("every 19th byte of the other evidence files", 19, other);
}

#[test]
fn of_the_manifest() {
    flip("every byte of the manifest", 1, |path| path == "manifest.json");
}

#[test]
fn of_every_capture_file() {
    flip("every byte of the capture files", 1, |path| path.starts_with("captures/"));
}

#[test]
fn of_the_source_schema() {
    flip("every byte of the source's schema", 1, |path| path == "source_schema.json");
}

#[test]
fn every_file_cut_short_or_grown() {
    let snap = Snap::of(2);
    let (mut tried, mut missed) = (0, Vec::new());
    for (path, bytes) in snap.files.iter().filter(|(path, _)| *path != ".lock") {
        let step = if path.ends_with(".parquet") { 41 } else { 7 };
        let lengths =
            (0..bytes.len()).step_by(step).chain(bytes.len().saturating_sub(12)..bytes.len());
        for length in lengths {
            snap.write(path, &bytes[..length]);
            tried += 1;
            if !snap.names_only(path) {
                missed.push(format!("{path} at {length}"));
            }
        }
        for more in [&b"\n"[..], b"\0\0\0\0", bytes] {
            snap.write(path, &[bytes, more].concat());
            tried += 1;
            if !snap.names_only(path) {
                missed.push(format!("{path} grown by {}", more.len()));
            }
        }
        snap.write(path, bytes);
    }
    all_found("a file cut short or grown", &missed, tried);
    assert!(snap.said().is_empty(), "{:?}", snap.said());
}
