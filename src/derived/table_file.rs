//! One derived table as one Parquet file, written as its rows come: the same bytes for the same rows.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowRowGroupWriterFactory;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use crate::derived::row_group::RowGroup;
use crate::derived::rows::{Cell, Rows};
use crate::derived::tables::DerivedTable;
use crate::snapshot::column::ColumnType;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::parquet_file;

/// Rows in one batch: no more of a table is held as rows.
pub(super) const BATCH_ROWS: usize = 8_192;
/// The same in bytes of text.
const BATCH_TEXT_MAX: usize = 64 << 20;

/// Ids that rows are looked up by where they are not in their order: each row group tells which it cannot have.
const LOOKED_UP: [&str; 4] = ["event_id", "task_id", "worker_id", "object_id"];
/// What is in no order and is not asked for by its bounds.
const UNORDERED: [&str; 9] = [
    "attributes",
    "basis",
    "call_site",
    "clock",
    "evidence_column",
    "evidence_key",
    "inputs",
    "subject_kind",
    "thresholds",
];
/// Columns of a handful of words: as numbers of them they are next to nothing, and to begin to compress takes
/// longer than to have it done.
const FEW_WORDS: [&str; 9] = [
    "basis",
    "evidence_column",
    "evidence_table",
    "kind",
    "object_kind",
    "role",
    "source_type",
    "subject_kind",
    "state",
];
/// Tables that are read for the few events that are cited. Elsewhere ids of events are read with every row, and to
/// unpress their digits, which halves them, takes a tenth of what all questions take.
const READ_FOR_FEW: [&str; 2] = ["event_evidence", "event_objects"];
/// Of the row groups that lack an id, the share that is read all the same.
const READ_IN_VAIN: f64 = 0.01;

/// As the evidence is written, but in a hurry: what replay made it can make again. A dictionary of what
/// hardly repeats costs time and room.
fn properties(table: &DerivedTable) -> WriterProperties {
    let fast = ZstdLevel::try_new(1).unwrap_or_default();
    let all = parquet_file::properties(&Schema::empty()).into_builder();
    let all = all.set_compression(Compression::ZSTD(fast));
    let all = all.set_statistics_enabled(EnabledStatistics::Chunk);
    let names = || table.columns.iter().map(|(name, _)| *name);
    let distinct = names().filter(|name| name.ends_with("event_id") || *name == "evidence_key");
    let all = distinct
        .fold(all, |all, name| all.set_column_dictionary_enabled(ColumnPath::from(name), false));
    let of_event = |name: &&str| name.ends_with("event_id") && !READ_FOR_FEW.contains(&table.name);
    let times = table.columns.iter().filter(|(_, kind)| *kind == ColumnType::Timestamp);
    let times = || times.clone().map(|(name, _)| ColumnPath::from(*name));
    let loose = names().filter(|name| of_event(name) || FEW_WORDS.contains(name));
    let all = loose
        .map(ColumnPath::from)
        .fold(all, |all, name| all.set_column_compression(name, Compression::UNCOMPRESSED));
    // times follow each other, which a dictionary hides: their steps are smaller, and made sooner
    let all = times().fold(all, |all, name| {
        let all = all.set_column_dictionary_enabled(name.clone(), false);
        let all = all.set_column_compression(name.clone(), Compression::UNCOMPRESSED);
        all.set_column_encoding(name, Encoding::DELTA_BINARY_PACKED)
    });
    // what no order is in has no useful bounds, and they make the footer long; but the engine looks at a filter
    // of ids only where there are bounds as well
    let unordered = names().filter(|name| UNORDERED.contains(name));
    let all = unordered
        .map(ColumnPath::from)
        .fold(all, |all, name| all.set_column_statistics_enabled(name, EnabledStatistics::None));
    let looked_up = names().filter(|name| LOOKED_UP.contains(name));
    let all = looked_up.map(ColumnPath::from).fold(all, |all, name| {
        let all = all.set_column_bloom_filter_fpp(name.clone(), READ_IN_VAIN);
        all.set_column_bloom_filter_ndv(name, table.group_rows() as u64)
    });
    all.build()
}

