//! Some rows of one derived table, column by column.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use uuid::Uuid;

use crate::derived::tables::DerivedTable;
use crate::model::id::{EventId, PodId, RowKey, RunId, TaskId, WorkerId};
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::snapshot::column::ColumnType;

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
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
    Text(Cow<'a, str>),
    /// A text in two pieces, one after the other.
    Joined(&'a str, &'a str),
    /// A uuid as text.
    Uuid(Uuid),
}

/// Rows of one table.
#[derive(Debug)]
pub struct Rows {
    /// Which table.
    pub table: &'static DerivedTable,
    columns: Vec<Column>,
    len: usize,
    text: usize,
}

/// One column on its way.
#[derive(Debug)]
enum Column {
    Int(Int64Builder),
    Double(Float64Builder),
    Bool(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
    Text(StringBuilder),
}

impl Rows {
    /// No rows yet.
    pub fn new(table: &'static DerivedTable) -> Self {
        let columns = table.columns.iter().map(|(_, kind)| Column::new(*kind)).collect();
        Self { table, columns, len: 0, text: 0 }
    }

    /// Takes one row: as many cells as columns, in their order.
    pub fn push<const N: usize>(&mut self, cells: [Cell<'_>; N]) {
        assert_eq!(N, self.columns.len(), "a row of `{}` has one cell a column", self.table.name);
        for (column, cell) in self.columns.iter_mut().zip(&cells) {
            column.push(cell);
            self.text += cell.text_len();
        }
        self.len += 1;
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes of their texts.
    pub fn text(&self) -> usize {
        self.text
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Their arrow arrays; no rows are left.
    pub fn take(&mut self) -> Vec<ArrayRef> {
        (self.len, self.text) = (0, 0);
        self.columns.iter_mut().map(Column::take).collect()
    }
}

impl Cell<'_> {
    /// Bytes of text that whoever made the row holds.
    fn text_len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Joined(one, other) => one.len() + other.len(),
            Self::Null
            | Self::Int(_)
            | Self::Double(_)
            | Self::Bool(_)
            | Self::Time(_)
            | Self::Uuid(_) => 0,
        }
    }
}

impl Column {
    fn new(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Int => Self::Int(Int64Builder::new()),
            ColumnType::Double => Self::Double(Float64Builder::new()),
            ColumnType::Bool => Self::Bool(BooleanBuilder::new()),
            ColumnType::Timestamp => Self::Time(TimestampMicrosecondBuilder::new()),
            ColumnType::Text => Self::Text(StringBuilder::new()),
        }
    }

    /// A cell of another type is NULL.
    fn push(&mut self, cell: &Cell<'_>) {
        match self {
            Self::Int(made) => {
                made.append_option(if let Cell::Int(n) = cell { Some(*n) } else { None });
            }
            Self::Double(made) => {
                made.append_option(if let Cell::Double(x) = cell { Some(*x) } else { None });
            }
            Self::Bool(made) => {
                made.append_option(if let Cell::Bool(b) = cell { Some(*b) } else { None });
            }
            Self::Time(made) => {
                made.append_option(if let Cell::Time(at) = cell { Some(at.0) } else { None });
            }
            Self::Text(made) => match cell {
                Cell::Text(text) => made.append_value(text),
                Cell::Joined(one, other) => {
                    // what is written before a value belongs to it, and never fails
                    if made.write_str(one).is_ok() {
                        made.append_value(other);
                    }
                }
                Cell::Uuid(uuid) => {
                    made.append_value(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
                }
                Cell::Null | Cell::Int(_) | Cell::Double(_) | Cell::Bool(_) | Cell::Time(_) => {
                    made.append_null();
                }
            },
        }
    }

    fn take(&mut self) -> ArrayRef {
        match self {
            // the next rows are much like these: they need not be moved as they grow
            Self::Int(made) => {
                let like = Int64Builder::with_capacity(made.len());
                Arc::new(std::mem::replace(made, like).finish())
            }
            Self::Double(made) => {
                let like = Float64Builder::with_capacity(made.len());
                Arc::new(std::mem::replace(made, like).finish())
            }
            Self::Bool(made) => Arc::new(made.finish()),
            Self::Time(made) => {
                let like = TimestampMicrosecondBuilder::with_capacity(made.len());
                Arc::new(std::mem::replace(made, like).finish())
            }
            Self::Text(made) => {
                let like = StringBuilder::with_capacity(made.len(), made.values_slice().len());
                Arc::new(std::mem::replace(made, like).finish())
            }
        }
    }
}

/// A text, or NULL.
pub fn text<'a>(value: Option<impl Into<Cell<'a>>>) -> Cell<'a> {
    value.map_or(Cell::Null, Into::into)
}

/// A text.
pub fn word<'a>(value: impl Into<Cell<'a>>) -> Cell<'a> {
    value.into()
}

/// A whole number, or NULL.
pub fn int<'a>(value: Option<i64>) -> Cell<'a> {
    value.map_or(Cell::Null, Cell::Int)
}

/// An instant, or NULL.
pub fn time<'a>(value: Option<Micros>) -> Cell<'a> {
    value.map_or(Cell::Null, Cell::Time)
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<EventId> for Cell<'_> {
    fn from(id: EventId) -> Self {
        Self::Uuid(id.0)
    }
}

impl From<&EventId> for Cell<'_> {
    fn from(id: &EventId) -> Self {
        Self::Uuid(id.0)
    }
}

impl From<Table> for Cell<'_> {
    fn from(table: Table) -> Self {
        Self::from(table.name())
    }
}

impl<'a> From<&'a RowKey> for Cell<'a> {
    fn from(key: &'a RowKey) -> Self {
        match key {
            RowKey::Uuid(uuid) => Self::Uuid(*uuid),
            RowKey::Text(text) => Self::from(&**text),
        }
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::from(text.as_str())
    }
}

impl<'a> From<Cow<'a, str>> for Cell<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Arc<str>> for Cell<'a> {
    fn from(text: &'a Arc<str>) -> Self {
        Self::from(&**text)
    }
}

/// Ids are kept as the source spells them.
macro_rules! from_id {
    ($($id:ident),*) => {
        $(impl<'a> From<&'a $id> for Cell<'a> {
            fn from(id: &'a $id) -> Self {
                Self::from(id.as_str())
            }
        })*
    };
}

from_id!(WorkerId, TaskId, PodId, RunId);
