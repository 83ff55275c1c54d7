//! Which era a process belongs to, by what it logged (domain/orchestrator.md appendix A).

use crate::events::History;
use crate::model::event::SourceKey;
use crate::model::time::Micros;
use crate::replay::runs::Run;

/// Templates that mark an era, newest first; the first that the process used decides.
const MARKERS: &[(&str, &str)] = &[
    ("G59e", "E13"),
    ("G59d", "E12"),
    ("G3c", "E10"),
    ("G28c", "E8"),
    ("G90j", "E7"),
    ("G155a", "E6"),
    ("G109a", "E5"),
    ("G107c", "E4"),
    ("G28", "E3b"),
    ("G122a", "E3"),
];

/// First days of eras, latest first: commits, so the code ran later by hours or days
/// (domain/orchestrator.md section 0).
const ORCHESTRATORS: &[(&str, &str)] = &[
    ("2026-05-06", "E12"),
    ("2026-04-24", "E11"),
    ("2026-04-13", "E10"),
    ("2026-03-29", "E9"),
    ("2026-02-16", "E8b"),
    ("2026-02-03", "E8"),
    ("2026-01-21", "E7"),
    ("2025-12-07", "E6"),
    ("2025-11-05", "E5"),
    ("2025-10-19", "E4"),
    ("2025-10-17", "E3c"),
    ("2025-10-16", "E3b"),
    ("2025-10-15", "E3"),
];
/// The same of workers and edge functions (domain/worker-app.md section 0).
const WORKERS: &[(&str, &str)] = &[
    ("2026-03-30", "W5"),
    ("2026-02-12", "W4"),
    ("2026-01-15", "W3"),
    ("2025-12-13", "W2"),
    ("2025-11-20", "W1"),
    ("2025-01-01", "W0"),
];

/// The era that a date falls into: only where no line tells.
pub fn by_date(source_type: &str, at: Micros) -> &'static str {
    let eras = if source_type.starts_with("orchestrator") { ORCHESTRATORS } else { WORKERS };
    let day = at.to_string();
    eras.iter().find(|(first, _)| *first <= day.as_str()).map_or("unknown", |(_, era)| era)
}

/// The eras of a source: those of its processes in order, or by the date of its first row.
pub fn of_source(history: &History, runs: &[Run], source: &SourceKey) -> String {
    let mut eras: Vec<&str> =
        runs.iter().filter(|run| run.source == *source).map(|run| run.era).collect();
    eras.dedup();
    if eras.is_empty() {
        let first = history.beats.get(source).and_then(|beats| beats.first());
        eras.extend(first.map(|(at, _)| by_date(&source.0, *at)));
    }
    eras.join(" ")
}

/// The era of a process between two instants: by its markers, by date without one.
pub fn of(history: &History, source: &SourceKey, from: Micros, until: Micros) -> &'static str {
    let Some(seen) = history.templates.get(source) else { return by_date(&source.0, from) };
    let used =
        |id: &str| seen.get(id).is_some_and(|(first, last)| *first <= until && from <= *last);
    let era = MARKERS
        .iter()
        .find(|(marker, _)| used(marker))
        .map_or_else(|| by_date(&source.0, from), |(_, era)| *era);
    // from E11 on a kill no longer logs its pod's termination
    if era == "E10" && used("G118c") && !used("G128a") { "E11" } else { era }
}
