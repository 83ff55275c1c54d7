//! The rows of one table, from the wire into the snapshot, one at a time.

use std::collections::BTreeMap;
use std::pin::pin;

use futures_util::StreamExt;
use tokio_postgres::Client;

use crate::export::copy::{CopyDecoder, CopyError, CopyRow};
use crate::export::error::ExportError;
use crate::export::field;
use crate::export::output_class;
use crate::export::roles::role;
use crate::export::select::Selection;
use crate::export::server_error::{Doing, explain};
use crate::export::veil::Veil;
use crate::export::xid::{FIRST_NORMAL, widen};
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::redact::Redactor;
use crate::snapshot::column::{Column, Value};
use crate::snapshot::table_writer::TableWriter;

/// Rows between two reports of progress.
const REPORT_EVERY: u64 = 4_096;

/// Bytes between two reports, where rows are few and huge.
const REPORT_BYTES: usize = 256 << 10;

/// What every table of one capture is read with.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) client: &'a Client,
    pub(super) redactor: &'a Redactor,
    /// The next full transaction id at the time of the snapshot.
    pub(super) next_xid: u64,
    /// From which full transaction id on rows of the log are asked for, and its age; `None`: all.
    pub(super) since: Option<(u64, u32)>,
    /// The major version of the server.
    pub(super) server_version: u32,
    /// Below which full transaction id rows of the other tables stand as the capture before has them.
    pub(super) standing: &'a BTreeMap<Table, u64>,
}

/// Reads a table to its end and returns its earliest time.
pub(super) async fn read_table(
    reading: &Reading<'_>,
    selection: &Selection,
    writer: &mut TableWriter,
    progress: &mut dyn FnMut(u64),
) -> Result<Option<Micros>, ExportError> {
    let table = writer.table();
    let failed =
        |err: tokio_postgres::Error, rows| explain(&err, Doing::Reading(table)).after(rows);
    let damaged = |source: CopyError| ExportError::Copy { table, source };
    let time_column =
        selection.columns.iter().position(|column| column.name == table.time_column());
    let veil = |column: &Column| Veil::new(reading.redactor, role(table, &column.name));
    let mut veils: Vec<Veil<'_>> = selection.columns.iter().map(veil).collect();
    let output = output_class::position(table, &selection.columns);
    let stream = reading.client.copy_out(selection.sql.as_str()).await;
    let mut stream = pin!(stream.map_err(|err| failed(err, 0))?);
    // One more than the snapshot has: the row's xmin comes first.
    let mut decoder = CopyDecoder::new(selection.wires.len() + 1);
    let standing = reading.standing.get(&table).copied();
    let mut oldest: Option<Micros> = None;
    let mut unreported = 0;
    let mut room: Vec<Value<'static>> = Vec::new();
    while let Some(bytes) = stream.next().await {
        let bytes = bytes.map_err(|err| failed(err, writer.rows_read()))?;
        unreported += bytes.len();
        if unreported >= REPORT_BYTES {
            unreported = 0;
            progress(writer.rows_read());
        }
        decoder.push(bytes);
        while let Some(row) = decoder.next_row().map_err(damaged)? {
            if let Some(below) = standing
                && is_below(&row, below, reading.next_xid)
                && stands(&row, selection, &mut veils, writer).map_err(damaged)?
            {
                continue;
            }
            let mut values = std::mem::take(&mut room);
            let xmin = read(&row, selection, &mut veils, &mut values).map_err(damaged)?;
            if let Some(at) = output {
                // one more than the column's place: the row's xmin comes first
                let original = row.fields().nth(at + 1).flatten().map(String::from_utf8_lossy);
                values.push(output_class::value(original.as_deref()));
            }
            if let Some(Value::Time(at)) = time_column.map(|at| &values[at]) {
                oldest = Some(oldest.map_or(*at, |oldest| oldest.min(*at)));
            }
            writer.push(&values, Some(widen(xmin, reading.next_xid)))?;
            room = emptied(values);
            if writer.rows_read().is_multiple_of(REPORT_EVERY) {
                progress(writer.rows_read());
            }
        }
    }
    decoder.finish().map_err(damaged)?;
    Ok(oldest)
}

/// Whether a row was written by a transaction below this one. A permanent id may hide any.
fn is_below(row: &CopyRow<'_>, xid: u64, next_xid: u64) -> bool {
    let xmin = row.fields().next().flatten().unwrap_or_default();
    let xmin = field::xid(xmin).ok().filter(|xmin| *xmin >= FIRST_NORMAL);
    xmin.is_some_and(|xmin| widen(xmin, next_xid) < xid)
}

/// Counts a row that stands as the capture before has it, by its key and time alone; whether that has it.
fn stands(
    row: &CopyRow<'_>,
    selection: &Selection,
    veils: &mut [Veil<'_>],
    writer: &mut TableWriter,
) -> Result<bool, CopyError> {
    let place = |name: &str| selection.columns.iter().position(|column| column.name == name);
    let Some(key) = place("id") else { return Ok(false) };
    // the row's xmin comes first
    let field = |at: usize| row.fields().nth(at + 1).flatten();
    let time = match place(writer.table().time_column()) {
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

/// The table in a note when columns of it had to be left out.
pub(super) fn left_out_note(table: Table, selection: &Selection) -> Option<String> {
    if selection.left_out.is_empty() {
        return None;
    }
    let names = selection.left_out.join("`, `");
    Some(format!("{table}: column `{names}` left out: a snapshot has one of that name itself"))
}
