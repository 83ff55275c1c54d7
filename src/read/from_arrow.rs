//! Arrow columns, as the engine hands them out, into cells.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "arrow has forty types: what is not named here is shown as arrow prints it"
)]

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::array_value_to_string;

use crate::model::time::Micros;
use crate::read::cell::{Cell, ColumnKind};

/// What a column of that arrow type holds.
pub(crate) fn kind(of: &DataType) -> ColumnKind {
    if of.is_numeric() {
        return ColumnKind::Number;
    }
    match of {
        DataType::Boolean => ColumnKind::Bool,
        DataType::Timestamp(_, _) => ColumnKind::Time,
        DataType::List(item) if kind(item.data_type()) == ColumnKind::Text => ColumnKind::TextList,
        other if other.is_nested() => ColumnKind::Nested,
        _ => ColumnKind::Text,
    }
}

/// The value in one row of a column.
pub(crate) fn cell(array: &ArrayRef, row: usize) -> Cell {
    if array.is_null(row) {
        return Cell::Null;
    }
    match array.data_type() {
        DataType::Null => Cell::Null,
        DataType::Boolean => Cell::Bool(array.as_boolean().value(row)),
        DataType::Utf8 => Cell::Text(array.as_string::<i32>().value(row).to_string()),
        DataType::LargeUtf8 => Cell::Text(array.as_string::<i64>().value(row).to_string()),
        DataType::Utf8View => Cell::Text(array.as_string_view().value(row).to_string()),
        DataType::Float32 => Cell::Float(f64::from(array.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => Cell::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Timestamp(unit, _) => time(array, *unit, row),
        DataType::List(_) => list(&array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(_, _) => list(&array.as_fixed_size_list().value(row)),
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns().iter();
            let named = fields.iter().zip(columns);
            Cell::Record(named.map(|(f, column)| (f.name().clone(), cell(column, row))).collect())
        }
        other => integer(array, other, row),
    }
}

fn list(items: &ArrayRef) -> Cell {
    Cell::List((0..items.len()).map(|row| cell(items, row)).collect())
}

fn integer(array: &ArrayRef, of: &DataType, row: usize) -> Cell {
    let number: i128 = match of {
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).into(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).into(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).into(),
        // HUGEINT, the type of every sum of whole numbers.
        DataType::Decimal128(_, 0) => array.as_primitive::<Decimal128Type>().value(row),
        _ => return shown(array, of, row),
    };
    i64::try_from(number).map_or_else(|_| Cell::Digits(number.to_string()), Cell::Int)
}

/// Dates, intervals, enums, blobs, ...: as arrow prints them.
fn shown(array: &ArrayRef, of: &DataType, row: usize) -> Cell {
    let text = array_value_to_string(array, row).unwrap_or_else(|err| format!("({err})"));
    if of.is_numeric() { Cell::Digits(text) } else { Cell::Text(text) }
}

fn time(array: &ArrayRef, unit: TimeUnit, row: usize) -> Cell {
    let micros = match unit {
        TimeUnit::Second => {
            array.as_primitive::<TimestampSecondType>().value(row).saturating_mul(1_000_000)
        }
        TimeUnit::Millisecond => {
            array.as_primitive::<TimestampMillisecondType>().value(row).saturating_mul(1_000)
        }
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().value(row),
        TimeUnit::Nanosecond => {
            array.as_primitive::<TimestampNanosecondType>().value(row).div_euclid(1_000)
        }
    };
    Cell::Time(Micros(micros))
}
