//! Which era a process belongs to, by what it logged (domain/orchestrator.md appendix A).

use crate::events::{History, SourceKey};
use crate::model::time::Micros;

/// Templates that mark an era, newest first; the first that the process used decides.
const MARKERS: &[(&str, &str)] = &[
    ("G3c", "E10"),
    ("G28c", "E8"),
    ("G155a", "E6"),
    ("G109a", "E5"),
    ("G107c", "E4"),
    ("G28", "E3b"),
    ("G122", "E3"),
];

/// The era of a process between two instants; `unknown` without a marker.
pub fn of(history: &History, source: &SourceKey, from: Micros, until: Micros) -> &'static str {
    let Some(seen) = history.templates.get(source) else { return "unknown" };
    let used =
        |id: &str| seen.get(id).is_some_and(|(first, last)| *first <= until && from <= *last);
    let era = MARKERS.iter().find(|(marker, _)| used(marker)).map_or("unknown", |(_, era)| era);
    // from E11 on a kill no longer logs its pod's termination
    if era == "E10" && used("G118c") && !used("G128a") { "E11" } else { era }
}
