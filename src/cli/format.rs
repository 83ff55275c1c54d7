//! Options that several verbs share.

use std::time::Duration;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// The documented JSON.
    Json,
    /// A header and a line each; NULL is nothing, an empty text is "".
    Csv,
}

/// A number of seconds above zero, fractions allowed.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_string())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(limit) if !limit.is_zero() => Ok(limit),
        Ok(_) | Err(_) => Err("must be above zero".to_string()),
    }
}
