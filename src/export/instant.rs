//! The instant at which a capture reads: what is there, locked, and one snapshot of it.

use std::collections::BTreeMap;

use tokio_postgres::Client;

use crate::export::catalogue::{self, SCHEMA, SourceTable};
use crate::export::error::ExportError;
use crate::export::select::quote;
use crate::export::server_error::{Doing, explain};
use crate::model::table::Table;

/// What the manifest says of the source: nothing that names a host, a user or a way in.
pub(super) async fn describe_source(
    client: &Client,
) -> Result<BTreeMap<String, String>, ExportError> {
    let failed = |err| explain(&err, Doing::Session);
    let mut source = BTreeMap::from([("kind".to_string(), "postgres".to_string())]);
    let sql = "select current_setting('server_version'), current_database()::text";
    let row = client.query_typed_one(sql, &[]).await.map_err(failed)?;
    source.insert("server_version".to_string(), row.get(0));
    source.insert("database".to_string(), row.get(1));
    // Hosted servers keep these to themselves; then we do without.
    let sql = "select s.system_identifier::text, c.timeline_id::text \
               from pg_control_system() s, pg_control_checkpoint() c";
    if let Ok(row) = client.query_typed_one(sql, &[]).await {
        source.insert("system_identifier".to_string(), row.get(0));
        source.insert("timeline".to_string(), row.get(1));
    }
    Ok(source)
}

/// The instant at which everything is read.
pub(super) struct Instant {
    pub(super) tables: Vec<SourceTable>,
    /// `pg_current_snapshot()`.
    pub(super) snapshot: String,
    /// The next full transaction id.
    pub(super) next_xid: u64,
}

/// Locks the tables, then takes the snapshot. In that order: TRUNCATE and rewriting ALTER are not
/// MVCC-safe, so a snapshot older than the lock could read a table that is empty for it. LOCK takes
/// no snapshot itself; the first query after it does.
pub(super) async fn begin(
    client: &Client,
    note: &mut dyn FnMut(String),
) -> Result<Instant, ExportError> {
    let wanted = check(catalogue::tables(client).await?, note)?;
    let names: Vec<String> =
        wanted.iter().map(|table| format!("{SCHEMA}.{}", quote(table.name()))).collect();
    let lock = format!(
        "begin isolation level repeatable read read only;\nlock table {} in access share mode;",
        names.join(", ")
    );
    client.batch_execute(&lock).await.map_err(|err| explain(&err, Doing::Locking))?;
    let sql = "select pg_current_snapshot()::text, pg_snapshot_xmax(pg_current_snapshot())::text";
    let failed = |err| explain(&err, Doing::Catalogue);
    let row = client.query_typed_one(sql, &[]).await.map_err(failed)?;
    let next_xid: String = row.get(1);
    let next_xid = next_xid.parse().map_err(|_| ExportError::Answer(Doing::Catalogue.words()))?;
    // Columns as they are under the lock, which is what COPY will give.
    let mut tables = catalogue::tables(client).await?;
    tables.retain(|source| wanted.contains(&source.table));
    if tables.len() != wanted.len() {
        return Err(ExportError::Changed);
    }
    Ok(Instant { tables, snapshot: row.get(0), next_xid })
}

/// Whether all that is needed is there and may be read, before anything is read for an hour in vain.
fn check(found: Vec<SourceTable>, note: &mut dyn FnMut(String)) -> Result<Vec<Table>, ExportError> {
    for table in Table::ALL {
        match found.iter().find(|source| source.table == table) {
            Some(source) if !source.may_select => {
                return Err(ExportError::PermissionDenied(Some(table)));
            }
            Some(source) if source.hides_rows => return Err(ExportError::RowSecurity(Some(table))),
            Some(_) => {}
            None if table.is_required() => return Err(ExportError::MissingTable(table)),
            None => note(format!("{table}: the source has no such table")),
        }
    }
    Ok(found.iter().map(|source| source.table).collect())
}
