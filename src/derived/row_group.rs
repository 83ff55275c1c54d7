//! One row group on its way: its columns are encoded beside each other, each alone and in order, so that the
//! thread count cannot show.

use arrow::array::ArrayRef;
use arrow::datatypes::Schema;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::errors::ParquetError;
use rayon::prelude::*;

/// The columns, how many rows they have, and how many they may have.
pub(super) struct RowGroup {
    columns: Vec<ArrowColumnWriter>,
    rows: usize,
    rows_max: usize,
}

impl RowGroup {
    /// No rows yet.
    pub(super) fn new(columns: Vec<ArrowColumnWriter>, rows_max: usize) -> Self {
        Self { columns, rows: 0, rows_max }
    }

    /// Rows that it can still take.
    pub(super) fn room(&self) -> usize {
        self.rows_max - self.rows
    }

    /// Takes rows: as many arrays as columns, each of one leaf.
    pub(super) fn write(
        &mut self,
        schema: &Schema,
        arrays: &[ArrayRef],
    ) -> Result<(), ParquetError> {
        self.rows += arrays.first().map_or(0, |array| array.len());
        let columns = self.columns.par_iter_mut().zip(arrays).zip(&schema.fields()[..]);
        columns.try_for_each(|((column, array), field)| {
            compute_leaves(field, array)?.iter().try_for_each(|leaf| column.write(leaf))
        })
    }

    /// Its columns, encoded.
    pub(super) fn close(self) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
        self.columns.into_par_iter().map(ArrowColumnWriter::close).collect()
    }
}
