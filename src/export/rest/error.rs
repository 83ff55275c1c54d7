//! Why rows could not be had over REST. No variant repeats what the server wrote or what was typed: either may
//! hold a key or a row value.

use crate::model::table::Table;

/// Why an export over REST failed.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// It is no URL that can be asked.
    #[error("--rest is no URL of an API: {0}")]
    Url(&'static str),
    /// Plain text to another machine.
    #[error("plain http to another machine would show the key and every row to the network")]
    Plain,
    /// There is no key.
    #[error("no key was given")]
    NoKey,
    /// The key cannot be sent.
    #[error("the key in {0} has characters that no key has")]
    OddKey(&'static str),
    /// Nobody answers.
    #[error("cannot connect to {at}: {detail}")]
    Unreachable {
        /// Host and port.
        at: String,
        /// Why not.
        detail: String,
    },
    /// No TLS, or not with whom we wanted.
    #[error("no trusted TLS connection to {at}: {detail}")]
    Tls {
        /// Host and port.
        at: String,
        /// What is wrong.
        detail: String,
    },
    /// 401.
    #[error("the server does not accept the key (HTTP 401{code}){expired}")]
    Key {
        /// Its error code, with a comma before it.
        code: String,
        /// Since when the key is no longer valid, where it says so itself.
        expired: String,
    },
    /// 403.
    #[error("the key may not read {what} (HTTP 403{code})")]
    Forbidden {
        /// What was asked for.
        what: String,
        /// Its error code.
        code: String,
    },
    /// Rows that a key may not see are hidden without a word; so are all of them.
    #[error("the API shows no row of `{0}` any more, of which earlier captures hold some")]
    NothingShown(Table),
    /// A table that no snapshot can do without.
    #[error("the API has no table `{0}`")]
    MissingTable(Table),
    /// Someone else answers, or for another path.
    #[error("there is no PostgREST at this URL (HTTP {0})")]
    NotPostgrest(u16),
    /// A key is not sent where someone points to.
    #[error("the server points to another place (HTTP {0}), where the key is not sent")]
    Redirect(u16),
    /// It said something else than the rows, and went on saying so.
    #[error("the server answered HTTP {status}{code} to {what}{tries}")]
    Status {
        /// The status.
        status: u16,
        /// Its error code.
        code: String,
        /// What was asked for.
        what: String,
        /// How often it was asked.
        tries: String,
    },
    /// It wants to be left alone for longer than is worth waiting.
    #[error("the server wants no request for {seconds} s")]
    Quiet {
        /// So long.
        seconds: u64,
    },
    /// Answers did not come, or not whole.
    #[error("the connection was lost while waiting for {what} ({why}){tries}")]
    Lost {
        /// What was asked for.
        what: String,
        /// What happened to it.
        why: String,
        /// How often it was asked.
        tries: String,
    },
    /// The answer makes no sense.
    #[error("the answer to {what} cannot be understood: {why}")]
    Answer {
        /// What was asked for.
        what: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Pages follow on each other by this column.
    #[error("`{table}` cannot be read in pages: it has no column `{column}`")]
    NoColumn {
        /// The table.
        table: Table,
        /// What it lacks.
        column: &'static str,
    },
    /// A column came or went between two pages.
    #[error("the columns of `{0}` changed while it was read")]
    Changed(Table),
}
