//! Manifest and captures written by someone who knows how: hashes right, content wrong.

use backstory::snapshot::manifest::{Capture, CaptureLink, Manifest, write_json, write_sealed};

use crate::verify::{Snap, all_found};

/// What a snapshot says, to be changed and written back with hashes that fit.
pub(super) struct Rewritten {
    pub(super) manifest: Manifest,
    pub(super) captures: Vec<Capture>,
}

impl Rewritten {
    pub(super) fn of(snap: &Snap) -> Self {
        let parse = |path: &str| serde_json::from_slice(&snap.files[path]).expect("JSON of ours");
        let manifest: Manifest = parse("manifest.json");
        let captures = manifest.captures.iter().map(|link| {
            serde_json::from_slice(&snap.files[&format!("captures/{}.json", link.id)])
                .expect("a capture")
        });
        Self { captures: captures.collect(), manifest: manifest.clone() }
    }

    /// Writes the captures as a chain, and a manifest that names them.
    pub(super) fn write(mut self, snap: &Snap) {
        let mut links: Vec<CaptureLink> = Vec::new();
        for capture in &mut self.captures {
            capture.previous = links.last().map(|link| link.blake3.clone());
            links.push(write_capture(snap, capture));
        }
        self.manifest.captures = links;
        self.write_manifest(snap);
    }

    fn write_manifest(&self, snap: &Snap) {
        write_sealed(&snap.dir().join("manifest.json"), &self.manifest).expect("a manifest");
    }
}

fn write_capture(snap: &Snap, capture: &Capture) -> CaptureLink {
    let path = snap.dir().join(format!("captures/{}.json", capture.id));
    let blake3 = write_json(&path, capture).expect("a capture");
    CaptureLink { id: capture.id.clone(), blake3 }
}

#[test]
fn what_is_written_back_unchanged_is_whole() {
    let snap = Snap::new();
    Rewritten::of(&snap).write(&snap);
    assert!(snap.said().is_empty(), "{:?}", snap.said());
    assert_eq!(super::read_all(&snap.dir()), snap.files);
}

#[test]
fn a_chain_that_does_not_hold() {
    type Spoil = fn(&Snap, Rewritten);
    let cases: [(&str, &str, Spoil); 7] = [
        ("the first capture left out", "manifest.json", |snap, mut all| {
            all.manifest.captures.remove(0);
            all.write_manifest(snap);
        }),
        ("two captures exchanged", "manifest.json", |snap, mut all| {
            all.manifest.captures.swap(1, 2);
            all.write_manifest(snap);
        }),
        ("a capture named twice", "manifest.json", |snap, mut all| {
            all.manifest.captures.push(all.manifest.captures[2].clone());
            all.write_manifest(snap);
        }),
        ("no capture", "manifest.json", |snap, mut all| {
            all.manifest.captures.clear();
            all.write_manifest(snap);
        }),
        ("a capture outside", "manifest.json", |snap, mut all| {
            all.manifest.captures[2].id = "../../c000003".to_string();
            all.write_manifest(snap);
        }),
        ("a capture that follows on another", "captures/c000003.json", |snap, mut all| {
            all.captures[2].previous = all.captures[1].previous.clone();
            all.manifest.captures[2] = write_capture(snap, &all.captures[2]);
            all.write_manifest(snap);
        }),
        ("a capture that says it is another", "captures/c000003.json", |snap, mut all| {
            all.captures[2].id = "c000007".to_string();
            let path = snap.dir().join("captures/c000003.json");
            let blake3 = write_json(&path, &all.captures[2]).expect("a capture");
            all.manifest.captures[2].blake3 = blake3;
            all.write_manifest(snap);
        }),
    ];
    let snap = Snap::new();
    let mut missed = Vec::new();
    let tried = cases.len();
    for (what, file, spoil) in cases {
        spoil(&snap, Rewritten::of(&snap));
        let kinds = snap.kinds(file);
        if !kinds.contains(&"chain") && !kinds.contains(&"outside") {
            missed.push(format!("{what}: {:?}", snap.said()));
        }
        snap.restore();
    }
    all_found("a broken chain", &missed, tried);
}

#[test]
fn a_manifest_of_a_newer_format_is_named() {
    let snap = Snap::new();
    let mut all = Rewritten::of(&snap);
    all.manifest.format = 9;
    all.write_manifest(&snap);
    assert_eq!(snap.kinds("manifest.json"), ["newer_format"]);
}

#[test]
fn an_older_manifest_without_a_checksum_is_read_with_a_note() {
    let snap = Snap::new();
    let text = snap.text("manifest.json");
    let (body, _) = text.rsplit_once(",\n  \"checksum\"").expect("a checksum");
    snap.write("manifest.json", format!("{body}\n}}\n").as_bytes());
    assert_eq!(snap.said(), ["note manifest.json no_checksum"]);
    let field = body.replace("\"tool\"", "\"tooL\"");
    snap.write("manifest.json", format!("{field}\n}}\n").as_bytes());
    assert!(snap.names("manifest.json"));
}

#[test]
fn a_schema_that_no_capture_promises_is_read_with_a_note() {
    let snap = Snap::new();
    let mut all = Rewritten::of(&snap);
    all.captures[2].source_schema = None;
    all.write(&snap);
    assert_eq!(snap.said(), ["note source_schema.json no_checksum"]);
    snap.write("source_schema.json", b"{");
    assert_eq!(snap.kinds("source_schema.json"), ["json"]);
}

#[test]
fn one_bad_file_hides_no_other_and_accuses_no_other() {
    let snap = Snap::new();
    // The capture file is wrong, so what it says of its files proves nothing against them ...
    let text = snap.text("captures/c000002.json");
    let hash_of = |file: &str| blake3::hash(&snap.files[file]).to_hex().to_string();
    let workers = hash_of("workers/c000002-0001.parquet");
    let changed = text.replace(&workers, &hash_of("tasks/c000003-0001.parquet"));
    assert_ne!(changed, text);
    snap.write("captures/c000002.json", changed.as_bytes());
    // ... while a file of another capture is judged all the same.
    snap.write("tasks/c000003-0001.parquet", b"gone");
    let said = snap.said();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].starts_with("fault captures/c000002.json content"), "{said:?}");
    assert!(said[1].starts_with("fault tasks/c000003-0001.parquet size"), "{said:?}");
    assert_eq!(said[2], "note workers/c000002-0001.parquet unproven");
    // Without a manifest that can be read, the files are followed all the same.
    snap.restore();
    snap.write("manifest.json", b"{");
    let verdict = snap.verify().expect("a directory with a manifest");
    assert_eq!(verdict.checked.captures, 3);
    assert_eq!(snap.said().len(), 1, "{:?}", snap.said());
}
