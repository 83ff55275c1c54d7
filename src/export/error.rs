//! Why a source could not be read.
//!
//! No variant carries a driver's error as it is: those print server messages and connection strings,
//! and either may hold a password or a row value. Who lets nobody in is quoted where only his sentence says why,
//! with what could be a secret taken out; a role, a database, a service are no secrets.

use std::io;
use std::path::PathBuf;

use crate::export::copy::CopyError;
use crate::export::core_columns::MissingColumn;
use crate::export::elsewhere::Elsewhere;
use crate::export::rest::error::RestError;
use crate::export::said;
use crate::export::target::TargetError;
use crate::export::tls_failure::TlsFailure;
use crate::model::table::Table;
use crate::snapshot::error::SnapshotError;

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database was named wrongly.
    #[error("the database cannot be reached as given")]
    Target(#[from] TargetError),
    /// Nobody answers.
    #[error("cannot connect to {at}")]
    Unreachable {
        /// Host and port.
        at: String,
        /// Why not.
        source: io::Error,
    },
    /// Someone answers, but not in time.
    #[error("{at} did not complete the connection within {seconds} s")]
    TimedOut {
        /// Host and port.
        at: String,
        /// How long we waited.
        seconds: u64,
    },
    /// Someone of another protocol answers.
    #[error("{at} is no PostgreSQL server: it says `{said}`")]
    NotPostgres {
        /// Host and port.
        at: String,
        /// The beginning of its answer, with control bytes escaped.
        said: String,
    },
    /// The server, or a pooler before it, takes no settings along with the connection.
    #[error("the server refuses the session options that were given (SQLSTATE 08P01)")]
    SessionOptions,
    /// The file of certificate authorities that was named cannot be used.
    #[error("no usable certificate authority in {}: {detail}", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// Nor can the machine's own.
    #[error("no usable certificate authority in this machine's trust store: {detail}")]
    TrustStore {
        /// What is wrong with it.
        detail: String,
    },
    /// Nor can the client certificate that was named.
    #[error("the client certificate cannot be used: {}: {detail}", path.display())]
    Identity {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// No TLS, or not with whom we wanted.
    #[error("no trusted TLS connection to {at}: {detail}")]
    Tls {
        /// Host and port.
        at: String,
        /// What rustls says.
        detail: String,
        /// What that means.
        failure: TlsFailure,
    },
    /// The server wants a password and we have none.
    #[error("the server asks for a password, and none was given ({0})")]
    PasswordMissing(String),
    /// The server does not let us in.
    #[error("the server refused the user name or the password ({0})")]
    Password(String),
    /// Nor does a pooler, by a code that it has for everything.
    #[error(
        "the server, or a pooler before it, refused the connection ({who}; SQLSTATE {code}){said}"
    )]
    Refused {
        /// Role, database and place.
        who: String,
        /// The five characters.
        code: String,
        /// Its sentence, with a colon before it.
        said: String,
    },
    /// `channel_binding=require` was not met.
    #[error(
        "the server did not bind the log-in to the TLS connection, as channel_binding=require asks"
    )]
    NoBinding,
    /// Kerberos and the like.
    #[error("the server asks for a kind of log-in that is not supported")]
    Method,
    /// `pg_hba.conf` does not let us in.
    #[error(
        "the server accepts no such connection (its pg_hba.conf, the role, or a right to connect that is missing): \
         {0}"
    )]
    Forbidden(String),
    /// No such database.
    #[error("the server has no database of that name ({0})")]
    UnknownDatabase(String),
    /// The server has no room.
    #[error("the server takes no connection now (SQLSTATE {code}){said}")]
    Busy {
        /// The five characters.
        code: String,
        /// What a pooler says, with a colon before it.
        said: String,
    },
    /// A table that no snapshot can do without is not there.
    #[error("the database has no table `public.{table}`{elsewhere}")]
    MissingTable {
        /// The table.
        table: Table,
        /// What has its name.
        elsewhere: Elsewhere,
    },
    /// Nor a column that no replay can do without.
    #[error(transparent)]
    MissingColumn(#[from] MissingColumn),
    /// The role may not read.
    #[error("the role{} may not read {}", quoted(.role), named(*.table))]
    PermissionDenied {
        /// What.
        table: Option<Table>,
        /// Who; empty where that is not known yet.
        role: String,
    },
    /// The role may read some rows only.
    #[error("row-level security hides rows of {} from this role{}", named(*.table), quoted(.role))]
    RowSecurity {
        /// Of what.
        table: Option<Table>,
        /// From whom.
        role: String,
    },
    /// Someone holds a lock that excludes reading.
    #[error("another session holds a lock on {} and does not let go", named(*.0))]
    Locked(Option<Table>),
    /// A table was dropped or renamed between looking and locking.
    #[error("the tables changed while the export began")]
    Changed,
    /// The connection broke, or was ended by the server.
    #[error("the connection was lost while {0}")]
    Lost(String),
    /// The connection stands, and nothing comes.
    #[error("the server has sent nothing for {seconds} s")]
    Silent {
        /// For how long.
        seconds: u64,
    },
    /// What earlier captures of this watcher were written to.
    #[error("the snapshot {} is gone, with the captures in it", .0.display())]
    Vanished(PathBuf),
    /// Someone said stop.
    #[error("stopped")]
    Stopped,
    /// Anything else the server said, by its code: its text may hold row values.
    #[error("the server reported an error while {doing} (SQLSTATE {code}){said}")]
    Server {
        /// What was being done.
        doing: String,
        /// The five characters.
        code: String,
        /// What it says of a connection, with a colon before it: no row was read then.
        said: String,
    },
    /// The server answered something that makes no sense.
    #[error("the server's answer while {0} cannot be understood")]
    Answer(String),
    /// The stream of a table is damaged.
    #[error("the rows of `public.{table}` cannot be read")]
    Copy {
        /// The table.
        table: Table,
        /// What is wrong.
        source: CopyError,
    },
    /// Over REST.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// The snapshot was made under another key.
    #[error("the snapshot was made with redaction key {theirs}, this one is {ours}")]
    OtherKey {
        /// Fingerprint in the manifest.
        theirs: String,
        /// Fingerprint of the key at hand.
        ours: String,
    },
    /// The snapshot was made under another policy.
    #[error("the snapshot was made with the redaction policy `{theirs}`, this one is `{ours}`")]
    OtherPolicy {
        /// Its policy.
        theirs: String,
        /// Ours.
        ours: String,
    },
    /// The snapshot cannot be written.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The machine gives us no event loop.
    #[error("cannot start the network runtime")]
    Runtime(#[source] io::Error),
}

impl ExportError {
    /// A lost connection, with how much of the table had come.
    pub(super) fn after(self, rows: u64) -> Self {
        if let Self::Lost(doing) = self {
            return Self::Lost(format!("{doing}, after {rows} rows"));
        }
        self
    }

    /// A right that is missing, with the role that lacks it where nobody has named that.
    pub(super) fn of_role(mut self, name: Option<&str>) -> Self {
        if let Self::PermissionDenied { role, .. } | Self::RowSecurity { role, .. } = &mut self
            && role.is_empty()
        {
            *role = name.unwrap_or_default().to_string();
        }
        self
    }
}

/// A role, if it is known.
fn quoted(role: &str) -> String {
    if role.is_empty() { String::new() } else { format!(" {}", said::name(role)) }
}

fn named(table: Option<Table>) -> String {
    table.map_or_else(|| "the tables".to_string(), |table| format!("`public.{table}`"))
}
