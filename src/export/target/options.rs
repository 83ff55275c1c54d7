//! A connection text, a URL or `key=value` pairs, taken apart into its options.

use std::collections::BTreeMap;

use crate::export::target::TargetError;
use crate::export::target::decode::{percent_decoded, value_of_pair};
use crate::model::alike::alike;

/// What libpq, or another client, knows and we do not do: refused by name rather than left unheeded.
const UNSUPPORTED: [&str; 30] = [
    "sslpassword",
    "sslcrl",
    "sslcrldir",
    "servicefile",
    "requirepeer",
    "require_auth",
    "krbsrvname",
    "gssencmode",
    "gssdelegation",
    "gsslib",
    "fallback_application_name",
    "keepalives_count",
    "replication",
    "sslcertmode",
    "sslcompression",
    "sslsni",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "min_protocol_version",
    "max_protocol_version",
    "ssl",
    "sslaccept",
    "schema",
    "currentSchema",
    "connection_limit",
    "pool_timeout",
    "socket_timeout",
    "statement_cache_size",
    "prepareThreshold",
    "uselibpqcompat",
];

/// What can be heeded.
const KNOWN: [&str; 25] = [
    "user",
    "password",
    "passfile",
    "dbname",
    "options",
    "application_name",
    "service",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslnegotiation",
    "host",
    "hostaddr",
    "port",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
    "client_encoding",
];

/// Options by name.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Options(BTreeMap<String, String>);

/// What other clients are told of a transaction pooler by.
pub(super) const POOLED: &str = "pgbouncer";

impl Options {
    pub(super) fn parse(text: &str) -> Result<Self, TargetError> {
        let text = text.trim();
        match text.strip_prefix("postgresql://").or_else(|| text.strip_prefix("postgres://")) {
            Some(rest) => Self::of_url(rest),
            None if text.contains("://") => Err(TargetError::Malformed),
            None => Self::of_pairs(text),
        }
    }

    /// The value of an option.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// `user:password@host:port,host:port/database?key=value&...`
    fn of_url(rest: &str) -> Result<Self, TargetError> {
        let mut options = Self::default();
        let credentials = rest.find('@').map_or(0, |at| at + 1);
        let (base, query) = match rest[credentials..].split_once('?') {
            Some((base, query)) => (base, query),
            None => (&rest[credentials..], ""),
        };
        if base.contains('@') {
            return Err(TargetError::SecondAt);
        }
        if let Some(credentials) = rest[..credentials].strip_suffix('@') {
            let (user, password) = match credentials.split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (credentials, None),
            };
            options.decoded("user", user)?;
            password.map(|password| options.decoded("password", password)).transpose()?;
        }
        let (hosts, database) = base.split_once('/').unwrap_or((base, ""));
        options.hosts(hosts)?;
        options.decoded("dbname", database)?;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or(TargetError::Malformed)?;
            options.0.remove(key);
            options.take(key, &percent_decoded(value))?;
        }
        Ok(options)
    }

    /// `host:port,[::1]:port,%2Fvar%2Frun`
    fn hosts(&mut self, text: &str) -> Result<(), TargetError> {
        let (mut hosts, mut ports) = (Vec::new(), Vec::new());
        for one in text.split(',') {
            let (host, port) = match one.strip_prefix('[') {
                Some(rest) => rest.split_once(']').ok_or(TargetError::Malformed)?,
                None => one.split_at(one.find(':').unwrap_or(one.len())),
            };
            let port = match port.strip_prefix(':') {
                Some(port) => port,
                None if port.is_empty() => "",
                None => return Err(TargetError::Malformed),
            };
            // what is no number may be the end of a password that has a `/` in it
            if !port.bytes().all(|b| b.is_ascii_digit()) {
                return Err(TargetError::Malformed);
            }
            hosts.push(percent_decoded(host));
            ports.push(port);
        }
        if ports.iter().any(|port| !port.is_empty()) {
            self.take("port", &ports.join(","))?;
        }
        let hosts = hosts.join(",");
        if hosts.is_empty() { Ok(()) } else { self.take("host", &hosts) }
    }

    /// Keeps a percent-encoded part of a URL that is there.
    fn decoded(&mut self, key: &str, value: &str) -> Result<(), TargetError> {
        if value.is_empty() { Ok(()) } else { self.take(key, &percent_decoded(value)) }
    }

    /// `key=value key='a value'`, with backslashes before quotes and backslashes.
    fn of_pairs(text: &str) -> Result<Self, TargetError> {
        let mut options = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let (key, after) = rest.split_once('=').ok_or(TargetError::Malformed)?;
            let key = key.trim_end();
            let (value, left) = value_of_pair(after.trim_start())?;
            options.0.remove(key);
            options.take(key, &value)?;
            rest = left.trim_start();
        }
        Ok(options)
    }

    /// Keeps an option that is known, unless it is there already.
    pub(super) fn take(&mut self, key: &str, value: &str) -> Result<(), TargetError> {
        // asks for nothing that we do
        if key == "gssencmode" && matches!(value, "disable" | "prefer") {
            return Ok(());
        }
        if let Some(name) = UNSUPPORTED.into_iter().find(|name| *name == key) {
            return Err(TargetError::Unsupported(name));
        }
        if key != POOLED && !KNOWN.contains(&key) {
            return Err(TargetError::UnknownOption(alike(key, KNOWN).first().copied()));
        }
        if !value.is_empty() {
            self.0.entry(key.to_string()).or_insert_with(|| value.to_string());
        }
        Ok(())
    }
}
