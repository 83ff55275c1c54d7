//! A snapshot opened for questions.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use duckdb::Connection;

use crate::model::table::Table;
use crate::model::time::Micros;
use crate::read::cell::{Cell, Column};
use crate::read::engine::Engine;
use crate::read::error::ReadError;
use crate::read::run::{self, RowSink};
use crate::read::within::Within;
use crate::read::{as_of, gate, order, views};
use crate::snapshot::error::SnapshotError;
use crate::snapshot::open::Snapshot;
use crate::snapshot::schema::known_columns;

/// A snapshot's tables in an engine that can read its files and nothing else, and write nothing.
pub struct Database {
    connection: Connection,
    held: BTreeMap<String, bool>,
    /// Of an instant, unless views have cut the tables.
    within: Within,
    is_cut: bool,
}

/// What is going to be asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Load {
    /// Much of a few rows.
    InMemory,
    /// One thing at a time: it has all threads.
    OneQuestion,
    /// Many things at a time.
    ManyQuestions,
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
        Self::opened(snapshot, None, Load::InMemory)
    }

    /// The same, with every table as it was at an instant; the whole ones are `whole_<table>`.
    pub fn open_as_of(snapshot: &Snapshot, instant: Option<Micros>) -> Result<Self, ReadError> {
        Self::opened(snapshot, instant, Load::OneQuestion)
    }

    /// The same for many questions beside each other ([`Self::another`]), each on a thread of its own: so
    /// none waits for the others' threads.
    pub fn open_for_many(snapshot: &Snapshot, instant: Option<Micros>) -> Result<Self, ReadError> {
        Self::opened(snapshot, instant, Load::ManyQuestions)
    }

    /// The same with these tables (and `captures`) alone, and without the macros of instants: to open all
    /// of them takes longer than what a command at the terminal asks.
    pub fn open_some(
        engine: Engine,
        snapshot: &Snapshot,
        instant: Option<Micros>,
        tables: &[&str],
    ) -> Result<Self, ReadError> {
        let sources = match instant {
            Some(_) => as_of::sources(tables),
            None => Vec::new(),
        };
        let is_wanted = |name: &str| tables.contains(&name);
        let mut views = views::some(snapshot, &|name| is_wanted(name) || sources.contains(&name))?;
        views.push(views::captures(snapshot));
        let prefix = whole_prefix(instant);
        let cuts = instant.map_or_else(Vec::new, |instant| as_of::cuts(instant, &is_wanted));
        let made = Self::made(engine, snapshot, (views, prefix), Load::ManyQuestions)?;
        let within = Within::new(cuts);
        Ok(Self { is_cut: !within.is_empty(), within, ..made })
    }

    fn opened(snapshot: &Snapshot, instant: Option<Micros>, load: Load) -> Result<Self, ReadError> {
        let engine = Engine::start();
        let views = (views::all(snapshot)?, whole_prefix(instant));
        let made = Self::made(engine, snapshot, views, load)?;
        let cuts = instant.map_or_else(Vec::new, |instant| as_of::cuts(instant, &|_| true));
        let view = |(name, select): (&str, String)| format!("create view {name} as {select}");
        let cuts: Vec<String> = cuts.into_iter().map(view).collect();
        let (some, others) = cuts.split_at(cuts.len() / 2);
        make(&made.connection, &[some, others]).map_err(|err| setup(snapshot, &err))?;
        let macros = as_of::macros(instant.is_some());
        for sql in macros.iter().map(String::as_str).chain([order::HAPPENED_BEFORE]) {
            made.connection.execute_batch(sql).map_err(|err| setup(snapshot, &err))?;
        }
        Ok(Self { is_cut: instant.is_some(), ..made })
    }

    /// The views, under names that begin as is said.
    fn made(
        engine: Engine,
        snapshot: &Snapshot,
        (views, prefix): (Vec<views::View>, fn(&str) -> &'static str),
        load: Load,
    ) -> Result<Self, ReadError> {
        let dir = snapshot.dir();
        let own = dir.canonicalize().map_err(|err| SnapshotError::io("read", dir, err))?;
        let setup = |err: duckdb::Error| setup(snapshot, &err);
        let connection = engine.ready().map_err(setup)?;
        // Fails without the ICU extension, where there are no zones to get wrong.
        drop(connection.execute_batch("set timezone = 'UTC'"));
        if load != Load::OneQuestion {
            connection.execute_batch("set threads = 1").map_err(setup)?;
        }
        connection.execute_batch(&lock_in(&views::path_literal(&own)?)?).map_err(setup)?;
        let create = |view: &views::View| match load {
            Load::InMemory => view.as_table(),
            Load::OneQuestion | Load::ManyQuestions => view.create(prefix(&view.name)),
        };
        // a view of rows asks that of their versions; those of derived tables ask no other
        let (rows, derived): (Vec<_>, Vec<_>) = views.iter().partition(|view| view.is_of_rows);
        let [rows, derived] = [rows, derived].map(|some| some.into_iter().map(create).collect());
        let beside: [Vec<String>; 2] = [rows, derived];
        make(&connection, &beside).map_err(setup)?;
        let held = views.into_iter().map(|view| (view.name, view.held)).collect();
        Ok(Self { connection, held, within: Within::new(Vec::new()), is_cut: false })
    }

    /// Another connection to the same tables, for a question beside this one's.
    pub fn another(&self) -> Result<Self, ReadError> {
        let connection = self.connection.try_clone().map_err(|err| ReadError::of_engine(&err))?;
        let (held, within) = (self.held.clone(), self.within.clone());
        Ok(Self { connection, held, within, is_cut: self.is_cut })
    }

    /// Does two things beside each other, each with a connection of its own.
    pub fn join<L: Send, R: Send>(
        &self,
        left: impl FnOnce(&Self) -> L + Send,
        right: impl FnOnce(&Self) -> R + Send,
    ) -> Result<(L, R), ReadError> {
        let (own, other) = (self.another()?, self.another()?);
        Ok(rayon::join(move || left(&own), move || right(&other)))
    }

    /// The columns that a table of evidence has in every snapshot.
    pub fn columns(table: Table) -> impl Iterator<Item = &'static str> {
        known_columns(table).iter().map(|(name, _)| *name)
    }

    /// Whether the snapshot holds this table, rows or none; `None` when no table has that name.
    pub fn holds(&self, table: &str) -> Option<bool> {
        self.held.get(table).copied()
    }

    /// Whether the tables are those of an instant: what is told in one may be later than another.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Whether something did not fit in memory, and lies in a folder that the engine removes at its end.
    pub(crate) fn has_spilled(&self) -> bool {
        spill_folder().exists()
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
        gate::check(&self.connection, sql)?;
        self.query_ours(sql, params, limit)
    }

    /// The same for a text that nobody gave us: that it is one SELECT is not checked, which takes as long as
    /// to answer a small one.
    pub(crate) fn query_ours(
        &self,
        sql: &str,
        params: &[(String, Cell)],
        limit: Duration,
    ) -> Result<Answer, ReadError> {
        let mut answer = Answer::default();
        run::stream(&self.connection, &self.within.asked(sql), params, limit, &mut answer)?;
        Ok(answer)
    }
}

