//! The rows of one table, from the wire into the snapshot, one at a time.

use std::collections::HashSet;
use std::pin::pin;

use futures_util::StreamExt;
use tokio_postgres::Client;

use crate::export::catalogue::SCHEMA;
use crate::export::copy::{CopyDecoder, CopyError, CopyRow};
use crate::export::error::ExportError;
use crate::export::field;
use crate::export::output_class;
use crate::export::roles::role;
use crate::export::select::{Selection, is_young, quote};
use crate::export::server_error::{Doing, explain};
use crate::export::veil::Veil;
use crate::export::xid::widen;
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
    let mut oldest: Option<Micros> = None;
    let mut unreported = 0;
    while let Some(bytes) = stream.next().await {
        let bytes = bytes.map_err(|err| failed(err, writer.rows_read()))?;
        unreported += bytes.len();
        if unreported >= REPORT_BYTES {
            unreported = 0;
            progress(writer.rows_read());
        }
        decoder.push(&bytes);
        while let Some(row) = decoder.next_row().map_err(damaged)? {
            let (xmin, mut values) = values(&row, selection, &mut veils).map_err(damaged)?;
            if let Some(at) = output {
                // one more than the column's place: the row's xmin comes first
                let original = row.fields().nth(at + 1).flatten().map(String::from_utf8_lossy);
                values.push(output_class::value(original.as_deref()));
            }
            if let Some(Value::Time(at)) = time_column.map(|at| &values[at]) {
                oldest = Some(oldest.map_or(*at, |oldest| oldest.min(*at)));
            }
            writer.push(&values, Some(widen(xmin, reading.next_xid)))?;
            if writer.rows_read().is_multiple_of(REPORT_EVERY) {
                progress(writer.rows_read());
            }
        }
    }
    decoder.finish().map_err(damaged)?;
    Ok(oldest)
}

/// The keys of the rows whose `xmin` is at most so many transactions old: to know which of them earlier captures
/// hold, without holding all keys of those in memory.
pub(super) async fn young_keys(
    client: &Client,
    table: Table,
    age_max: u32,
) -> Result<HashSet<Box<str>>, ExportError> {
    let failed = |err: tokio_postgres::Error| explain(&err, Doing::Reading(table));
    let damaged = |source: CopyError| ExportError::Copy { table, source };
    let sql = format!(
        "copy (select t.id::pg_catalog.text from {SCHEMA}.{} t where {}) to stdout (format binary)",
        quote(table.name()),
        is_young(age_max)
    );
    let mut stream = pin!(client.copy_out(sql.as_str()).await.map_err(failed)?);
    let mut decoder = CopyDecoder::new(1);
    let mut keys = HashSet::new();
    while let Some(bytes) = stream.next().await {
        decoder.push(&bytes.map_err(failed)?);
        while let Some(row) = decoder.next_row().map_err(damaged)? {
            let key = row.fields().next().flatten().map(String::from_utf8_lossy);
            keys.extend(key.map(Box::from));
        }
    }
    decoder.finish().map_err(damaged)?;
    Ok(keys)
}

/// The row's `xmin`, and its values in the order of the columns.
fn values<'a>(
    row: &CopyRow<'a>,
    selection: &Selection,
    veils: &'a mut [Veil<'_>],
) -> Result<(u32, Vec<Value<'a>>), CopyError> {
    let mut fields = row.fields();
    let xmin = field::xid(fields.next().flatten().unwrap_or_default())?;
    // one more: what is worked out of them may follow
    let mut values = Vec::with_capacity(veils.len() + 1);
    for ((wire, veil), bytes) in selection.wires.iter().zip(veils).zip(fields) {
        values.push(field::value(*wire, bytes, veil)?);
    }
    Ok((xmin, values))
}

/// The table in a note when columns of it had to be left out.
pub(super) fn left_out_note(table: Table, selection: &Selection) -> Option<String> {
    if selection.left_out.is_empty() {
        return None;
    }
    let names = selection.left_out.join("`, `");
    Some(format!("{table}: column `{names}` left out: a snapshot has one of that name itself"))
}
