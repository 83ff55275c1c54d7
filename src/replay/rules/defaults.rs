//! Defaults of the limits in each era (domain/orchestrator.md sections 2.2, 2.3, 3, 5.2 and 5.3).

use crate::replay::rules::limit::{Limit, Limits, Told};

/// Eras in order (domain/orchestrator.md section 0).
const ERAS: [&str; 19] = [
    "E0", "E1", "E1b", "E2", "E3", "E3a", "E3b", "E3c", "E4", "E5", "E6", "E7", "E8", "E8b", "E9",
    "E10", "E11", "E12", "E13",
];

/// A limit, its first and last era, and its value. A limit that changed inside an era, or at a commit
/// whose date is not known, has no default there. docs/decisions.md lists them.
pub const DEFAULTS: &[(Limit, &str, &str, f64)] = &[
    // 300 -> 600 in 81188ba (5.3)
    (Limit::IdleTimeout, "E0", "E3b", 300.0),
    (Limit::IdleTimeout, "E3c", "E13", 600.0),
    (Limit::SpawningTimeout, "E0", "E3b", 300.0),
    (Limit::SpawningTimeout, "E3c", "E13", 600.0),
    (Limit::OvercapacityIdle, "E0", "E13", 30.0),
    // constants not configurable (5.3); the heartbeat is asked since E5 (2.2 W15)
    (Limit::HealthyHeartbeat, "E5", "E13", 60.0),
    (Limit::StuckTimeout, "E0", "E0", 300.0),
    (Limit::StuckTimeout, "E1", "E13", 1_200.0),
    // since 61d37ab (5.3)
    (Limit::ScriptRunningTimeout, "E10", "E13", 1_800.0),
    // 600 -> 1200 in 255cef0, of E12 (5.3)
    (Limit::StartupGrace, "E7", "E11", 600.0),
    (Limit::StartupGrace, "E12", "E13", 1_200.0),
    // 928d94f to 61d37ab (2.3)
    (Limit::StartupPhase, "E9", "E9", 1_800.0),
    // 180 -> 600 in cbdd568, whose date is not told: no default between E7 and the head (2.3)
    (Limit::ReadyNotClaiming, "E7", "E7", 180.0),
    (Limit::ReadyNotClaiming, "E12", "E13", 600.0),
    (Limit::GpuNotDetected, "E7", "E13", 300.0),
    // max(60, 3 x poll), poll 30 (2.3)
    (Limit::HeartbeatPromotion, "E7", "E13", 90.0),
    (Limit::FailureStreak, "E8", "E13", 3.0),
    (Limit::ErrorCleanupGrace, "E1", "E13", 600.0),
    (Limit::SpawningGrace, "E1", "E13", 180.0),
    (Limit::MinActive, "E0", "E13", 2.0),
    (Limit::KeepIdle, "E1", "E13", 0.0),
    (Limit::ScaleUpMultiplier, "E1", "E13", 1.0),
    (Limit::ScaleDownMultiplier, "E1", "E13", 0.9),
    // 5.2
    (Limit::FailureRateMax, "E1b", "E13", 0.8),
    (Limit::FailureWorkersMin, "E1b", "E13", 5.0),
    // section 3: 15 minutes since E1, 30 minutes since 56a9ba3
    (Limit::UnassignedReset, "E1", "E13", 900.0),
    (Limit::StaleReset, "E6", "E13", 1_800.0),
];

/// Where an era stands among the others; `None` of one that nobody knows.
pub fn place(era: &str) -> Option<usize> {
    ERAS.iter().position(|known| *known == era)
}

/// Whether an era is known and no earlier than another.
pub fn since(era: &str, first: &str) -> bool {
    place(era).is_some_and(|at| place(first).is_some_and(|first| first <= at))
}

/// The default of a limit in an era; none in one that nobody knows.
pub fn of(era: &str, limit: Limit) -> Option<f64> {
    let rows = DEFAULTS.iter().filter(|(of, ..)| *of == limit);
    let mut held = rows.filter(|(_, first, last, _)| since(era, first) && since(last, era));
    held.next().map(|(.., value)| *value)
}

/// The defaults of an era; none of one that nobody knows.
pub fn of_era(era: &str) -> Limits {
    let mut limits = Limits::default();
    for (limit, ..) in DEFAULTS {
        if let Some(value) = of(era, *limit) {
            limits.set(*limit, value, Told::Default);
        }
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_holds_in_its_eras_and_in_no_other() {
        assert_eq!(of_era("E3b").get(Limit::IdleTimeout), Some(300.0));
        assert_eq!(of_era("E4").get(Limit::IdleTimeout), Some(600.0));
        assert_eq!(of_era("E4").get(Limit::HealthyHeartbeat), None);
        assert_eq!(of_era("E9").get(Limit::ReadyNotClaiming), None);
        assert_eq!(of_era("unknown"), Limits::default());
    }

    #[test]
    fn every_era_of_the_table_is_known_and_no_two_rows_speak_of_one() {
        for (limit, first, last, _) in DEFAULTS {
            assert!(since(last, first), "{limit:?} {first} {last}");
            let same = DEFAULTS.iter().filter(|(other, from, to, _)| {
                other == limit && since(last, from) && since(to, first)
            });
            assert_eq!(same.count(), 1, "{limit:?} {first}");
        }
    }
}
