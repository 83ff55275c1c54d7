//! What a worker's row says of its clock: its lines travel with its heartbeats, which the database stamps
//! (domain/worker-app.md 4.1), and none is older than its row.

use rustc_hash::FxHashMap;

use crate::events::History;

/// What a row says of its worker's clock, in microseconds that it is ahead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lead {
    /// At least so much: its last line came with a heartbeat.
    pub(super) least: Option<i64>,
    /// At most so much: its first line is of its own time.
    pub(super) most: Option<i64>,
}

impl Lead {
    /// What the clock is ahead by at least, or behind by at least, where that is more than `reach`.
    pub(super) fn beyond(&self, reach: i64) -> Option<i64> {
        let ahead = self.least.filter(|least| *least > reach);
        ahead.or(self.most.filter(|most| *most < -reach))
    }
}

/// Of all workers that have a row. The last heartbeat of one that is not over may have come after its row was read.
pub(super) fn of(history: &History) -> FxHashMap<&str, Lead> {
    let workers = history.facts.workers.iter().map(|row| {
        let is_over = row.status == "terminated" || row.status == "error";
        let beat = row.real_heartbeat().filter(|_| is_over);
        // a heartbeat that finds no row makes one, however long its worker has lived (domain/orchestrator.md 1.2)
        let created = row.created_at.filter(|_| row.instance_type != "external");
        (row.id.as_str(), (beat, created))
    });
    let workers: FxHashMap<_, _> = workers.collect();
    let logged = history.beats.iter().filter(|(source, _)| &*source.0 == "worker");
    let lead = logged.filter_map(|(source, beats)| {
        let (beat, created) = workers.get(&*source.1)?;
        let (first, last) = (beats.first()?.0, beats.last()?.0);
        let lead = Lead {
            least: beat.map(|beat| last.0 - beat.0),
            most: created.map(|created| first.0 - created.0),
        };
        Some((&*source.1, lead))
    });
    lead.collect()
}
