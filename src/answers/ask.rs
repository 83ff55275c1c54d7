//! Questions of the answers: SQL of ours, with the rows by the names of their columns.

use std::time::Duration;

use crate::answers::page::Value;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;
use crate::read::literal::inlined;

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

/// One row of an answer.
#[derive(Clone, Debug)]
pub struct Row {
    names: std::sync::Arc<[String]>,
    cells: Vec<Cell>,
}

impl<'a> Ask<'a> {
    /// At the instant asked for, else at the end of the evidence: the last capture's own time where it was
    /// a database's, else the last line.
    ///
    /// # Errors
    /// When the tables cannot be asked.
    pub fn new(database: &'a Database, as_of: Option<Micros>) -> Result<Self, ReadError> {
        let at = match as_of {
            Some(at) => Some(at),
            None => {
                let end = database.query_ours("select max(until_at) from coverage", &[], LIMIT)?;
                end.rows.first().and_then(|row| time_of(row.first()?))
            }
        };
        let is_as_of = as_of.is_some();
        Ok(Self { database, at: at.unwrap_or(Micros(0)), is_empty: at.is_none(), is_as_of })
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
        let answer = self.database.query_ours(&inlined(sql, params), &[], LIMIT)?;
        let names: std::sync::Arc<[String]> =
            answer.columns.iter().map(|column| column.name.clone()).collect();
        Ok(answer.rows.into_iter().map(|cells| Row { names: names.clone(), cells }).collect())
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

fn time_of(cell: &Cell) -> Option<Micros> {
    if let Cell::Time(at) = cell { Some(*at) } else { None }
}

impl Row {
    /// The cell of a column; NULL where the SELECT has none of that name.
    pub fn cell(&self, name: &str) -> &Cell {
        let at = self.names.iter().position(|known| known == name);
        at.and_then(|at| self.cells.get(at)).unwrap_or(&Cell::Null)
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.cell(name).as_text()
    }

    /// An instant.
    pub fn time(&self, name: &str) -> Option<Micros> {
        time_of(self.cell(name))
    }

    /// A whole number.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.cell(name) {
            Cell::Int(n) => Some(*n),
            Cell::Digits(digits) => digits.parse().ok(),
            Cell::Null
            | Cell::Bool(_)
            | Cell::Float(_)
            | Cell::Text(_)
            | Cell::Time(_)
            | Cell::List(_)
            | Cell::Record(_) => None,
        }
    }

    /// A number.
    pub fn float(&self, name: &str) -> Option<f64> {
        match self.cell(name) {
            Cell::Float(x) => Some(*x),
            Cell::Int(n) => Some(*n as f64),
            Cell::Digits(digits) => digits.parse().ok(),
            Cell::Null
            | Cell::Bool(_)
            | Cell::Text(_)
            | Cell::Time(_)
            | Cell::List(_)
            | Cell::Record(_) => None,
        }
    }

    /// A truth value.
    pub fn flag(&self, name: &str) -> Option<bool> {
        if let Cell::Bool(yes) = self.cell(name) { Some(*yes) } else { None }
    }

    /// The texts of a list.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let Cell::List(items) = self.cell(name) else { return Vec::new() };
        items.iter().filter_map(Cell::as_text).map(str::to_string).collect()
    }

    /// A text as a value.
    pub fn say(&self, name: &str) -> Value {
        Value::text(self.text(name))
    }

    /// An id as a value.
    pub fn id(&self, name: &str) -> Value {
        Value::id(self.text(name))
    }

    /// An instant as a value.
    pub fn when(&self, name: &str) -> Value {
        Value::time(self.time(name))
    }

    /// A whole number as a value.
    pub fn count(&self, name: &str) -> Value {
        self.int(name).map_or(Value::Missing, Value::Count)
    }

    /// A number of seconds as a value.
    pub fn seconds(&self, name: &str) -> Value {
        self.float(name).map_or(Value::Missing, Value::Seconds)
    }
}
