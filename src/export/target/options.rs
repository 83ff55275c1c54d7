//! The options that the driver does not know, taken out of a URL or key=value text before it reads it.

use crate::export::target::TargetError;

/// What libpq knows and we do not do: refused by name rather than left unheeded.
const UNSUPPORTED: [&str; 9] = [
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslcrl",
    "passfile",
    "service",
    "servicefile",
    "krbsrvname",
    "gssencmode",
];

/// What the driver knows.
const KNOWN: [&str; 19] = [
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
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

/// A connection text, split into what the driver reads and what we read.
#[derive(Default, PartialEq)]
pub(super) struct Options {
    /// Without the options below.
    pub(super) driver_text: String,
    pub(super) ssl_mode: Option<String>,
    pub(super) authorities: Option<String>,
}

impl Options {
    pub(super) fn parse(text: &str) -> Result<Self, TargetError> {
        let text = text.trim();
        match text.strip_prefix("postgresql://").or_else(|| text.strip_prefix("postgres://")) {
            Some(rest) => Self::of_url(rest),
            None if text.contains("://") => Err(TargetError::Malformed),
            None => Self::of_pairs(text),
        }
    }

    /// `user:password@host:port/database?key=value&...`, cut where the driver cuts it.
    fn of_url(rest: &str) -> Result<Self, TargetError> {
        let credentials = rest.find('@').map_or(0, |at| at + 1);
        let (base, query) = match rest[credentials..].find('?') {
            Some(at) => (&rest[..credentials + at], &rest[credentials + at + 1..]),
            None => (rest, ""),
        };
        if base[credentials..].contains('@') {
            return Err(TargetError::SecondAt);
        }
        let mut options = Self { driver_text: format!("postgresql://{base}"), ..Self::default() };
        let mut separator = '?';
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or(TargetError::Malformed)?;
            if !options.take(key, &percent_decoded(value))? {
                options.driver_text.push(separator);
                options.driver_text.push_str(pair);
                separator = '&';
            }
        }
        Ok(options)
    }

    /// `key=value key='a value'`, with backslashes before quotes and backslashes.
    fn of_pairs(text: &str) -> Result<Self, TargetError> {
        let mut options = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let (key, after) = rest.split_once('=').ok_or(TargetError::Malformed)?;
            let key = key.trim_end();
            let after = after.trim_start();
            let (value, left) = value_of_pair(after)?;
            if !options.take(key, &value)? {
                let raw = &after[..after.len() - left.len()];
                options.driver_text.push_str(&format!("{key}={raw} "));
            }
            rest = left.trim_start();
        }
        Ok(options)
    }

    /// Keeps an option that is ours; `false` when it is the driver's.
    fn take(&mut self, key: &str, value: &str) -> Result<bool, TargetError> {
        match key {
            "sslmode" => self.ssl_mode = Some(value.to_string()),
            "sslrootcert" => self.authorities = Some(value.to_string()),
            // Says something about a pooler to other clients; we hold one session either way.
            "pgbouncer" | "client_encoding" => {}
            _ => {
                if let Some(name) = UNSUPPORTED.into_iter().find(|name| *name == key) {
                    return Err(TargetError::Unsupported(name));
                }
                return if KNOWN.contains(&key) {
                    Ok(false)
                } else {
                    Err(TargetError::UnknownOption)
                };
            }
        }
        Ok(true)
    }
}

/// One value of key=value text, and what follows it.
fn value_of_pair(text: &str) -> Result<(String, &str), TargetError> {
    let (quoted, body) = match text.strip_prefix('\'') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let mut value = String::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Ok((value, &body[at + 1..])),
            c if !quoted && c.is_whitespace() => return Ok((value, &body[at..])),
            c => value.push(c),
        }
    }
    if quoted { Err(TargetError::Malformed) } else { Ok((value, "")) }
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
