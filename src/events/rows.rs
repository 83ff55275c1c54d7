//! Typed access to the columns of a batch; a column that is not there is all NULL.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};

use crate::model::time::Micros;

/// One column of a batch, or none.
pub(super) struct Cells(Option<ArrayRef>);

impl Cells {
    /// The column of that name.
    pub(super) fn of(batch: &RecordBatch, name: &str) -> Self {
        Self(batch.column_by_name(name).cloned())
    }

    fn valid(&self, row: usize, kind: &DataType) -> Option<&ArrayRef> {
        self.0.as_ref().filter(|array| array.data_type() == kind && array.is_valid(row))
    }

    /// A text.
    pub(super) fn text(&self, row: usize) -> Option<&str> {
        self.valid(row, &DataType::Utf8).map(|array| array.as_string::<i32>().value(row))
    }

    /// A text that is not empty.
    pub(super) fn word(&self, row: usize) -> Option<&str> {
        self.text(row).filter(|text| !text.is_empty())
    }

    /// A whole number.
    pub(super) fn int(&self, row: usize) -> Option<i64> {
        let array = self.valid(row, &DataType::Int64)?;
        Some(array.as_primitive::<Int64Type>().value(row))
    }

    /// A truth value.
    pub(super) fn flag(&self, row: usize) -> Option<bool> {
        self.valid(row, &DataType::Boolean).map(|array| array.as_boolean().value(row))
    }

    /// An instant.
    pub(super) fn time(&self, row: usize) -> Option<Micros> {
        let array = self.0.as_ref().filter(|array| array.is_valid(row))?;
        let values = array.as_primitive_opt::<TimestampMicrosecondType>()?;
        Some(Micros(values.value(row)))
    }

    /// Parsed JSON; null when it is NULL or not JSON.
    pub(super) fn json(&self, row: usize) -> serde_json::Value {
        self.text(row).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}
