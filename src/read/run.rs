//! Running one checked SELECT and handing out its rows as they come.

use std::io;
use std::time::Duration;

use arrow::array::{Array, StructArray};
use duckdb::{Connection, Statement, ToSql};

use crate::read::cell::{Cell, Column};
use crate::read::error::ReadError;
use crate::read::from_arrow;
use crate::read::watchdog::Watchdog;

/// Takes an answer row by row.
pub trait RowSink {
    /// The columns; called once, before any row.
    fn begin(&mut self, columns: &[Column]) -> io::Result<()>;
    /// One row, a cell for each column.
    fn row(&mut self, cells: &[Cell]) -> io::Result<()>;
    /// The same for who keeps it.
    fn take(&mut self, cells: Vec<Cell>) -> io::Result<()> {
        self.row(&cells)
    }
}

/// Runs one SELECT with named parameters. The text must have passed the gate.
pub(crate) fn stream(
    connection: &Connection,
    sql: &str,
    params: &[(String, Cell)],
    limit: Duration,
    sink: &mut dyn RowSink,
) -> Result<(), ReadError> {
    let watchdog = Watchdog::start(connection, limit);
    let outcome = run(connection, sql, params, sink);
    match outcome {
        Err(ReadError::Failed(_)) if watchdog.has_expired() => Err(ReadError::TimedOut(limit)),
        other => other,
    }
}

fn run(
    connection: &Connection,
    sql: &str,
    params: &[(String, Cell)],
    sink: &mut dyn RowSink,
) -> Result<(), ReadError> {
    let engine = |err: duckdb::Error| ReadError::of_engine(&err);
    let mut statement = connection.prepare(sql).map_err(engine)?;
    let values = bind(&statement, params)?;
    let columns: Vec<Column> = {
        let bound = duckdb::params_from_iter(values.iter().map(AsRef::as_ref));
        let stream = statement.stream_arrow(bound).map_err(engine)?;
        let schema = stream.get_schema();
        let fields = schema.fields().iter();
        fields
            .map(|field| Column {
                name: field.name().clone(),
                kind: from_arrow::kind(field.data_type()),
            })
            .collect()
    };
    sink.begin(&columns).map_err(ReadError::Sink)?;
    // The engine's own iterator panics where a later chunk fails, so the chunks are asked for here.
    while let Some(chunk) = statement.step().map_err(engine)? {
        hand_out(&chunk, sink).map_err(ReadError::Sink)?;
    }
    Ok(())
}

fn hand_out(chunk: &StructArray, sink: &mut dyn RowSink) -> io::Result<()> {
    for row in 0..chunk.len() {
        let cells: Vec<Cell> =
            chunk.columns().iter().map(|column| from_arrow::cell(column, row)).collect();
        sink.take(cells)?;
    }
    Ok(())
}

/// The values in the order of the statement's parameters, which must be exactly those given.
fn bind(
    statement: &Statement<'_>,
    params: &[(String, Cell)],
) -> Result<Vec<Box<dyn ToSql>>, ReadError> {
    let mut wanted = Vec::new();
    for index in 1..=statement.parameter_count() {
        wanted.push(statement.parameter_name(index).map_err(|err| ReadError::of_engine(&err))?);
    }
    let value = |name: &String| {
        let found = params.iter().find(|(given, _)| given == name);
        found.map(|(_, cell)| to_sql(cell))
    };
    let values: Option<Vec<Box<dyn ToSql>>> = wanted.iter().map(value).collect();
    match values {
        Some(values) if wanted.len() == params.len() => Ok(values),
        _ => {
            wanted.sort();
            let given: Vec<&str> = params.iter().map(|(name, _)| name.as_str()).collect();
            Err(ReadError::Parameters { wanted: wanted.join(", "), given: given.join(", ") })
        }
    }
}

/// Numbers, truth values and instants keep their type; the rest is bound as text.
fn to_sql(cell: &Cell) -> Box<dyn ToSql> {
    match cell {
        Cell::Null => Box::new(None::<i64>),
        Cell::Bool(value) => Box::new(*value),
        Cell::Int(number) => Box::new(*number),
        Cell::Float(number) => Box::new(*number),
        Cell::Time(at) => {
            Box::new(duckdb::types::Value::Timestamp(duckdb::types::TimeUnit::Microsecond, at.0))
        }
        Cell::Digits(_) | Cell::Text(_) | Cell::List(_) | Cell::Record(_) => {
            Box::new(cell.to_plain())
        }
    }
}
