//! Typed access to the columns of a batch; a column that is not there is all NULL.

use arrow::array::{
    ArrayAccessor, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};

use crate::model::time::Micros;

/// One column of a batch, or none: of what type is asked once, and not of each row.
pub(super) enum Cells {
    /// Texts.
    Text(StringArray),
    /// Whole numbers.
    Int(Int64Array),
    /// Truth values.
    Flag(BooleanArray),
    /// Instants.
    Time(TimestampMicrosecondArray),
    /// Of another type, or not there.
    None,
}

/// What a row of a column holds, unless it is NULL.
fn valid<A: ArrayAccessor>(array: A, row: usize) -> Option<A::Item> {
    array.is_valid(row).then(|| array.value(row))
}

impl Cells {
    /// The column of that name.
    pub(super) fn of(batch: &RecordBatch, name: &str) -> Self {
        let Some(array) = batch.column_by_name(name) else { return Self::None };
        let text = || array.as_string_opt::<i32>().cloned().map(Self::Text);
        let int = || array.as_primitive_opt::<Int64Type>().cloned().map(Self::Int);
        let flag = || array.as_boolean_opt().cloned().map(Self::Flag);
        let time = || array.as_primitive_opt::<TimestampMicrosecondType>().cloned().map(Self::Time);
        text().or_else(int).or_else(flag).or_else(time).unwrap_or(Self::None)
    }

    /// A text.
    pub(super) fn text(&self, row: usize) -> Option<&str> {
        if let Self::Text(array) = self { valid(array, row) } else { None }
    }

    /// A text that is not empty.
    pub(super) fn word(&self, row: usize) -> Option<&str> {
        self.text(row).filter(|text| !text.is_empty())
    }

    /// A whole number, likewise.
    pub(super) fn int(&self, row: usize) -> Option<i64> {
        match self {
            Self::Int(array) => valid(array, row),
            Self::Text(array) => valid(array, row)?.parse().ok(),
            Self::Flag(_) | Self::Time(_) | Self::None => None,
        }
    }

    /// A truth value.
    pub(super) fn flag(&self, row: usize) -> Option<bool> {
        if let Self::Flag(array) = self { valid(array, row) } else { None }
    }

    /// An instant; that of a column which is text at its source is read.
    pub(super) fn time(&self, row: usize) -> Option<Micros> {
        match self {
            Self::Time(array) => valid(array, row).map(Micros),
            Self::Text(array) => Micros::parse(valid(array, row)?),
            Self::Int(_) | Self::Flag(_) | Self::None => None,
        }
    }

    /// Parsed JSON; null when it is NULL or not JSON.
    pub(super) fn json(&self, row: usize) -> serde_json::Value {
        self.text(row).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}
