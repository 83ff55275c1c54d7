//! One row of an answer, its cells by the names of their columns.

use std::sync::Arc;

use crate::answers::page::Value;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::database::Answer;

/// One row of an answer.
#[derive(Clone, Debug)]
pub struct Row {
    names: Arc<[String]>,
    cells: Vec<Cell>,
}

impl Row {
    /// The rows of an answer.
    pub(super) fn all(answer: Answer) -> Vec<Self> {
        let names: Arc<[String]> =
            answer.columns.iter().map(|column| column.name.clone()).collect();
        answer.rows.into_iter().map(|cells| Self { names: names.clone(), cells }).collect()
    }

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
        self.cell(name).as_time()
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
