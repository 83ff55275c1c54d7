//! Numbers changed by someone who also wrote new hashes: what the rows themselves still tell.

use backstory::snapshot::manifest::{Capture, FileEntry, TableCapture};

use crate::verify::chain::Rewritten;
use crate::verify::{Snap, all_found};

const EVIDENCE: &str = "system_logs/c000001-0001.parquet";
const CAPTURE: &str = "captures/c000001.json";

fn logs(capture: &mut Capture) -> &mut TableCapture {
    capture.tables.get_mut("system_logs").expect("log rows")
}

fn file(capture: &mut Capture) -> &mut FileEntry {
    &mut logs(capture).files[0]
}

#[test]
fn a_count_that_the_rows_contradict() {
    type Spoil = fn(&mut Capture);
    let cases: [(&str, &str, &str, Spoil); 12] = [
        ("rows of a file", EVIDENCE, "count", |c| file(c).rows += 1),
        ("bytes of a file", EVIDENCE, "count", |c| file(c).bytes += 1),
        ("rows and rows_new", EVIDENCE, "count", |c| {
            file(c).rows += 1;
            logs(c).rows_new += 1;
            logs(c).rows_read += 1;
        }),
        ("rows_new", CAPTURE, "count", |c| logs(c).rows_new -= 1),
        ("rows_read", CAPTURE, "count", |c| logs(c).rows_read = 1),
        ("digest", CAPTURE, "count", |c| logs(c).digest = "0".repeat(32)),
        ("min_time", CAPTURE, "count", |c| logs(c).min_time = None),
        ("max_time", CAPTURE, "count", |c| {
            logs(c).max_time = Some("2026-01-01T00:00:00.000000Z".to_string());
        }),
        ("a file left out", CAPTURE, "count", |c| logs(c).files.clear()),
        ("a file named twice", CAPTURE, "count", |c| {
            let twice = file(c).clone();
            logs(c).files.push(twice);
        }),
        ("a file under the name of another table", "workers/c000001-0001.parquet", "name", |c| {
            let other = c.tables["workers"].files[0].path.clone();
            file(c).path = other;
        }),
        ("a file outside", "../elsewhere.parquet", "outside", |c| {
            file(c).path = "../elsewhere.parquet".to_string();
        }),
    ];
    let snap = Snap::new();
    let mut missed = Vec::new();
    let tried = cases.len();
    for (what, named, kind, spoil) in cases {
        let mut all = Rewritten::of(&snap);
        spoil(&mut all.captures[0]);
        all.write(&snap);
        if !snap.kinds(named).contains(&kind) {
            missed.push(format!("{what}: {:?}", snap.said()));
        }
        snap.restore();
    }
    all_found("a wrong count under right hashes", &missed, tried);
}

#[test]
fn rows_of_another_table_or_capture_under_right_hashes() {
    let snap = Snap::new();
    let mut missed = Vec::new();
    let others = ["tasks/c000001-0001.parquet", "system_logs/c000002-0001.parquet"];
    for other in others.into_iter().chain(["source_schema.json"]) {
        let mut all = Rewritten::of(&snap);
        let bytes = &snap.files[other];
        let entry = file(&mut all.captures[0]);
        (entry.bytes, entry.blake3) =
            (bytes.len() as u64, blake3::hash(bytes).to_hex().to_string());
        all.write(&snap);
        snap.write(EVIDENCE, bytes);
        let kinds = snap.kinds(EVIDENCE);
        if !kinds.contains(&"elsewhere") && !kinds.contains(&"parquet") {
            missed.push(format!("{other}: {:?}", snap.said()));
        }
        snap.restore();
    }
    all_found("foreign rows under right hashes", &missed, 3);
}
