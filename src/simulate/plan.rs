//! What a simulated fleet is asked to be: era, size, length, seed, and what goes wrong in it.

use crate::model::time::Micros;
use crate::simulate::fault::Fault;

/// The span of history whose line formats, tables and rules are imitated (`domain/orchestrator.md`
/// section 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Era {
    /// 2025-10-19 to 11-05: SSH health checks, no edge rows.
    E4,
    /// 2025-12-07 to 2026-01-21: heartbeat health checks, edge rows, API orchestrator.
    E6,
    /// From 2026-05-06: no emoji, derived worker states, few lines a cycle.
    E12,
}

impl Era {
    /// What sets the chances of one era apart from another's under the same seed: ids, for one.
    pub(super) fn salt(self) -> u64 {
        (self as u64) << 60
    }

    /// Every era, in order.
    pub const ALL: [Self; 3] = [Self::E4, Self::E6, Self::E12];

    /// Its name on the command line and in `truth.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::E4 => "E4",
            Self::E6 => "E6",
            Self::E12 => "E12",
        }
    }

    /// The era of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|era| era.name().eq_ignore_ascii_case(name))
    }

    /// When a simulation of this era begins: a date inside it, and inside one era of the completion
    /// functions (`domain/worker-app.md` section 3: F0, F2 and F6).
    pub fn starts_at(self) -> Micros {
        let text = match self {
            Self::E4 => "2025-10-28T14:00:00Z",
            Self::E6 => "2026-01-12T06:00:00Z",
            Self::E12 => "2026-05-20T09:00:00Z",
        };
        Micros::parse(text).unwrap_or(Micros(0))
    }

    /// Whether edge functions write rows (since 2025-12-09).
    pub(super) fn has_edge_rows(self) -> bool {
        self >= Self::E6
    }

    /// Whether orchestrators decorate their lines (until 2026-01-21).
    pub(super) fn is_decorated(self) -> bool {
        self <= Self::E6
    }
}

/// A fleet to simulate.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whose formats and rules.
    pub era: Era,
    /// Workers at once, at most (`MAX_ACTIVE_GPUS`).
    pub workers: u32,
    /// Simulated hours.
    pub hours: f64,
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// Tasks that users create in an hour, children of orchestrator tasks not counted.
    pub tasks_per_hour: f64,
    /// What goes wrong; each of them about every [`hours_between`](Self::hours_between).
    pub faults: Vec<Fault>,
    /// Hours between two faults of one kind; each kind happens at least once.
    pub hours_between: f64,
}
