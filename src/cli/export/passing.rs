//! Which failures of an export pass by themselves.

use std::io;

use crate::cli::export::rest_advice;
use crate::export::error::ExportError;
use crate::export::rest::error::RestError;
use crate::snapshot::error::SnapshotError;

/// Conditions of the server's that pass within moments: not enough memory or connections, a deadlock, a
/// standby that had to choose between the primary and us.
const PASSING: [&str; 6] =
    // the last: behind a pooler another client's statement has the name; the next try has another
    ["40001", "40P01", "53000", "53200", "53300", "42P05"];

/// When the same may work with nothing done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passing {
    /// Within a minute.
    Soon,
    /// In a while.
    Later,
    /// Not before the user or the server's owner has changed something.
    Never,
}

impl Passing {
    pub(super) fn of(err: &ExportError) -> Self {
        match err {
            ExportError::Unreachable { source, .. } if is_settled(source) => Self::Later,
            ExportError::Server { code, .. } if !PASSING.contains(&code.as_str()) => Self::Later,
            ExportError::Unreachable { .. }
            | ExportError::Server { .. }
            | ExportError::TimedOut { .. }
            | ExportError::Busy { .. }
            | ExportError::Locked(_)
            | ExportError::Changed
            | ExportError::Silent { .. }
            | ExportError::Lost(_) => Self::Soon,
            // it has asked again by itself
            ExportError::Rest(why) if rest_advice::may_pass(why) => Self::Later,
            ExportError::Copy { .. } => Self::Later,
            ExportError::Rest(_)
            | ExportError::Target(_)
            | ExportError::NotPostgres { .. }
            | ExportError::SessionOptions
            | ExportError::Authorities { .. }
            | ExportError::TrustStore { .. }
            | ExportError::Tls { .. }
            | ExportError::Identity { .. }
            | ExportError::NoBinding
            | ExportError::Method
            | ExportError::PasswordMissing(_)
            | ExportError::Password(_)
            | ExportError::Refused { .. }
            | ExportError::Forbidden(_)
            | ExportError::UnknownDatabase(_)
            | ExportError::MissingTable { .. }
            | ExportError::MissingColumn(_)
            | ExportError::PermissionDenied { .. }
            | ExportError::RowSecurity { .. }
            | ExportError::Answer(_)
            | ExportError::OtherKey { .. }
            | ExportError::OtherPolicy { .. }
            | ExportError::Snapshot(_)
            | ExportError::Vanished(_)
            | ExportError::Stopped
            | ExportError::Runtime(_) => Self::Never,
        }
    }
}

/// Whether somebody else may mend it while a watcher waits that was able to capture before: a migration that
/// renames tables or takes grants away, a database that is restored, another capture into the same snapshot, a
/// full disk, a snapshot that is moved away, be it in the midst of a capture. Who was let in and no longer is does not ask again, as too many attempts lock a role out.
pub(super) fn may_be_mended(err: &ExportError) -> bool {
    matches!(
        err,
        ExportError::UnknownDatabase(_)
            | ExportError::MissingTable { .. }
            | ExportError::MissingColumn(_)
            | ExportError::PermissionDenied { .. }
            | ExportError::RowSecurity { .. }
            | ExportError::Answer(_)
            | ExportError::Vanished(_)
            | ExportError::Rest(RestError::NothingShown(_))
            | ExportError::Snapshot(
                SnapshotError::Locked(_)
                    | SnapshotError::Io { .. }
                    | SnapshotError::NotASnapshot(_)
                    | SnapshotError::LostManifest(_)
                    | SnapshotError::Missing(_)
            )
    )
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
