//! One file of evidence through the redactor, batch by batch.

use std::borrow::Cow;
use std::path::Path;

use arrow::array::{
    Array, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType};
use serde_json::{Map, Value as Json};

use crate::export::roles::role;
use crate::export::veil::Veil;
use crate::model::time::Micros;
use crate::redact::Redactor;
use crate::redact::role::Role;
use crate::snapshot::column::{Column, ColumnType, Value};
use crate::snapshot::error::SnapshotError;
use crate::snapshot::parquet_file::{read_columns, schema};
use crate::snapshot::schema::OWN_COLUMNS;
use crate::snapshot::table_writer::TableWriter;

/// The source's columns of a file, and the class of an output with them.
pub(super) fn columns(path: &Path) -> Result<Vec<Column>, SnapshotError> {
    let schema = schema(path)?;
    let fields = schema.fields().iter();
    let theirs = fields.filter(|field| !OWN_COLUMNS.contains(&field.name().as_str()));
    let column = |name: &String, kind: &DataType| {
        let kind = kind_of(kind).ok_or_else(|| odd(path, name))?;
        Ok(Column { name: name.clone(), kind, source_type: String::new() })
    };
    theirs.map(|field| column(field.name(), field.data_type())).collect()
}

/// Writes every row of a file again.
pub(super) fn rewrite(
    path: &Path,
    columns: &[Column],
    redactor: &Redactor,
    writer: &mut TableWriter,
) -> Result<(), SnapshotError> {
    let table = writer.table();
    let roles: Vec<Role> = columns.iter().map(|column| role(table, &column.name)).collect();
    let mut veils: Vec<Veil<'_>> = roles.iter().map(|role| Veil::new(redactor, *role)).collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let wanted = [&names[..], &["_xid", "_verbatim"]].concat();
    read_columns(path, &wanted, |batch| {
        let held = |name: &str| Cells::of(&batch, name).ok_or_else(|| odd(path, name));
        let cells: Vec<Cells<'_>> =
            names.iter().map(|name| held(name)).collect::<Result<_, _>>()?;
        let (xids, verbatim) = (held("_xid")?, held("_verbatim")?);
        for row in 0..batch.num_rows() {
            let kept = verbatim_of(path, &verbatim, row)?;
            let mut values = Vec::with_capacity(columns.len());
            for (at, (cells, veil)) in cells.iter().zip(&mut veils).enumerate() {
                values.push(match kept.get(&columns[at].name) {
                    Some(Json::String(text)) => {
                        Value::Verbatim(redactor.value(roles[at], text).into_owned().into())
                    }
                    Some(_) | None => cells.value(row, veil),
                });
            }
            let xid =
                if let Value::Int(xid) = xids.plain(row) { u64::try_from(xid).ok() } else { None };
            writer.push(&values, xid)?;
        }
        Ok(())
    })
}

/// The texts that stand beside their columns.
fn verbatim_of(
    path: &Path,
    cells: &Cells<'_>,
    row: usize,
) -> Result<Map<String, Json>, SnapshotError> {
    let Value::Text(text) = cells.plain(row) else { return Ok(Map::new()) };
    serde_json::from_str(&text).map_err(|_| odd(path, "_verbatim"))
}

fn kind_of(kind: &DataType) -> Option<ColumnType> {
    let all = [
        ColumnType::Int,
        ColumnType::Double,
        ColumnType::Bool,
        ColumnType::Timestamp,
        ColumnType::Text,
    ];
    all.into_iter().find(|ours| ours.arrow() == *kind)
}

fn odd(path: &Path, column: &str) -> SnapshotError {
    SnapshotError::ColumnType { path: path.to_path_buf(), column: column.to_string() }
}

/// One column of a batch.
enum Cells<'a> {
    Int(&'a Int64Array),
    Double(&'a Float64Array),
    Bool(&'a BooleanArray),
    Time(&'a TimestampMicrosecondArray),
    Text(&'a StringArray),
}

impl<'a> Cells<'a> {
    fn of(batch: &'a RecordBatch, name: &str) -> Option<Self> {
        let array = batch.column_by_name(name)?;
        Some(match kind_of(array.data_type())? {
            ColumnType::Int => Self::Int(array.as_primitive::<Int64Type>()),
            ColumnType::Double => Self::Double(array.as_primitive::<Float64Type>()),
            ColumnType::Bool => Self::Bool(array.as_boolean()),
            ColumnType::Timestamp => Self::Time(array.as_primitive::<TimestampMicrosecondType>()),
            ColumnType::Text => Self::Text(array.as_string::<i32>()),
        })
    }

    /// A value as it stands there.
    fn plain(&self, row: usize) -> Value<'a> {
        match self {
            Self::Int(cells) if cells.is_valid(row) => Value::Int(cells.value(row)),
            Self::Double(cells) if cells.is_valid(row) => Value::Double(cells.value(row)),
            Self::Bool(cells) if cells.is_valid(row) => Value::Bool(cells.value(row)),
            Self::Time(cells) if cells.is_valid(row) => Value::Time(Micros(cells.value(row))),
            Self::Text(cells) if cells.is_valid(row) => {
                Value::Text(Cow::Borrowed(cells.value(row)))
            }
            Self::Int(_) | Self::Double(_) | Self::Bool(_) | Self::Time(_) | Self::Text(_) => {
                Value::Null
            }
        }
    }

    /// A value as it may be kept now.
    fn value<'v>(&self, row: usize, veil: &'v mut Veil<'_>) -> Value<'v>
    where
        'a: 'v,
    {
        if let Self::Text(cells) = self
            && cells.is_valid(row)
        {
            return Value::Text(veil.text(cells.value(row).as_bytes()));
        }
        self.plain(row)
    }
}
