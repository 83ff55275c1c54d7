//! `<table>.csv[.gz]` files into an empty database: what a test or a demonstration exports from.
//!
//! Everything happens in one transaction, after a look that no table of ours holds a row: a database in
//! use is refused, and one that fails half-way is as it was before.

use std::io::BufRead;
use std::path::Path;
use std::pin::pin;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio_postgres::Client;

use crate::export::catalogue::{self, SCHEMA, SourceTable};
use crate::export::connect::{self, connect};
use crate::export::import_error::ImportError;
use crate::export::load_error::{At, LoadError, explain};
use crate::export::rows::RowReader;
use crate::export::source_dir::{Format, SourceDir, SourceFile};
use crate::export::target::Target;
use crate::model::table::Table;

/// What a load tells while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadStep {
    /// Something the user should know.
    Note(String),
    /// The file of a table begins.
    Begin(Table),
    /// So many bytes of its text were sent so far.
    Bytes(u64),
    /// A table is whole.
    End(Loaded),
}

/// What became of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The table.
    pub table: Table,
    /// Rows that PostgreSQL took.
    pub rows: u64,
}

/// Creates the tables by `schema_sql` in the database of `target` and fills them from the files of
/// `dir`, in the order of [`Table::ALL`]. Memory does not grow with the files.
pub fn load(
    target: Target,
    dir: &Path,
    schema_sql: &str,
    watch: &mut dyn FnMut(LoadStep),
) -> Result<Vec<Loaded>, LoadError> {
    let source = SourceDir::scan(dir)?;
    if let Some(file) = source.files.iter().find(|file| file.format != Format::Csv) {
        return Err(LoadError::NotCsv(file.name.clone()));
    }
    runtime()?.block_on(run(target, &source.files, schema_sql, watch))
}

/// Whether [`load`] could begin: the database answers, holds no row of ours, and takes the schema.
/// Nothing of it stays.
pub fn probe(target: Target, schema_sql: &str) -> Result<(), LoadError> {
    runtime()?.block_on(async {
        let client = begin(target, schema_sql).await?;
        execute(&client, "rollback", At::Beginning).await
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, LoadError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(LoadError::Runtime)
}

async fn run(
    target: Target,
    files: &[SourceFile],
    schema_sql: &str,
    watch: &mut dyn FnMut(LoadStep),
) -> Result<Vec<Loaded>, LoadError> {
    target.notes.iter().for_each(|note| watch(LoadStep::Note(note.clone())));
    let client = begin(target, schema_sql).await?;
    let tables = catalogue::tables(&client).await?;
    let mut loaded = Vec::new();
    for file in files {
        watch(LoadStep::Begin(file.table));
        let statement = copy_statement(file, &tables)?;
        let rows = copy(&client, file, &statement, watch).await?;
        let one = Loaded { table: file.table, rows };
        watch(LoadStep::End(one));
        loaded.push(one);
    }
    execute(&client, "commit", At::Ending).await?;
    for file in files {
        let statement = format!("analyze {SCHEMA}.{}", file.table);
        execute(&client, &statement, At::Ending).await?;
    }
    Ok(loaded)
}

/// The one transaction, with the tables of the schema in it.
async fn begin(target: Target, schema_sql: &str) -> Result<Client, LoadError> {
    let client = connect(target).await?;
    connect::begin(&client, "begin read write").await?;
    execute(&client, "set local search_path = public", At::Beginning).await?;
    refuse_rows(&client, &catalogue::tables(&client).await?).await?;
    execute(&client, schema_sql, At::Schema).await?;
    Ok(client)
}

async fn execute(client: &Client, sql: &str, at: At<'_>) -> Result<(), LoadError> {
    client.batch_execute(sql).await.map_err(|err| explain(&err, at))
}

/// A row of ours means that the database is someone's.
async fn refuse_rows(client: &Client, tables: &[SourceTable]) -> Result<(), LoadError> {
    for source in tables {
        let sql = format!("select 1 from {SCHEMA}.{} limit 1", source.table);
        let rows = client.query_typed(&sql, &[]).await;
        if !rows.map_err(|err| explain(&err, At::Beginning))?.is_empty() {
            return Err(LoadError::Occupied(source.table));
        }
    }
    Ok(())
}

/// The COPY that takes a file, its columns as the header has them.
fn copy_statement(file: &SourceFile, tables: &[SourceTable]) -> Result<String, LoadError> {
    let table = file.table;
    let Some(there) = tables.iter().find(|there| there.table == table) else {
        return Err(LoadError::NoTable { table, file: file.name.clone() });
    };
    let mut names = Vec::new();
    for column in RowReader::open(file)?.columns() {
        if !there.columns.iter().any(|known| known.name == column.name) {
            let (file, column) = (file.name.clone(), column.name.clone());
            return Err(LoadError::NoColumn { table, column, file });
        }
        names.push(format!("\"{}\"", column.name.replace('"', "\"\"")));
    }
    let names = names.join(", ");
    Ok(format!("copy {SCHEMA}.{table} ({names}) from stdin (format csv, header true)"))
}

/// Sends a file as it is, unpacked; PostgreSQL reads the CSV and skips the header.
async fn copy(
    client: &Client,
    file: &SourceFile,
    statement: &str,
    watch: &mut dyn FnMut(LoadStep),
) -> Result<u64, LoadError> {
    let told = |err: tokio_postgres::Error| explain(&err, At::Rows(file));
    let mut input = file.open()?;
    let mut sink = pin!(client.copy_in::<str, Bytes>(statement).await.map_err(told)?);
    let mut sent = 0;
    loop {
        let read = |source| ImportError::Read { path: file.path.clone(), source };
        let bytes = Bytes::copy_from_slice(input.fill_buf().map_err(read)?);
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        input.consume(length);
        if sink.feed(bytes).await.is_err() {
            // what the server has against it is said at the end
            break;
        }
        sent += length as u64;
        watch(LoadStep::Bytes(sent));
    }
    sink.finish().await.map_err(told)
}
