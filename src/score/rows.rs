//! Rows of the snapshot's tables, one by one.

use std::io;
use std::time::Duration;

use crate::model::time::Micros;
use crate::read::cell::{Cell, Column};
use crate::read::database::Database;
use crate::read::error::ReadError;
use crate::read::run::RowSink;

/// A snapshot to ask.
pub(super) struct Rows<'a> {
    /// Its tables.
    pub(super) database: &'a Database,
    /// After how long a query is stopped.
    pub(super) limit: Duration,
}

impl Rows<'_> {
    /// Hands every row of a SELECT to `take`; none is kept here.
    pub(super) fn each(
        &self,
        sql: &str,
        params: &[(String, Cell)],
        take: impl FnMut(&[Cell]),
    ) -> Result<(), ReadError> {
        self.database.stream(sql, params, self.limit, &mut Taker(take))
    }
}

struct Taker<F>(F);

impl<F: FnMut(&[Cell])> RowSink for Taker<F> {
    fn begin(&mut self, _: &[Column]) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        (self.0)(cells);
        Ok(())
    }
}

/// The text of a cell; NULL and the empty text are both none.
pub(super) fn text(cell: &Cell) -> Option<String> {
    cell.as_text().filter(|text| !text.is_empty()).map(str::to_string)
}

/// The instant in a cell.
pub(super) fn time(cell: &Cell) -> Option<Micros> {
    if let Cell::Time(at) = cell { Some(*at) } else { None }
}

/// The whole number in a cell, 0 for NULL.
pub(super) fn count(cell: &Cell) -> u64 {
    if let Cell::Int(number) = cell { u64::try_from(*number).unwrap_or(0) } else { 0 }
}

/// Whether two instants lie at most so many seconds apart.
pub(super) fn near(a: Micros, b: Micros, seconds: f64) -> bool {
    a.seconds_since(b).abs() <= seconds
}
