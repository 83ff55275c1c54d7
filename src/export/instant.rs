//! The instant at which a capture reads: what is there, locked, and one snapshot of it.

use std::collections::BTreeMap;

use tokio_postgres::Client;

use crate::export::catalogue::{self, SCHEMA, SourceColumn, SourceTable};
use crate::export::connect;
use crate::export::core_columns;
use crate::export::elsewhere::{self, Elsewhere};
use crate::export::error::ExportError;
use crate::export::lock;
use crate::export::select::quote;
use crate::export::server_error::{Doing, explain};
use crate::model::table::Table;
use crate::model::time::Micros;

/// What the manifest says of the source: nothing that names a host, a user or a way in.
pub(super) async fn describe_source(
    client: &Client,
) -> Result<BTreeMap<String, String>, ExportError> {
    let failed = |err| explain(&err, Doing::Session);
    let mut source = BTreeMap::from([("kind".to_string(), "postgres".to_string())]);
    let sql = "select current_setting('server_version'), current_database()::text, \
               (select oid::text from pg_database where datname = current_database()), \
               (pg_postmaster_start_time() at time zone 'UTC')::text";
    let row = client.query_typed_one(sql, &[]).await.map_err(failed)?;
    for (at, name) in
        ["server_version", "database", "database_oid", "server_started_at"].iter().enumerate()
    {
        source.insert(name.to_string(), row.get(at));
    }
    // Hosted servers keep these to themselves; then we do without.
    let told = |name| client.batch_execute(name);
    told("savepoint control").await.map_err(failed)?;
    // after a promotion the last checkpoint is still of the timeline before
    let sql = "select s.system_identifier::text, case when pg_is_in_recovery() \
               then coalesce((select received_tli from pg_stat_wal_receiver), c.timeline_id) \
               else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int4 end::text \
               from pg_control_system() s, pg_control_checkpoint() c";
    if let Ok(row) = client.query_typed_one(sql, &[]).await {
        source.insert("system_identifier".to_string(), row.get(0));
        source.insert("timeline".to_string(), row.get(1));
    } else {
        told("rollback to savepoint control").await.map_err(failed)?;
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

impl Instant {
    /// The number of a table that is there.
    pub(super) fn oid_of(&self, table: Table) -> Option<u32> {
        self.tables.iter().find(|source| source.table == table).map(|source| source.oid)
    }

    /// Whether a table has partitions or heirs.
    pub(super) fn is_in_parts(&self, table: Table) -> bool {
        self.tables.iter().any(|source| source.table == table && source.in_parts)
    }

    /// Whether a table that is there has this column.
    pub(super) fn has_column(&self, table: Table, name: &str) -> bool {
        let columns = self.tables.iter().filter(|source| source.table == table);
        columns.flat_map(|source| &source.columns).any(|column| column.name == name)
    }
}

/// How many transactions ago an id was given out, as the server reckons the age of rows in this transaction;
/// `None` where that cannot be told.
pub(super) async fn age(client: &Client, xid: u64) -> Result<Option<u32>, ExportError> {
    let low = xid as u32;
    let sql = format!("select pg_catalog.age('{low}'::pg_catalog.xid)");
    let failed = |err| explain(&err, Doing::Catalogue);
    let row = client.query_typed_one(&sql, &[]).await.map_err(failed)?;
    let age: i32 = row.get(0);
    // an id below 3 is no transaction's
    Ok(u32::try_from(age).ok().filter(|age| *age < i32::MAX as u32))
}

/// The time of the oldest row of a table, whether it is asked for or not: so far back the source reaches. What
/// is infinite or before year 1 was no time at which anything was logged.
pub(super) async fn oldest(
    client: &Client,
    source: &SourceTable,
) -> Result<Option<Micros>, ExportError> {
    let time = source.table.time_column();
    // one without a time zone is taken for UTC, as its values are
    let known = |kind: &str| matches!(kind, "timestamptz" | "timestamp");
    let is_time = |column: &SourceColumn| column.name == time && known(&column.type_name);
    if !source.columns.iter().any(is_time) {
        return Ok(None);
    }
    let sql = format!(
        "select (extract(epoch from min({time})) * 1000000)::int8 from {SCHEMA}.{table} \
         where {time} >= '0001-01-01 00:00:00+00' and {time} < '10000-01-01 00:00:00+00'",
        time = quote(time),
        table = quote(source.table.name()),
    );
    let failed = |err| explain(&err, Doing::Reading(source.table));
    let row = client.query_typed_one(&sql, &[]).await.map_err(failed)?;
    Ok(row.get::<_, Option<i64>>(0).map(Micros))
}

/// Since when a transaction that writes has been open, in seconds, where one has been for long: all rows since
/// it began are read again by each capture.
pub(super) async fn oldest_transaction_s(client: &Client) -> Result<Option<f64>, ExportError> {
    let sql = "select max(extract(epoch from now() - xact_start))::float8 from pg_stat_activity \
               where backend_xid is not null and datname = current_database()";
    let failed = |err| explain(&err, Doing::Catalogue);
    let row = client.query_typed_one(sql, &[]).await.map_err(failed)?;
    Ok(row.get(0))
}

/// Locks the tables, then takes the snapshot. In that order: TRUNCATE and rewriting ALTER are not
/// MVCC-safe, so a snapshot older than the lock could read a table that is empty for it. LOCK takes
/// no snapshot itself; the first query after it does.
pub(super) async fn begin(
    client: &Client,
    wanted: &[Table],
    note: &mut dyn FnMut(String),
) -> Result<Instant, ExportError> {
    lock::take(client, wanted, note).await?;
    let unlimited = client.batch_execute(connect::NO_TIMEOUT).await;
    unlimited.map_err(|err| explain(&err, Doing::Session))?;
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
    tables.iter().try_for_each(core_columns::check)?;
    Ok(Instant { tables, snapshot: row.get(0), next_xid })
}

/// Whether all that is needed is there and may be read, before anything is read for an hour in vain.
pub(super) async fn check(
    client: &Client,
    note: &mut dyn FnMut(String),
) -> Result<Vec<Table>, ExportError> {
    let found = catalogue::bare_tables(client).await?;
    for table in Table::ALL {
        match found.iter().find(|source| source.table == table) {
            Some(source) if !source.may_select => {
                let role = current_role(client).await?;
                return Err(ExportError::PermissionDenied { table: Some(table), role });
            }
            Some(source) if source.hides_rows => {
                let role = current_role(client).await?;
                return Err(ExportError::RowSecurity { table: Some(table), role });
            }
            Some(_) => {}
            None => {
                let elsewhere = elsewhere::find(client, table).await?;
                if table.is_required() {
                    return Err(ExportError::MissingTable { table, elsewhere });
                }
                note(format!("{table}: the source has no such table{}", not_read(&elsewhere)));
            }
        }
    }
    Ok(found.iter().map(|source| source.table).collect())
}

/// Whose rights count: behind a pooler it may be another role than we came as.
async fn current_role(client: &Client) -> Result<String, ExportError> {
    let row = client.query_typed_one("select current_user::text", &[]).await;
    Ok(row.map_err(|err| explain(&err, Doing::Session))?.get(0))
}

/// That something has the name of an optional table, and is left alone.
fn not_read(elsewhere: &Elsewhere) -> String {
    match elsewhere {
        Elsewhere::Nowhere => String::new(),
        Elsewhere::Other(_) | Elsewhere::Schema(_) => {
            format!(" in `{SCHEMA}`{elsewhere}, which is not read")
        }
    }
}
