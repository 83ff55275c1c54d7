//! What an export tries again by itself, how often, and with which pauses.

use std::error::Error;
use std::time::Duration;

use crate::cli::export::passing::Passing;
use crate::cli::export::stop::Stop;
use crate::cli::export::watch::interval;
use crate::cli::ui::Ui;
use crate::export::error::ExportError;

/// The longest pause, whatever the doubling comes to.
const PAUSE_MAX: Duration = Duration::from_secs(300);

/// How often and how long.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(super) struct Patience {
    /// How often to begin again when the connection is lost or the server takes none
    #[arg(long, value_name = "N", default_value_t = 4)]
    retries: u32,
    /// How long to wait before that; each time twice as long
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = interval)]
    retry_wait: Duration,
    /// Give a connection up on which nothing has come for so long
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = interval)]
    pub(super) stall_timeout: Duration,
}

impl Patience {
    /// Exports, and again from the beginning where that may help: all rows of a capture are of one
    /// instant, so that no part of it can be kept.
    pub(super) fn try_out(
        self,
        ui: &mut Ui,
        stop: &Stop,
        once: &mut dyn FnMut(&mut Ui) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        for retry in 0..self.retries {
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
                u64::from(self.retries) + 1
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
        let doubled = self.retry_wait.saturating_mul(2_u32.saturating_pow(retry)).min(PAUSE_MAX);
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
        let wait = Duration::from_secs(2);
        let patience = Patience { retries: 4, retry_wait: wait, stall_timeout: wait };
        let all: Vec<u64> = (0..4).map(|retry| patience.pause(retry, 0.0).as_secs()).collect();
        assert_eq!(all, [2, 4, 8, 16]);
        assert_eq!(patience.pause(1, 0.5), Duration::from_millis(4_500));
        assert_eq!(patience.pause(60, 0.0), PAUSE_MAX);
    }
}
