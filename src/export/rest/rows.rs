//! A table whose rows change, read whole, page after page by id.
//!
//! Ids do not change: a row that stands in the table all the while is read exactly once, whatever else comes and
//! goes. A row that came in meanwhile may be missing, and the next capture has it.

use serde_json::value::RawValue;

use crate::export::error::ExportError;
use crate::export::postgres::Step;
use crate::export::rest::query;
use crate::export::rest::reading::{Reading, TableRows};
use crate::model::table::Table;
use crate::snapshot::capture::CaptureWriter;
use crate::snapshot::capture::known_rows::Coming;

const BY_ID: &str = "id.asc";

/// Reads a table to its end.
pub(super) fn read<'a>(
    reading: &mut Reading<'a, '_>,
    table: Table,
    writer: &mut CaptureWriter,
) -> Result<TableRows<'a>, ExportError> {
    let mut page = reading.page(table, "", BY_ID)?;
    (reading.watch)(Step::Begin(table));
    let mut rows = {
        let first = page.rows("a page")?.first().copied();
        reading.begin(table, first, writer, Coming::All)?
    };
    let mut last = None;
    while let Some(id) = push(reading, &mut rows, &page.rows("a page")?)? {
        if last.as_ref() == Some(&id) {
            return Err(rows.nonsense("it begins anew").into());
        }
        page = reading.page(table, &query::after_id(&id), BY_ID)?;
        last = Some(id);
    }
    check(reading, &mut rows, writer)?;
    Ok(rows)
}

/// Writes the rows of a page and returns the id of the last.
pub(super) fn push(
    reading: &mut Reading<'_, '_>,
    rows: &mut TableRows<'_>,
    page: &[&RawValue],
) -> Result<Option<String>, ExportError> {
    let mut last = None;
    for row in page {
        let members = rows.members(row)?;
        rows.push(&members)?;
        reading.progress(rows);
        last = Some(rows.id(&members)?.into_owned());
    }
    Ok(last)
}

/// Rows that the source counts and that did not come.
fn check(
    reading: &mut Reading<'_, '_>,
    rows: &mut TableRows<'_>,
    writer: &mut CaptureWriter,
) -> Result<(), ExportError> {
    let (table, read) = (rows.shape.source.table, rows.writer.rows_read());
    let Some(count) = reading.count(table, "")? else { return Ok(()) };
    if count > read {
        rows.writer.lacks_rows();
        let note = format!(
            "{table}: the source counts {count} rows and {read} came: the others were added \
             meanwhile, or lost on the way"
        );
        reading.note(note.clone());
        writer.note(note);
    }
    Ok(())
}
