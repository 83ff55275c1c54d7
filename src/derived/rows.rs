//! Some rows of one derived table, column by column.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, StringBuilder, TimestampMicrosecondArray,
};

use crate::derived::tables::DerivedTable;
use crate::model::time::Micros;
use crate::snapshot::column::ColumnType;

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// NULL.
    Null,
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
    /// A truth value.
    Bool(bool),
    /// An instant.
    Time(Micros),
    /// A text.
    Text(String),
}

/// Rows of one table.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Which table.
    pub table: &'static DerivedTable,
    columns: Vec<Vec<Cell>>,
}

impl Rows {
    /// No rows yet.
    pub fn new(table: &'static DerivedTable) -> Self {
        Self { table, columns: vec![Vec::new(); table.columns.len()] }
    }

    /// Takes one row: as many cells as columns, in their order.
    pub fn push<const N: usize>(&mut self, cells: [Cell; N]) {
        assert_eq!(N, self.columns.len(), "a row of `{}` has one cell a column", self.table.name);
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell);
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their arrow arrays.
    pub fn arrays(&self) -> Vec<ArrayRef> {
        let kinds = self.table.columns.iter().map(|(_, kind)| *kind);
        kinds.zip(&self.columns).map(|(kind, cells)| array(kind, cells)).collect()
    }
}

fn array(kind: ColumnType, cells: &[Cell]) -> ArrayRef {
    match kind {
        ColumnType::Int => Arc::new(Int64Array::from_iter(
            cells.iter().map(|cell| if let Cell::Int(n) = cell { Some(*n) } else { None }),
        )),
        ColumnType::Double => Arc::new(Float64Array::from_iter(
            cells.iter().map(|cell| if let Cell::Double(x) = cell { Some(*x) } else { None }),
        )),
        ColumnType::Bool => Arc::new(BooleanArray::from_iter(
            cells.iter().map(|cell| if let Cell::Bool(b) = cell { Some(*b) } else { None }),
        )),
        ColumnType::Timestamp => Arc::new(TimestampMicrosecondArray::from_iter(
            cells.iter().map(|cell| if let Cell::Time(at) = cell { Some(at.0) } else { None }),
        )),
        ColumnType::Text => {
            let mut builder = StringBuilder::new();
            for cell in cells {
                builder.append_option(if let Cell::Text(text) = cell { Some(text) } else { None });
            }
            Arc::new(builder.finish())
        }
    }
}

/// A text, or NULL.
pub fn text(value: Option<impl ToString>) -> Cell {
    value.map_or(Cell::Null, |value| Cell::Text(value.to_string()))
}

/// A text.
pub fn word(value: impl ToString) -> Cell {
    Cell::Text(value.to_string())
}

/// A whole number, or NULL.
pub fn int(value: Option<i64>) -> Cell {
    value.map_or(Cell::Null, Cell::Int)
}

/// An instant, or NULL.
pub fn time(value: Option<Micros>) -> Cell {
    value.map_or(Cell::Null, Cell::Time)
}
