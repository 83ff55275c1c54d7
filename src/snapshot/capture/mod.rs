//! Writing one capture: lock, tables, capture file, manifest last.

pub mod known_rows;
mod leftovers;
mod mess;
pub mod place;
pub(crate) mod repeats;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::model::state::Guarantee;
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::snapshot::capture::known_rows::{Coming, KnownRows};
use crate::snapshot::capture::mess::Mess;
use crate::snapshot::column::Column;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::lock;
use crate::snapshot::manifest::{
    Capture, CaptureLink, FORMAT, MANIFEST, Manifest, Redaction, SOURCE_SCHEMA, TableCapture,
    to_json, write_json, write_sealed,
};
use crate::snapshot::open::Snapshot;
use crate::snapshot::publish::{publish, temporary, write_synced};
use crate::snapshot::table_writer::{TableSpec, TableWriter, UnpublishedFile};

/// What is known about a capture before its first row.
pub struct CaptureOptions {
    /// What is read (kind, server version, database); never a host, user or password.
    pub source: BTreeMap<String, String>,
    /// How values were redacted.
    pub redaction: Redaction,
    /// The key of the row hashes.
    pub row_key: [u8; 32],
    /// When the capture began.
    pub began_at: Micros,
    /// `pg_current_snapshot()`; `None` for imports.
    pub database_snapshot: Option<String>,
    /// `transactional`, `paged` or `as_given`.
    pub guarantee: Guarantee,
}

/// A capture in the making. Dropped without [`finish`](Self::finish), it leaves the snapshot as it
/// was, and takes away what it wrote: on a full disk that room is needed. What a killed one left is ignored,
/// as no manifest names it, and swept by the next capture.
pub struct CaptureWriter {
    dir: PathBuf,
    options: CaptureOptions,
    before: Option<Snapshot>,
    id: String,
    tables: BTreeMap<String, TableCapture>,
    /// Files of ended tables, each beside its table's name: no table waits for the disk of the one before.
    unpublished: Vec<(&'static str, UnpublishedFile)>,
    notes: Vec<String>,
    source_schema: Option<String>,
    /// Before the lock: what is swept is ours while nobody else may write.
    mess: Mess,
    _lock: File,
}

impl CaptureWriter {
    /// Opens or creates the snapshot for writing; one writer at a time.
    pub fn begin(dir: &Path, options: CaptureOptions) -> Result<Self, SnapshotError> {
        place::check(dir)?;
        fs::create_dir_all(dir).map_err(|err| SnapshotError::io("create", dir, err))?;
        let lock = lock::captures(dir, dir)?;
        let before = match Snapshot::open(dir) {
            Ok(snapshot) => Some(snapshot),
            Err(SnapshotError::NotASnapshot(_)) => None,
            Err(err) => return Err(err),
        };
        let count = before.as_ref().map_or(0, |snapshot| snapshot.captures().len());
        let id = capture_id(count);
        leftovers::sweep(dir, &id, before.as_ref())?;
        let mess = Mess { dir: dir.to_path_buf(), id: id.clone(), known: count };
        Ok(Self {
            dir: dir.to_path_buf(),
            options,
            before,
            id,
            tables: BTreeMap::new(),
            unpublished: Vec::new(),
            notes: Vec::new(),
            source_schema: None,
            mess,
            _lock: lock,
        })
    }

    /// The snapshot as it was before this capture, if there was one.
    pub fn before(&self) -> Option<&Snapshot> {
        self.before.as_ref()
    }

    /// Starts one table, of which these rows will come.
    pub fn table(
        &self,
        table: Table,
        columns: Vec<Column>,
        coming: Coming<'_>,
    ) -> Result<TableWriter, SnapshotError> {
        let known = match &self.before {
            Some(snapshot) => KnownRows::read(snapshot, table, coming)?,
            None => KnownRows::none(),
        };
        self.writer(table, columns, known, 1)
    }

    /// Starts a table that no earlier capture holds, in so many files: which rows go into which does not
    /// matter, as long as each goes into one.
    pub fn table_in_parts(
        &self,
        table: Table,
        columns: &[Column],
        parts: usize,
    ) -> Result<Vec<TableWriter>, SnapshotError> {
        let part = |part| self.writer(table, columns.to_vec(), KnownRows::none(), part);
        (1..=parts).map(part).collect()
    }

