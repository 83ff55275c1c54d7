//! Options that several verbs share.

use std::io::{self, Write};
use std::time::Duration;

use crate::cli::ui::Ui;
use crate::model::time::Micros;

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

/// An instant, UTC where no zone is named; seconds may be left out.
pub(crate) fn instant(text: &str) -> Result<Micros, String> {
    let full = Micros::parse(text).or_else(|| Micros::parse(&format!("{text}:00")));
    full.ok_or_else(|| "not an instant; write it as 2026-01-05T17:55:00 (UTC)".to_string())
}

/// An answer that can be written in every format.
pub(crate) trait Answer {
    /// For people, in lines of so many characters on a terminal.
    fn text(&self, out: &mut dyn Write, width: Option<u16>) -> io::Result<()>;
    /// The documented JSON.
    fn json(&self, out: &mut dyn Write) -> io::Result<()>;
    /// A header and a line each.
    fn csv(&self, out: &mut dyn Write) -> io::Result<()>;
}

/// Writes an answer to standard output.
pub(crate) fn show(ui: &mut Ui, format: Format, answer: &dyn Answer) -> io::Result<()> {
    match format {
        Format::Text => {
            let width = ui.width();
            answer.text(ui.out(), width)?;
            ui.out().flush()
        }
        Format::Json => {
            let mut out = ui.verbatim()?;
            answer.json(&mut out)?;
            out.flush()
        }
        Format::Csv => {
            let mut out = ui.verbatim()?;
            answer.csv(&mut out)?;
            out.flush()
        }
    }
}
