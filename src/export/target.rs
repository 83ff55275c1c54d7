//! Which database, as which user, how securely: a URL or key=value text, completed by the environment.

mod options;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::export::target::options::Options;

/// What is wrong with how the database was named. None of these repeats what was typed: a password
/// stands somewhere in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing was given.
    #[error("no database was named")]
    Nothing,
    /// It is neither a URL nor key=value text.
    #[error("it is neither a postgres:// URL nor `key=value` text that can be parsed")]
    Malformed,
    /// A password with an `@` that is not encoded would make the rest of it the host.
    #[error("it has a second `@`, so the end of the password cannot be told")]
    SecondAt,
    /// An option that this build does not know.
    #[error("it has the option `{0}`, which is not supported")]
    Unsupported(&'static str),
    /// An option that nobody knows.
    #[error("it has an option that is not known")]
    UnknownOption,
    /// A value that an option cannot have.
    #[error("its `{0}` has a value that is not possible")]
    Value(&'static str),
    /// No host.
    #[error("it names no host")]
    NoHost,
}

/// A database, ready to connect to.
#[derive(Clone, Debug)]
pub struct Target {
    pub(super) config: Config,
    pub(super) password: Option<SecretString>,
    /// File of certificate authorities; `None` for the machine's own store.
    pub(super) authorities: Option<PathBuf>,
    /// Whether the user asked for plain text to a host that is not this machine.
    pub(super) plain_over_network: bool,
}

/// Seconds to wait for a host when the URL does not say.
const CONNECT_TIMEOUT_S: u64 = 15;

impl Target {
    /// Parses `given` (a URL or `key=value` text; empty or absent: the environment alone) and fills in
    /// what it lacks from libpq's variables. `authorities` is the file of `--ssl-root-cert`.
    pub fn resolve(
        given: Option<&SecretString>,
        authorities: Option<PathBuf>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, TargetError> {
        let options = Options::parse(given.map_or("", ExposeSecret::expose_secret))?;
        let mut config: Config = options.driver_text.parse().map_err(|_| TargetError::Malformed)?;
        let password = match config.get_password() {
            Some(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            None => env("PGPASSWORD"),
        };
        complete(&mut config, env)?;
        let mode = options.ssl_mode.or_else(|| env("PGSSLMODE"));
        let from_url = options.authorities.or_else(|| env("PGSSLROOTCERT"));
        let from_url = from_url.filter(|path| path != "system").map(PathBuf::from);
        let authorities = authorities.or(from_url);
        let near = is_near(&config);
        let ssl_mode = ssl_mode(mode.as_deref(), near, authorities.is_some())?;
        config.ssl_mode(ssl_mode).application_name("backstory");
        let plain_over_network = ssl_mode == SslMode::Disable && !near;
        let password = password.map(SecretString::from);
        Ok(Self { config, password, authorities, plain_over_network })
    }

    /// Host and port, for messages.
    pub(super) fn place(&self) -> String {
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        let addresses = self.config.get_hostaddrs().iter().map(IpAddr::to_string);
        let names = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
        let hosts: Vec<String> = names.chain(addresses).collect();
        format!("{}, port {port}", hosts.join(", "))
    }
}

/// Fills in what libpq would take from its environment.
fn complete(config: &mut Config, env: &dyn Fn(&str) -> Option<String>) -> Result<(), TargetError> {
    if config.get_user().is_none()
        && let Some(user) = env("PGUSER")
    {
        config.user(user);
    }
    if config.get_dbname().is_none()
        && let Some(name) = env("PGDATABASE")
    {
        config.dbname(name);
    }
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        config.host(env("PGHOST").ok_or(TargetError::NoHost)?);
    }
    if config.get_ports().is_empty()
        && let Some(port) = env("PGPORT")
    {
        config.port(port.parse().map_err(|_| TargetError::Value("PGPORT"))?);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(CONNECT_TIMEOUT_S));
    }
    config
        .keepalives_idle(Duration::from_secs(30))
        .keepalives_interval(Duration::from_secs(10))
        .keepalives_retries(6);
    Ok(())
}

/// Plain text is for this machine, or must be asked for by name; all else is TLS, and TLS is always
/// verified. `prefer` towards another machine therefore means `require`.
fn ssl_mode(mode: Option<&str>, near: bool, has_authorities: bool) -> Result<SslMode, TargetError> {
    match mode {
        Some("disable") => Ok(SslMode::Disable),
        Some("require" | "verify-ca" | "verify-full") => Ok(SslMode::Require),
        None | Some("allow" | "prefer") if near && !has_authorities => Ok(SslMode::Disable),
        None | Some("allow" | "prefer") => Ok(SslMode::Require),
        Some(_) => Err(TargetError::Value("sslmode")),
    }
}

/// Whether every host is a socket or a loopback address of this machine.
fn is_near(config: &Config) -> bool {
    let addresses = config.get_hostaddrs();
    if !addresses.is_empty() {
        return addresses.iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
    })
}

#[cfg(test)]
mod tests;
