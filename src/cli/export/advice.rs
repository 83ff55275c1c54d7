//! A failed export, with what to do about it.

use crate::cli::export::{rest_advice, target_advice};
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::redaction::OTHER_POLICY;
use crate::export::elsewhere::Elsewhere;
use crate::export::error::ExportError;
use crate::export::tls_failure::TlsFailure;

/// A failed export with what to do about it.
pub(in crate::cli) fn fault(err: ExportError) -> Fault {
    if let ExportError::Snapshot(source) = err {
        return Fault::from(source);
    }
    let (kind, hint) = advice(&err);
    Fault::new(kind, err).hint(hint)
}

/// What to do where the server lets nobody in as we came.
const LET_IN: &str = "check user, database and sslmode, and the client certificate where one is asked for (sslcert, \
                      sslkey), or ask for a pg_hba.conf entry, or for the right to connect to the database (grant \
                      connect)";
/// What to do where the captures before are gone.
const PUT_BACK: &str =
    "put it back where it was (is its disk mounted?), or begin another one with a new export";

/// What to do about a column that is not there under its name. Log lines are deleted meanwhile, so there has to
/// be a way.
const OTHER_NAME: &str = "if it has another name now, this build does not know it yet: until one does, write the \
                          tables to CSV files under the old name, as in \\copy (select *, NEW as OLD from TABLE) \
                          to TABLE.csv csv header, and use `backstory import`";

/// What to do about tables that are no tables of `public`.
const ELSEWHERE: &str = "only tables of schema `public` are read: write what you have to CSV files, as in \\copy \
                         (select * from SCHEMA.TABLE) to TABLE.csv csv header, and use `backstory import`";

/// What to do where a pooler lets nobody in as we came.
const POOLER: &str = "check user, password, database and sslmode; a pooler wants them as it knows them (Supabase: the \
                      user is postgres.PROJECT)";

const NO_BINDING: &str = "it needs TLS up to the server itself and a SCRAM password; where a pooler ends TLS, or \
                          the password is md5, only channel_binding=prefer lets you in";

const SESSION_OPTIONS: &str =
    "unset PGOPTIONS, and leave `options` out of the URL: a pooler such as pgbouncer takes none";

const AGAIN: &str = "run it again; nothing was written";

const SEE_LOG: &str = "see the server's log; the snapshot is as it was before";

fn advice(err: &ExportError) -> (FaultKind, &'static str) {
    match err {
        ExportError::Target(why) => (FaultKind::Usage, target_advice::hint(why)),
        ExportError::Unreachable { .. } | ExportError::TimedOut { .. } => {
            (FaultKind::Source, "check host and port, and that the network lets you reach them")
        }
        ExportError::NotPostgres { .. } => {
            (FaultKind::Source, "check host and port: PostgreSQL is on 5432, poolers often on 6543")
        }
        ExportError::SessionOptions => (FaultKind::Source, SESSION_OPTIONS),
        ExportError::Authorities { .. } => (
            FaultKind::Usage,
            "name a PEM file of certificates, with --ssl-root-cert or sslrootcert",
        ),
        ExportError::TrustStore { .. } => {
            (FaultKind::Source, "give the server's CA as PEM with --ssl-root-cert FILE")
        }
        ExportError::Tls { failure, .. } => (FaultKind::Source, tls_hint(*failure)),
        ExportError::Identity { .. } => (
            FaultKind::Usage,
            "name PEM files with sslcert and sslkey; nobody but you may read the key (chmod 0600)",
        ),
        ExportError::NoBinding => (FaultKind::Source, NO_BINDING),
        ExportError::Method => {
            (FaultKind::Source, "use a role that logs in by password or client certificate")
        }
        ExportError::PasswordMissing(_) | ExportError::Password(_) => (
            FaultKind::Source,
            "check user and password (PGPASSWORD, ~/.pgpass; in a URL, percent-encode `@ : / ? #`)",
        ),
        ExportError::Refused { .. } => (FaultKind::Source, POOLER),
        ExportError::Forbidden(_) => (FaultKind::Source, LET_IN),
        ExportError::Vanished(_) => (FaultKind::Snapshot, PUT_BACK),
        ExportError::UnknownDatabase(_) => (
            FaultKind::Source,
            "check the name: after the last `/` of the URL, dbname= or PGDATABASE; where none is given it is that of \
             the role",
        ),
        ExportError::Busy { code, .. } => (FaultKind::Source, busy_hint(code)),
        ExportError::Locked(_) | ExportError::Changed => (FaultKind::Source, AGAIN),
        ExportError::MissingTable { elsewhere, .. } => (FaultKind::Source, table_hint(elsewhere)),
        ExportError::MissingColumn(_) => (FaultKind::Source, OTHER_NAME),
        ExportError::PermissionDenied { .. } => (
            FaultKind::Source,
            "grant the role USAGE on schema public and SELECT on the orchestrator's tables",
        ),
        ExportError::RowSecurity { .. } => {
            (FaultKind::Source, "use a role that sees all rows (BYPASSRLS, or the tables' owner)")
        }
        ExportError::Lost(_) | ExportError::Silent { .. } | ExportError::Stopped => {
            (FaultKind::Source, "run it again; the snapshot is as it was before")
        }
        ExportError::Server { code, .. } => (FaultKind::Source, server_hint(code)),
        ExportError::Answer(_) | ExportError::Copy { .. } => (FaultKind::Source, SEE_LOG),
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

/// What to do about a table that is not where it should be.
fn table_hint(elsewhere: &Elsewhere) -> &'static str {
    match elsewhere {
        Elsewhere::Nowhere => {
            "is this the orchestrator's database? its tables live in `public`, and a view is none"
        }
        Elsewhere::Other(_) | Elsewhere::Schema(_) => ELSEWHERE,
    }
}

/// What to do about a server without room (PostgreSQL, appendix A: `too_many_connections`).
fn busy_hint(code: &str) -> &'static str {
    match code {
        "53300" => {
            "run it again when others have left, with --jobs 1 if the role or database may have few \
             connections; nothing was written"
        }
        _ => AGAIN,
    }
}

/// What to do about an error of the server's (`query_canceled`).
fn server_hint(code: &str) -> &'static str {
    match code {
        "57014" => {
            "someone cancelled the statement, or a limit of the server did: run it again; the snapshot is \
             as it was before"
        }
        _ => SEE_LOG,
    }
}

/// What to do about a TLS that was not to be had.
fn tls_hint(failure: TlsFailure) -> &'static str {
    match failure {
        TlsFailure::NotOffered => {
            "the server, or a pooler before it, speaks no TLS; sslmode=disable sends passwords and rows \
             in plain text"
        }
        TlsFailure::UnknownAuthority => {
            "hosted databases often have a CA of their own: download it (Supabase: in the dashboard, \
             database settings, SSL configuration) and give it with --ssl-root-cert FILE"
        }
        TlsFailure::OwnAuthority => {
            "the server shows a self-signed certificate that is its own authority: have one made that \
             is signed by a CA, and give that CA with --ssl-root-cert FILE"
        }
        TlsFailure::OtherName => {
            "use the host name the certificate is for; hostaddr=ADDRESS beside it says where that is. \
             Names are checked whatever sslmode says, verify-ca too"
        }
        TlsFailure::OutOfDate => {
            "have the server's certificate renewed; is this machine's clock right?"
        }
        TlsFailure::WeRefused => {
            "the server does not accept the client certificate: sslcert and sslkey name it, and the \
             server's ssl_ca_file says whose it takes"
        }
        TlsFailure::Other => "see the server's log, and its ssl_ settings",
    }
}
