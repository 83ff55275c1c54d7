//! A database that was named wrongly, with how to name it.

use crate::export::target::TargetError;

/// How to name it.
pub(super) fn hint(why: &TargetError) -> &'static str {
    match why {
        TargetError::Nothing | TargetError::NoHost => {
            "--db postgres://USER@HOST:PORT/DATABASE, or set BACKSTORY_DB, PGSERVICE, or PGHOST and the \
             others"
        }
        TargetError::SecondAt => "write `@` in a password as %40",
        TargetError::Malformed => {
            "--db postgres://USER@HOST:PORT/DATABASE, the password in PGPASSWORD"
        }
        TargetError::NoService(_) | TargetError::ServiceFile { .. } => {
            "services are in PGSERVICEFILE, ~/.pg_service.conf or PGSYSCONFDIR/pg_service.conf: \
             `[name]`, then `key=value` lines"
        }
        TargetError::Unsupported(name) => unsupported(name),
        TargetError::UnknownOption(_) => {
            "leave it out; options are those of libpq: host, port, dbname, user, sslmode, sslrootcert, ... (a value \
             with a blank in it needs quotes)"
        }
        TargetError::Value(name) => possible(name),
    }
}

/// What to do without an option.
fn unsupported(name: &str) -> &'static str {
    match name {
        "sslpassword" => "name a key without a passphrase with sslkey; nobody but you may read it",
        "sslcrl" | "sslcrldir" | "PGSSLCRL" | "PGSSLCRLDIR" => {
            "leave it out (a variable: unset it): lists of revoked certificates are not read"
        }
        "servicefile" => "name the file in PGSERVICEFILE",
        "service" => "a service cannot name another: give all settings in one",
        "gssencmode" | "krbsrvname" | "PGGSSENCMODE" => {
            "leave it out (a variable: unset it): Kerberos is not spoken; TLS is set by sslmode"
        }
        "requirepeer" | "require_auth" | "PGREQUIREPEER" | "PGREQUIREAUTH" => {
            "leave it out (a variable: unset it); channel_binding=require asks for a password that is never sent"
        }
        _ => "leave it out (a variable: unset it)",
    }
}

/// Which values an option can have.
fn possible(name: &str) -> &'static str {
    match name {
        "sslmode" => "sslmode is disable, prefer, require or verify-full",
        "port" => {
            "a port is a number from 1 to 65535; PostgreSQL is on 5432, poolers often on 6543"
        }
        "host" | "hostaddr" => "host is a name, hostaddr an address such as 10.0.0.9",
        "channel_binding" => "channel_binding is disable, prefer or require",
        "target_session_attrs" => "target_session_attrs is any, read-write or read-only",
        "load_balance_hosts" => "load_balance_hosts is disable or random",
        "sslnegotiation" => "sslnegotiation is postgres or direct",
        "keepalives" => "keepalives is 0 or 1",
        "connect_timeout" | "tcp_user_timeout" => {
            "it is a whole number: connect_timeout of seconds"
        }
        _ => "leave it out",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_about_the_option_that_was_refused() {
        let said = |name| hint(&TargetError::Unsupported(name));
        assert!(said("sslcrl").contains("revoked") && said("PGREQUIREAUTH").contains("unset"));
        assert!(hint(&TargetError::Value("port")).contains("1 to 65535"));
        assert!(!hint(&TargetError::Value("connect_timeout")).contains("TLS"));
    }
}