    /// Whether an earlier capture holds rows of a table.
    pub fn holds(&self, table: Table) -> bool {
        let mut before = self.before.iter();
        before.any(|snapshot| snapshot.entries_of(table).next().is_some())
    }

    fn writer(
        &self,
        table: Table,
        columns: Vec<Column>,
        known: KnownRows,
        part: usize,
    ) -> Result<TableWriter, SnapshotError> {
        TableWriter::create(TableSpec {
            dir: &self.dir,
            table,
            capture: &self.id,
            part,
            captured_at: self.options.began_at,
            row_key: self.options.row_key,
            columns,
            known,
        })
    }

    /// Ends one table, of which so many lines could not be read, and returns (rows read, rows new).
    pub fn finish_table(
        &mut self,
        writer: TableWriter,
        unreadable: u64,
    ) -> Result<(u64, u64), SnapshotError> {
        let (name, lacks_rows) = (writer.table().name(), writer.lacks_rows);
        let (mut done, file) = writer.end()?;
        done.rows_unreadable = unreadable;
        if lacks_rows {
            // what is still missing when all come is gone
            let earlier = self.before.as_ref().map_or(&[][..], Snapshot::captures);
            let unsure: BTreeSet<String> = done.newly_gone(name, earlier).cloned().collect();
            done.disappeared.retain(|key| !unsure.contains(key));
        }
        let counts = (done.rows_read, done.rows_new);
        self.tables.insert(name.to_string(), done);
        self.unpublished.push((name, file));
        Ok(counts)
    }

    /// The same of a table in parts.
    pub fn finish_parts(&mut self, parts: Vec<TableWriter>) -> Result<(u64, u64), SnapshotError> {
        let mut whole: Option<(&str, TableCapture)> = None;
        for writer in parts {
            let name = writer.table().name();
            let (part, file) = writer.end()?;
            whole = Some((name, whole.map_or(part.clone(), |(_, all)| all.and(part))));
            self.unpublished.push((name, file));
        }
        let Some((name, done)) = whole else { return Ok((0, 0)) };
        let counts = (done.rows_read, done.rows_new);
        self.tables.insert(name.to_string(), done);
        Ok(counts)
    }

    /// Waits until the disk has the files of all ended tables, and gives them their names.
    pub fn publish_tables(&mut self) -> Result<(), SnapshotError> {
        for (name, file) in std::mem::take(&mut self.unpublished) {
            let file = file.publish()?;
            if let Some(held) = self.tables.get_mut(name) {
                held.files.extend(file);
            }
        }
        Ok(())
    }

    /// What a finished table is at its source, and which of its rows were asked for.
    pub fn asked(&mut self, table: Table, oid: u32, since_xid: Option<u64>) {
        if let Some(held) = self.tables.get_mut(table.name()) {
            (held.oid, held.since_xid) = (Some(oid), since_xid);
        }
    }

    /// From which time on rows of a finished table were asked for, and from which on some are missing.
    pub fn asked_since(&mut self, table: Table, since: Option<Micros>, missing: Option<Micros>) {
        if let Some(held) = self.tables.get_mut(table.name()) {
            held.since_time = since.map(|at| at.to_string());
            held.missing_from = missing.map(|at| at.to_string());
        }
    }

    /// Adds what weakens the guarantee of this capture, for people to read.
    pub fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    /// The last time in the log rows of this capture, and the last one in those of the captures before,
    /// with its capture.
    pub fn last_log_times(&self) -> (Option<Micros>, Option<(Micros, String)>) {
        let last = |tables: &BTreeMap<String, TableCapture>| {
            let logs = tables.get(Table::SystemLogs.name())?;
            Micros::parse(logs.read_until.as_deref().or(logs.max_time.as_deref())?)
        };
        let before = self.before.iter().flat_map(Snapshot::captures);
        let known = before.filter_map(|capture| Some((last(&capture.tables)?, capture.id.clone())));
        (last(&self.tables), known.max())
    }

    /// Rows that the source had of a finished table.
    pub fn rows_read(&self, table: Table) -> u64 {
        self.tables.get(table.name()).map_or(0, |held| held.rows_read)
    }

    /// Rows of a finished table whose key stood in the source before.
    pub fn rows_repeated(&self, table: Table) -> u64 {
        self.tables.get(table.name()).map_or(0, |held| held.rows_repeated)
    }

