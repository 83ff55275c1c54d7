//! `manifest.json` and the chain of capture files: what a snapshot promises to hold.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::model::rows::LogCapture;
use crate::model::state::Guarantee;
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::publish::write_atomically;
use crate::snapshot::seal::{self, Seal};

/// The snapshot format this build writes and the newest it reads.
pub const FORMAT: u64 = 1;

/// The name of the manifest inside a snapshot.
pub const MANIFEST: &str = "manifest.json";

/// The name of the description of the source's tables, as the last capture found them.
pub const SOURCE_SCHEMA: &str = "source_schema.json";

/// The fields of a manifest without a checksum.
const FIELDS: [&str; 5] = ["format", "tool", "source", "redaction", "captures"];

/// `manifest.json`: replaced last, so that whatever it names is whole.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Manifest {
    /// Format version.
    pub format: u64,
    /// Version of the tool that last wrote it.
    pub tool: String,
    /// What was read: kind, server version, database. Never a host, user or password.
    pub source: BTreeMap<String, String>,
    /// How values were redacted before they were written.
    pub redaction: Redaction,
    /// The captures, oldest first.
    pub captures: Vec<CaptureLink>,
}

/// The redaction policy of a snapshot; a capture under another key is refused.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Redaction {
    /// Name of the policy and what it covers.
    pub policy: String,
    /// BLAKE3 fingerprint of the key, never the key.
    pub key_fingerprint: String,
}

/// One link of the chain of captures.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct CaptureLink {
    /// The capture's id, also the prefix of its files.
    pub id: String,
    /// BLAKE3 of its file `captures/<id>.json`.
    pub blake3: String,
}

/// `captures/<id>.json`: one run of `export` or `import`.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Capture {
    /// The capture's id: `c000001`, `c000002`, ...
    pub id: String,
    /// BLAKE3 of the capture file before this one; null for the first.
    pub previous: Option<String>,
    /// When it began, UTC, by this machine's clock.
    pub began_at: String,
    /// When its last row had been read.
    pub ended_at: String,
    /// `pg_current_snapshot()` of the transaction that read it; null for imports.
    pub database_snapshot: Option<String>,
    /// What can be said about completeness: the name of a [`Guarantee`]; another
    /// build may know more.
    pub guarantee: String,
    /// What weakens it in this capture, in sentences for people: rows that a count says are missing, a key
    /// from which rows are hidden.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The policy that hid its values when it was captured, where they were redacted again since; else the
    /// manifest's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_under: Option<String>,
    /// For imports: name and BLAKE3 of every source file, so that the same bytes are not taken twice.
    pub source_files: BTreeMap<String, String>,
    /// Rows that could not be read, by source file: `file:line: why` (never the row itself).
    pub unreadable: Vec<String>,
    /// BLAKE3 of the `source_schema.json` that belongs to this capture; null where an older build
    /// wrote it, or where the source has no schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_schema: Option<String>,
    /// Tables by name.
    pub tables: BTreeMap<String, TableCapture>,
}

/// What one capture holds of one table.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct TableCapture {
    /// Rows read from the source.
    pub rows_read: u64,
    /// Rows written: new ones and new versions.
    pub rows_new: u64,
    /// Rows whose key stood in the same source before: copies of one row, or contradictions.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rows_repeated: u64,
    /// Of an append-only table: rows not written, because an earlier capture holds their key, though
    /// with other content.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rows_changed: u64,
    /// Lines that could not be read: what they said is not in the snapshot.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rows_unreadable: u64,
    /// The table's own number at its source; null for imports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oid: Option<u32>,
    /// Only rows at or above this full transaction id were asked for; null: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_xid: Option<u64>,
    /// Only rows of this time or a later one were asked for; null: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_time: Option<String>,
    /// From this time on rows are known to be missing: the next capture asks for them again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_from: Option<String>,
    /// Smallest time of the rows written; null without rows.
    pub min_time: Option<String>,
    /// Largest time of the rows written.
    pub max_time: Option<String>,
    /// Smallest time of the rows that the source had, whether they were asked for or not: so far back it
    /// reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_from: Option<String>,
    /// Largest time of the rows read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_until: Option<String>,
    /// Order-free sum of the row hashes: the same for the same rows, however they came.
    pub digest: String,
    /// Keys that an earlier capture had and this one has not.
    pub disappeared: Vec<String>,
    /// The files.
    pub files: Vec<FileEntry>,
}

