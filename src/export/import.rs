//! `<table>.csv[.gz]` and `<table>.ndjson[.gz]` of one directory into one capture of a snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::json;

use crate::export::cells::value;
use crate::export::drift;
use crate::export::import_error::ImportError;
use crate::export::key::RowKey;
pub use crate::export::odd_values::JSON;
use crate::export::odd_values::{OddValues, is_beyond_reach};
use crate::export::output_class;
use crate::export::roles::role;
use crate::export::rows::{Cells, RowReader};
use crate::export::source_dir::{SourceDir, SourceFile};
use crate::model::state::Guarantee;
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::redact::Redactor;
use crate::redact::policy::Policy;
use crate::redact::role::Role;
use crate::snapshot::capture::known_rows::Coming;
use crate::snapshot::capture::{CaptureOptions, CaptureWriter};
use crate::snapshot::column::{Column, Value};
use crate::snapshot::manifest::{Manifest, Redaction, SOURCE_SCHEMA, read_json};
use crate::snapshot::open::Snapshot;

/// What the manifest calls this kind of source.
const SOURCE_KIND: &str = "files";
/// Unreadable lines that are named one by one, of each file; the rest is counted.
const UNREADABLE_NAMED_MAX: u64 = 1_000;
/// Rows between two calls of progress.
const PROGRESS_ROWS: u64 = 2_048;

/// What became of one file.
#[derive(Clone, Debug)]
pub struct FileSummary {
    /// The table.
    pub table: Table,
    /// The file's name.
    pub file: String,
    /// Rows read, new or not.
    pub rows_read: u64,
    /// Rows that no earlier capture has like this.
    pub rows_new: u64,
    /// Rows whose id stands in the file before.
    pub rows_repeated: u64,
    /// Of an append-only table: rows left out, because an earlier capture holds their id, though with
    /// other content.
    pub rows_changed: u64,
    /// Lines that could not be read.
    pub unreadable: u64,
    /// `file:line: why` of each of them, up to a limit.
    pub unreadable_named: Vec<String>,
    /// Columns with values that are none of their type: the column, the type, how many.
    pub odd_values: Vec<(String, &'static str, u64)>,
}

/// Where progress is told: table and rows so far, then the summary of each file.
pub trait Progress {
    /// So many rows of this table were read.
    fn rows(&mut self, table: Table, rows: u64);
    /// A file was read to its end.
    fn file(&mut self, summary: &FileSummary);
}

/// A capture with all rows in it that does not exist yet: [`finish`](Self::finish) publishes it.
pub struct Import {
    writer: CaptureWriter,
    source_files: BTreeMap<String, String>,
    unreadable: Vec<String>,
    schema: serde_json::Map<String, serde_json::Value>,
}

impl Import {
    /// Reads every file into a new capture of the snapshot at `dir`.
    pub fn run(
        source: &SourceDir,
        dir: &Path,
        key: &RowKey,
        policy: Policy,
        began_at: Micros,
        progress: &mut dyn Progress,
    ) -> Result<Self, ImportError> {
        let readers = open_all(source)?;
        let redaction =
            Redaction { policy: policy.name().to_string(), key_fingerprint: key.fingerprint() };
        let options = CaptureOptions {
            source: BTreeMap::from([("kind".to_string(), SOURCE_KIND.to_string())]),
            redaction: redaction.clone(),
            row_key: key.bytes(),
            began_at,
            database_snapshot: None,
            guarantee: Guarantee::AsGiven,
        };
        let writer = CaptureWriter::begin(dir, options)?;
        if let Some(before) = writer.before() {
            refuse_other(before.manifest(), &redaction, dir)?;
            refuse_same_files(before, source, dir)?;
        }
        let names = source.files.iter().map(|file| (file.name.clone(), file.blake3.clone()));
        let mut import = Self {
            writer,
            source_files: names.collect(),
            unreadable: Vec::new(),
            schema: serde_json::Map::new(),
        };
        let redactor = Redactor::new(policy, &key.bytes());
        for (file, reader) in source.files.iter().zip(readers) {
            import.read_file(file, reader, &redactor, progress)?;
        }
        import.refuse_older(dir)?;
        Ok(import)
    }

    /// Files from before an earlier capture would turn the rows back.
    fn refuse_older(&self, dir: &Path) -> Result<(), ImportError> {
        match self.writer.last_log_times() {
            (Some(ours), Some((theirs, capture))) if ours < theirs => Err(ImportError::Older {
                snapshot: dir.to_path_buf(),
                capture,
                theirs: theirs.to_string(),
                ours: ours.to_string(),
            }),
            (_, _) => Ok(()),
        }
    }

    /// What is not as it was in the files of the capture before, by name.
    pub fn drift(&self) -> Vec<String> {
        let Some(before) = self.writer.before() else { return Vec::new() };
        let earlier = read_json(&before.dir().join(SOURCE_SCHEMA)).unwrap_or_default();
        drift::file_notes(&earlier, &json!({ "tables": &self.schema }))
    }

    /// Publishes the capture.
    pub fn finish(mut self, ended_at: Micros) -> Result<Snapshot, ImportError> {
        let tables = serde_json::Value::Object(self.schema);
        self.writer.write_schema(&json!({ "source": SOURCE_KIND, "tables": tables }))?;
        Ok(self.writer.finish(ended_at, self.source_files, self.unreadable)?)
    }

