//! One derived table as one Parquet file, written as its rows come: the same bytes for the same rows.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::derived::rows::{Cell, Rows};
use crate::derived::tables::DerivedTable;
use crate::snapshot::column::ColumnType;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::parquet_file;

/// Rows in one batch: no more of a table is held as rows.
const BATCH_ROWS: usize = 8_192;

/// As the evidence is written, but in a hurry: what replay made it can make again. A dictionary of what
/// hardly repeats costs time and room.
fn properties(table: &DerivedTable) -> WriterProperties {
    let fast = ZstdLevel::try_new(1).unwrap_or_default();
    let all = parquet_file::properties().into_builder();
    let all = all.set_compression(Compression::ZSTD(fast));
    let all = all.set_statistics_enabled(EnabledStatistics::Chunk);
    let names = table.columns.iter().map(|(name, _)| *name);
    let distinct = names.filter(|name| name.ends_with("event_id") || *name == "evidence_key");
    distinct
        .fold(all, |all, name| all.set_column_dictionary_enabled(ColumnPath::from(name), false))
        .build()
}

/// A file being written.
pub struct TableFile {
    path: PathBuf,
    schema: Arc<Schema>,
    writer: ArrowWriter<File>,
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
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties(table)))
            .map_err(|err| SnapshotError::writing(path, err))?;
        let rows = Rows::new(table);
        Ok(Self { path: path.to_path_buf(), schema, writer, rows, written: 0, failed: None })
    }

    /// Takes one row.
    pub fn push<const N: usize>(&mut self, cells: [Cell<'_>; N]) {
        self.written += 1;
        self.rows.push(cells);
        if self.rows.len() == BATCH_ROWS {
            self.flush();
        }
    }

    /// Takes rows made elsewhere; none are left there.
    pub fn append(&mut self, rows: &mut Rows) {
        self.written += rows.len() as u64;
        let arrays = rows.take();
        self.keep_going(|file| file.write(arrays));
    }

    /// What comes next begins a row group.
    pub fn end_group(&mut self) {
        self.keep_going(|file| file.writer.flush());
    }

    fn flush(&mut self) {
        let arrays = self.rows.take();
        self.keep_going(|file| file.write(arrays));
    }

    fn keep_going(&mut self, step: impl FnOnce(&mut Self) -> Result<(), ParquetError>) {
        if self.failed.is_none() {
            self.failed = step(self).err().map(|err| SnapshotError::writing(&self.path, err));
        }
    }

    fn write(&mut self, arrays: Vec<ArrayRef>) -> Result<(), ParquetError> {
        let batch = RecordBatch::try_new(self.schema.clone(), arrays)?;
        self.writer.write(&batch)
    }

    /// Writes what is left, and syncs; returns how many rows there are.
    ///
    /// # Errors
    /// The first thing that went wrong since the file was begun.
    pub fn finish(mut self) -> Result<u64, SnapshotError> {
        if !self.rows.is_empty() {
            self.flush();
        }
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        self.writer.finish().map_err(|err| SnapshotError::writing(&self.path, err))?;
        let synced = self.writer.inner().sync_all();
        synced.map_err(|err| SnapshotError::io("sync", &self.path, err))?;
        Ok(self.written)
    }
}
