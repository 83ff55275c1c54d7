//! Which database, as which user, how securely: a URL or key=value text, completed by the environment.

mod decode;
mod options;
mod passfile;
mod service;
mod settings;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::export::said;
use crate::export::target::options::{Options, POOLED};
use crate::export::target::passfile::remembered;
use crate::export::target::settings::Settings;

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
    #[error("it has `{0}`, which is not supported")]
    Unsupported(&'static str),
    /// An option that nobody knows. What was typed may be the rest of a password with a blank in it, so that
    /// only the known one is named that it is like.
    #[error("it has an option that is not known{}", nearest(*.0))]
    UnknownOption(Option<&'static str>),
    /// A value that an option cannot have.
    #[error("its `{0}` has a value that is not possible")]
    Value(&'static str),
    /// No host.
    #[error("it names no host")]
    NoHost,
    /// The service is in no file.
    #[error("no service file has a service {}", said::name(.0))]
    NoService(String),
    /// A service file cannot be used.
    #[error("the service file {} cannot be used: {why}", path.display())]
    ServiceFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

fn nearest(known: Option<&str>) -> String {
    known.map_or_else(String::new, |known| format!("; the nearest that is: `{known}`"))
}

/// Where hosted databases have their pooler in transaction mode; that in session mode is on 5432.
const TRANSACTION_POOLER: u16 = 6543;

/// A database, ready to connect to.
#[derive(Clone, Debug)]
pub struct Target {
    pub(super) config: Config,
    pub(super) password: Option<SecretString>,
    /// File of certificate authorities; `None` for the machine's own store.
    pub(super) authorities: Option<PathBuf>,
    /// What the server may ask us for.
    pub(super) identity: Option<Identity>,
    /// What the user should know of how it was found.
    pub(super) notes: Vec<String>,
    /// Whether a transaction pooler answers there.
    pub(super) pooled: bool,
    /// How long a connection may take to be made; `None`: as long as it likes.
    pub(super) connect_within: Option<Duration>,
}

/// The files of a client certificate and of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

/// Seconds to wait for a host to accept when nobody says.
const ACCEPT_S: u64 = 15;
/// And for one that accepts and then says nothing.
const HANDSHAKE_S: u64 = 30;
/// libpq waits no shorter than this.
const CONNECT_TIMEOUT_S_MIN: u64 = 2;

impl Target {
    /// Parses `given` (a URL or `key=value` text; empty or absent: the environment alone) and fills in
    /// what it lacks as libpq does: from a service, its variables and its files. `authorities` is the
    /// file of `--ssl-root-cert`.
    pub fn resolve(
        given: Option<&SecretString>,
        authorities: Option<PathBuf>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, TargetError> {
        let text = Options::parse(given.map_or("", ExposeSecret::expose_secret))?;
        let settings = Settings::new(text, env)?;
        let mut config = settings.config()?;
        let connect_within = connect_within(&mut config, settings.get("connect_timeout"));
        config
            .application_name("backstory")
            .keepalives_idle(Duration::from_secs(30))
            .keepalives_interval(Duration::from_secs(10))
            .keepalives_retries(6);
        let mut notes = Vec::new();
        let named = settings.get("sslrootcert");
        let own_store = named.as_deref() == Some("system");
        let named = authorities.or_else(|| named.filter(|_| !own_store).map(PathBuf::from));
        let near = is_near(&config);
        let mode = settings.get("sslmode");
        let ssl_mode = ssl_mode(mode.as_deref(), near, named.is_some())?;
        config.ssl_mode(ssl_mode);
        if ssl_mode == SslMode::Disable && !near {
            notes.push("sslmode=disable: passwords and rows travel in plain text".to_string());
        }
        let with_tls = ssl_mode != SslMode::Disable;
        let at_home = |name| settings.at_home(name).filter(|path| with_tls && path.is_file());
        let authorities = named.or_else(|| {
            let found = at_home(".postgresql/root.crt").filter(|_| !own_store)?;
            notes.push(format!("certificate authorities are those of {}", found.display()));
            Some(found)
        });
        let certificate = settings.get("sslcert").map(PathBuf::from);
        let certificate = certificate.or_else(|| at_home(".postgresql/postgresql.crt"));
        let key = settings.get("sslkey").map(PathBuf::from);
        let key = key.or_else(|| settings.at_home(".postgresql/postgresql.key"));
        let identity = certificate.zip(key).map(|(certificate, key)| Identity { certificate, key });
        let password =
            settings.get("password").or_else(|| remembered(&settings, &config, &mut notes));
        let password = password.map(SecretString::from);
        let pooled = settings.get(POOLED).is_some_and(|value| value != "false")
            || port(&config) == TRANSACTION_POOLER;
        Ok(Self { config, password, authorities, identity, notes, pooled, connect_within })
    }

    /// Whether a text holds a password itself.
    pub fn names_a_password(given: &SecretString) -> bool {
        let parsed = Options::parse(given.expose_secret());
        parsed.is_ok_and(|options| options.get("password").is_some())
    }

    /// Host and port, for messages.
    pub(super) fn place(&self) -> String {
        let hosts = hosts(&self.config);
        let shown = hosts.iter().map(|host| match host.strip_prefix('/') {
            Some(_) => said::printable(host),
            None => said::host(host),
        });
        format!("{}, port {}", shown.collect::<Vec<_>>().join(", "), port(&self.config))
    }

    /// The role that was named.
    pub(super) fn role(&self) -> Option<&str> {
        self.config.get_user()
    }

    /// Role, database, host and port, for messages.
    pub(super) fn who(&self) -> String {
        let role = self.role().map_or_else(|| "of this machine's user".to_string(), said::name);
        // the server takes the one for the other
        let database = self.config.get_dbname().or(self.role());
        let database = database.map_or_else(|| "of the same name".to_string(), said::name);
        format!("role {role}, database {database}, at {}", self.place())
    }
}

/// How long a connection may take to be made, every host tried; tells the driver how long one may take to
/// accept. As in libpq, nothing above 0 is no limit.
fn connect_within(config: &mut Config, given: Option<String>) -> Option<Duration> {
    let Some(given) = given else {
        config.connect_timeout(Duration::from_secs(ACCEPT_S));
        return Some(Duration::from_secs(HANDSHAKE_S));
    };
    // what is no number was refused
    let seconds: u64 = given.trim().parse().ok().filter(|seconds| *seconds > 0)?;
    let one = Duration::from_secs(seconds.max(CONNECT_TIMEOUT_S_MIN));
    config.connect_timeout(one);
    let hosts = u32::try_from(hosts(config).len()).unwrap_or(u32::MAX).max(1);
    Some(one.saturating_mul(hosts))
}

fn port(config: &Config) -> u16 {
    config.get_ports().first().copied().unwrap_or(5432)
}

/// Names and addresses.
fn hosts(config: &Config) -> Vec<String> {
    let addresses = config.get_hostaddrs().iter().map(IpAddr::to_string);
    let names = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    });
    names.chain(addresses).collect()
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