impl RowSink for Answer {
    fn begin(&mut self, columns: &[Column]) -> io::Result<()> {
        self.columns = columns.to_vec();
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        self.take(cells.to_vec())
    }

    fn take(&mut self, cells: Vec<Cell>) -> io::Result<()> {
        self.rows.push(cells);
        Ok(())
    }
}

fn setup(snapshot: &Snapshot, err: &duckdb::Error) -> ReadError {
    ReadError::Setup { dir: snapshot.dir().to_path_buf(), detail: err.to_string() }
}

/// Runs two lists of statements beside each other, each in its order: to make a view takes a look at its files.
fn make(connection: &Connection, lists: &[impl AsRef<[String]>; 2]) -> duckdb::Result<()> {
    let [some, others] = lists.each_ref().map(|list| list.as_ref());
    let all = |connection: &Connection, list: &[String]| {
        list.iter().try_for_each(|statement| connection.execute_batch(statement))
    };
    let (own, other) = (connection.try_clone()?, connection.try_clone()?);
    let (first, second) = rayon::join(move || all(&own, some), move || all(&other, others));
    first.and(second)
}

/// How whole tables are called: as of an instant their own names mean what an instant cuts of them.
fn whole_prefix(instant: Option<Micros>) -> fn(&str) -> &'static str {
    match instant {
        Some(_) => as_of::prefix,
        None => |_| "",
    }
}

/// Where this process puts what does not fit in memory.
fn spill_folder() -> PathBuf {
    std::env::temp_dir().join(format!("backstory-{}", std::process::id()))
}

/// The settings after which only the snapshot can be read and no setting can be changed. What does
/// not fit in memory spills into a folder of this process, which the engine removes. What it has read of the
/// files it does not keep: the system does so anyway, and the copy is most of a large round's memory. Their
/// footers it keeps, for all connections (without `global` for this one alone).
fn lock_in(own: &str) -> Result<String, ReadError> {
    let spill = views::path_literal(&spill_folder())?;
    Ok(format!(
        "set autoinstall_known_extensions = false;
         set autoload_known_extensions = false;
         set global parquet_metadata_cache = true;
         set enable_external_file_cache = false;
         set temp_directory = {spill};
         set max_temp_directory_size = '16GiB';
         set allowed_directories = [{own}];
         set enable_external_access = false;
         set lock_configuration = true;"
    ))
}
