//! The lock under which a capture reads, and whose lock it waits for.

use std::time::Duration;

use tokio_postgres::Client;

use crate::export::catalogue::SCHEMA;
use crate::export::connect;
use crate::export::error::ExportError;
use crate::export::select::quote;
use crate::export::server_error::{Doing, explain};
use crate::model::table::Table;

/// Attempts without a word, of about a second each.
const QUIETLY: u32 = 5;
/// Attempts after it; then the capture begins again, as for all that passes.
const ALOUD: u32 = 25;
/// Who waits for one table has the others locked: less than the second after which a server looks for a deadlock and ends
/// whoever finds it, so that nobody else's work fails for ours.
const WAIT: &str = "500ms";
/// Nothing is locked between two attempts: who waits for us gets through.
const PAUSE: Duration = Duration::from_millis(500);

/// Begins the transaction that reads, and locks the tables in it. Waiting for a lock is told: nobody should take it
/// for a source that hangs. Only another transaction can look whose lock it is: that of the capture must take no
/// snapshot before it has its own.
pub(super) async fn take(
    client: &Client,
    wanted: &[Table],
    note: &mut dyn FnMut(String),
) -> Result<(), ExportError> {
    match try_for(client, wanted, QUIETLY).await {
        Err(ExportError::Locked(_)) => {}
        done => return done,
    }
    rolled_back(client).await?;
    let (table, by) = match holder(client, wanted).await? {
        Some(holder) => holder,
        None => ("the tables".to_string(), String::new()),
    };
    note(format!(
        "waiting for {table}, on which another session holds a lock that excludes reading{by}"
    ));
    try_for(client, wanted, ALOUD).await
}

async fn try_for(client: &Client, wanted: &[Table], attempts: u32) -> Result<(), ExportError> {
    for _ in 1..attempts {
        match attempt(client, wanted).await {
            Err(ExportError::Locked(_)) => rolled_back(client).await?,
            done => return done,
        }
        tokio::time::sleep(PAUSE).await;
    }
    attempt(client, wanted).await
}

async fn attempt(client: &Client, wanted: &[Table]) -> Result<(), ExportError> {
    let names: Vec<String> =
        wanted.iter().map(|table| format!("{SCHEMA}.{}", quote(table.name()))).collect();
    connect::begin(client, connect::ONE_INSTANT).await?;
    let lock = format!(
        "set local lock_timeout = '{WAIT}'; lock table {} in access share mode",
        names.join(", ")
    );
    client.batch_execute(&lock).await.map_err(|err| explain(&err, Doing::Locking))
}

async fn rolled_back(client: &Client) -> Result<(), ExportError> {
    let over = client.batch_execute("rollback").await;
    over.map_err(|err| explain(&err, Doing::Session))
}

/// Which of the tables is locked, and by whom, as far as the role may see that: its process, and what that does.
/// What it runs is not told: values may stand in it. One that only waits for such a lock, behind a reader, keeps
/// us waiting too.
async fn holder(
    client: &Client,
    wanted: &[Table],
) -> Result<Option<(String, String)>, ExportError> {
    let names: Vec<String> = wanted.iter().map(|table| format!("'{}'", table.name())).collect();
    let sql = format!(
        "select c.relname::text, l.pid, a.state, extract(epoch from now() - a.xact_start)::float8 \
         from pg_locks l join pg_class c on c.oid = l.relation \
         join pg_database d on d.oid = l.database and d.datname = current_database() \
         left join pg_stat_activity a on a.pid = l.pid \
         where l.mode = 'AccessExclusiveLock' and c.relnamespace = '{SCHEMA}'::regnamespace \
         and c.relname in ({}) order by l.granted desc, a.xact_start limit 1",
        names.join(", ")
    );
    connect::begin(client, connect::READ_ONLY).await?;
    let rows = client.query_typed(&sql, &[]).await;
    let rows = rows.map_err(|err| explain(&err, Doing::Catalogue))?;
    let found = rows.first().map(|row| {
        let (table, pid): (String, Option<i32>) = (row.get(0), row.get(1));
        let (state, open_s): (Option<String>, Option<f64>) = (row.get(2), row.get(3));
        let pid = pid.map(|pid| format!("process {pid}"));
        let open = open_s.map(|s| format!("its transaction open for {:.0} s", s.max(0.0)));
        let known: Vec<String> = [pid, state, open].into_iter().flatten().collect();
        (format!("`{SCHEMA}.{table}`"), format!(" ({})", known.join(", ")))
    });
    rolled_back(client).await?;
    Ok(found)
}
