//! Every setting of a connection, from whom libpq would take it: the text, the service, the environment.

use std::path::{Path, PathBuf};

use tokio_postgres::Config;

use crate::export::target::options::Options;
use crate::export::target::{TargetError, service};

/// libpq's variable of each setting.
const VARIABLES: [(&str, &str); 16] = [
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("dbname", "PGDATABASE"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("passfile", "PGPASSFILE"),
    ("options", "PGOPTIONS"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("sslnegotiation", "PGSSLNEGOTIATION"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
];

/// Variables by which someone asks for more safety than we would give.
const UNHEEDED: [&str; 4] = ["PGSSLCRL", "PGSSLCRLDIR", "PGREQUIREAUTH", "PGREQUIREPEER"];

/// What the driver is told beside the address. The password is kept from it until the end.
const DRIVER: [&str; 11] = [
    "port",
    "dbname",
    "user",
    "options",
    "connect_timeout",
    "keepalives",
    "tcp_user_timeout",
    "channel_binding",
    "target_session_attrs",
    "load_balance_hosts",
    "sslnegotiation",
];

/// Who gives settings, the first one first.
pub(super) struct Settings<'a> {
    layers: [Options; 2],
    env: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Settings<'a> {
    /// Those of a text, completed by the service that it or the environment names.
    pub(super) fn new(
        text: Options,
        env: &'a dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, TargetError> {
        if let Some(name) = UNHEEDED.into_iter().find(|name| env(name).is_some()) {
            return Err(TargetError::Unsupported(name));
        }
        if env("PGGSSENCMODE").is_some_and(|mode| mode == "require") {
            return Err(TargetError::Unsupported("PGGSSENCMODE"));
        }
        let name = text.get("service").map(str::to_string).or_else(|| env("PGSERVICE"));
        let service = name.map(|name| service::find(&name, env)).transpose()?;
        Ok(Self { layers: [text, service.unwrap_or_default()], env })
    }

    /// A setting, of whoever gives it first.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let given = self.layers.iter().find_map(|layer| layer.get(name)).map(str::to_string);
        given.or_else(|| self.variable(name))
    }

    fn variable(&self, name: &str) -> Option<String> {
        let (_, variable) = VARIABLES.into_iter().find(|(known, _)| *known == name)?;
        (self.env)(variable)
    }

    /// A file that libpq looks for in the home of the user.
    pub(super) fn at_home(&self, name: &str) -> Option<PathBuf> {
        (self.env)("HOME").map(|home| Path::new(&home).join(name))
    }

    /// Who the user of the database is where none is named: that of the machine.
    pub(super) fn login(&self) -> Option<String> {
        (self.env)("USER").or_else(|| (self.env)("LOGNAME"))
    }

    /// What the driver reads.
    pub(super) fn config(&self) -> Result<Config, TargetError> {
        let mut text = String::new();
        let is_port = |port: &str| port.is_empty() || port.parse().is_ok_and(|port: u16| port > 0);
        if self.get("port").is_some_and(|ports| !ports.split(',').all(|port| is_port(port.trim())))
        {
            return Err(TargetError::Value("port"));
        }
        let mut add = |name: &'static str, value: String| {
            let pair = format!("{name}='{}' ", value.replace('\\', r"\\").replace('\'', r"\'"));
            text.push_str(&pair);
            pair.parse::<Config>().map(drop).map_err(|_| TargetError::Value(name))
        };
        let [host, address] = self.address();
        if host.is_none() && address.is_none() {
            return Err(TargetError::NoHost);
        }
        host.map(|host| add("host", host)).transpose()?;
        address.map(|address| add("hostaddr", address)).transpose()?;
        for name in DRIVER {
            self.get(name).map(|value| add(name, value)).transpose()?;
        }
        text.parse().map_err(|_| TargetError::Malformed)
    }

    /// Host and address, both of one giver: the host of a text is not to be looked for at the address of
    /// another.
    fn address(&self) -> [Option<String>; 2] {
        let names = ["host", "hostaddr"];
        let given = self.layers.iter().map(|layer| names.map(|name| layer.get(name)));
        let mut given = given.filter(|pair| pair.iter().any(Option::is_some));
        match given.next() {
            Some(pair) => pair.map(|value| value.map(str::to_string)),
            None => names.map(|name| self.variable(name)),
        }
    }
}
