//! How long to wait before a request is made again, and when to stop.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;

use crate::model::time::Micros;

/// How often and how patiently one request is made.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often.
    pub tries_max: u32,
    /// The first wait; each further one is twice as long.
    pub wait_first: Duration,
    /// For how long a server may say nothing; PostgREST sends nothing until the query is over.
    pub silence_max: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries_max: 6,
            wait_first: Duration::from_millis(500),
            silence_max: Duration::from_secs(90),
        }
    }
}

/// How often a count is asked for at most, without which an export can do.
pub(super) const COUNT_TRIES_MAX: u32 = 3;
/// The longest wait, unless the first one is longer already.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// What a server may ask for with `Retry-After`; one that wants more is left alone.
pub(super) const QUIET_MAX: Duration = Duration::from_secs(120);

/// The wait after so many failed tries. Half of it is chance: many clients of a server that comes back must
/// not all ask it at the same moment.
pub(super) fn wait(first: Duration, tries: u32) -> Duration {
    let whole = first.saturating_mul(1 << (tries.clamp(1, 16) - 1)).min(WAIT_MAX.max(first));
    whole.mul_f64(0.5 + fastrand::f64() / 2.0)
}

/// What `Retry-After` asks for: seconds, or a date.
pub(super) fn retry_after(header: &str, now: Micros) -> Option<Duration> {
    if let Ok(seconds) = header.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTimeParser::new().parse_timestamp(header.trim()).ok()?;
    let micros = at.as_microsecond().saturating_sub(now.0).max(0);
    Some(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}

/// Whether the same request may be answered otherwise in a while: too many at once, a server or a proxy before it
/// (520 to 527 are Cloudflare's) that is busy, starting or gone.
pub(super) fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504 | 520..=527 | 544)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_differ_and_end() {
        let first = Patience::default().wait_first;
        for tries in 1..40 {
            let whole = first.saturating_mul(1 << (tries.min(8) - 1)).min(WAIT_MAX);
            let waited = wait(first, tries);
            assert!(waited <= whole && waited >= whole / 2, "{tries}: {waited:?}");
        }
        let several: Vec<Duration> = (0..8).map(|_| wait(first, 3)).collect();
        let long = Duration::from_secs(100);
        assert!(wait(long, 3) >= long / 2, "what was asked for is no less");
        assert!(several.windows(2).any(|pair| pair[0] != pair[1]), "no chance in {several:?}");
    }

    #[test]
    fn what_a_server_asks_for_is_read() {
        let now = Micros::parse("2025-11-03T14:00:00Z").expect("a time");
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        let date = "Mon, 03 Nov 2025 14:00:30 GMT";
        assert_eq!(retry_after(date, now), Some(Duration::from_secs(30)));
        let past = "Mon, 03 Nov 2025 13:00:30 GMT";
        assert_eq!(retry_after(past, now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn what_stays_wrong_is_not_asked_again() {
        assert!([429, 500, 503, 522].into_iter().all(may_pass));
        assert!([200, 301, 400, 401, 403, 404, 416, 501, 505].into_iter().all(|s| !may_pass(s)));
    }
}
