//! When a source logged, thinned: what silence is measured against needs the rows beside it, not all.

use crate::events::Beat;
use crate::model::time::SECOND;

/// Of each cycle the first and the last row of each such stretch of time are kept: a silence longer than
/// this stands between rows that are.
const STRETCH: i64 = 60 * SECOND;

/// Rows that are always kept before they are thinned.
const FEW: usize = 4096;

/// When a source logged, and in which cycle.
#[derive(Clone)]
pub(super) struct Beats {
    all: Vec<Beat>,
    keeps_all: bool,
    /// How many were left the last time.
    thinned: usize,
}

impl Beats {
    /// None yet. Of an orchestrator all are kept: its handler counts its rows, and they are held against
    /// those that are here.
    pub(super) fn of(is_orchestrator: bool) -> Self {
        Self { all: Vec::new(), keeps_all: is_orchestrator, thinned: 0 }
    }

    /// One more row.
    pub(super) fn push(&mut self, beat: Beat) {
        self.all.push(beat);
        if !self.keeps_all && self.all.len() > FEW + 2 * self.thinned {
            self.thin();
        }
    }

    /// More rows, maybe thinned.
    pub(super) fn extend(&mut self, more: Vec<Beat>) {
        more.into_iter().for_each(|beat| self.push(beat));
    }

    /// In order; the same for any order of rows.
    pub(super) fn into_sorted(mut self) -> Vec<Beat> {
        if !self.keeps_all {
            self.thin();
        }
        self.all.sort_unstable();
        self.all.shrink_to_fit();
        self.all
    }

    fn thin(&mut self) {
        let stretch = |(at, cycle): &Beat| (*cycle, at.0.div_euclid(STRETCH));
        self.all.sort_unstable_by_key(|beat| (stretch(beat), beat.0));
        let mut kept: Vec<Beat> = Vec::with_capacity(self.all.len());
        for one in self.all.chunk_by(|a, b| stretch(a) == stretch(b)) {
            let (first, last) = (one[0], one[one.len() - 1]);
            kept.push(first);
            kept.extend((first != last).then_some(last));
        }
        self.thinned = kept.len();
        self.all = kept;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::time::Micros;

    proptest! {
        #[test]
        fn every_long_silence_and_every_cycle_stays(
            times in prop::collection::vec((0i64..40_000, prop::option::of(0i64..4)), 1..20_000),
        ) {
            let beat = |(at, cycle): &(i64, Option<i64>)| (Micros(at * SECOND / 4), *cycle);
            let mut whole: Vec<Beat> = times.iter().map(beat).collect();
            let mut beats = Beats::of(false);
            whole.iter().for_each(|beat| beats.push(*beat));
            let thinned = beats.into_sorted();
            let mut other = Beats::of(false);
            whole.iter().rev().for_each(|beat| other.push(*beat));
            prop_assert_eq!(&thinned, &other.into_sorted());
            whole.sort_unstable();
            prop_assert_eq!(silences(&thinned), silences(&whole));
            for cycle in [None, Some(0), Some(1), Some(2), Some(3)] {
                prop_assert_eq!(ends(&thinned, cycle), ends(&whole, cycle));
            }
        }
    }

    fn silences(beats: &[Beat]) -> Vec<(Micros, Micros)> {
        let pairs = beats.array_windows().map(|[a, b]| (a.0, b.0));
        pairs.filter(|(a, b)| b.0 - a.0 > STRETCH).collect()
    }

    fn ends(beats: &[Beat], cycle: Option<i64>) -> (Option<Beat>, Option<Beat>) {
        let of = || beats.iter().copied().filter(move |beat| beat.1 == cycle);
        (of().min(), of().max())
    }
}
