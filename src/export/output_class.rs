//! The class of a task's output, kept in a column of our own: redaction may hide what it is told from.

use std::borrow::Cow;

use crate::model::output::OutputClass;
use crate::model::table::Table;
use crate::snapshot::column::{Column, ColumnType, Value};
use crate::snapshot::schema::OUTPUT_CLASS;

/// Where the output stands among the columns of a table that has one.
pub fn position(table: Table, columns: &[Column]) -> Option<usize> {
    let output =
        |column: &Column| column.name == "output_location" && column.kind == ColumnType::Text;
    columns.iter().position(output).filter(|_| table == Table::Tasks)
}

/// The columns of a table in the snapshot: the source's, then the class if there is an output.
pub fn with_class(table: Table, columns: &[Column]) -> Vec<Column> {
    let mut all = columns.to_vec();
    if position(table, columns).is_some() {
        let (name, source_type) = (OUTPUT_CLASS.to_string(), "text".to_string());
        all.push(Column { name, kind: ColumnType::Text, source_type });
    }
    all
}

/// The class of an output as the source has it.
pub fn value(output: Option<&str>) -> Value<'static> {
    let class = output.and_then(OutputClass::of);
    class.map_or(Value::Null, |class| Value::Text(Cow::Borrowed(class.name())))
}
