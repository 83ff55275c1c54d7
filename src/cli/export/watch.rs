//! `export --every`: capture after capture, until someone stops it.

use std::time::{Duration, Instant};

use crate::cli::export::advice::fault;
use crate::cli::export::passing::{Passing, may_be_mended};
use crate::cli::export::stop::Stop;
use crate::cli::ui::Ui;
use crate::export::error::ExportError;

/// How long to wait after a first failure; after each further one twice as long, at most as long as captures
/// lie apart.
const PATIENCE: Duration = Duration::from_secs(15);

/// `6h`, `90m`, `1h 30m`.
pub(in crate::cli) fn interval(text: &str) -> Result<Duration, String> {
    let parsed: Result<jiff::SignedDuration, _> = text.trim().parse();
    let parsed = parsed.ok().and_then(|time| Duration::try_from(time).ok());
    parsed
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "give a time above zero, such as 6h, 90m or `1h 30m`".to_string())
}

/// Captures closer together than this would keep the source busy with nothing new.
const EVERY_MIN: Duration = Duration::from_secs(5);

/// How far captures lie apart.
pub(super) fn every(text: &str) -> Result<Duration, String> {
    let every = interval(text)?;
    if every < EVERY_MIN {
        let seconds = EVERY_MIN.as_secs();
        return Err(format!(
            "each capture reads the source anew: give {seconds}s or more, such as 6h or 15m"
        ));
    }
    Ok(every)
}

/// An hour of the day.
pub(super) fn hour(text: &str) -> Result<u8, String> {
    let hour = text.parse().ok().filter(|hour: &u8| *hour < 24);
    hour.ok_or_else(|| "give an hour of the day in UTC, 0 to 23; midnight is 0".to_string())
}

/// A number of hours above zero.
pub(super) fn hours(text: &str) -> Result<f64, String> {
    let hours = text.parse().ok().filter(|hours: &f64| *hours > 0.0 && *hours <= 87_600.0);
    hours.ok_or_else(|| "give hours above zero, 87600 at most".to_string())
}

/// Captures until one fails for good. What may pass is tried again, and after a first capture also what others may
/// mend: whoever started this has left. Nothing is lost by being stopped.
pub(super) fn run(
    ui: &mut Ui,
    every: Duration,
    stop: &Stop,
    once: &mut dyn FnMut(&mut Ui) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let (mut wait, mut has_captured) = (PATIENCE, false);
    loop {
        let begun = Instant::now();
        let pause = match once(ui) {
            Ok(()) => {
                (wait, has_captured) = (PATIENCE, true);
                let left = every.saturating_sub(begun.elapsed());
                ui.note(&format!("next capture in {}; Ctrl-C stops", told(left)));
                left
            }
            Err(err)
                if Passing::of(&err) != Passing::Never || (has_captured && may_be_mended(&err)) =>
            {
                let pause = wait.min(every);
                let again = format!("trying again in {}", told(pause));
                fault(err).warn(ui, &again);
                wait = wait.saturating_mul(2);
                pause
            }
            Err(err) => return Err(err),
        };
        if stop.wait(pause) {
            return Err(ExportError::Stopped);
        }
    }
}

/// `5h 59m`, `12s`; to the nearest second.
fn told(time: Duration) -> String {
    let seconds = (time + Duration::from_millis(500)).as_secs();
    match (seconds / 3_600, seconds % 3_600 / 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, _) => format!("{m}m"),
        (h, m, _) => format!("{h}h {m}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_as_people_write_them() {
        assert_eq!(interval("6h"), Ok(Duration::from_secs(21_600)));
        assert_eq!(interval("1h 30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(interval("2s"), Ok(Duration::from_secs(2)));
        for bad in ["", "6", "0s", "-1h", "soon", "1 fortnight"] {
            assert!(interval(bad).is_err(), "{bad}");
        }
        assert_eq!(every("5s"), Ok(Duration::from_secs(5)));
        assert!(every("1ms").is_err_and(|why| why.contains("5s or more")));
        assert!(every("4999ms").is_err() && every("soon").is_err());
        assert_eq!(hour("23"), Ok(23));
        assert!(hour("24").is_err_and(|why| why.contains("midnight is 0")) && hour("-1").is_err());
        assert!(hours("0").is_err() && hours("nan").is_err() && hours("48").is_ok());
    }

    #[test]
    fn waits_are_told_shortly() {
        assert_eq!(told(Duration::from_secs(12)), "12s");
        assert_eq!(told(Duration::from_secs(5_400)), "1h 30m");
        assert_eq!(told(Duration::from_secs(90)), "1m");
        assert_eq!(told(Duration::from_millis(4_990)), "5s");
    }
}
