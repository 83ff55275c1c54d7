//! Evidence through the binary, from files to derived tables, in a directory of its own.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use backstory::cases::case as cases;

use crate::support::files::walk;
use crate::support::files::with_core;
use crate::support::run::{Ran, backstory};
use crate::support::skipped;

/// Snapshots side by side, made under one key, gone with this value.
pub(crate) struct Bench {
    root: tempfile::TempDir,
}

impl Bench {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self { root: tempfile::tempdir().expect("a temporary directory") }
    }

    /// A snapshot `s` of the first case of a text, replayed.
    pub(crate) fn of_case(text: &str) -> Self {
        let bench = Self::new();
        let case = &cases::read(text).expect("a case")[0];
        write_tables(&bench.path("files"), &case.captures[0]);
        bench.replayed(&bench.path("files"), "s");
        bench
    }

    /// The same of all captures of the first case of a text.
    pub(crate) fn of_captures(text: &str) -> Self {
        let bench = Self::new();
        let case = &cases::read(text).expect("a case")[0];
        for (n, tables) in case.captures.iter().enumerate() {
            let files = bench.path(&format!("files{n}"));
            write_tables(&files, tables);
            bench.import(&files, "s");
        }
        bench.run("replay", "s", &[]).ok();
        bench
    }

    /// A path inside it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Runs a verb on one of its snapshots.
    pub(crate) fn run(&self, verb: &str, snapshot: &str, more: &[&str]) -> Ran {
        let dir = self.path(snapshot);
        let dir = dir.to_str().expect("UTF-8");
        backstory(&self.path("config"), &[&[verb, "--snapshot", dir], more].concat())
    }

    /// Imports a folder of files into a snapshot.
    pub(crate) fn import(&self, from: &Path, snapshot: &str) {
        self.run("import", snapshot, &["--from", from.to_str().expect("UTF-8")]).ok();
    }

    /// Imports and replays.
    pub(crate) fn replayed(&self, from: &Path, snapshot: &str) {
        self.import(from, snapshot);
        self.run("replay", snapshot, &[]).ok();
    }

    /// The bytes of every file under `derived/`, by path.
    pub(crate) fn derived(&self, snapshot: &str) -> BTreeMap<String, Vec<u8>> {
        let root = self.path(snapshot).join("derived");
        let mut files = Vec::new();
        walk(&root, &mut files);
        let named = files.iter().map(|path| {
            let name = path.strip_prefix(&root).expect("a path below").display().to_string();
            (name, fs::read(path).expect("a readable file"))
        });
        named.collect()
    }

    /// The rows of a query; NULL is an empty text.
    pub(crate) fn sql(&self, snapshot: &str, query: &str) -> Vec<Vec<String>> {
        let said = self.run("sql", snapshot, &["--format", "csv", query]).ok();
        let mut reader = csv::Reader::from_reader(said.as_bytes());
        let rows = reader.records().map(|row| row.expect("a row"));
        rows.map(|row| row.iter().map(str::to_string).collect()).collect()
    }
}

/// Fails with the names of the files that differ, not with their bytes.
#[track_caller]
pub(crate) fn assert_same_files(
    a: &BTreeMap<String, Vec<u8>>,
    b: &BTreeMap<String, Vec<u8>>,
    what: &str,
) {
    assert!(a.len() > 10, "{what}: only {} files", a.len());
    let names: Vec<_> = a.keys().collect();
    assert_eq!(names, b.keys().collect::<Vec<_>>(), "{what}: files");
    let differ: Vec<_> = names.into_iter().filter(|name| a[*name] != b[*name]).collect();
    assert!(differ.is_empty(), "{what}: {differ:?} differ");
}

/// The recorded incidents.
pub(crate) const INCIDENTS: [&str; 6] = [
    "era_c_mixed",
    "false_positive_ssh",
    "healthy_day",
    "log_outage_1755",
    "missing_generations",
    "stuck_and_orphans",
];

/// The folder of a recorded incident; says so when it is not at hand.
pub(crate) fn incident(name: &str, test: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if !folder.is_dir() {
        skipped(&format!("../shared is not here ({test} on {name})"));
        return None;
    }
    Some(folder)
}

/// The rows on which a query fires.
pub(crate) fn case(id: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queries").join(id).join("fires")
}

/// `<table>.csv` files of a folder of evidence, unpacked, by table.
pub(crate) fn tables(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder of evidence") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let mut text = String::new();
        if let Some(table) = name.strip_suffix(".csv.gz") {
            let file = fs::File::open(&path).expect("a file");
            let mut unpacked = flate2::read::MultiGzDecoder::new(file);
            unpacked.read_to_string(&mut text).expect("gzip of UTF-8");
            found.insert(table.to_string(), text);
        } else if let Some(table) = name.strip_suffix(".csv") {
            text = fs::read_to_string(&path).expect("UTF-8");
            found.insert(table.to_string(), text);
        }
    }
    found
}

/// The records of a CSV text, byte for byte, the header first: a line break inside quotes ends none.
pub(crate) fn records(text: &str) -> Vec<&str> {
    let (mut found, mut begin, mut quoted) = (Vec::new(), 0, false);
    for (at, byte) in text.bytes().enumerate() {
        if byte == b'"' {
            quoted = !quoted;
        } else if byte == b'\n' && !quoted {
            found.push(&text[begin..=at]);
            begin = at + 1;
        }
    }
    assert_eq!(begin, text.len(), "a text ends with its last record");
    found
}

/// Writes tables as files of a new folder of evidence, with the columns that no import goes without.
pub(crate) fn write_tables(folder: &Path, tables: &BTreeMap<String, String>) {
    fs::create_dir_all(folder).expect("a new folder");
    for (table, text) in tables {
        let text = with_core(table, text);
        fs::write(folder.join(format!("{table}.csv")), text).expect("a file");
    }
}
