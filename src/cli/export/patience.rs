//! What an export tries again by itself, how often, and with which pauses.

use std::error::Error;
use std::time::Duration;

use crate::cli::export::passing::Passing;
use crate::cli::export::stop::Stop;
use crate::cli::export::watch::interval;
use crate::cli::ui::Ui;
use crate::export::error::ExportError;
use crate::export::rest;

/// The longest pause, whatever the doubling comes to.
const PAUSE_MAX: Duration = Duration::from_secs(300);

/// How often and how long.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(super) struct Patience {
    /// How often to begin again when the connection is lost or the server takes none; with --rest, how often to ask
    /// for the same page again [default: 4; with --rest: 5]
    #[arg(long, value_name = "N")]
    retries: Option<u32>,
    /// How long to wait before that; each time twice as long [default: 2s; with --rest: 500ms]
    #[arg(long, value_name = "TIME", value_parser = interval)]
    retry_wait: Option<Duration>,
    /// Give a connection up on which nothing has come for so long [default: 15m; with --rest: 90s]
    #[arg(long, value_name = "TIME", value_parser = interval)]
    stall_timeout: Option<Duration>,
}

/// How often a capture begins again.
const RETRIES: u32 = 4;
/// How long it waits at first.
const RETRY_WAIT: Duration = Duration::from_secs(2);
/// A server may sort for minutes before the first row comes.
const STALL_TIMEOUT: Duration = Duration::from_secs(900);

impl Patience {
    /// For how long a server may say nothing.
    pub(super) fn silence_max(self) -> Duration {
        self.stall_timeout.unwrap_or(STALL_TIMEOUT)
    }

    /// The same for the requests of an export over REST, which begins again with a page and not with a capture.
    pub(super) fn of_requests(self) -> rest::Patience {
        let usual = rest::Patience::default();
        rest::Patience {
            tries_max: self.retries.map_or(usual.tries_max, |retries| retries.saturating_add(1)),
            wait_first: self.retry_wait.unwrap_or(usual.wait_first),
            silence_max: self.stall_timeout.unwrap_or(usual.silence_max),
        }
    }

    /// Exports, and again from the beginning where that may help: all rows of a capture are of one
    /// instant, so that no part of it can be kept.
    pub(super) fn try_out(
        self,
        ui: &mut Ui,
        stop: &Stop,
        once: &mut dyn FnMut(&mut Ui) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let retries = self.retries.unwrap_or(RETRIES);
        for retry in 0..retries {
            let err = match once(ui) {
                Err(err) if Passing::of(&err) == Passing::Soon => err,
                ended => return ended,
            };
            let pause = self.pause(retry, fastrand::f64());
            ui.note(&format!(
                "warning: {}; trying again in {} ({} of {})",
                with_cause(&err),
                in_words(pause),
                retry + 2,
                u64::from(retries) + 1
            ));
            if stop.wait(pause) {
                return Err(ExportError::Stopped);
            }
        }
        once(ui)
    }

    /// Twice as long each time, and up to a quarter more: those who were cut off together shall not
    /// come back together.
    fn pause(self, retry: u32, share: f64) -> Duration {
        let first = self.retry_wait.unwrap_or(RETRY_WAIT);
        let doubled = first.saturating_mul(2_u32.saturating_pow(retry)).min(PAUSE_MAX);
        doubled.mul_f64(1.0 + share / 4.0)
    }
}

/// An error with what is behind it.
fn with_cause(err: &ExportError) -> String {
    err.source().map_or_else(|| err.to_string(), |cause| format!("{err}: {cause}"))
}

fn in_words(pause: Duration) -> String {
    let seconds = pause.as_secs_f64();
    if seconds < 1.0 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end_somewhere() {
        let patience = Patience { retries: None, retry_wait: None, stall_timeout: None };
        let all: Vec<u64> = (0..4).map(|retry| patience.pause(retry, 0.0).as_secs()).collect();
        assert_eq!(all, [2, 4, 8, 16]);
        assert_eq!(patience.pause(1, 0.5), Duration::from_millis(4_500));
        assert_eq!(patience.pause(60, 0.0), PAUSE_MAX);
    }
}
