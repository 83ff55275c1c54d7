//! Which era a process belongs to, by what it logged (domain/orchestrator.md appendix A).

use crate::events::History;
use crate::model::event::SourceKey;
use crate::model::time::Micros;
use crate::replay::runs::Run;

/// An era's name.
pub type Era = &'static str;

/// Templates that mark an era, newest first; the first that the process used decides. With each, the last
/// era whose processes may have no other marker: what sets a later era apart is a line of every cycle, or one
/// that a process need not write.
const MARKERS: &[(&str, &str, &str)] = &[
    ("G59e", "E13", "E13"),
    ("G59d", "E12", "E12"),
    ("G59a", "E12", "E12"),
    ("G59b", "E12", "E12"),
    ("G59c", "E12", "E12"),
    ("G3c", "E10", "E12"),
    ("G28c", "E8", "E9"),
    ("G43b", "E7", "E9"),
    ("G90j", "E7", "E7"),
    ("G155a", "E6", "E6"),
    ("G109a", "E5", "E6"),
    ("G107c", "E4", "E4"),
    ("G28", "E3b", "E6"),
    ("G122a", "E3", "E4"),
];

/// The marker that eras before its own write too (E2 to E4), and the one that later eras do (E7 to E9).
const SHARED: [(&str, &str, &str); 2] = [("G107c", "E3", "E4"), ("G43b", "E7", "E9")];

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

/// Where an era of orchestrators stands in the list.
fn place(era: &str) -> Option<usize> {
    ORCHESTRATORS.iter().position(|(_, known)| *known == era)
}

/// The eras of a source: those of its processes in order, or by the date of its first row.
pub fn of_source(history: &History, runs: &[Run], source: &SourceKey) -> String {
    let of_run = |run: &Run| fitting(history, source, run.first_row, run.last_row);
    let mut eras: Vec<String> =
        runs.iter().filter(|run| run.source == *source).map(of_run).collect();
    eras.dedup();
    if eras.is_empty() {
        let first = history.beats.get(source).and_then(|beats| beats.first());
        eras.extend(first.map(|(at, _)| by_date(&source.0, at).to_string()));
    }
    eras.join(" ")
}

/// The eras that the lines of a process fit: one, or `E11-E12` where they are those of each. Code runs
/// after its commit, so none is later than the date.
fn fitting(history: &History, source: &SourceKey, from: Micros, until: Micros) -> String {
    let used = Used { history, source, from, until };
    let (first, last) = used.fits();
    let dated = by_date(&source.0, from);
    // the latest stands first
    match (place(first), place(last).max(place(dated))) {
        (Some(low), Some(high)) if high < low => format!("{first}-{}", ORCHESTRATORS[high].1),
        (_, _) => first.to_string(),
    }
}

/// The templates that a process used between two instants.
struct Used<'a> {
    history: &'a History,
    source: &'a SourceKey,
    from: Micros,
    until: Micros,
}

impl Used<'_> {
    fn has(&self, id: &str) -> bool {
        let seen = self.history.templates.get(self.source).and_then(|seen| seen.get(id));
        seen.is_some_and(|(first, last)| *first <= self.until && self.from <= *last)
    }

    /// The first and the last era that its lines fit; without a marker that of the date.
    fn fits(&self) -> (Era, Era) {
        let dated = by_date(&self.source.0, self.from);
        let Some((marker, era, last)) = self.marker() else { return (dated, dated) };
        let shared = SHARED.iter().find(|(shared, ..)| shared == marker);
        let era = shared.map_or(*era, |(_, first, last)| {
            // the latest stands first
            match (place(first), place(dated), place(last)) {
                (Some(_), Some(dated), Some(latest)) if dated < latest => last,
                (Some(earliest), Some(at), Some(_)) if at <= earliest => dated,
                (_, _, _) => *era,
            }
        });
        if era != "E10" {
            return (era, last);
        }
        // a line that only eras before E11 write
        if self.has("G128a") {
            return ("E10", "E10");
        }
        // from E11 on a kill no longer logs its pod's termination
        (if self.has("G118c") { "E11" } else { era }, last)
    }

    /// The marker that decides.
    fn marker(&self) -> Option<&'static (&'static str, &'static str, &'static str)> {
        MARKERS.iter().find(|(marker, ..)| self.has(marker))
    }
}

