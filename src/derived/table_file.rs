//! One derived table as one Parquet file, the same bytes for the same rows.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;

use crate::derived::rows::Rows;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::parquet_file::properties;

/// Rows in one batch.
const BATCH_ROWS: usize = 8_192;

/// Writes and syncs the file.
pub fn write(path: &Path, rows: &Rows) -> Result<(), SnapshotError> {
    let parquet = |source: ParquetError| SnapshotError::writing(path, source);
    let fields: Vec<Field> = rows
        .table
        .columns
        .iter()
        .map(|(name, kind)| Field::new(*name, kind.arrow(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let file = File::create(path).map_err(|err| SnapshotError::io("create", path, err))?;
    let mut writer =
        ArrowWriter::try_new(file, schema.clone(), Some(properties())).map_err(parquet)?;
    let mut from = 0;
    while from < rows.len() {
        let until = (from + BATCH_ROWS).min(rows.len());
        let batch = RecordBatch::try_new(schema.clone(), rows.arrays(from, until))
            .map_err(|err| parquet(err.into()))?;
        writer.write(&batch).map_err(parquet)?;
        from = until;
    }
    writer.finish().map_err(parquet)?;
    writer.inner().sync_all().map_err(|err| SnapshotError::io("sync", path, err))
}
