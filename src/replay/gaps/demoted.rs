//! Kinds of lines that an era no longer stores: the process logs on, and their absence proves nothing.

use crate::events::History;
use crate::model::kind::EventKind;
use crate::model::state::GapCause;
use crate::replay::gaps::Coverage;
use crate::replay::runs::Run;

/// What E10 demoted to DEBUG, and what vanished with the package of E11 (domain/orchestrator.md
/// section 0, and pitfall 11 of section 9: G28, G41 and G51; G60 to G79 and G128).
const DEMOTED: &[(&[&str], &[EventKind])] = &[
    (
        &["E10", "E11", "E12", "E13"],
        &[EventKind::TaskCountDecided, EventKind::ScalingDecided, EventKind::TaskListedActive],
    ),
    (
        &["E11", "E12", "E13"],
        &[EventKind::PodCreated, EventKind::PodRunning, EventKind::PodTerminated],
    ),
];
/// The line that came with the demotion; an era by its date alone is no proof (domain/orchestrator.md
/// G3', appendix A).
const MARKER: &str = "G3c";

/// For each process of such an era: which kinds could not reach us while it logged.
pub(super) fn of(history: &History, runs: &[Run]) -> Vec<Coverage> {
    let marked = |run: &&Run| {
        let templates = history.templates.get(&run.source);
        let used = templates.and_then(|templates| templates.get(MARKER));
        used.is_some_and(|(first, last)| *first <= run.last_row && run.first_row <= *last)
    };
    let mut coverage = Vec::new();
    for run in runs.iter().filter(marked) {
        let eras = DEMOTED.iter().filter(|(eras, _)| eras.contains(&run.era));
        for kind in eras.flat_map(|(_, kinds)| kinds.iter()) {
            coverage.push(Coverage {
                source: run.source.clone(),
                entity: kind.name().into(),
                from: run.first_row,
                until: run.last_row,
                why_not: Some(GapCause::LevelDemoted),
            });
        }
    }
    coverage
}
