//! The log, read page after page by time and id, and counted interval by interval.
//!
//! Rows arrive late, and the time is their sender's: a row can be added behind the place that was read. So each
//! interval is counted by the source when it has been read; where the count is another, it is read again.

use crate::export::error::ExportError;
use crate::export::postgres::Step;
use crate::export::rest::interval::Interval;
use crate::export::rest::query;
use crate::export::rest::reading::{Reading, TableRows};
use crate::export::rest::rows;
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::snapshot::capture::CaptureWriter;
use crate::snapshot::capture::known_rows::Coming;

pub(super) const LOG: Table = Table::SystemLogs;
pub(super) const BY_TIME: &str = "timestamp.asc,id.asc";
const BY_ID: &str = "id.asc";
const TIMELESS: &str = "&timestamp=is.null";
/// Rows of one interval: their ids are held until it is counted.
const INTERVAL_ROWS: usize = 20_000;

/// What became of the log.
pub(super) struct LogRead<'a> {
    pub(super) rows: TableRows<'a>,
    /// Time of the oldest row at the source.
    pub(super) oldest: Option<Micros>,
    /// From when on rows are missing.
    pub(super) missing_from: Option<Micros>,
}

/// Reads the rows since a time, or all, up to the end; what is before `now` is counted.
pub(super) fn read<'a>(
    reading: &mut Reading<'a, '_>,
    writer: &mut CaptureWriter,
    since: Option<Micros>,
    now: Micros,
) -> Result<LogRead<'a>, ExportError> {
    let start = match since {
        Some(_) => query::between(since, None),
        None => "&timestamp=not.is.null".to_string(),
    };
    let mut page = reading.page(LOG, &start, BY_TIME)?;
    (reading.watch)(Step::Begin(LOG));
    let mut rows = {
        let coming = since.map_or(Coming::All, Coming::Since);
        // the columns are those of a row, whichever there is
        let timeless = reading.page(LOG, TIMELESS, BY_ID)?;
        let first = page.rows("a page")?.into_iter().chain(timeless.rows("a page")?).next();
        reading.begin(LOG, first, writer, coming)?
    };
    let mut interval = Interval::new(since);
    let mut last = None;
    loop {
        let at = interval.take(reading, &mut rows, &page.rows("a page")?, None)?;
        let Some(at) = at else { break };
        if last.as_ref() == Some(&at) {
            return Err(rows.nonsense("it begins anew").into());
        }
        if interval.seen.len() >= INTERVAL_ROWS
            && let Some(until) = Micros::parse(&at.time)
        {
            interval.close(reading, &mut rows, writer, until)?;
        }
        page = reading.page(LOG, &query::after(&at.time, &at.id), BY_TIME)?;
        last = Some(at);
    }
    interval.close(reading, &mut rows, writer, now)?;
    read_timeless(reading, &mut rows)?;
    let oldest = reading.first_time()?.as_deref().and_then(Micros::parse);
    if since.is_some() {
        oldest.into_iter().for_each(|at| rows.writer.reaches_back_to(at));
    }
    Ok(LogRead { rows, oldest, missing_from: interval.missing_from })
}

/// Rows without a time, which no interval holds.
fn read_timeless(
    reading: &mut Reading<'_, '_>,
    rows: &mut TableRows<'_>,
) -> Result<(), ExportError> {
    let mut after = String::new();
    loop {
        let page = reading.page(LOG, &format!("{TIMELESS}{after}"), BY_ID)?;
        let Some(id) = rows::push(reading, rows, &page.rows("a page")?)? else {
            return Ok(());
        };
        after = query::after_id(&id);
    }
}