impl TableCapture {
    /// Keys that disappeared, and that the last of the earlier captures which read the table did not miss yet: each
    /// names all that ever did.
    pub fn newly_gone<'a>(
        &'a self,
        table: &str,
        earlier: &'a [Capture],
    ) -> impl Iterator<Item = &'a String> + use<'a> {
        let before = earlier.iter().rev().find_map(|capture| capture.tables.get(table));
        let is_new = move |key: &&String| {
            before.is_none_or(|before| before.disappeared.binary_search(key).is_err())
        };
        self.disappeared.iter().filter(is_new)
    }

    /// Keys that the last of the earlier captures which read the table missed, and that this one found again: their
    /// rows had been hidden from it, or were put back.
    pub fn come_back<'a>(
        &'a self,
        table: &str,
        earlier: &'a [Capture],
    ) -> impl Iterator<Item = &'a String> + use<'a> {
        let before = earlier.iter().rev().find_map(|capture| capture.tables.get(table));
        let missed = before.into_iter().flat_map(|before| &before.disappeared);
        missed.filter(|key| self.disappeared.binary_search(key).is_err())
    }

    /// Two parts of one table, none of whose rows any earlier capture held, as one.
    pub(crate) fn and(mut self, other: Self) -> Self {
        // times of one form: their order as texts is theirs
        let first = |one: Option<String>, other: Option<String>| one.into_iter().chain(other).min();
        let last = |one: Option<String>, other: Option<String>| one.into_iter().chain(other).max();
        let digest = |text: &str| u128::from_str_radix(text, 16).unwrap_or_default();
        let sum = digest(&self.digest).wrapping_add(digest(&other.digest));
        self.files.extend(other.files);
        Self {
            rows_read: self.rows_read + other.rows_read,
            rows_new: self.rows_new + other.rows_new,
            rows_repeated: self.rows_repeated + other.rows_repeated,
            rows_changed: self.rows_changed + other.rows_changed,
            rows_unreadable: self.rows_unreadable + other.rows_unreadable,
            min_time: first(self.min_time, other.min_time),
            max_time: last(self.max_time, other.max_time),
            read_from: first(self.read_from, other.read_from),
            read_until: last(self.read_until, other.read_until),
            digest: format!("{sum:032x}"),
            ..self
        }
    }
}

/// One Parquet file.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct FileEntry {
    /// Path inside the snapshot, `/` between its parts.
    pub path: String,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// BLAKE3 of the bytes, hex.
    pub blake3: String,
}

impl Capture {
    /// Whether it read the source itself. Files that someone gave us may be old, and any part of it.
    pub fn reads_source(&self) -> bool {
        self.database_snapshot.is_some() || self.guarantee == Guarantee::Paged.name()
    }

    /// The oldest log line it added: what was older was deleted at the source, or is in an earlier
    /// capture.
    pub fn retention_horizon(&self) -> Option<&str> {
        let logs = self.tables.get(Table::SystemLogs.name())?;
        logs.read_from.as_deref().or(logs.min_time.as_deref())
    }

    /// What it took of the log, if it took it; `seen` is up to when it saw its source. A file given to us ends
    /// with its last row.
    pub fn log(&self, seen: Option<Micros>) -> Option<LogCapture> {
        let logs = self.tables.get(Table::SystemLogs.name())?;
        let last = logs.read_until.as_deref().or(logs.max_time.as_deref());
        let last = last.and_then(Micros::parse);
        let is_whole = self.reads_source();
        let from = self.retention_horizon().and_then(Micros::parse);
        Some(LogCapture {
            from,
            is_empty: from.is_none() && logs.rows_read == 0,
            until: if is_whole { seen } else { last },
            last,
            is_whole,
        })
    }

