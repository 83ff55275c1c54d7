//! Transactions that cannot write, cannot be surprised by the role's settings, and say whose they are.
//!
//! Nothing is set for the session: behind a transaction pooler it is somebody else's next.

use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, NoTls, Socket};

use crate::export::error::ExportError;
use crate::export::refusal::{Asking, explain_connect};
use crate::export::server_error::{Doing, explain};
use crate::export::stranger;
use crate::export::target::Target;
use crate::export::tls;
use crate::export::tls_failure::TlsFailure;

/// A connection that takes longer is looked at: who is there?
const SUSPICIOUS_AFTER: Duration = Duration::from_secs(3);

/// What a transaction runs under, whatever role, database or URL say. Output of every type becomes one
/// text; a role that may not see all rows gets an error and not fewer rows; names are never resolved
/// to someone's look-alikes. `quote_all_identifiers` changes what `regclass` and defaults look like,
/// `standard_conforming_strings` every default with a backslash. None of it takes a snapshot.
const SETTINGS: &str = "
set local timezone = 'UTC';
set local datestyle = 'ISO, MDY';
set local intervalstyle = 'postgres';
set local extra_float_digits = 1;
set local bytea_output = 'hex';
set local client_encoding = 'UTF8';
set local search_path = pg_catalog;
set local quote_all_identifiers = off;
set local standard_conforming_strings = on;
set local statement_timeout = 0;
set local lock_timeout = '30s';
set local idle_in_transaction_session_timeout = 0;
set local row_security = off;
set local application_name = 'backstory';";

/// Came with PostgreSQL 17; takes a snapshot.
pub(super) const NO_TIMEOUT: &str =
    "select set_config(name, '0', true) from pg_settings where name = 'transaction_timeout'";

/// One look at a source, at no particular instant.
pub(super) const READ_ONLY: &str = "begin isolation level read committed read only";

/// Everything at the instant of the first query.
pub(super) const ONE_INSTANT: &str = "begin isolation level repeatable read read only";

/// A database of encoding SQL_ASCII promises nothing about its bytes, and the server would end the
/// export at the first that are no UTF-8. So they come as they are; names, read before, do not.
pub(super) const BYTES_AS_THEY_ARE: &str = "select set_config('client_encoding', 'SQL_ASCII', true) \
     from pg_database where datname = current_database() and encoding = 0";

/// Connects.
pub(super) async fn connect(target: Target) -> Result<Client, ExportError> {
    if target.config.get_ssl_mode() == SslMode::Disable {
        return open(target, NoTls).await;
    }
    let tls = tls::connector(target.authorities.as_deref(), target.identity.as_ref())?;
    open(target, tls).await
}

/// Begins a transaction, and pins what it runs under.
pub(super) async fn begin(client: &Client, how: &str) -> Result<(), ExportError> {
    let begun = client.batch_execute(&format!("{how};{SETTINGS}")).await;
    begun.map_err(|err| explain(&err, Doing::Session))
}

async fn open<T>(target: Target, tls: T) -> Result<Client, ExportError>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (at, who) = (target.place(), target.who());
    let mut config = target.config;
    if let Some(password) = &target.password {
        config.password(password.expose_secret());
    }
    let limit = target.connect_within;
    let ends = limit.and_then(|limit| Instant::now().checked_add(limit));
    let mut connecting = pin!(until(ends, config.connect(tls)));
    let connected = match timeout(SUSPICIOUS_AFTER, &mut connecting).await {
        Ok(done) => done,
        // someone of another protocol waits for more of ours, and we for more of his
        Err(_) => match until(ends, stranger::words(&config)).await.flatten() {
            Some(said) => return Err(ExportError::NotPostgres { at, said }),
            None => connecting.await,
        },
    };
    let Some(connected) = connected else {
        return Err(ExportError::TimedOut { at, seconds: limit.unwrap_or_default().as_secs() });
    };
    let (client, connection) = match connected {
        Ok(connected) => connected,
        Err(err) => {
            let password = target.password.as_ref().map(ExposeSecret::expose_secret);
            let accept_s = config.get_connect_timeout().map(Duration::as_secs);
            let failed = explain_connect(&err, Asking { at: &at, who, password, accept_s });
            let said = if is_odd(&failed) { stranger::words(&config).await } else { None };
            return Err(said.map_or(failed, |said| ExportError::NotPostgres { at, said }));
        }
    };
    // Its error reaches us through the client's next call.
    tokio::spawn(async { drop(connection.await) });
    Ok(client)
}

/// Work that is given up at an instant, if there is one; `None` then.
async fn until<T>(ends: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match ends {
        Some(ends) => timeout_at(ends, work).await.ok(),
        None => Some(work.await),
    }
}

/// Whether an attempt failed as it does where someone else listens: by an answer that is none, a connection that
/// ends in the midst of one, or a TLS that nobody speaks there.
fn is_odd(failed: &ExportError) -> bool {
    if let ExportError::Tls { failure, .. } = failed {
        return matches!(failure, TlsFailure::NotOffered | TlsFailure::Other);
    }
    let ExportError::Unreachable { source, .. } = failed else { return false };
    let odd = [ErrorKind::InvalidData, ErrorKind::InvalidInput, ErrorKind::Other];
    odd.contains(&source.kind()) || source.kind() == ErrorKind::ConnectionReset
}
