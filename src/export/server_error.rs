//! What a server's error means for an export.

use std::error::Error;
use std::io;

use tokio_postgres::error::SqlState;

use crate::export::error::ExportError;
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
            ExportError::RowSecurity { table, role: String::new() }
        } else {
            ExportError::PermissionDenied { table, role: String::new() }
        };
    }
    if is_end(code) {
        ExportError::Lost(doing.words())
    } else if *code == SqlState::LOCK_NOT_AVAILABLE {
        ExportError::Locked(table)
    } else if *code == SqlState::UNDEFINED_TABLE && doing == Doing::Locking {
        ExportError::Changed
    } else {
        let (doing, code) = (doing.words(), code.code().to_string());
        ExportError::Server { doing, code, said: String::new() }
    }
}

/// Whether the session was ended, and not the statement: by a restart, or on the way (class 08).
pub(super) fn is_end(code: &SqlState) -> bool {
    let ends = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_SESSION_TIMEOUT,
    ];
    ends.contains(code) || code.code().starts_with("08")
}

pub(super) fn io_cause(err: &tokio_postgres::Error) -> Option<&io::Error> {
    err.source().and_then(|cause| cause.downcast_ref())
}
