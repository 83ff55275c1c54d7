//! Writes that a line tells of and the row does not show: two writers of `metadata` read and write it
//! whole, so that one undoes what the other wrote in between (domain/orchestrator.md 1.2, Race).

use rustc_hash::FxHashMap;

use crate::model::column::Column;
use crate::model::event::{Basis, Event, Evidence};
use crate::model::id::WorkerId;
use crate::model::kind::EventKind;
use crate::model::rows::{Facts, WorkerRow};
use crate::model::state::AnomalyKind;
use crate::model::table::Table;
use crate::replay::seen::Seen;
use crate::replay::timeline::Anomaly;

/// Lines whose code writes a key, for good (domain/orchestrator.md 2.2: W5, W6, W10 to W17, W20). Not every
/// era writes each: a key that no row has is not asked for.
const WRITES: [(EventKind, &str, Column); 4] = [
    (EventKind::StartupLaunched, "startup_script_launched_at", Column::StartupScriptLaunchedAt),
    (EventKind::WorkerMarkedError, "error_time", Column::ErrorTime),
    (EventKind::WorkerScaledDown, "terminated_at", Column::TerminatedAt),
    (EventKind::WorkerPromoted, "promoted_to_active_at", Column::PromotedToActiveAt),
];

/// A write follows its line by up to 19 s (evidence-rules facts 15 and 16); a row seen sooner may not
/// have it yet.
const WRITTEN_WITHIN_S: f64 = 30.0;

/// Names the row that lacks the key as a piece against each event that tells of the write.
pub struct LostUpdates<'a> {
    facts: &'a Facts,
    rows: FxHashMap<&'a WorkerId, &'a WorkerRow>,
    writes: Vec<&'static (EventKind, &'static str, Column)>,
}

impl<'a> LostUpdates<'a> {
    /// By the rows of the workers.
    pub fn of(facts: &'a Facts) -> Self {
        let is_of_the_era = |key: &str| facts.workers.iter().any(|row| row.meta(key).is_some());
        Self {
            facts,
            rows: facts.workers.iter().map(|row| (&row.id, row)).collect(),
            writes: WRITES.iter().filter(|(_, key, _)| is_of_the_era(key)).collect(),
        }
    }

    /// Names the row that lacks the key.
    pub fn mark(&self, event: &mut Event) {
        if event.basis == Basis::Logged
            && let Some(piece) = self.lacking(event)
        {
            event.further_mut().contradicted_by = Some(piece);
        }
    }

    fn lacking(&self, event: &Event) -> Option<Evidence> {
        let (_, key, column) = self.writes.iter().find(|(kind, ..)| *kind == event.kind)?;
        let worker = event.worker.as_ref()?;
        let row = self.rows.get(worker)?;
        let seen_at = self.facts.seen_until(worker)?;
        // a column without any key was not read: what it lacks is no proof
        let lacks = !row.metadata.is_empty() && row.meta(key).is_none();
        let lost = lacks && seen_at.seconds_since(event.at) > WRITTEN_WITHIN_S;
        lost.then(|| Evidence {
            table: Table::Workers,
            key: worker.as_str().into(),
            column: *column,
        })
    }
}

/// The anomalies of one worker's events.
pub fn anomalies(events: &[Seen<'_>]) -> Vec<Anomaly> {
    let anomaly = |event: &Seen<'_>| {
        let piece = event.contradicted_by()?;
        Some(Anomaly {
            at: event.at,
            kind: AnomalyKind::LostUpdate,
            state: "",
            event: Some(event.id),
            detail: format!(
                "{} is told and {} is not there",
                event.kind.name(),
                piece.column.name()
            ),
        })
    };
    let writes = events.iter().filter(|event| WRITES.iter().any(|(kind, ..)| *kind == event.kind));
    writes.filter_map(anomaly).collect()
}
