//! A failed export over REST, with what to do about it.

use crate::cli::fault::FaultKind;
use crate::export::rest::error::RestError;

/// Who has to act, and how.
pub(super) fn advice(err: &RestError) -> (FaultKind, &'static str) {
    match err {
        RestError::Url(_) => {
            (FaultKind::Usage, "--rest https://PROJECT.supabase.co, the key in BACKSTORY_REST_KEY")
        }
        RestError::Plain => (FaultKind::Usage, "write https://; http is for this machine alone"),
        RestError::NoKey | RestError::OddKey(_) => (
            FaultKind::Usage,
            "set BACKSTORY_REST_KEY (or SUPABASE_SERVICE_ROLE_KEY) to the project's service_role or secret key",
        ),
        RestError::Unreachable { .. } => {
            (FaultKind::Source, "check the URL, and that the network lets you reach it")
        }
        RestError::Tls { .. } => (
            FaultKind::Source,
            "use the host name the certificate is for; for a CA of one's own, give it with --ssl-root-cert FILE",
        ),
        RestError::Key { .. } => (
            FaultKind::Source,
            "is it the service key of this very project, whole, and not expired or revoked?",
        ),
        RestError::Forbidden { .. } => (
            FaultKind::Source,
            "use the service key, or grant its role SELECT on the orchestrator's tables",
        ),
        RestError::NothingShown(_) => (
            FaultKind::Source,
            "use the service key: row-level security hides rows from others without a word; if it was emptied \
             indeed, capture what comes now into another --snapshot",
        ),
        RestError::MissingTable(_) => (
            FaultKind::Source,
            "is this the orchestrator's project, and is schema `public` exposed by its API?",
        ),
        RestError::NotPostgrest(_) | RestError::Redirect(_) => {
            (FaultKind::Source, "give the URL of the project, or of its /rest/v1")
        }
        RestError::Status { .. } | RestError::Answer { .. } => {
            (FaultKind::Source, "see the API's log; the snapshot is as it was before")
        }
        RestError::Quiet { .. } => (
            FaultKind::Source,
            "wait for so long, then run it again; the snapshot is as it was before",
        ),
        RestError::Lost { .. } | RestError::Changed(_) => {
            (FaultKind::Source, "run it again; the snapshot is as it was before")
        }
        RestError::NoColumn { .. } => {
            (FaultKind::Source, "export over a direct connection, with --db")
        }
    }
}

/// Whether the same may work in a while, with nothing done about it.
pub(super) fn may_pass(err: &RestError) -> bool {
    match err {
        RestError::Unreachable { .. }
        | RestError::Status { .. }
        | RestError::Quiet { .. }
        | RestError::Lost { .. }
        | RestError::Changed(_) => true,
        RestError::Url(_)
        | RestError::Plain
        | RestError::NoKey
        | RestError::OddKey(_)
        | RestError::Tls { .. }
        | RestError::Key { .. }
        | RestError::Forbidden { .. }
        | RestError::NothingShown(_)
        | RestError::MissingTable(_)
        | RestError::NotPostgrest(_)
        | RestError::Redirect(_)
        | RestError::Answer { .. }
        | RestError::NoColumn { .. } => false,
    }
}
