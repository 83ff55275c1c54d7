//! Instants as whole microseconds since 1970, UTC.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An instant: microseconds since 1970-01-01 00:00 UTC, the resolution PostgreSQL keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Micros(pub i64);

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;

impl Micros {
    /// Seconds from `earlier` to `self`; negative when `self` comes first.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.0 - earlier.0) as f64 / SECOND as f64
    }

    /// This instant moved by so many seconds (negative: back), saturating at the ends of time.
    pub fn plus_seconds(self, seconds: f64) -> Self {
        Self(self.0.saturating_add((seconds * SECOND as f64) as i64))
    }

    /// The begin of a day in UTC, written `2026-01-21`; the end of time for anything else.
    pub fn day(text: &str) -> Self {
        Self::parse(&format!("{text}T00:00:00Z")).unwrap_or(Self(i64::MAX))
    }

    /// Parses a timestamp as PostgreSQL, PostgREST and Python print them: date, `T` or space, time,
    /// up to nine fractional digits (cut to six), and an offset (`Z`, `+00`, `+0000`, `+05:30`) that
    /// means UTC when absent. `None` for anything else, infinity and BC included.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() < "2025-01-01T00:00:00".len() {
            return None;
        }
        let instant = match text.parse::<jiff::Timestamp>() {
            Ok(instant) => instant,
            Err(_) => {
                let local: jiff::civil::DateTime = text.parse().ok()?;
                local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()
            }
        };
        Some(Self(instant.as_microsecond())).filter(|at| at.is_in_calendar())
    }

    /// Whether the calendar has it; what a number of microseconds can say beyond is no date. The last
    /// second that text can name has fractions which a number cannot, so both ways ask here.
    pub fn is_in_calendar(self) -> bool {
        jiff::Timestamp::from_microsecond(self.0).is_ok()
    }
}

impl fmt::Display for Micros {
    /// `2025-11-03T14:00:00.603151Z`, always six fractional digits; an instant beyond the calendar
    /// (year 10000 and later) as its number of microseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => write!(f, "{instant:.6}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_instant_is_the_same_instant() {
        let want = Micros(1_762_178_400_603_150);
        for text in [
            "2025-11-03 14:00:00.60315+00",
            "2025-11-03T14:00:00.603150+00:00",
            "2025-11-03T14:00:00.60315Z",
            "2025-11-03 15:30:00.603150999+0130",
            "2025-11-03 14:00:00.603150",
        ] {
            assert_eq!(Micros::parse(text), Some(want), "{text}");
        }
        assert_eq!(want.to_string(), "2025-11-03T14:00:00.603150Z");
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "9999-12-30 22:00:00.999999+00",
            "",
            "infinity",
            "2025-02-29 00:00:00+00",
            "2025-11-03",
            "0044-03-15 00:00:00+00 BC",
        ] {
            assert_eq!(Micros::parse(text), None, "{text}");
        }
    }
}
