//! Columns and values between a source and Parquet.

use std::borrow::Cow;

use arrow::datatypes::{DataType, TimeUnit};

use crate::model::time::Micros;

/// How a column is kept. The set is closed: whatever PostgreSQL has beside it is kept as its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// int2, int4, int8.
    Int,
    /// float4, float8.
    Double,
    /// boolean.
    Bool,
    /// timestamptz and timestamp: microseconds, UTC.
    Timestamp,
    /// Everything else, as PostgreSQL prints it.
    Text,
}

impl ColumnType {
    /// The arrow type of the Parquet column.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Int => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Bool => DataType::Boolean,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Text => DataType::Utf8,
        }
    }

    /// The type that keeps a PostgreSQL type of this name (`pg_type.typname`).
    pub fn of_postgres(type_name: &str) -> Self {
        match type_name {
            "int2" | "int4" | "int8" => Self::Int,
            "float4" | "float8" => Self::Double,
            "bool" => Self::Bool,
            "timestamptz" | "timestamp" => Self::Timestamp,
            _ => Self::Text,
        }
    }
}

/// One column of one table in one capture.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Column {
    /// The name at the source.
    pub name: String,
    /// How it is kept.
    pub kind: ColumnType,
    /// What the source calls its type (`uuid`, `jsonb`, `task_status`); `text` when it cannot say.
    pub source_type: String,
}

/// One value on its way into Parquet.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// SQL NULL.
    Null,
    /// An integer.
    Int(i64),
    /// A floating-point number, NaN and infinities included.
    Double(f64),
    /// A truth value.
    Bool(bool),
    /// An instant.
    Time(Micros),
    /// A text, after redaction.
    Text(Cow<'a, str>),
    /// A text that the typed column cannot hold (`infinity`, a year BC, an unreadable number): the
    /// column becomes null and the text is kept verbatim beside it.
    Verbatim(Cow<'a, str>),
}
