//! When the source deletes what it logged.

use crate::model::time::{Micros, SECOND};

const DAY: i64 = 86_400 * SECOND;
/// Logs younger than this survive a clean-up.
const KEPT_FOR: i64 = 48 * 3_600 * SECOND;
/// The hour of the daily clean-up, after midnight UTC.
const CLEANUP_AT: i64 = 3 * 3_600 * SECOND;

/// When a log line of that time is deleted: the first 03:00 UTC at which it is older than 48 hours.
pub fn deleted_at(logged: Micros) -> Micros {
    let too_old = logged.0.saturating_add(KEPT_FOR);
    let days = too_old.saturating_sub(CLEANUP_AT).div_euclid(DAY);
    Micros(days.saturating_add(1).saturating_mul(DAY).saturating_add(CLEANUP_AT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_clean_up_after_48_hours_takes_it() {
        for (logged, deleted) in [
            ("2025-11-03 02:59:59+00", "2025-11-05 03:00:00+00"),
            ("2025-11-03 03:00:00+00", "2025-11-06 03:00:00+00"),
            ("2025-11-03 14:00:00+00", "2025-11-06 03:00:00+00"),
        ] {
            let at = |text| Micros::parse(text).expect("a time");
            assert_eq!(deleted_at(at(logged)), at(deleted), "{logged}");
        }
    }
}
