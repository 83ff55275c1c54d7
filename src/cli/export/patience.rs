//! What an export tries again by itself, how often, and with which pauses.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::cli::export::stop::Stop;
use crate::cli::export::watch::interval;
use crate::cli::ui::Ui;
use crate::export::error::ExportError;

/// The longest pause, whatever the doubling comes to.
const PAUSE_MAX: Duration = Duration::from_secs(300);

/// Conditions of the server's that pass within moments: not enough memory or connections, a deadlock, a
/// standby that had to choose between the primary and us.
const PASSING: [&str; 6] =
    // the last: behind a pooler another client's statement has the name; the next try has another
    ["40001", "40P01", "53000", "53200", "53300", "42P05"];

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
                Err(err) if is_fleeting(&err) => err,
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
    format!("{:.0} s", pause.as_secs_f64())
}

/// Whether beginning again may help within a minute: never for what the user or the server's owner has to
/// change first.
fn is_fleeting(err: &ExportError) -> bool {
    match err {
        ExportError::Unreachable { source, .. } => !is_settled(source),
        ExportError::Server { code, .. } => PASSING.contains(&code.as_str()),
        ExportError::TimedOut { .. }
        | ExportError::Busy(_)
        | ExportError::Locked(_)
        | ExportError::Changed
        | ExportError::Silent { .. }
        | ExportError::Lost(_) => true,
        // it has asked again by itself
        ExportError::Rest(_)
        | ExportError::Target(_)
        | ExportError::Authorities { .. }
        | ExportError::TrustStore { .. }
        | ExportError::Tls { .. }
        | ExportError::Identity { .. }
        | ExportError::NoBinding
        | ExportError::Method
        | ExportError::PasswordMissing
        | ExportError::Password
        | ExportError::Forbidden
        | ExportError::UnknownDatabase
        | ExportError::MissingTable(_)
        | ExportError::MissingColumn(_)
        | ExportError::PermissionDenied(_)
        | ExportError::RowSecurity(_)
        | ExportError::Answer(_)
        | ExportError::Copy { .. }
        | ExportError::OtherKey { .. }
        | ExportError::OtherPolicy { .. }
        | ExportError::Snapshot(_)
        | ExportError::Stopped
        | ExportError::Runtime(_) => false,
    }
}

/// Whether a network's answer will be the same in a minute: there is no such name, socket or permission, or
/// someone else listens. The resolver tells a name that is not there by its words only.
fn is_settled(err: &io::Error) -> bool {
    let kinds = [io::ErrorKind::InvalidData, io::ErrorKind::InvalidInput];
    let words = err.to_string();
    kinds.contains(&err.kind())
        || err.kind() == io::ErrorKind::PermissionDenied
        || words.contains("not known")
        || words.contains("does not resolve")
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

    #[test]
    fn a_name_that_is_not_there_is_not_asked_for_again() {
        let lookup = |words: &str| {
            let words = format!("failed to lookup address information: {words}");
            is_settled(&io::Error::other(words))
        };
        assert!(lookup("Name or service not known"));
        assert!(!lookup("Temporary failure in name resolution"));
        assert!(!is_settled(&io::Error::from(io::ErrorKind::ConnectionRefused)));
    }
}
