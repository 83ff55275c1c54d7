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

/// Sorts by time, and what is of one time by `then`. Most come in the order of their times: sorted by these alone
/// they only have to be merged.
pub(super) fn sort_by_time<T, K: Ord>(
    items: &mut [T],
    at: impl Fn(&T) -> Micros,
    then: impl Fn(&T) -> K,
) {
    items.sort_by_key(&at);
    for same in items.chunk_by_mut(|one, other| at(one) == at(other)) {
        same.sort_by_key(&then);
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_of_one_time_is_sorted_too(items in prop::collection::vec((0i64..6, 0u8..4, any::<u8>()), 0..60)) {
            let (mut sorted, mut expected) = (items.clone(), items);
            sort_by_time(&mut sorted, |item| Micros(item.0), |item| item.1);
            expected.sort_by_key(|item| (item.0, item.1));
            prop_assert_eq!(sorted, expected);
        }
    }
}
