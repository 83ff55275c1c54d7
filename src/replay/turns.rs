//! Turns of an API orchestrator's loop: they count from 1, so they tell a process whose start was not seen.

use std::collections::BTreeMap;

use crate::model::event::SourceKey;
use crate::model::kind::EventKind;
use crate::model::time::Micros;
use crate::replay::seen::Seen;

/// A turn: when its line stands, and its number.
type Turn = (Micros, i64);

/// Turns that one process counted, the first and the last that are there.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Count {
    first: Turn,
    last: Turn,
}

/// What sources counted, each process after the other (domain/orchestrator.md A8: a lower number is another process).
#[derive(Default)]
pub struct Turns(BTreeMap<SourceKey, Vec<Count>>);

impl Turns {
    /// The next event in the total order.
    pub fn see(&mut self, event: Seen<'_>) {
        if event.kind != EventKind::LoopTicked {
            return;
        }
        let Some(number) = event.int("loop").filter(|number| *number > 0) else { return };
        let counts = self.0.entry(event.source.clone()).or_default();
        let turn = (event.at, number);
        match counts.last_mut() {
            // two lines of one batch may have changed places
            Some(count) if number + 1 >= count.last.1 => {
                if number > count.last.1 {
                    count.last = turn;
                }
            }
            Some(_) | None => counts.push(Count { first: turn, last: turn }),
        }
    }

    /// When a source's processes counted for the first time, but for its first one.
    pub(super) fn again(&self, source: &SourceKey) -> Vec<Micros> {
        let counts = self.0.get(source).map_or(&[][..], Vec::as_slice);
        counts.iter().skip(1).map(|count| count.first.0).collect()
    }

    /// When the process began whose rows stand between these, by the length of its turns; `None` without two of
    /// them. A turn takes ten seconds and what its tasks take, so half a day later this is some minutes off.
    pub(super) fn began(
        &self,
        source: &SourceKey,
        (from, until): (Micros, Micros),
    ) -> Option<Micros> {
        let mut counts = self.0.get(source)?.iter();
        let count = counts.find(|count| (from..=until).contains(&count.first.0))?;
        let (turns, took) = (count.last.1 - count.first.1, count.last.0.0 - count.first.0.0);
        if turns == 0 {
            return None;
        }
        let before = i128::from(took) * i128::from(count.first.1 - 1) / i128::from(turns);
        let before = i64::try_from(before).ok()?;
        count.first.0.0.checked_sub(before).map(|began| Micros(began).min(from))
    }
}
