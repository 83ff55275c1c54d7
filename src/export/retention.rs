//! When the source deletes what it logged.

use crate::model::time::{Micros, SECOND};

const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// How long log lines are kept, and when the daily clean-up runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retention {
    /// Hours: lines younger than this survive a clean-up.
    pub kept_h: f64,
    /// The hour after midnight UTC of the clean-up.
    pub cleaned_at_h: u8,
}

impl Retention {
    /// As the source is set up (domain/orchestrator.md 1.2): 48 hours, 03:00 UTC.
    pub const OF_THE_SOURCE: Self = Self { kept_h: 48.0, cleaned_at_h: 3 };

    /// When a log line of that time is deleted: the first clean-up at which it is too old.
    pub fn deleted_at(self, logged: Micros) -> Micros {
        let cleanup = i64::from(self.cleaned_at_h) * HOUR;
        let too_old = logged.0.saturating_add((self.kept_h * HOUR as f64) as i64);
        let days = too_old.saturating_sub(cleanup).div_euclid(DAY);
        Micros(days.saturating_add(1).saturating_mul(DAY).saturating_add(cleanup))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Micros {
        Micros::parse(text).expect("a time")
    }

    #[test]
    fn the_first_clean_up_after_48_hours_takes_it() {
        for (logged, deleted) in [
            ("2025-11-03 02:59:59+00", "2025-11-05 03:00:00+00"),
            ("2025-11-03 03:00:00+00", "2025-11-06 03:00:00+00"),
            ("2025-11-03 14:00:00+00", "2025-11-06 03:00:00+00"),
        ] {
            let kept = Retention::OF_THE_SOURCE;
            assert_eq!(kept.deleted_at(at(logged)), at(deleted), "{logged}");
        }
    }

    #[test]
    fn another_source_keeps_otherwise() {
        let kept = Retention { kept_h: 6.0, cleaned_at_h: 0 };
        let deleted = kept.deleted_at(at("2025-11-03 17:00:00+00"));
        assert_eq!(deleted, at("2025-11-04 00:00:00+00"));
        assert_eq!(kept.deleted_at(at("2025-11-03 18:00:00+00")), at("2025-11-05 00:00:00+00"));
    }
}