    fn read_file(
        &mut self,
        file: &SourceFile,
        mut reader: RowReader,
        redactor: &Redactor,
        progress: &mut dyn Progress,
    ) -> Result<(), ImportError> {
        let table = file.table;
        let columns = reader.columns().to_vec();
        let roles: Vec<Role> = columns.iter().map(|column| role(table, &column.name)).collect();
        let mut rows =
            self.writer.table(table, output_class::with_class(table, &columns), Coming::All)?;
        let mut bad = Unreadable::new(&file.name);
        let mut odd = OddValues::default();
        let read = |source| ImportError::Read { path: file.path.clone(), source };
        loop {
            let why = match reader.read().map_err(read)? {
                None => break,
                Some(Err(why)) => why,
                Some(Ok(cells)) => match row(table, &columns, &roles, cells, redactor) {
                    Err(why) => why.to_string(),
                    Ok(values) => {
                        odd.see(&values);
                        odd.see_json(&values, &roles);
                        rows.push(&values, None)?;
                        if rows.rows_read().is_multiple_of(PROGRESS_ROWS) {
                            progress.rows(table, rows.rows_read());
                        }
                        continue;
                    }
                },
            };
            bad.add(reader.line(), &why);
        }
        let unreadable = bad.count;
        let (rows_read, rows_new) = self.writer.finish_table(rows, unreadable)?;
        let unreadable_named = bad.into_lines();
        if let Some((column, count)) = odd.without_json(&columns) {
            return Err(ImportError::NoJson { file: file.name.clone(), column, count });
        }
        let first = unreadable_named.first().filter(|_| rows_read == 0).cloned();
        self.unreadable.extend(unreadable_named.iter().cloned());
        self.schema.insert(table.name().to_string(), json!({ "columns": columns }));
        progress.file(&FileSummary {
            table,
            file: file.name.clone(),
            rows_read,
            rows_new,
            rows_repeated: self.writer.rows_repeated(table),
            rows_changed: self.writer.rows_changed(table),
            unreadable,
            unreadable_named,
            odd_values: odd.told(&columns),
        });
        match first {
            Some(first) => {
                Err(ImportError::NoRow { file: file.name.clone(), lines: unreadable, first })
            }
            None => Ok(()),
        }
    }
}

/// The values of one row, or why it cannot be placed.
fn row<'a>(
    table: Table,
    columns: &[Column],
    roles: &[Role],
    cells: Cells<'a>,
    redactor: &Redactor,
) -> Result<Vec<Value<'a>>, &'static str> {
    let mut values = Vec::with_capacity(columns.len() + 1);
    let class = output_class::position(table, columns)
        .map(|at| output_class::value(cells.get(at).and_then(Option::as_deref)));
    for ((column, role), cell) in columns.iter().zip(roles).zip(cells) {
        let value = match cell {
            Some(text) => value(column.kind, text, *role, redactor),
            None => Value::Null,
        };
        let empty = matches!(&value, Value::Null) || value == Value::Text("".into());
        if column.name == "id" && empty {
            return Err("no id");
        }
        let placed = match &value {
            Value::Time(_) => true,
            // as an export keeps it
            Value::Verbatim(text) => is_beyond_reach(text),
            Value::Null | Value::Text(_) | Value::Int(_) | Value::Double(_) | Value::Bool(_) => {
                false
            }
        };
        if table == Table::SystemLogs && column.name == "timestamp" && !placed {
            return Err("`timestamp` is no time");
        }
        values.push(value);
    }
    values.extend(class);
    Ok(values)
}

/// The lines of one file that could not be read.
struct Unreadable<'a> {
    file: &'a str,
    count: u64,
    named: Vec<String>,
}

impl<'a> Unreadable<'a> {
    fn new(file: &'a str) -> Self {
        Self { file, count: 0, named: Vec::new() }
    }

    fn add(&mut self, line: u64, why: &str) {
        self.count += 1;
        if self.count <= UNREADABLE_NAMED_MAX {
            self.named.push(format!("{}:{line}: {why}", self.file));
        }
    }

    fn into_lines(mut self) -> Vec<String> {
        if let Some(more) = self.count.checked_sub(UNREADABLE_NAMED_MAX).filter(|more| *more > 0) {
            self.named.push(format!("{}: {more} further lines are unreadable", self.file));
        }
        self.named
    }
}

/// Opens every file before anything is written: a bad header leaves no trace.
fn open_all(source: &SourceDir) -> Result<Vec<RowReader>, ImportError> {
    source.files.iter().map(RowReader::open).collect()
}

fn refuse_other(before: &Manifest, ours: &Redaction, dir: &Path) -> Result<(), ImportError> {
    let snapshot = dir.to_path_buf();
    let kind = before.source.get("kind").cloned().unwrap_or_default();
    if kind != SOURCE_KIND {
        return Err(ImportError::OtherSource { snapshot, kind });
    }
    let (theirs, ours) = (before.redaction.clone(), ours.clone());
    if theirs.policy != ours.policy {
        let (theirs, ours) = (theirs.policy, ours.policy);
        return Err(ImportError::OtherPolicy { snapshot, theirs, ours });
    }
    if theirs.key_fingerprint != ours.key_fingerprint {
        let (theirs, ours) = (theirs.key_fingerprint, ours.key_fingerprint);
        return Err(ImportError::OtherKey { snapshot, theirs, ours });
    }
    Ok(())
}

fn refuse_same_files(before: &Snapshot, source: &SourceDir, dir: &Path) -> Result<(), ImportError> {
    let ours: BTreeSet<&String> = source.files.iter().map(|file| &file.blake3).collect();
    let same = |files: &BTreeMap<String, String>| files.values().collect::<BTreeSet<_>>() == ours;
    match before.captures().iter().find(|capture| same(&capture.source_files)) {
        Some(capture) => {
            Err(ImportError::SameFiles { snapshot: dir.to_path_buf(), capture: capture.id.clone() })
        }
        None => Ok(()),
    }
}
