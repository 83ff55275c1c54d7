//! What a server's error means for an export.

use std::error::Error;
use std::io;

use tokio_postgres::error::SqlState;

use crate::export::error::ExportError;
use crate::export::tls_failure;
use crate::model::table::Table;

/// What was being done when an error came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Session,
    Catalogue,
    Locking,
    Reading(Table),
    Ending,
}

impl Doing {
    pub(super) fn words(self) -> String {
        match self {
            Self::Session => "preparing the session".to_string(),
            Self::Catalogue => "reading the catalogue".to_string(),
            Self::Locking => "locking the tables".to_string(),
            Self::Reading(table) => format!("reading `public.{table}`"),
            Self::Ending => "ending the transaction".to_string(),
        }
    }

    fn table(self) -> Option<Table> {
        match self {
            Self::Reading(table) => Some(table),
            Self::Session | Self::Catalogue | Self::Locking | Self::Ending => None,
        }
    }
}

/// The error of a statement, by its SQLSTATE and never by its text.
pub(super) fn explain(err: &tokio_postgres::Error, doing: Doing) -> ExportError {
    let Some(db) = err.as_db_error() else {
        let broken = err.is_closed() || io_cause(err).is_some();
        let words = doing.words();
        return if broken { ExportError::Lost(words) } else { ExportError::Answer(words) };
    };
    let (code, table) = (db.code(), doing.table());
    if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        // One code for two causes; only the text of this one names the policy, and it has no values.
        return if db.message().contains("row-level security") {
            ExportError::RowSecurity(table)
        } else {
            ExportError::PermissionDenied(table)
        };
    }
    if is_end(code) {
        ExportError::Lost(doing.words())
    } else if *code == SqlState::LOCK_NOT_AVAILABLE {
        ExportError::Locked(table)
    } else if *code == SqlState::UNDEFINED_TABLE && doing == Doing::Locking {
        ExportError::Changed
    } else {
        ExportError::Server { doing: doing.words(), code: code.code().to_string() }
    }
}

/// Whether the session was ended, and not the statement: by a restart, or on the way (class 08).
fn is_end(code: &SqlState) -> bool {
    let ends = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_SESSION_TIMEOUT,
    ];
    ends.contains(code) || code.code().starts_with("08")
}

/// The error of an attempt to connect.
pub(super) fn explain_connect(
    err: &tokio_postgres::Error,
    at: &str,
    has_password: bool,
) -> ExportError {
    if let Some(db) = err.as_db_error() {
        // one code for all that a pooler refuses; the text of this names a setting, and no value
        if db.message().starts_with("unsupported startup parameter") {
            return ExportError::SessionOptions;
        }
        return explain_refusal(db.code());
    }
    if let Some((failure, detail)) = tls_failure::of(err) {
        return ExportError::Tls { at: at.to_string(), detail, failure };
    }
    // The driver keeps the kind of its errors to itself, but not the first words.
    match err.to_string().as_str() {
        "invalid configuration" if !has_password => ExportError::PasswordMissing,
        "authentication error" => match err.source().map(ToString::to_string).as_deref() {
            Some("server did not use channel binding") => ExportError::NoBinding,
            Some("unsupported authentication method" | "unsupported SASL mechanism") => {
                ExportError::Method
            }
            Some(_) | None => ExportError::Password,
        },
        _ => ExportError::Unreachable { at: at.to_string(), source: unreached(err) },
    }
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

fn explain_refusal(code: &SqlState) -> ExportError {
    if *code == SqlState::INVALID_PASSWORD {
        ExportError::Password
    } else if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION
        || *code == SqlState::INSUFFICIENT_PRIVILEGE
    {
        ExportError::Forbidden
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        ExportError::UnknownDatabase
    } else if *code == SqlState::TOO_MANY_CONNECTIONS || is_end(code) {
        ExportError::Busy(code.code().to_string())
    } else {
        let doing = "connecting".to_string();
        ExportError::Server { doing, code: code.code().to_string() }
    }
}

fn io_cause(err: &tokio_postgres::Error) -> Option<&io::Error> {
    err.source().and_then(|cause| cause.downcast_ref())
}