    /// Rows of a finished append-only table that an earlier capture holds with other content.
    pub fn rows_changed(&self, table: Table) -> u64 {
        self.tables.get(table.name()).map_or(0, |held| held.rows_changed)
    }

    /// What a finished table is no longer as earlier captures have it, for people to read.
    pub fn losses(&self, table: Table) -> Vec<String> {
        let Some(held) = self.tables.get(table.name()) else { return Vec::new() };
        let mut said = Vec::new();
        if held.rows_changed > 0 {
            said.push(format!(
                "{table}: {} rows that an earlier capture holds have other contents now, or columns came or went: \
                 the first ones are kept",
                held.rows_changed
            ));
        }
        if held.rows_repeated > 0 && self.options.database_snapshot.is_some() {
            said.push(format!(
                "{table}: {} rows repeat an id of another row, as no key of the table forbids it: one row of each id \
                 counts, and which one may change with each capture",
                held.rows_repeated
            ));
        }
        let earlier = self.before.as_ref().map_or(&[][..], Snapshot::captures);
        let gone = held.newly_gone(table.name(), earlier).count();
        if gone > 0 {
            said.push(format!(
                "{table}: rows that an earlier capture holds are gone: {gone} (`backstory captures --format json` names them); their \
                 last versions stay in the snapshot"
            ));
        }
        let was_read_whole = held.since_xid.is_none() && held.rows_read == 0;
        // of a column that is no time the source tells no oldest one
        let last = earlier.iter().rev().find_map(|capture| capture.tables.get(table.name()));
        let tells = last.is_some_and(|last| last.read_from.is_some() || last.rows_read == 0);
        let is_empty =
            was_read_whole || (held.since_xid.is_some() && held.read_from.is_none() && tells);
        if table.is_append_only() && is_empty && self.holds(table) {
            said.push(format!("{table}: the source has no row of it any more"));
        }
        said
    }

    /// Keeps column types, defaults, enum labels and keys beside the data. The file gets its name
    /// after the manifest, so that until then the one of the capture before stands there.
    pub fn write_schema(&mut self, schema: &serde_json::Value) -> Result<(), SnapshotError> {
        let path = self.dir.join(SOURCE_SCHEMA);
        let bytes = to_json(&path, schema)?;
        write_synced(&temporary(&path), &bytes)?;
        self.source_schema = Some(blake3::hash(&bytes).to_hex().to_string());
        Ok(())
    }

    /// Writes the capture file, then the manifest: from here on the capture exists.
    pub fn finish(
        mut self,
        ended_at: Micros,
        source_files: BTreeMap<String, String>,
        unreadable: Vec<String>,
    ) -> Result<Snapshot, SnapshotError> {
        self.publish_tables()?;
        let previous = self.before.as_ref().and_then(|s| s.manifest().captures.last().cloned());
        let capture = Capture {
            id: self.id.clone(),
            previous: previous.map(|link| link.blake3),
            began_at: self.options.began_at.to_string(),
            ended_at: ended_at.to_string(),
            database_snapshot: self.options.database_snapshot,
            guarantee: self.options.guarantee.name().to_string(),
            notes: self.notes,
            captured_under: None,
            source_files,
            unreadable,
            source_schema: self.source_schema.clone(),
            tables: self.tables,
        };
        let folder = self.dir.join("captures");
        fs::create_dir_all(&folder).map_err(|err| SnapshotError::io("create", &folder, err))?;
        let blake3 = write_json(&folder.join(format!("{}.json", self.id)), &capture)?;
        let mut captures = self.before.map_or_else(Vec::new, |s| s.manifest().captures.clone());
        captures.push(CaptureLink { id: self.id, blake3 });
        let manifest = Manifest {
            format: FORMAT,
            tool: env!("CARGO_PKG_VERSION").to_string(),
            source: self.options.source,
            redaction: self.options.redaction,
            captures,
        };
        write_sealed(&self.dir.join(MANIFEST), &manifest)?;
        if self.source_schema.is_some() {
            let path = self.dir.join(SOURCE_SCHEMA);
            publish(&temporary(&path), &path)?;
        }
        self.mess.clear();
        Snapshot::open(&self.dir)
    }
}

/// The id of the capture that follows on so many.
pub(crate) fn capture_id(before: usize) -> String {
    format!("c{:06}", before + 1)
}
