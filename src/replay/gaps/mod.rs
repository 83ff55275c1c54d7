//! When a source could not have reached us, and why: absence proves nothing there.
//!
//! Each sort of source has its own way of being lost: orchestrators by their handler and their process,
//! workers with the heartbeats that carry their lines, edge functions before they logged at all, and
//! all of them by what was deleted or never taken.

mod coverage;
mod demoted;
mod edge;
mod exported;
mod orchestrators;
mod process;
mod since;
mod witness;
mod workers;

use std::collections::BTreeMap;

use crate::events::History;
use crate::model::event::{Basis, SourceKey};
use crate::model::holes::SILENCE;
use crate::model::id::{RunId, WorkerId};
use crate::model::rows::READ_APART;
use crate::model::state::GapCause;
use crate::model::time::{Micros, SECOND};
use crate::replay::clocks::ClockOffset;
use crate::replay::gaps::exported::Exported;
use crate::replay::runs::Run;
use crate::replay::worker::end::WorkerEnd;

pub use coverage::Coverage;
pub use witness::Witness;

/// Rows reach the database up to this late (domain/orchestrator.md 9.3).
const DELAY: i64 = 30 * SECOND;

/// An interval in which a source could not have reached us.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// Source type and id.
    pub source: SourceKey,
    /// Its last row before; for what was never there, the first instant we know of.
    pub began_at: Micros,
    /// Its first row after, or that of the process that followed it.
    pub ended_at: Micros,
    /// Why.
    pub cause: GapCause,
    /// How that is known.
    pub basis: Basis,
    /// The orchestrator process whose lines they would have been.
    pub run: Option<RunId>,
    /// What says so, in words.
    pub why: String,
}

/// What could reach us and what could not.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// By source and begin.
    pub gaps: Vec<Gap>,
    /// By source, entity and begin.
    pub coverage: Vec<Coverage>,
}

/// What every sort of source is judged by.
struct Known<'a> {
    history: &'a History,
    runs: &'a [Run],
    witness: &'a Witness,
    exported: Exported,
}

impl Known<'_> {
    /// Whether a process certainly acted between two rows: its type did, and no other of that type logged then.
    fn acted(&self, run: &Run, from: Micros, until: Micros) -> bool {
        let is_other = |other: &&Run| other.source.0 == run.source.0 && other.id != run.id;
        let mut others = self.runs.iter().filter(is_other);
        let is_alone = !others.any(|other| other.first_row < until && other.last_row > from);
        is_alone
            && self.witness.acted(&run.source.0, Micros(from.0 + DELAY), Micros(until.0 - DELAY))
    }
}

/// The ledger in the making.
#[derive(Default)]
struct Account {
    gaps: Vec<Gap>,
    /// From when to when each source is accounted for.
    spans: BTreeMap<SourceKey, (Micros, Micros)>,
}

impl Account {
    fn span(&mut self, source: &SourceKey, from: Micros, until: Micros) {
        let known = self.spans.entry(source.clone()).or_insert((from, until));
        *known = (known.0.min(from), known.1.max(until));
    }

    fn gap(&mut self, gap: Gap) {
        if gap.began_at < gap.ended_at {
            self.span(&gap.source, gap.began_at, gap.ended_at);
            self.gaps.push(gap);
        }
    }

    /// Leaves out what lies behind an instant.
    fn end(&mut self, at: Micros) {
        self.gaps.retain(|gap| gap.began_at < at);
        self.gaps.iter_mut().for_each(|gap| gap.ended_at = gap.ended_at.min(at));
        self.spans.retain(|_, (from, _)| *from < at);
        self.spans.values_mut().for_each(|(_, until)| *until = (*until).min(at));
    }
}

/// Accounts for every source: those that logged, and those that should have.
pub fn find(
    history: &History,
    runs: &[Run],
    clocks: &[ClockOffset],
    ends: &BTreeMap<WorkerId, WorkerEnd>,
    witness: &Witness,
) -> Ledger {
    let offsets = clocks.iter();
    let offsets =
        offsets.filter_map(|one| Some((one.clock.strip_prefix("worker:")?, one.offset_s?)));
    let offsets: BTreeMap<&str, f64> = offsets.collect();
    let known = Known { history, runs, witness, exported: Exported::of(history, &offsets) };
    let mut account = Account::default();
    for (source, beats) in &history.beats {
        if let (Some((first, _)), Some((last, _))) = (beats.first(), beats.last())
            && &*source.0 != "worker"
        {
            account.span(source, first, known.exported.capped(source, last));
        }
    }
    orchestrators::account(&known, &mut account);
    let holes = exported::spread(&known, &mut account);
    edge::account(&known, &holes, &mut account);
    workers::account(&known, &offsets, ends, &holes, &mut account);
    // a line of the future is of a clock that is off, and no evidence of what happened until then
    account.end(Micros(known.exported.last.0.saturating_add(READ_APART)));
    account.gaps.sort_by(|a, b| {
        (&a.source, a.began_at, a.ended_at, a.cause)
            .cmp(&(&b.source, b.began_at, b.ended_at, b.cause))
    });
    account.gaps.dedup();
    let mut coverage = coverage::of(&account.gaps, &account.spans);
    coverage.extend(demoted::of(history, runs));
    coverage.sort_by(|a, b| (&a.source, &a.entity, a.from).cmp(&(&b.source, &b.entity, b.from)));
    Ledger { gaps: account.gaps, coverage }
}