/// A file being written.
pub struct TableFile {
    path: PathBuf,
    schema: Arc<Schema>,
    writer: SerializedFileWriter<File>,
    columns: ArrowRowGroupWriterFactory,
    /// The row group in hand.
    group: Option<RowGroup>,
    rows: Rows,
    written: u64,
    /// The first thing that went wrong: told at the end, and nothing is written after it.
    failed: Option<SnapshotError>,
}

impl TableFile {
    /// Begins the file.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn create(path: &Path, table: &'static DerivedTable) -> Result<Self, SnapshotError> {
        let column =
            |(name, kind): &(&'static str, ColumnType)| Field::new(*name, kind.arrow(), true);
        let schema = Arc::new(Schema::new(table.columns.iter().map(column).collect::<Vec<_>>()));
        let file = File::create(path).map_err(|err| SnapshotError::io("create", path, err))?;
        let (writer, columns) = ArrowWriter::try_new(file, schema.clone(), Some(properties(table)))
            .and_then(ArrowWriter::into_serialized_writer)
            .map_err(|err| SnapshotError::writing(path, err))?;
        let (path, rows) = (path.to_path_buf(), Rows::new(table));
        let (group, failed) = (None, None);
        Ok(Self { path, schema, writer, columns, group, rows, written: 0, failed })
    }

    /// Which table.
    pub fn table(&self) -> &'static DerivedTable {
        self.rows.table
    }

    /// Takes rows made elsewhere.
    pub fn append(&mut self, arrays: &[ArrayRef]) {
        self.written += arrays.first().map_or(0, |array| array.len() as u64);
        self.keep_going(|file| file.write(arrays));
    }

    /// Takes one row.
    pub fn push<const N: usize>(&mut self, cells: [Cell<'_>; N]) {
        self.written += 1;
        self.rows.push(cells);
        if self.rows.len() == BATCH_ROWS || self.rows.text() >= BATCH_TEXT_MAX {
            self.flush();
        }
    }

    /// What comes next begins a row group.
    pub fn end_group(&mut self) {
        if !self.rows.is_empty() {
            self.flush();
        }
        self.keep_going(Self::close_group);
    }

    fn flush(&mut self) {
        let arrays = self.rows.take();
        self.keep_going(|file| file.write(&arrays));
    }

    fn keep_going(&mut self, step: impl FnOnce(&mut Self) -> Result<(), ParquetError>) {
        if self.failed.is_none() {
            self.failed = step(self).err().map(|err| SnapshotError::writing(&self.path, err));
        }
    }

    fn write(&mut self, arrays: &[ArrayRef]) -> Result<(), ParquetError> {
        let rows = arrays.first().map_or(0, |array| array.len());
        let mut from = 0;
        while from < rows {
            let group = match &mut self.group {
                Some(group) => group,
                None => {
                    let number = self.writer.flushed_row_groups().len();
                    let columns = self.columns.create_column_writers(number)?;
                    self.group.insert(RowGroup::new(columns, self.rows.table.group_rows()))
                }
            };
            let fit = group.room().min(rows - from);
            let piece: Vec<ArrayRef> = arrays.iter().map(|all| all.slice(from, fit)).collect();
            group.write(&self.schema, &piece)?;
            from += fit;
            if group.room() == 0 {
                self.close_group()?;
            }
        }
        Ok(())
    }

    fn close_group(&mut self) -> Result<(), ParquetError> {
        let Some(group) = self.group.take() else { return Ok(()) };
        let columns = group.close()?;
        let mut written = self.writer.next_row_group()?;
        columns.into_iter().try_for_each(|column| column.append_to_row_group(&mut written))?;
        written.close().map(drop)
    }

    /// Writes what is left, and syncs; returns how many rows there are.
    ///
    /// # Errors
    /// The first thing that went wrong since the file was begun.
    pub fn finish(mut self) -> Result<u64, SnapshotError> {
        self.end_group();
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        self.writer.finish().map_err(|err| SnapshotError::writing(&self.path, err))?;
        let synced = self.writer.inner().sync_all();
        synced.map_err(|err| SnapshotError::io("sync", &self.path, err))?;
        Ok(self.written)
    }
}
