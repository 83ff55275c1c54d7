//! A failed export, with what to do about it.

use crate::cli::export::rest_advice;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::redaction::OTHER_POLICY;
use crate::export::error::ExportError;
use crate::export::target::TargetError;

/// A failed export with what to do about it.
pub(in crate::cli) fn fault(err: ExportError) -> Fault {
    if let ExportError::Snapshot(source) = err {
        return Fault::from(source);
    }
    let (kind, hint) = advice(&err);
    Fault::new(kind, err).hint(hint)
}

fn advice(err: &ExportError) -> (FaultKind, &'static str) {
    match err {
        ExportError::Target(why) => (FaultKind::Usage, target_hint(why)),
        ExportError::Unreachable { .. } | ExportError::TimedOut { .. } => {
            (FaultKind::Source, "check host and port, and that the network lets you reach them")
        }
        ExportError::Authorities { .. } => (
            FaultKind::Usage,
            "name a PEM file of certificates, with --ssl-root-cert or sslrootcert",
        ),
        ExportError::TrustStore { .. } => {
            (FaultKind::Source, "give the server's CA as PEM with --ssl-root-cert FILE")
        }
        ExportError::Tls { .. } => (
            FaultKind::Source,
            "hosted databases often have a CA of their own: give it with --ssl-root-cert FILE, and \
             use the host name the certificate is for; sslmode=disable gives up encryption",
        ),
        ExportError::PasswordMissing | ExportError::Password => (
            FaultKind::Source,
            "check user and password (PGPASSWORD; in a URL, percent-encode `@ : / ? #`)",
        ),
        ExportError::Forbidden => {
            (FaultKind::Source, "check user, database and sslmode, or ask for a pg_hba.conf entry")
        }
        ExportError::UnknownDatabase => {
            (FaultKind::Source, "check the name after the last `/` of the URL")
        }
        ExportError::Busy(_) | ExportError::Locked(_) | ExportError::Changed => {
            (FaultKind::Source, "run it again; nothing was written")
        }
        ExportError::MissingTable(_) => {
            (FaultKind::Source, "is this the orchestrator's database? its tables live in `public`")
        }
        ExportError::PermissionDenied(_) => (
            FaultKind::Source,
            "grant the role USAGE on schema public and SELECT on the orchestrator's tables",
        ),
        ExportError::RowSecurity(_) => {
            (FaultKind::Source, "use a role that sees all rows (BYPASSRLS, or the tables' owner)")
        }
        ExportError::Lost(_) => {
            (FaultKind::Source, "run it again; the snapshot is as it was before")
        }
        ExportError::Server { .. } | ExportError::Answer(_) | ExportError::Copy { .. } => {
            (FaultKind::Source, "see the server's log; the snapshot is as it was before")
        }
        ExportError::Rest(why) => rest_advice::advice(why),
        ExportError::OtherKey { .. } => (
            FaultKind::Usage,
            "give the key it was made with by --redact-key-file, or choose a new --snapshot",
        ),
        ExportError::OtherPolicy { .. } => (FaultKind::Usage, OTHER_POLICY),
        // A snapshot's own errors have their advice where they become faults.
        ExportError::Runtime(_) | ExportError::Snapshot(_) => {
            (FaultKind::Internal, "check the limits on open files and on disk space")
        }
    }
}

fn target_hint(why: &TargetError) -> &'static str {
    match why {
        TargetError::Nothing | TargetError::NoHost => {
            "--db postgres://USER@HOST:PORT/DATABASE, or set BACKSTORY_DB, or PGHOST and the others"
        }
        TargetError::SecondAt => "write `@` in a password as %40",
        TargetError::Malformed => {
            "--db postgres://USER@HOST:PORT/DATABASE, the password in PGPASSWORD"
        }
        TargetError::Value("sslmode") => "sslmode is disable, prefer, require or verify-full",
        TargetError::Unsupported(_) | TargetError::UnknownOption | TargetError::Value(_) => {
            "leave it out; TLS is set by sslmode and sslrootcert"
        }
    }
}

/// Whether the same may work in a while, with nothing done about it.
pub(super) fn may_pass(err: &ExportError) -> bool {
    match err {
        ExportError::Rest(why) => rest_advice::may_pass(why),
        ExportError::Unreachable { .. }
        | ExportError::TimedOut { .. }
        | ExportError::Busy(_)
        | ExportError::Locked(_)
        | ExportError::Changed
        | ExportError::Lost(_)
        | ExportError::Server { .. }
        | ExportError::Copy { .. } => true,
        ExportError::Target(_)
        | ExportError::Authorities { .. }
        | ExportError::TrustStore { .. }
        | ExportError::Tls { .. }
        | ExportError::PasswordMissing
        | ExportError::Password
        | ExportError::Forbidden
        | ExportError::UnknownDatabase
        | ExportError::MissingTable(_)
        | ExportError::PermissionDenied(_)
        | ExportError::RowSecurity(_)
        | ExportError::Answer(_)
        | ExportError::OtherKey { .. }
        | ExportError::OtherPolicy { .. }
        | ExportError::Snapshot(_)
        | ExportError::Runtime(_) => false,
    }
}