    /// How many lines could not be read. Of each file the first are named one by one, and the rest
    /// by one entry that counts them.
    pub fn unreadable_lines(&self) -> u64 {
        let further = |entry: &String| {
            let count = entry.strip_suffix(" further lines are unreadable")?.rsplit_once(": ")?.1;
            count.parse::<u64>().ok()
        };
        self.unreadable.iter().map(|entry| further(entry).unwrap_or(1)).sum()
    }
}

impl TableCapture {
    /// Bytes of all its files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// Reads one of the snapshot's JSON files.
pub fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, SnapshotError> {
    // a pipe would be waited for, and a device has no end
    let found = path.metadata().map_err(|err| SnapshotError::reading(path, err))?;
    if !found.is_file() {
        let detail = "it is no file".to_string();
        return Err(SnapshotError::Damaged { path: path.to_path_buf(), detail });
    }
    let bytes = fs::read(path).map_err(|err| SnapshotError::reading(path, err))?;
    serde_json::from_slice(&bytes)
        .map_err(|err| SnapshotError::Damaged { path: path.to_path_buf(), detail: err.to_string() })
}

/// A manifest as it stands in its file.
#[derive(Clone, Debug)]
pub struct StoredManifest {
    /// What it says.
    pub manifest: Manifest,
    /// Whether it says what was written.
    pub seal: Seal,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl StoredManifest {
    /// Reads `manifest.json`; a broken seal is for the caller to judge.
    pub fn read(dir: &Path) -> Result<Self, SnapshotError> {
        let path = dir.join(MANIFEST);
        let found = path.metadata();
        if let Err(err) = &found
            && err.kind() == std::io::ErrorKind::PermissionDenied
        {
            return Err(SnapshotError::io("read", &path, err.kind().into()));
        }
        if !found.is_ok_and(|found| found.is_file()) {
            let path = dir.to_path_buf();
            return Err(if has_lost_manifest(dir) {
                SnapshotError::LostManifest(path)
            } else {
                SnapshotError::NotASnapshot(path)
            });
        }
        let damaged = |err: serde_json::Error| SnapshotError::Damaged {
            path: path.clone(),
            detail: err.to_string(),
        };
        let bytes = fs::read(&path).map_err(|err| SnapshotError::io("read", &path, err))?;
        let json: serde_json::Value = serde_json::from_slice(&bytes).map_err(damaged)?;
        let format = json.get("format").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if format > FORMAT {
            let path = dir.to_path_buf();
            return Err(SnapshotError::NewerFormat { path, found: format, known: FORMAT });
        }
        let seal = seal::check(&bytes, &json, &FIELDS);
        let manifest = serde_json::from_value(json).map_err(damaged)?;
        Ok(Self { manifest, seal, bytes })
    }
}

/// Whether a directory without a manifest once had one. A first capture that was killed leaves its own
/// capture file at most; the schema gets its name after the manifest, and a second capture comes later.
pub(crate) fn has_lost_manifest(dir: &Path) -> bool {
    dir.join(SOURCE_SCHEMA).exists() || dir.join("captures/c000002.json").exists()
}

/// Writes one of the snapshot's JSON files whole, and returns the BLAKE3 of its bytes.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<String, SnapshotError> {
    let bytes = to_json(path, value)?;
    write_atomically(path, &bytes)?;
    Ok(blake3::hash(&bytes).to_hex().to_string())
}

/// Writes a JSON file whole, with its own checksum in it.
pub fn write_sealed<T: Serialize>(path: &Path, value: &T) -> Result<(), SnapshotError> {
    write_atomically(path, &seal::seal(value).map_err(|err| unwritable(path, &err))?)
}

/// The bytes of one of the snapshot's JSON files.
pub(crate) fn to_json<T: Serialize>(path: &Path, value: &T) -> Result<Vec<u8>, SnapshotError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|err| unwritable(path, &err))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn unwritable(path: &Path, err: &serde_json::Error) -> SnapshotError {
    SnapshotError::Damaged { path: path.to_path_buf(), detail: err.to_string() }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}
