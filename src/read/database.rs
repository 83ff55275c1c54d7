//! A snapshot opened for questions.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use duckdb::Connection;

use crate::model::time::Micros;
use crate::read::cell::{Cell, Column};
use crate::read::error::ReadError;
use crate::read::run::{self, RowSink};
use crate::read::{as_of, gate, order, views};
use crate::snapshot::error::SnapshotError;
use crate::snapshot::open::Snapshot;

/// Events that are taken into memory at once: some 300 MB.
const HELD_EVENTS_MAX: i64 = 1_000_000;
/// What most questions look at. Log lines are not among them: they are large, and few ask for their text.
const HELD: [&str; 17] = [
    "events",
    "decisions",
    "worker_states",
    "worker_signals",
    "worker_liveness",
    "worker_ends",
    "task_states",
    "task_attempts",
    "task_generations",
    "pods",
    "runs",
    "cycles",
    "gaps",
    "coverage",
    "anomalies",
    "tasks",
    "workers",
];

/// A snapshot's tables in an engine that can read its files and nothing else, and write nothing.
pub struct Database {
    connection: Connection,
    held: BTreeMap<String, bool>,
}

/// A whole answer in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

impl Database {
    /// Makes the views over a snapshot and locks the engine in.
    pub fn open(snapshot: &Snapshot) -> Result<Self, ReadError> {
        Self::open_as_of(snapshot, None)
    }

    /// The same for a snapshot of few rows of which much is asked: the tables are taken into memory, and one
    /// thread serves them.
    pub fn open_small(snapshot: &Snapshot) -> Result<Self, ReadError> {
        Self::opened(snapshot, None, true)
    }

    /// The same, with every table as it was at an instant; the whole ones are `whole_<table>`.
    pub fn open_as_of(snapshot: &Snapshot, instant: Option<Micros>) -> Result<Self, ReadError> {
        Self::opened(snapshot, instant, false)
    }

    fn opened(
        snapshot: &Snapshot,
        instant: Option<Micros>,
        is_small: bool,
    ) -> Result<Self, ReadError> {
        let views = views::all(snapshot)?;
        let dir = snapshot.dir();
        let own = dir.canonicalize().map_err(|err| SnapshotError::io("read", dir, err))?;
        let setup = |err: duckdb::Error| ReadError::Setup {
            dir: dir.to_path_buf(),
            detail: err.to_string(),
        };
        let connection = Connection::open_in_memory().map_err(setup)?;
        // Fails without the ICU extension, where there are no zones to get wrong.
        drop(connection.execute_batch("set timezone = 'UTC'"));
        if is_small {
            connection.execute_batch("set threads = 1").map_err(setup)?;
        }
        connection.execute_batch(&lock_in(&views::path_literal(&own)?)?).map_err(setup)?;
        let mut held = BTreeMap::new();
        for view in views {
            let create = if is_small { view.as_table() } else { view.create };
            connection.execute_batch(&create).map_err(setup)?;
            held.insert(view.name, view.held);
        }
        for statement in as_of::statements(instant) {
            connection.execute_batch(&statement).map_err(setup)?;
        }
        connection.execute_batch(order::HAPPENED_BEFORE).map_err(setup)?;
        Ok(Self { connection, held })
    }

    /// Takes the tables that most questions look at into memory, where the snapshot is no larger than that is
    /// worth: many questions then read each of them once from its files, and not each for itself.
    pub fn hold(&self) -> Result<(), ReadError> {
        let failed = |err: duckdb::Error| ReadError::of_engine(&err);
        let count = |table: &str| {
            let sql = format!("select count(*) from {table}");
            self.connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map_err(failed)
        };
        if count("events")? > HELD_EVENTS_MAX {
            return Ok(());
        }
        for table in HELD.iter().filter(|table| self.holds(table) == Some(true)) {
            let statements = format!(
                "create table held_{table} as select * from {table}; drop view {table};
                 alter table held_{table} rename to {table}"
            );
            self.connection.execute_batch(&statements).map_err(failed)?;
        }
        Ok(())
    }

    /// Another connection to the same tables, for a question beside this one's.
    pub fn another(&self) -> Result<Self, ReadError> {
        let connection = self.connection.try_clone().map_err(|err| ReadError::of_engine(&err))?;
        Ok(Self { connection, held: self.held.clone() })
    }

    /// Whether the snapshot holds this table, rows or none; `None` when no table has that name.
    pub fn holds(&self, table: &str) -> Option<bool> {
        self.held.get(table).copied()
    }

    /// Checks that a text is exactly one SELECT, without running it.
    pub fn check(&self, sql: &str) -> Result<(), ReadError> {
        gate::check(&self.connection, sql)
    }

    /// Runs one SELECT, refuses anything else, and hands out the rows as they come.
    pub fn stream(
        &self,
        sql: &str,
        params: &[(String, Cell)],
        limit: Duration,
        sink: &mut dyn RowSink,
    ) -> Result<(), ReadError> {
        gate::check(&self.connection, sql)?;
        run::stream(&self.connection, sql, params, limit, sink)
    }

    /// Runs one SELECT and keeps the whole answer.
    pub fn query(
        &self,
        sql: &str,
        params: &[(String, Cell)],
        limit: Duration,
    ) -> Result<Answer, ReadError> {
        let mut answer = Answer::default();
        self.stream(sql, params, limit, &mut answer)?;
        Ok(answer)
    }
}

impl RowSink for Answer {
    fn begin(&mut self, columns: &[Column]) -> io::Result<()> {
        self.columns = columns.to_vec();
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        self.rows.push(cells.to_vec());
        Ok(())
    }
}

/// The settings after which only the snapshot can be read and no setting can be changed. What does
/// not fit in memory spills into a folder of this process, which the engine removes.
fn lock_in(own: &str) -> Result<String, ReadError> {
    let spill = std::env::temp_dir().join(format!("backstory-{}", std::process::id()));
    let spill = views::path_literal(&spill)?;
    Ok(format!(
        "set autoinstall_known_extensions = false;
         set autoload_known_extensions = false;
         set temp_directory = {spill};
         set max_temp_directory_size = '16GiB';
         set allowed_directories = [{own}];
         set enable_external_access = false;
         set lock_configuration = true;"
    ))
}
