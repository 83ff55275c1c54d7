//! Questions of the answers: SQL of ours, with the rows by the names of their columns.

use std::time::Duration;

use rayon::prelude::*;

pub use crate::answers::row::Row;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;
use crate::read::literal::{inlined, literal};

/// Longer than any question of ours on any snapshot: one that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// A database with the instant that is told of.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// The tables, as of that instant.
    pub database: &'a Database,
    /// The instant asked for, else the end of the evidence; the epoch where it covers no time.
    pub at: Micros,
    is_empty: bool,
    /// Whether it was asked for.
    pub is_as_of: bool,
}

impl<'a> Ask<'a> {
    /// At the instant asked for, else at the end of the evidence: the last capture's own time where it was
    /// a database's, else the last line.
    ///
    /// # Errors
    /// When the tables cannot be asked.
    pub fn new(database: &'a Database, as_of: Option<Micros>) -> Result<Self, ReadError> {
        let end = match as_of {
            Some(_) => None,
            None => {
                let end = database.query_ours("select max(until_at) from coverage", &[], LIMIT)?;
                end.rows.first().and_then(|row| row.first()?.as_time())
            }
        };
        Ok(Self::ending(database, end, as_of))
    }

    /// The same where the end of the evidence is known.
    pub fn ending(database: &'a Database, end: Option<Micros>, as_of: Option<Micros>) -> Self {
        let at = as_of.or(end);
        let (is_empty, is_as_of) = (at.is_none(), as_of.is_some());
        Self { database, at: at.unwrap_or(Micros(0)), is_empty, is_as_of }
    }

    /// The instant that a page is told of; none where the evidence covers no time.
    pub fn told_at(&self) -> Option<Micros> {
        (!self.is_empty).then_some(self.at)
    }

    /// The rows of a SELECT with named parameters.
    ///
    /// # Errors
    /// When the tables cannot be asked.
    pub fn rows(&self, sql: &str, params: &[(&str, Cell)]) -> Result<Vec<Row>, ReadError> {
        select(self.database, &inlined(sql, params))
    }

    /// The rows of several SELECTs, which are asked beside each other, in their order; each takes of the
    /// parameters those that it names.
    ///
    /// # Errors
    /// When the tables cannot be asked.
    pub fn beside<const N: usize>(
        &self,
        selects: [&str; N],
        params: &[(&str, Cell)],
    ) -> Result<[Vec<Row>; N], ReadError> {
        let mut own = Vec::with_capacity(N);
        for sql in selects {
            own.push((self.database.another()?, inlined(sql, params)));
        }
        let answers: Vec<Result<Vec<Row>, ReadError>> =
            own.into_par_iter().map(|(database, sql)| select(&database, &sql)).collect();
        // of several that fail the first, whichever thread was faster
        let mut answers = answers.into_iter();
        let mut made = [const { Vec::new() }; N];
        for rows in &mut made {
            *rows = answers.next().unwrap_or_else(|| Ok(Vec::new()))?;
        }
        Ok(made)
    }

    /// Two parts of an answer beside each other.
    ///
    /// # Errors
    /// When one of them cannot be had; the first, if both.
    pub fn join<L: Send, R: Send>(
        &self,
        left: impl FnOnce(Ask<'_>) -> Result<L, ReadError> + Send,
        right: impl FnOnce(Ask<'_>) -> Result<R, ReadError> + Send,
    ) -> Result<(L, R), ReadError> {
        let Self { at, is_empty, is_as_of, .. } = *self;
        let (left, right) = self.database.join(
            |database| left(Ask { database, at, is_empty, is_as_of }),
            |database| right(Ask { database, at, is_empty, is_as_of }),
        )?;
        Ok((left?, right?))
    }

    /// The rows that are of one id, which the SELECT calls `$id`.
    ///
    /// # Errors
    /// When the tables cannot be asked.
    pub fn of(&self, sql: &str, id: &str) -> Result<Vec<Row>, ReadError> {
        self.rows(sql, &[("id", Cell::Text(id.to_string()))])
    }

    /// The first row, of a SELECT that has one at most.
    ///
    /// # Errors
    /// When the tables cannot be asked.
    pub fn first(&self, sql: &str, params: &[(&str, Cell)]) -> Result<Option<Row>, ReadError> {
        Ok(self.rows(sql, params)?.into_iter().next())
    }
}

/// Events that are looked up one by one, at most.
const FEW: usize = 16;

/// The rows of a SELECT from `events` without a condition, which names `event_id`, for events that happened at
/// these times as far as is known. Of one time and one id the engine knows which parts of the file cannot have
/// them, of a list of ids it does not.
///
/// # Errors
/// When the tables cannot be asked.
pub(super) fn events(
    database: &Database,
    from_events: &str,
    wanted: &[(&str, Option<Micros>)],
) -> Result<Vec<Row>, ReadError> {
    let text = |id: &str| literal(&Cell::Text(id.to_string()));
    let one = |(id, at): &(&str, Option<Micros>)| {
        let at = at.map(|at| format!(" and happened_at = {}", literal(&Cell::Time(at))));
        format!("{from_events} where event_id = {}{}", text(id), at.unwrap_or_default())
    };
    let (few, many) = wanted.split_at(wanted.len().min(FEW));
    let mut found = Vec::new();
    if !few.is_empty() {
        let each: Vec<String> = few.iter().map(one).collect();
        found = select(database, &each.join(" union all "))?;
    }
    // the time of a state may be another one than that of its event
    let is_found = |id: &str| found.iter().any(|row: &Row| row.text("event_id") == Some(id));
    let missing = few.iter().filter(|(id, at)| at.is_some() && !is_found(id));
    let rest: Vec<String> = missing.chain(many).map(|(id, _)| text(id)).collect();
    if !rest.is_empty() {
        let sql = format!("{from_events} where event_id in ({})", rest.join(", "));
        found.extend(select(database, &sql)?);
    }
    Ok(found)
}

/// The rows of a SELECT without parameters.
///
/// # Errors
/// When the tables cannot be asked.
pub(super) fn select(database: &Database, sql: &str) -> Result<Vec<Row>, ReadError> {
    Ok(Row::all(database.query_ours(sql, &[], LIMIT)?))
}
