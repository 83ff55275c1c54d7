//! Why there is no answer, and whether asking again may help.

use std::io::ErrorKind;
use std::time::Duration;

use crate::export::rest::error::RestError;

/// What came in place of an answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// An answer may come if asked for again, after so long if that is said.
    Passing(RestError, Option<Duration>),
    Final(RestError),
}

impl Failure {
    /// What an error of the connection means; `Err` with a few words where it may pass. While nothing was ever
    /// answered (`first`: the number of the try), the address may be wrong, and nobody should wait long to hear it.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a library's errors, more of which may come"
    )]
    pub(super) fn of(err: ureq::Error, place: &str, first: Option<u32>) -> Result<Self, String> {
        let at = place.to_string();
        let unreachable = |detail: &str| {
            Ok(Self::Final(RestError::Unreachable { at: at.clone(), detail: detail.to_string() }))
        };
        let tls = |detail: String| Ok(Self::Final(RestError::Tls { at: at.clone(), detail }));
        match err {
            ureq::Error::Rustls(err) => tls(err.to_string()),
            ureq::Error::Tls(detail) => tls(detail.to_string()),
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                Ok(Self::Final(RestError::Url("it has characters that no URL has")))
            }
            ureq::Error::HostNotFound if first.is_some() => unreachable("no machine has that name"),
            ureq::Error::Timeout(_) if first.is_some_and(|tries| tries >= 2) => {
                unreachable("no answer in time")
            }
            ureq::Error::Timeout(_) => Err("no answer in time".to_string()),
            ureq::Error::Io(err) => {
                let inner = err.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
                match inner {
                    Some(inner) => tls(inner.to_string()),
                    None if first.is_some() && err.kind() == ErrorKind::ConnectionRefused => {
                        unreachable("connection refused")
                    }
                    None => Err(err.kind().to_string()),
                }
            }
            // an answer that is no HTTP, or is damaged
            _ => Err("it cannot be read".to_string()),
        }
    }
}

/// The connection was lost.
pub(super) fn lost(what: &str, why: String, tries: u32) -> RestError {
    RestError::Lost { what: what.to_string(), why, tries: asked(tries) }
}

/// `, asked 6 times`, from the second time on.
pub(super) fn asked(tries: u32) -> String {
    if tries > 1 { format!(", asked {tries} times") } else { String::new() }
}
