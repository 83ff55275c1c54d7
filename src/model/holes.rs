//! Stretches of the log that nobody took: they were deleted at the source between two captures.

use crate::model::rows::LogCapture;
use crate::model::time::{Micros, SECOND};

/// Log rows are kept so long at least (domain/worker-app.md 1.4).
const KEPT: i64 = 48 * 3_600 * SECOND;

/// The longest normal silence of an orchestrator is 30 s, one cycle; 90 s gave no false gap
/// (evidence-rules fact 28).
pub const SILENCE: i64 = 90 * SECOND;

/// One such stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Up to here the captures before reach.
    pub from: Micros,
    /// What is older than this was deleted before the next one.
    pub until: Micros,
    /// The place of that next one among those that were looked at.
    pub next: usize,
}

/// The holes between captures of the log, oldest first.
pub fn holes(logs: &[LogCapture]) -> Vec<Hole> {
    let mut holes = Vec::new();
    let mut reached: Option<Micros> = None;
    let mut known: Option<Micros> = None;
    // a column that became no time tells no oldest one, whatever rows there are
    let mut is_timeless = false;
    for (next, log) in logs.iter().enumerate() {
        is_timeless = log.from.is_none() && (is_timeless || !log.is_empty);
        // one that found nothing where lines of its time had been: they were deleted up to then
        let emptied = log.until.filter(|_| log.is_whole && log.is_empty && !is_timeless);
        let from = log.from.or(emptied);
        if let (Some(before), Some(from), Some(until)) = (reached, from, log.until) {
            // what is younger than that was not deleted: if it is not there, it never was
            let kept_since = Micros(until.0 - KEPT);
            // a row of that time is gone all the same: they were deleted before their time
            let too_soon = known.is_some_and(|last| kept_since < last && last < from);
            let deleted = match log.is_whole {
                true => from.min(if too_soon { until } else { kept_since }),
                false => from,
            };
            if deleted.0 - before.0 > SILENCE {
                holes.push(Hole { from: before, until: deleted, next });
            }
        }
        reached = reached.max(log.until);
        // what it found gone is told once
        known = if emptied.is_some() { None } else { known.max(log.last) };
    }
    holes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<Micros> {
        Some(Micros::parse(text).expect("a time"))
    }

    #[test]
    fn only_what_was_deleted_before_it_was_taken_is_a_hole() {
        let whole = |from: &str, until: &str| LogCapture {
            from: at(from),
            until: at(until),
            last: None,
            is_empty: false,
            is_whole: true,
        };
        let first = whole("2026-01-01 00:00:00Z", "2026-01-02 00:00:00Z");
        // the source keeps 48 hours: what was older than the 4th at noon is gone by the 6th
        let late = whole("2026-01-04 12:00:00Z", "2026-01-06 12:00:00Z");
        let hole = Hole {
            from: Micros::parse("2026-01-02 00:00:00Z").expect("a time"),
            until: Micros::parse("2026-01-04 12:00:00Z").expect("a time"),
            next: 1,
        };
        assert_eq!(holes(&[first, late]), [hole]);
        // in time: nothing was logged, or everything is there
        assert_eq!(holes(&[first, whole("2026-01-02 20:00:00Z", "2026-01-03 00:00:00Z")]), []);
        // files may hold any part
        let file =
            LogCapture { is_whole: false, ..whole("2026-01-02 20:00:00Z", "2026-01-03 00:00:00Z") };
        assert_eq!(holes(&[first, file]).len(), 1);
        assert_eq!(holes(&[late]), []);
        // a line of an hour before is gone: someone emptied the log
        let before = LogCapture { last: at("2026-01-01 23:59:00Z"), ..first };
        let emptied = whole("2026-01-02 00:50:00Z", "2026-01-02 01:00:00Z");
        assert_eq!(
            holes(&[before, emptied])[0].until,
            Micros::parse("2026-01-02 00:50:00Z").expect("a time")
        );
        // one of two days before may be, in its time
        let quiet = LogCapture { last: at("2025-12-31 00:59:00Z"), ..first };
        assert_eq!(holes(&[quiet, emptied]), []);
    }

    #[test]
    fn a_log_that_was_emptied_before_its_time_is_a_hole() {
        let held = LogCapture {
            from: at("2026-01-01 00:00:00Z"),
            until: at("2026-01-02 00:00:00Z"),
            last: at("2026-01-01 23:59:00Z"),
            is_empty: false,
            is_whole: true,
        };
        let emptied = LogCapture {
            from: None,
            until: at("2026-01-02 01:00:00Z"),
            last: None,
            is_empty: true,
            is_whole: true,
        };
        let found = holes(&[held, emptied]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((Some(found[0].from), Some(found[0].until)), (held.until, emptied.until));
        // what is still empty later was not emptied again
        let later = LogCapture { until: at("2026-01-02 02:00:00Z"), ..emptied };
        assert_eq!(holes(&[held, emptied, later]).len(), 1);
        // whose times cannot be read has rows all the same, then and later
        let retyped = LogCapture { is_empty: false, ..emptied };
        assert_eq!(holes(&[held, retyped, later]), []);
        // three days later they were deleted in their time
        let old = LogCapture { until: at("2026-01-04 01:00:00Z"), ..emptied };
        assert_eq!(
            holes(&[held, old])[0].until,
            Micros::parse("2026-01-02 01:00:00Z").expect("a time")
        );
    }
}
