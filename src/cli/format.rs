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

/// A seed.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("give a whole number from 0 to {}", u64::MAX))
}

/// No machine of any cloud costs as much: what is more is a mistake, and its sums would be none.
const PRICE_MAX: f64 = 100_000.0;

/// What an hour costs, in dollars.
pub(crate) fn price(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(price) if (0.0..=PRICE_MAX).contains(&price) => Ok(price),
        Ok(_) | Err(_) => {
            Err(format!("not a price of an hour: dollars from 0 to {PRICE_MAX}, such as 0.69"))
        }
    }
}

/// A hundred years: what is more is a mistake, and no calendar has it.
const HOURS_MAX: f64 = 876_600.0;

/// A number of hours, more than none.
pub(crate) fn hours(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(hours) if hours > 0.0 && hours < HOURS_MAX => Ok(hours),
        Ok(_) | Err(_) => Err(format!(
            "not a number of hours: more than 0 and below {HOURS_MAX}, such as 2 or 0.5"
        )),
    }
}

/// How many rows at most: one at least, for a list of none looks like nothing found.
pub(crate) fn limit(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(limit) if limit > 0 => Ok(limit),
        Ok(_) | Err(_) => Err("write a whole number from 1 on".to_string()),
    }
}

/// An instant, UTC where no zone is named; seconds may be left out, and the time of day: then it is the
/// day's first instant.
pub(crate) fn instant(text: &str) -> Result<Micros, String> {
    let day = || is_date(text).then(|| Micros::parse(&format!("{text}T00:00:00"))).flatten();
    let minute = match text.strip_suffix(['Z', 'z']) {
        Some(rest) => format!("{rest}:00Z"),
        None => format!("{text}:00"),
    };
    // a parser takes the sixtieth second, which the database has not, for the one before
    let is_leap = text.split(':').nth(2).is_some_and(|seconds| seconds.starts_with("60"));
    let full = Micros::parse(text).or_else(|| Micros::parse(&minute)).or_else(day);
    full.filter(|_| !is_leap).ok_or_else(|| {
        "not an instant; write it as 2026-01-05T17:55:00, or 2026-01-05 for its midnight (UTC)"
            .to_string()
    })
}

/// Whether a text is a day and no more: `2026-01-05`.
fn is_date(text: &str) -> bool {
    text.len() == "2026-01-05".len() && text.chars().all(|c| c.is_ascii_digit() || c == '-')
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_alone_is_its_midnight_in_utc() {
        let midnight = Micros::parse("2026-01-06T00:00:00Z").expect("an instant");
        for text in [
            "2026-01-06",
            "2026-01-06T00:00",
            "2026-01-06T00:00Z",
            "2026-01-06 00:00:00",
            "2026-01-06T01:00+01:00",
        ] {
            assert_eq!(instant(text), Ok(midnight), "{text}");
        }
        for text in [
            "2026-01",
            "2026-13-01",
            "2026-02-30",
            "20260106",
            "2026-1-6",
            "today",
            "",
            "2026-01-06T00:00:60",
            "2026-01-06 00:00:60.5Z",
        ] {
            let told = instant(text).expect_err(text);
            assert!(told.contains("2026-01-05 for its midnight (UTC)"), "{told}");
        }
    }

    #[test]
    fn a_seed_that_is_none_is_told_what_one_is() {
        assert_eq!(seed("18446744073709551615"), Ok(u64::MAX));
        for text in ["-1", "1.5", "18446744073709551616", ""] {
            assert_eq!(
                seed(text),
                Err("give a whole number from 0 to 18446744073709551615".into())
            );
        }
    }
}