/// The era of a process between two instants: by its markers, by date without one. A line that one era alone
/// writes outranks the date; among those that share a line the date decides.
pub fn of(history: &History, source: &SourceKey, from: Micros, until: Micros) -> Era {
    let (first, last) = Used { history, source, from, until }.fits();
    let dated = by_date(&source.0, from);
    // the latest stands first
    match (place(first), place(dated), place(last)) {
        (Some(earliest), Some(at), Some(latest)) if latest < earliest => {
            ORCHESTRATORS[at.clamp(latest, earliest)].1
        }
        (_, _, _) => first,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;

    /// What is said of a process that used these templates on that day.
    fn both(day: &str, templates: &[&str]) -> (Era, String) {
        let at = Micros::parse(&format!("{day}T10:00:00Z")).expect("a time");
        let source: SourceKey = Arc::new(("orchestrator_gpu".into(), "gpu-1".into()));
        let used: BTreeMap<Arc<str>, _> =
            templates.iter().map(|id| (Arc::from(*id), (at, at))).collect();
        let templates = BTreeMap::from([(source.clone(), used)]);
        let history = History { templates, ..History::default() };
        (of(&history, &source, at, at), fitting(&history, &source, at, at))
    }

    fn told(day: &str, templates: &[&str]) -> String {
        both(day, templates).1
    }

    #[test]
    fn lines_of_two_eras_name_both() {
        assert_eq!(told("2026-05-20", &["G3c", "G118c"]), "E11-E12");
        assert_eq!(told("2026-05-20", &["G3c"]), "E10-E12");
        assert_eq!(told("2026-01-12", &["G109a", "G28"]), "E5-E6");
    }

    /// Rules and limits are those of one era: of those that fit, of the date's.
    #[test]
    fn among_eras_that_share_a_line_the_date_decides() {
        let era = |day: &str, templates: &[&str]| both(day, templates).0;
        assert_eq!(era("2026-05-20", &["G3c"]), "E12");
        assert_eq!(era("2026-04-24", &["G3c"]), "E11");
        assert_eq!(era("2026-05-20", &["G3c", "G128a"]), "E10");
        assert_eq!(era("2026-04-14", &["G3c", "G118c"]), "E11");
        assert_eq!(era("2026-04-05", &["G28c", "G28"]), "E9");
        assert_eq!(era("2026-01-02", &["G28"]), "E6");
        assert_eq!(era("2025-11-06", &["G109a", "G28"]), "E5");
        assert_eq!(era("2026-03-10", &["G43b"]), "E8b");
        assert_eq!(era("2026-05-20", &["G155a"]), "E6");
    }

    #[test]
    fn a_line_or_the_date_that_rules_out_the_others_names_one() {
        assert_eq!(told("2026-05-20", &["G3c", "G118c", "G128a"]), "E10");
        assert_eq!(told("2026-04-14", &["G3c"]), "E10");
        assert_eq!(told("2026-04-24", &["G3c", "G118c"]), "E11");
        assert_eq!(told("2026-05-20", &["G59d", "G3c"]), "E12");
        // only E12 knows stale routes
        assert_eq!(told("2026-05-20", &["G59b", "G3c"]), "E12");
        assert_eq!(told("2026-01-12", &["G155a", "G109a"]), "E6");
        // code of before runs on after the next commit
        assert_eq!(told("2026-01-22", &["G155a"]), "E6");
        assert_eq!(told("2026-06-22", &["G59e"]), "E13");
        // the lines of a decision tell E7 before its first look at the storage
        assert_eq!(told("2026-01-25", &["G43b", "G28"]), "E7");
        assert_eq!(told("2026-03-10", &["G43b"]), "E8b");
        assert_eq!(told("2026-04-14", &["G43b"]), "E9");
        // what only later eras write is theirs, whatever the date
        assert_eq!(told("2026-01-02", &["G3c"]), "E10");
        // what earlier eras write as well was written by the code of the day
        assert_eq!(told("2025-10-16", &["G107c", "G28"]), "E3b");
    }
}
