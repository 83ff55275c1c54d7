//! What stands in the Parquet files of a snapshot.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type, TimestampMicrosecondType};
use backstory::model::table::Table;
use backstory::snapshot::open::Snapshot;
use backstory::snapshot::parquet_file::read_columns;

/// A value in a form that both sides can be brought to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Number(i64),
    Double(u64),
    Bool(bool),
    Time(i64),
    Text(String),
}

pub(super) type Rows = BTreeMap<String, BTreeMap<String, Cell>>;

fn cell(batch: &RecordBatch, column: usize, row: usize) -> Cell {
    let array = batch.column(column);
    if array.is_null(row) {
        return Cell::Null;
    }
    if let Some(numbers) = array.as_primitive_opt::<Int64Type>() {
        Cell::Number(numbers.value(row))
    } else if let Some(doubles) = array.as_primitive_opt::<Float64Type>() {
        Cell::Double(doubles.value(row).to_bits())
    } else if let Some(truths) = array.as_boolean_opt() {
        Cell::Bool(truths.value(row))
    } else if let Some(texts) = array.as_string_opt::<i32>() {
        Cell::Text(texts.value(row).to_string())
    } else {
        Cell::Time(array.as_primitive::<TimestampMicrosecondType>().value(row))
    }
}

/// Rows by id, with what stands verbatim beside its column put into its place.
pub(super) fn kept(snapshot: &Snapshot, table: Table, columns: &[&str]) -> Rows {
    let mut rows = Rows::new();
    let mut wanted = columns.to_vec();
    wanted.extend(["_verbatim", "_xid"]);
    for file in snapshot.files(table) {
        read_columns(&file, &wanted, |batch| {
            for row in 0..batch.num_rows() {
                let schema = batch.schema();
                let names = schema.fields().iter().map(|field| field.name().clone());
                let mut cells: BTreeMap<String, Cell> =
                    names.enumerate().map(|(at, name)| (name, cell(&batch, at, row))).collect();
                if let Some(Cell::Text(json)) = cells.remove("_verbatim") {
                    let texts: BTreeMap<String, String> =
                        serde_json::from_str(&json).expect("an object of texts");
                    for (name, text) in texts {
                        assert_eq!(cells.insert(name, Cell::Text(text)), Some(Cell::Null));
                    }
                }
                let Some(Cell::Text(id)) = cells.get("id").cloned() else { panic!("no id") };
                let (what, place) = (format!("{id} {:?}", cells.get("timestamp")), row);
                assert!(
                    rows.insert(id, cells).is_none(),
                    "a row twice: {what}, {place} of {}",
                    file.display()
                );
            }
            Ok(())
        })
        .expect("a file of ours");
    }
    rows
}
