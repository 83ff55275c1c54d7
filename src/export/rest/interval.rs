//! A span of the log: its rows are remembered until the source has counted them.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::export::error::ExportError;
use crate::export::rest::log::{BY_TIME, LOG};
use crate::export::rest::query;
use crate::export::rest::reading::{Reading, TableRows};
use crate::model::time::Micros;
use crate::snapshot::capture::CaptureWriter;

/// How often an interval is read before it is said that rows are missing.
const READINGS_MAX: u32 = 3;

/// Where a page ended: the time as the server wrote it, and the id.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) time: String,
    pub(super) id: String,
}

impl Place {
    /// Whether it is of a later time than another.
    pub(super) fn is_after(&self, other: &Self) -> bool {
        moment(&self.time) > moment(&other.time)
    }
}

/// Rows since the last count.
pub(super) struct Interval {
    /// Its first time; `None`: the beginning of the table.
    from: Option<Micros>,
    /// Ids of the rows written, with their times.
    pub(super) seen: HashMap<Box<str>, i64>,
    /// Whether the source was found not to count.
    uncounted: bool,
    /// From when on rows are missing, in this one or one before.
    pub(super) missing_from: Option<Micros>,
}

impl Interval {
    /// Begins at a time, or with the first row.
    pub(super) fn new(from: Option<Micros>) -> Self {
        Self { from, seen: HashMap::new(), uncounted: false, missing_from: None }
    }

    /// Writes the rows of a page that were not yet seen; `pass` counts all of them. Returns where the page ends.
    pub(super) fn take(
        &mut self,
        reading: &mut Reading<'_, '_>,
        rows: &mut TableRows<'_>,
        page: &[&RawValue],
        mut pass: Option<&mut HashMap<Box<str>, i64>>,
    ) -> Result<Option<Place>, ExportError> {
        let mut last = None;
        for row in page {
            let members = rows.members(row)?;
            let id = rows.id(&members)?;
            let time = rows.shape.text(&members, "timestamp");
            let time = time.ok_or_else(|| rows.nonsense("a row has no time"))?;
            let at = moment(&time);
            if self.seen.insert(id.as_ref().into(), at).is_none() {
                rows.push(&members)?;
                reading.progress(rows);
            }
            if let Some(pass) = pass.as_deref_mut() {
                pass.insert(id.as_ref().into(), at);
            }
            last = Some(Place { time: time.into_owned(), id: id.into_owned() });
        }
        Ok(last)
    }

    /// Counts what is before `until`, reads it again where the count is another, and goes on from there.
    pub(super) fn close(
        &mut self,
        reading: &mut Reading<'_, '_>,
        rows: &mut TableRows<'_>,
        writer: &mut CaptureWriter,
        until: Micros,
    ) -> Result<(), ExportError> {
        if self.from.is_some_and(|from| from >= until) {
            return Ok(());
        }
        let mut came = self.seen.values().filter(|at| **at < until.0).count() as u64;
        let filter = query::between(self.from, Some(until));
        for readings in 1..=READINGS_MAX {
            let Some(count) = reading.count(LOG, &filter)? else {
                self.say_uncounted(reading, writer);
                break;
            };
            if count == came {
                break;
            }
            if readings == READINGS_MAX {
                self.say_missing(reading, writer, until, (count, came));
                break;
            }
            came = self.read_again(reading, rows, &filter)?;
        }
        self.from = Some(until);
        self.seen.retain(|_, at| *at >= until.0);
        Ok(())
    }

    /// Reads the interval once more, and returns how many rows are in it.
    fn read_again(
        &mut self,
        reading: &mut Reading<'_, '_>,
        rows: &mut TableRows<'_>,
        filter: &str,
    ) -> Result<u64, ExportError> {
        let mut pass = HashMap::new();
        let mut last: Option<Place> = None;
        loop {
            let after = last.as_ref().map(|at| query::after(&at.time, &at.id)).unwrap_or_default();
            let page = reading.page(LOG, &format!("{filter}{after}"), BY_TIME)?;
            let at = self.take(reading, rows, &page.rows("a page")?, Some(&mut pass))?;
            if at.is_none() {
                return Ok(pass.len() as u64);
            }
            if at == last {
                return Err(rows.nonsense("it begins anew").into());
            }
            last = at;
        }
    }

    fn say_uncounted(&mut self, reading: &mut Reading<'_, '_>, writer: &mut CaptureWriter) {
        if !std::mem::replace(&mut self.uncounted, true) {
            let note =
                format!("{LOG}: the source does not count its rows: whether all came is not known");
            reading.note(note.clone());
            writer.note(note);
        }
    }

    /// Rows that were deleted meanwhile are not missing: fewer are counted than came.
    fn say_missing(
        &mut self,
        reading: &mut Reading<'_, '_>,
        writer: &mut CaptureWriter,
        until: Micros,
        (count, came): (u64, u64),
    ) {
        if count <= came {
            return;
        }
        let from = self.from.or_else(|| self.seen.values().min().copied().map(Micros));
        let since = self.from.map_or_else(|| "the beginning".to_string(), |from| from.to_string());
        let note = format!(
            "{LOG}: from {since} to {until} the source counts {count} rows and {came} came, in {READINGS_MAX} \
             readings; the next capture asks for them again"
        );
        reading.note(note.clone());
        writer.note(note);
        self.missing_from = self.missing_from.or(from);
    }
}

/// A time as a number that is in order; what lies beyond the calendar is before or after all else.
fn moment(text: &str) -> i64 {
    let is_past = text.starts_with('-') || text.ends_with(" BC");
    Micros::parse(text).map_or(if is_past { i64::MIN } else { i64::MAX }, |at| at.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_order_even_beyond_the_calendar() {
        let texts = [
            "-infinity",
            "2025-11-03T14:00:00+00:00",
            "2025-11-03T14:00:00.000001+00:00",
            "infinity",
        ];
        assert!(texts.map(moment).is_sorted());
        assert_eq!(moment("0044-03-15T00:00:00+00:00 BC"), i64::MIN);
        assert_eq!(moment("12025-03-15T00:00:00+00:00"), i64::MAX);
    }
}
