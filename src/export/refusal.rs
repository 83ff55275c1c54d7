//! What an attempt to connect that failed means.

use std::error::Error;
use std::io;

use tokio_postgres::error::{DbError, SqlState};

use crate::export::error::ExportError;
use crate::export::said;
use crate::export::server_error::{io_cause, is_end};
use crate::export::tls_failure;

/// Who asks to be let in, and where.
pub(super) struct Asking<'a> {
    /// Host and port, for messages.
    pub(super) at: &'a str,
    /// Role, database and place, for messages.
    pub(super) who: String,
    pub(super) password: Option<&'a str>,
    /// How long a host may take to accept, in seconds; `None`: as long as it likes.
    pub(super) accept_s: Option<u64>,
}

/// Codes that a pooler puts on whatever it has to say: pgbouncer the first, Supabase's the second. Only the
/// sentence that comes along tells what it is.
const OF_POOLERS: [&str; 2] = ["08P01", "XX000"];

/// Words of sentences that will be the same the next time. Too many attempts lock a role out, so that none of
/// these is tried again.
const DECIDED: [&str; 9] = [
    "password",
    "authentication failed",
    "auth failed",
    "no such user",
    "no such database",
    "does not exist",
    "not found",
    "login rejected",
    "required",
];

/// Words of poolers that are full.
const FULL: [&str; 4] = ["max client", "maxclients", "too many connections", "no more connections"];

/// The error of an attempt to connect.
pub(super) fn explain_connect(err: &tokio_postgres::Error, asking: Asking<'_>) -> ExportError {
    if let Some(db) = err.as_db_error() {
        // one code for all that a pooler refuses; the text of this names a setting, and no value
        if db.message().starts_with("unsupported startup parameter") {
            return ExportError::SessionOptions;
        }
        return explain_refusal(db, asking);
    }
    let at = asking.at.to_string();
    if let Some((failure, detail)) = tls_failure::of(err) {
        return ExportError::Tls { at, detail, failure };
    }
    // The driver keeps the kind of its errors to itself, but not the first words.
    match err.to_string().as_str() {
        "invalid configuration" if asking.password.is_none() => {
            ExportError::PasswordMissing(asking.who)
        }
        "authentication error" => match err.source().map(ToString::to_string).as_deref() {
            Some("server did not use channel binding") => ExportError::NoBinding,
            Some("unsupported authentication method" | "unsupported SASL mechanism") => {
                ExportError::Method
            }
            Some(_) | None => ExportError::Password(asking.who),
        },
        _ => {
            let source = unreached(err);
            match asking.accept_s.filter(|_| is_our_limit(&source)) {
                Some(seconds) => ExportError::TimedOut { at, seconds },
                None => ExportError::Unreachable { at, source },
            }
        }
    }
}

/// Whether it was us who waited no longer, and not the system, which says so with a number.
fn is_our_limit(err: &io::Error) -> bool {
    err.kind() == io::ErrorKind::TimedOut && err.to_string() == "connection timed out"
}

fn unreached(err: &tokio_postgres::Error) -> io::Error {
    if let Some(cause) = io_cause(err) {
        return io::Error::new(cause.kind(), cause.to_string());
    }
    if err.is_closed() {
        return io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed");
    }
    io::Error::new(io::ErrorKind::InvalidData, "it is no PostgreSQL server")
}

fn explain_refusal(db: &DbError, Asking { who, password, .. }: Asking<'_>) -> ExportError {
    let code = db.code();
    if *code == SqlState::INVALID_PASSWORD {
        ExportError::Password(who)
    } else if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION
        || *code == SqlState::INSUFFICIENT_PRIVILEGE
    {
        ExportError::Forbidden(who)
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        ExportError::UnknownDatabase(who)
    } else if OF_POOLERS.contains(&code.code()) {
        of_pooler(code, db.message(), who, password)
    } else if *code == SqlState::TOO_MANY_CONNECTIONS || is_end(code) {
        ExportError::Busy { code: code.code().to_string(), said: String::new() }
    } else {
        let (doing, said) = ("connecting".to_string(), said::quoted(db.message(), password));
        ExportError::Server { doing, code: code.code().to_string(), said }
    }
}

/// What a pooler, or a server with such a code, means by its sentence.
fn of_pooler(code: &SqlState, message: &str, who: String, password: Option<&str>) -> ExportError {
    let words = message.to_ascii_lowercase();
    let has = |known: &[&str]| known.iter().any(|known| words.contains(known));
    let (code, said) = (code.code().to_string(), said::quoted(message, password));
    if has(&["no such database"]) || has(&["database"]) && has(&["does not exist"]) {
        ExportError::UnknownDatabase(who)
    } else if has(&DECIDED) {
        ExportError::Refused { who, code, said }
    } else if code.starts_with("08") || has(&FULL) {
        ExportError::Busy { code, said }
    } else {
        ExportError::Server { doing: "connecting".to_string(), code, said }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pooler_is_told_by_its_sentence_and_not_by_its_code() {
        let of = |code: &str, message: &str| {
            of_pooler(&SqlState::from_code(code), message, "ann".to_string(), Some("hunter2"))
        };
        for (code, decided) in [
            ("08P01", "password authentication failed"),
            ("08P01", "SASL authentication failed"),
            (
                "08P01",
                "server login has been failing, cached error: password authentication failed",
            ),
            ("08P01", "no such user: ann"),
            ("XX000", "Tenant or user not found"),
            ("XX000", "(ENOTFOUND) tenant/user ann not found"),
        ] {
            let told = of(code, decided);
            assert!(matches!(told, ExportError::Refused { .. }), "{decided}: {told:?}");
            assert!(told.to_string().contains(&format!("says `{decided}`")), "{told}");
        }
        for (code, passing) in [
            ("08P01", "no more connections allowed (max_client_conn)"),
            ("08P01", "query_wait_timeout"),
            ("08P01", "server login has been failing, cached error: connect failed"),
            ("XX000", "MaxClientsInSessionMode: max clients reached"),
        ] {
            let told = of(code, passing);
            assert!(matches!(told, ExportError::Busy { .. }), "{passing}: {told:?}");
            assert!(told.to_string().contains(&format!("says `{passing}`")), "{told}");
        }
        for gone in ["no such database: x", "database \"x\" does not exist"] {
            assert!(matches!(of("08P01", gone), ExportError::UnknownDatabase(_)), "{gone}");
        }
        let told = of("XX000", "cache lookup failed");
        assert!(matches!(told, ExportError::Server { .. }), "{told:?}");
    }
}
