//! One session that cannot write, cannot be surprised by the role's settings, and says who it is.

use std::time::Duration;

use secrecy::ExposeSecret;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, NoTls, Socket};

use crate::export::error::ExportError;
use crate::export::server_error::{Doing, explain, explain_connect};
use crate::export::target::Target;
use crate::export::tls;

/// A server that accepts and then says nothing is given up after this.
const HANDSHAKE_S_MAX: u64 = 30;

/// What the session runs under, whatever role, database or URL say. Output of every type becomes one
/// text; a role that may not see all rows gets an error and not fewer rows; names are never resolved
/// to someone's look-alikes. `quote_all_identifiers` changes what `regclass` and defaults look like,
/// `standard_conforming_strings` every default with a backslash; `transaction_timeout` came with
/// PostgreSQL 17.
const SETTINGS: &str = "
set default_transaction_read_only = on;
set timezone = 'UTC';
set datestyle = 'ISO, MDY';
set intervalstyle = 'postgres';
set extra_float_digits = 1;
set bytea_output = 'hex';
set client_encoding = 'UTF8';
set search_path = pg_catalog;
set quote_all_identifiers = off;
set standard_conforming_strings = on;
set statement_timeout = 0;
set lock_timeout = '30s';
set idle_in_transaction_session_timeout = 0;
set row_security = off;
select set_config(name, '0', false) from pg_settings where name = 'transaction_timeout';
set application_name = 'backstory';";

/// A database of encoding SQL_ASCII promises nothing about its bytes, and the server would end the
/// export at the first that are no UTF-8. So they come as they are; names, read before, do not.
pub(super) const BYTES_AS_THEY_ARE: &str = "select set_config('client_encoding', 'SQL_ASCII', false) \
     from pg_database where datname = current_database() and encoding = 0";

/// Connects and pins the session's settings.
pub(super) async fn connect(target: Target) -> Result<Client, ExportError> {
    let client = if target.config.get_ssl_mode() == SslMode::Disable {
        open(target, NoTls).await?
    } else {
        let tls = tls::connector(target.authorities.as_deref(), target.identity.as_ref())?;
        open(target, tls).await?
    };
    client.batch_execute(SETTINGS).await.map_err(|err| explain(&err, Doing::Session))?;
    Ok(client)
}

async fn open<T>(target: Target, tls: T) -> Result<Client, ExportError>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let at = target.place();
    let mut config = target.config;
    if let Some(password) = &target.password {
        config.password(password.expose_secret());
    }
    let limit = Duration::from_secs(HANDSHAKE_S_MAX);
    let connecting = tokio::time::timeout(limit, config.connect(tls)).await;
    let Ok(connected) = connecting else {
        return Err(ExportError::TimedOut { at, seconds: HANDSHAKE_S_MAX });
    };
    let (client, connection) =
        connected.map_err(|err| explain_connect(&err, &at, target.password.is_some()))?;
    // Its error reaches us through the client's next call.
    tokio::spawn(async { drop(connection.await) });
    Ok(client)
}
