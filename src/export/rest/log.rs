//! The log, read page after page by time and id, and counted interval by interval.
//!
//! Rows arrive late, and the time is their sender's: a row can be added behind the place that was read. So each
//! interval is counted by the source when it has been read; where the count is another, it is read again.

use crate::export::error::ExportError;
use crate::export::postgres::Step;
use crate::export::rest::answer::Answer;
use crate::export::rest::interval::{Interval, Place};
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
/// What is later, `infinity` among it, is no time at which anything was logged.
const DATELESS: &str = "9999-12-30T00:00:00Z";
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

/// Reads the rows since a time, or all, up to those that were the last when it began; what is before `now` is counted.
pub(super) fn read<'a>(
    reading: &mut Reading<'a, '_>,
    writer: &mut CaptureWriter,
    since: Option<Micros>,
    now: Micros,
) -> Result<LogRead<'a>, ExportError> {
    // what is added behind them is of the next capture: a log that is written faster than it is read has no end
    let spans = spans(since, now);
    let mut ends = Vec::new();
    for span in &spans {
        ends.push(reading.last_place(LOG, span)?);
    }
    let start = match since {
        Some(_) => query::between(since, None),
        None => "&timestamp=not.is.null".to_string(),
    };
    let first = reading.page(LOG, &start, BY_TIME)?;
    (reading.watch)(Step::Begin(LOG));
    let mut rows = {
        let coming = since.map_or(Coming::All, Coming::Since);
        // the columns are those of a row, whichever there is
        let timeless = reading.page(LOG, TIMELESS, BY_ID)?;
        let first = first.rows("a page")?.into_iter().chain(timeless.rows("a page")?).next();
        reading.begin(LOG, first, writer, coming)?
    };
    let mut interval = Interval::new(since);
    let mut first = Some(first);
    for (n, (span, end)) in spans.iter().zip(ends).enumerate() {
        if let Some(end) = end {
            let page = first.take().map_or_else(|| reading.page(LOG, span, BY_TIME), Ok)?;
            read_until(reading, writer, (&mut rows, &mut interval), page, &end)?;
        }
        if n == 0 {
            interval.close(reading, &mut rows, writer, now)?;
        }
    }
    read_timeless(reading, &mut rows)?;
    let oldest = reading.first_time()?.as_deref().and_then(Micros::parse);
    if since.is_some() {
        oldest.into_iter().for_each(|at| rows.writer.reaches_back_to(at));
    }
    Ok(LogRead { rows, oldest, missing_from: interval.missing_from })
}

/// The log up to now, what stands in the future, and what has no date: each has its own last row, and to the first
/// alone rows are added all the time.
fn spans(since: Option<Micros>, now: Micros) -> Vec<query::Filter> {
    let past = query::between(since, Some(now));
    match Micros::parse(DATELESS).filter(|at| now < *at) {
        Some(at) => vec![past, query::between(Some(now), Some(at)), query::between(Some(at), None)],
        None => vec![past, query::between(Some(now), None)],
    }
}

/// Takes page after page, to the one that holds the last row or goes beyond it.
fn read_until(
    reading: &mut Reading<'_, '_>,
    writer: &mut CaptureWriter,
    (rows, interval): (&mut TableRows<'_>, &mut Interval),
    mut page: Answer,
    end: &Place,
) -> Result<(), ExportError> {
    let mut last = None;
    loop {
        let at = interval.take(reading, rows, &page.rows("a page")?, None)?;
        let Some(at) = at else { return Ok(()) };
        if last.as_ref() == Some(&at) {
            return Err(rows.nonsense("it begins anew").into());
        }
        if interval.seen.contains_key(&*end.id) || at.is_after(end) {
            return Ok(());
        }
        if interval.seen.len() >= INTERVAL_ROWS
            && let Some(until) = Micros::parse(&at.time)
        {
            interval.close(reading, rows, writer, until)?;
        }
        page = reading.page(LOG, &query::after(&at.time, &at.id), BY_TIME)?;
        last = Some(at);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_share_no_row() {
        let now = Micros::parse("2026-01-05T12:00:00Z").expect("a time");
        let spans = spans(None, now);
        assert_eq!(spans.len(), 3, "what is dateless has a time that is one: {spans:?}");
        for (one, next) in spans.iter().zip(&spans[1..]) {
            let until = one.rsplit_once("lt.").expect("an end").1;
            assert!(next.contains(&format!("gte.{until}")), "{one} {next}");
        }
    }
}
