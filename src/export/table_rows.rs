//! The rows of one table, from the bytes of a COPY into the snapshot, one at a time.

use bytes::Bytes;

use crate::export::copy::{CopyDecoder, CopyError, CopyRow};
use crate::export::error::ExportError;
use crate::export::field;
use crate::export::output_class;
use crate::export::roles::role;
use crate::export::select::Selection;
use crate::export::veil::Veil;
use crate::export::xid::{FIRST_NORMAL, widen};
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::redact::Redactor;
use crate::snapshot::column::{Column, Value};
use crate::snapshot::table_writer::TableWriter;

/// What rows are made with.
#[derive(Clone, Copy)]
pub(super) struct Making<'a> {
    pub(super) redactor: &'a Redactor,
    /// The next full transaction id at the time of the snapshot.
    pub(super) next_xid: u64,
    /// Below which full transaction id rows stand as the capture before has them.
    pub(super) standing: Option<u64>,
}

/// Takes one COPY, piece by piece, and writes its rows.
pub(super) struct TableRows<'a> {
    making: Making<'a>,
    selection: &'a Selection,
    writer: &'a mut TableWriter,
    table: Table,
    decoder: CopyDecoder,
    veils: Vec<Veil<'a>>,
    time_column: Option<usize>,
    /// Where the class of an output stands, which we add.
    output: Option<usize>,
    oldest: Option<Micros>,
    room: Vec<Value<'static>>,
}

impl<'a> TableRows<'a> {
    pub(super) fn new(
        making: Making<'a>,
        selection: &'a Selection,
        writer: &'a mut TableWriter,
    ) -> Self {
        let table = writer.table();
        let veil = |column: &Column| Veil::new(making.redactor, role(table, &column.name));
        Self {
            making,
            table,
            // One more than the snapshot has: the row's xmin comes first.
            decoder: CopyDecoder::new(selection.wires.len() + 1),
            veils: selection.columns.iter().map(veil).collect(),
            time_column: place(selection, table.time_column()),
            output: output_class::position(table, &selection.columns),
            selection,
            writer,
            oldest: None,
            room: Vec::new(),
        }
    }

    /// Rows that the table's file has seen so far.
    pub(super) fn rows_read(&self) -> u64 {
        self.writer.rows_read()
    }

    /// Takes what came, and writes the rows that are whole with it.
    pub(super) fn take(&mut self, bytes: Bytes) -> Result<(), ExportError> {
        let table = self.table;
        let damaged = |source: CopyError| ExportError::Copy { table, source };
        self.decoder.push(bytes);
        while let Some(row) = self.decoder.next_row().map_err(damaged)? {
            let below = self.making.standing;
            if below.is_some_and(|below| is_below(&row, below, self.making.next_xid))
                && stands(&row, self.selection, &mut self.veils, self.writer).map_err(damaged)?
            {
                continue;
            }
            let mut values = std::mem::take(&mut self.room);
            let read = read(&row, self.selection, &mut self.veils, &mut values);
            let xmin = read.map_err(damaged)?;
            if let Some(at) = self.output {
                // one more than the column's place: the row's xmin comes first
                let original = row.fields().nth(at + 1).flatten().map(String::from_utf8_lossy);
                values.push(output_class::value(original.as_deref()));
            }
            if let Some(Value::Time(at)) = self.time_column.map(|at| &values[at]) {
                self.oldest = Some(self.oldest.map_or(*at, |oldest| oldest.min(*at)));
            }
            self.writer.push(&values, Some(widen(xmin, self.making.next_xid)))?;
            self.room = emptied(values);
        }
        Ok(())
    }

    /// Nothing comes any more; returns the earliest time of the rows.
    pub(super) fn end(self) -> Result<Option<Micros>, ExportError> {
        let table = self.table;
        self.decoder.finish().map_err(|source| ExportError::Copy { table, source })?;
        Ok(self.oldest)
    }
}

/// Whether a row was written by a transaction below this one. A permanent id may hide any.
fn is_below(row: &CopyRow<'_>, xid: u64, next_xid: u64) -> bool {
    let xmin = row.fields().next().flatten().unwrap_or_default();
    let xmin = field::xid(xmin).ok().filter(|xmin| *xmin >= FIRST_NORMAL);
    xmin.is_some_and(|xmin| widen(xmin, next_xid) < xid)
}

/// Where a column of this name stands.
fn place(selection: &Selection, name: &str) -> Option<usize> {
    selection.columns.iter().position(|column| column.name == name)
}

/// Counts a row that stands as the capture before has it, by its key and time alone; whether that has it.
fn stands(
    row: &CopyRow<'_>,
    selection: &Selection,
    veils: &mut [Veil<'_>],
    writer: &mut TableWriter,
) -> Result<bool, CopyError> {
    let Some(key) = place(selection, "id") else { return Ok(false) };
    // the row's xmin comes first
    let field = |at: usize| row.fields().nth(at + 1).flatten();
    let time = match place(selection, writer.table().time_column()) {
        Some(at) => match field::value(selection.wires[at], field(at), &mut veils[at])? {
            Value::Time(at) => Some(at),
            Value::Null
            | Value::Int(_)
            | Value::Double(_)
            | Value::Bool(_)
            | Value::Text(_)
            | Value::Verbatim(_) => None,
        },
        None => None,
    };
    match field::value(selection.wires[key], field(key), &mut veils[key])? {
        Value::Text(key) => Ok(writer.stands(&key, time)),
        Value::Null
        | Value::Int(_)
        | Value::Double(_)
        | Value::Bool(_)
        | Value::Time(_)
        | Value::Verbatim(_) => Ok(false),
    }
}

/// Adds a row's values in the order of the columns; returns its `xmin`.
fn read<'a>(
    row: &CopyRow<'a>,
    selection: &Selection,
    veils: &'a mut [Veil<'_>],
    values: &mut Vec<Value<'a>>,
) -> Result<u32, CopyError> {
    let mut fields = row.fields();
    let xmin = field::xid(fields.next().flatten().unwrap_or_default())?;
    for ((wire, veil), bytes) in selection.wires.iter().zip(veils).zip(fields) {
        field::push(*wire, bytes, veil, values)?;
    }
    Ok(xmin)
}

/// The room of values for those of the next row, which borrow from elsewhere: collected in place.
fn emptied(mut values: Vec<Value<'_>>) -> Vec<Value<'static>> {
    values.clear();
    values.into_iter().map(|_| Value::Null).collect()
}
