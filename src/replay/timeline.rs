//! Pieces that every timeline is made of.

use crate::model::event::Basis;
use crate::model::id::EventId;
use crate::model::state::AnomalyKind;
use crate::model::time::Micros;

/// What one event did to one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<S> {
    /// To another state.
    Moved(S),
    /// Nothing changed.
    Stayed,
    /// The source contradicts itself: recorded as an anomaly; the state does not change.
    Illegal,
}

/// One stay in a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Stay<S> {
    /// The state.
    pub state: S,
    /// When it began.
    pub entered_at: Micros,
    /// How that is known.
    pub basis: Basis,
    /// The event that began it.
    pub because: Option<EventId>,
}

/// A contradiction.
#[derive(Clone, Debug, PartialEq)]
pub struct Anomaly {
    /// When.
    pub at: Micros,
    /// Which sort.
    pub kind: AnomalyKind,
    /// The state it met.
    pub state: &'static str,
    /// The event.
    pub event: Option<EventId>,
    /// In words.
    pub detail: String,
}
