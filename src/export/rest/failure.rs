//! Why there is no answer, and whether asking again may help.

use std::io::{self, ErrorKind};
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
                    None => match looked_up(&err) {
                        Some(Lookup::NoSuchName) if first.is_some() => {
                            unreachable("no machine has that name")
                        }
                        Some(lookup) => {
                            let detail = lookup.words().to_string();
                            Ok(Self::Passing(RestError::Unreachable { at, detail }, None))
                        }
                        None => Err(err.kind().to_string()),
                    },
                }
            }
            // an answer that is no HTTP, or is damaged
            _ => Err("it cannot be read".to_string()),
        }
    }
}

/// How a name was looked up in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lookup {
    /// Nobody has it.
    NoSuchName,
    /// Nobody could say.
    NoAnswer,
}

impl Lookup {
    fn words(self) -> &'static str {
        match self {
            Self::NoSuchName => "its name is not known any more",
            Self::NoAnswer => "its name cannot be looked up now",
        }
    }
}

/// The resolver's errors are told by their words alone.
fn looked_up(err: &io::Error) -> Option<Lookup> {
    let words = err.to_string();
    let answer = words.strip_prefix("failed to lookup address information: ")?;
    let settled = ["not known", "No address associated", "nodename nor servname"];
    let is_settled = settled.iter().any(|known| answer.contains(known));
    Some(if is_settled { Lookup::NoSuchName } else { Lookup::NoAnswer })
}

/// The connection was lost.
pub(super) fn lost(what: &str, why: String, tries: u32) -> RestError {
    RestError::Lost { what: what.to_string(), why, tries: asked(tries) }
}

/// `, asked 6 times`, from the second time on.
pub(super) fn asked(tries: u32) -> String {
    if tries > 1 { format!(", asked {tries} times") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_has_is_no_lost_connection() {
        let failed = |words: &str, first| {
            let words = format!("failed to lookup address information: {words}");
            Failure::of(ureq::Error::Io(io::Error::other(words)), "api.example", first)
        };
        let gone = failed("Name or service not known", Some(1));
        let Ok(Failure::Final(err)) = gone else { panic!("{gone:?}") };
        assert_eq!(err.to_string(), "cannot connect to api.example: no machine has that name");
        // it had an answer before
        let later = failed("Name or service not known", None);
        assert!(
            matches!(later, Ok(Failure::Passing(RestError::Unreachable { .. }, _))),
            "{later:?}"
        );
        let unsure = failed("Temporary failure in name resolution", Some(1));
        let Ok(Failure::Passing(err, None)) = unsure else { panic!("{unsure:?}") };
        assert_eq!(
            err.to_string(),
            "cannot connect to api.example: its name cannot be looked up now"
        );
        let broken = ureq::Error::Io(io::Error::from(ErrorKind::ConnectionReset));
        assert!(Failure::of(broken, "api.example", Some(1)).is_err());
    }
}
