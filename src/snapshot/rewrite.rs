//! A snapshot that is made of another one: there whole or not at all.
//!
//! It grows in a folder of its own beside its place, and gets its name when it is whole. What a killed one left
//! there is no snapshot, and the next one clears it away.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::model::table::Table;
use crate::model::time::Micros;
use crate::snapshot::capture::known_rows::KnownRows;
use crate::snapshot::column::Column;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::lock;
use crate::snapshot::manifest::{
    Capture, CaptureLink, FORMAT, MANIFEST, Manifest, Redaction, SOURCE_SCHEMA, TableCapture,
    write_json, write_sealed,
};
use crate::snapshot::open::Snapshot;
use crate::snapshot::publish::{TEMPORARY, publish, temporary};
use crate::snapshot::table_writer::{TableSpec, TableWriter};

/// A snapshot in the making. Dropped without [`finish`](Self::finish), it takes away what it wrote.
pub struct Rewrite {
    out: PathBuf,
    /// Where it grows.
    part: PathBuf,
    links: Vec<CaptureLink>,
    is_whole: bool,
    _lock: File,
}

impl Rewrite {
    /// Begins a snapshot that will stand at `out`; one writer at a time.
    pub fn begin(out: &Path) -> Result<Self, SnapshotError> {
        let part = growing(out);
        if part.is_symlink() {
            return Err(SnapshotError::io("clear", &part, io::Error::other("it is a link")));
        }
        fs::create_dir_all(&part).map_err(|err| SnapshotError::io("create", &part, err))?;
        let lock = lock::captures(&part, out)?;
        clear(&part)?;
        let out = out.to_path_buf();
        Ok(Self { out, part, links: Vec::new(), is_whole: false, _lock: lock })
    }

    /// Starts a file of a table, the `part`th that a capture wrote, counted from 1.
    pub fn table(
        &self,
        capture: &Capture,
        (table, part): (Table, usize),
        columns: Vec<Column>,
        row_key: [u8; 32],
    ) -> Result<TableWriter, SnapshotError> {
        let captured_at =
            Micros::parse(&capture.began_at).ok_or_else(|| SnapshotError::Damaged {
                path: self.out.join("captures").join(format!("{}.json", capture.id)),
                detail: "it does not say when it began".to_string(),
            })?;
        let mut writer = TableWriter::create(TableSpec {
            dir: &self.part,
            table,
            capture: &capture.id,
            part,
            captured_at,
            row_key,
            columns,
            known: KnownRows::none(),
        })?;
        // they were counted when they were captured
        writer.keys_are_unique();
        Ok(writer)
    }

    /// Ends a file, and says what it holds.
    pub fn finish_table(&self, writer: TableWriter) -> Result<TableCapture, SnapshotError> {
        writer.finish()
    }

    /// Keeps what the source's tables looked like; returns the hash for the last capture.
    pub fn schema(&self, schema: &serde_json::Value) -> Result<String, SnapshotError> {
        write_json(&self.part.join(SOURCE_SCHEMA), schema)
    }

    /// Adds a capture, whose files are there, to the chain.
    pub fn add(&mut self, capture: Capture) -> Result<(), SnapshotError> {
        let previous = self.links.last().map(|link| link.blake3.clone());
        let capture = Capture { previous, ..capture };
        let folder = self.part.join("captures");
        fs::create_dir_all(&folder).map_err(|err| SnapshotError::io("create", &folder, err))?;
        let blake3 = write_json(&folder.join(format!("{}.json", capture.id)), &capture)?;
        self.links.push(CaptureLink { id: capture.id, blake3 });
        Ok(())
    }

    /// Writes the manifest, and gives the whole its name.
    pub fn finish(
        mut self,
        source: BTreeMap<String, String>,
        redaction: Redaction,
    ) -> Result<Snapshot, SnapshotError> {
        let tool = env!("CARGO_PKG_VERSION").to_string();
        let captures = std::mem::take(&mut self.links);
        let manifest = Manifest { format: FORMAT, tool, source, redaction, captures };
        write_sealed(&self.part.join(MANIFEST), &manifest)?;
        // a folder that is not empty stays: the rename fails then
        publish(&self.part, &self.out)?;
        self.is_whole = true;
        Snapshot::open(&self.out)
    }
}

impl Drop for Rewrite {
    fn drop(&mut self) {
        if !self.is_whole {
            // the next one clears what cannot be removed now
            drop(fs::remove_dir_all(&self.part));
        }
    }
}

/// Where a snapshot grows that will stand at `out`: a name that nobody gives one of their own, as what is found
/// there is cleared away.
fn growing(out: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(out.file_name().unwrap_or_default());
    name.push(".redact");
    temporary(&out.with_file_name(name))
}

/// Takes away what a killed one left; a folder with files of someone else's is not ours to clear.
fn clear(part: &Path) -> Result<(), SnapshotError> {
    let failed = |err| SnapshotError::io("clear", part, err);
    let mut found = Vec::new();
    for entry in fs::read_dir(part).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        if !name.to_str().is_some_and(is_ours) {
            return Err(failed(io::Error::other("it holds files that are none of a snapshot's")));
        }
        if name != lock::CAPTURES {
            found.push((entry.path(), entry.file_type().map_err(failed)?.is_dir()));
        }
    }
    for (path, is_dir) in found {
        let removed = if is_dir { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(failed)?;
    }
    Ok(())
}

fn is_ours(name: &str) -> bool {
    Table::from_name(name).is_some()
        || [lock::CAPTURES, MANIFEST, SOURCE_SCHEMA, "captures"].contains(&name)
        || name.ends_with(TEMPORARY)
}
