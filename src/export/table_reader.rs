//! The bytes of one table, off the wire, to whoever makes rows of them.

use std::collections::BTreeMap;
use std::pin::pin;

use bytes::Bytes;
use futures_util::StreamExt;
use tokio_postgres::Client;

use crate::export::error::ExportError;
use crate::export::select::Selection;
use crate::export::server_error::{Doing, explain};
use crate::export::table_rows::{Making, TableRows};
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::redact::Redactor;
use crate::snapshot::table_writer::TableWriter;

/// Rows between two reports of progress.
const REPORT_EVERY: u64 = 4_096;

/// Bytes between two reports, where rows are few and huge.
const REPORT_BYTES: usize = 256 << 10;

/// What every table of one capture is read with.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) client: &'a Client,
    pub(super) redactor: &'a Redactor,
    /// The next full transaction id at the time of the snapshot.
    pub(super) next_xid: u64,
    /// From which full transaction id on rows of the log are asked for, and its age; `None`: all.
    pub(super) since: Option<(u64, u32)>,
    /// The major version of the server.
    pub(super) server_version: u32,
    /// Below which full transaction id rows of the other tables stand as the capture before has them.
    pub(super) standing: &'a BTreeMap<Table, u64>,
}

impl<'a> Reading<'a> {
    /// What the rows of a table are made with.
    pub(super) fn making(&self, table: Table) -> Making<'a> {
        Making {
            redactor: self.redactor,
            next_xid: self.next_xid,
            standing: self.standing.get(&table).copied(),
        }
    }
}

/// Reads a table to its end and returns its earliest time.
pub(super) async fn read_table(
    reading: &Reading<'_>,
    selection: &Selection,
    writer: &mut TableWriter,
    progress: &mut dyn FnMut(u64),
) -> Result<Option<Micros>, ExportError> {
    let table = writer.table();
    let mut rows = TableRows::new(reading.making(table), selection, writer);
    let take = |bytes| {
        rows.take(bytes)?;
        Ok(rows.rows_read())
    };
    read_bytes(reading.client, (table, selection), take, progress).await?;
    rows.end()
}

/// Hands on what the server sends of a table, until its end. `take` says how many rows were made so far.
pub(super) async fn read_bytes(
    client: &Client,
    (table, selection): (Table, &Selection),
    mut take: impl FnMut(Bytes) -> Result<u64, ExportError>,
    progress: &mut dyn FnMut(u64),
) -> Result<(), ExportError> {
    let failed =
        |err: tokio_postgres::Error, rows| explain(&err, Doing::Reading(table)).after(rows);
    let stream = client.copy_out(selection.sql.as_str()).await;
    let mut stream = pin!(stream.map_err(|err| failed(err, 0))?);
    let (mut rows, mut reported, mut unreported) = (0, 0, 0);
    while let Some(bytes) = stream.next().await {
        let bytes = bytes.map_err(|err| failed(err, rows))?;
        unreported += bytes.len();
        rows = take(bytes)?;
        if unreported >= REPORT_BYTES || rows >= reported + REPORT_EVERY {
            (reported, unreported) = (rows, 0);
            progress(rows);
        }
    }
    Ok(())
}

/// Columns of a table that had to be left out, or that questions cannot name.
pub(super) fn column_notes(table: Table, selection: &Selection) -> Vec<String> {
    let told = |names: &[&str], why: &str| {
        (!names.is_empty()).then(|| format!("{table}: column `{}` {why}", names.join("`, `")))
    };
    let left_out: Vec<&str> = selection.left_out.iter().map(String::as_str).collect();
    let names = || selection.columns.iter().map(|column| column.name.as_str());
    // SQL takes one for the other, and we ask for those in small letters
    let is_hidden =
        |name: &&str| names().any(|other| other == name.to_lowercase() && other != *name);
    let hidden: Vec<&str> = names().filter(is_hidden).collect();
    let left_out = told(&left_out, "left out: a snapshot has one of that name itself");
    let hidden =
        told(&hidden, "is kept in the files alone: SQL takes it for the one in small letters");
    left_out.into_iter().chain(hidden).collect()
}
