//! When a source logged, as it is read: what silence is measured against needs of most sources only the
//! rows beside it, and is kept packed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::events::beats::{Beat, Beats};
use crate::model::time::SECOND;

/// Of each cycle the first and the last row of each such stretch of time are kept: a silence longer than
/// this stands between rows that are.
const STRETCH: i64 = 60 * SECOND;

/// Rows that are always kept before they are thinned.
const FEW: usize = 4096;
/// The same before they are packed: there are hundreds of sources.
const LOOSE: usize = 512;

/// When a source logged, and in which cycle.
#[derive(Clone)]
pub(super) struct Pulse {
    loose: Vec<Beat>,
    keeps_all: bool,
    /// How many were left the last time.
    thinned: usize,
    /// Other rows, each piece in order.
    packed: Vec<Beats>,
    in_packed: usize,
}

impl Pulse {
    /// None yet. Of an orchestrator all are kept: its handler counts its rows, and they are held against
    /// those that are here.
    pub(super) fn of(is_orchestrator: bool) -> Self {
        Self {
            loose: Vec::new(),
            keeps_all: is_orchestrator,
            thinned: 0,
            packed: Vec::new(),
            in_packed: 0,
        }
    }

    /// One more row.
    pub(super) fn push(&mut self, beat: Beat) {
        self.loose.push(beat);
        if self.keeps_all {
            // ever larger pieces, so that there are few
            if self.loose.len() > LOOSE + self.in_packed / 8 {
                self.pack();
            }
        } else if self.loose.len() > FEW + 2 * self.thinned {
            self.thin();
        }
    }

    /// More rows, maybe thinned.
    pub(super) fn extend(&mut self, more: Beats) {
        if self.keeps_all {
            // rows mostly come in order: what came before stands before it
            self.pack();
            self.in_packed += more.len();
            self.packed.extend((!more.is_empty()).then_some(more));
        } else {
            more.iter().for_each(|beat| self.push(beat));
        }
    }

    /// In order; the same for any order of rows.
    pub(super) fn into_sorted(mut self) -> Beats {
        if !self.keeps_all {
            self.thin();
        }
        self.loose.sort_unstable();
        if self.packed.is_empty() {
            return Beats::pack(self.loose);
        }
        self.pack();
        let in_order = |[a, b]: &[Beats; 2]| a.last() <= b.first();
        if self.packed.array_windows().all(in_order) {
            // rows mostly come in order
            return Beats::pack(self.packed.iter().flat_map(Beats::iter));
        }
        merge(&self.packed)
    }

    fn pack(&mut self) {
        if self.loose.is_empty() {
            return;
        }
        self.loose.sort_unstable();
        self.in_packed += self.loose.len();
        self.packed.push(Beats::pack(self.loose.drain(..)));
    }

    fn thin(&mut self) {
        let stretch = |(at, cycle): &Beat| (*cycle, at.0.div_euclid(STRETCH));
        self.loose.sort_unstable_by_key(|beat| (stretch(beat), beat.0));
        let mut kept: Vec<Beat> = Vec::with_capacity(self.loose.len());
        for one in self.loose.chunk_by(|a, b| stretch(a) == stretch(b)) {
            let (first, last) = (one[0], one[one.len() - 1]);
            kept.push(first);
            kept.extend((first != last).then_some(last));
        }
        self.thinned = kept.len();
        self.loose = kept;
    }
}

/// Pieces in order as one.
fn merge(pieces: &[Beats]) -> Beats {
    let mut pieces: Vec<_> = pieces.iter().map(Beats::iter).collect();
    let next = |(place, piece): (usize, &mut _)| {
        let piece: &mut dyn Iterator<Item = Beat> = piece;
        Some(Reverse((piece.next()?, place)))
    };
    let mut heads: BinaryHeap<Reverse<(Beat, usize)>> =
        pieces.iter_mut().enumerate().filter_map(|(place, piece)| next((place, piece))).collect();
    Beats::pack(std::iter::from_fn(move || {
        let Reverse((beat, place)) = heads.pop()?;
        heads.extend(next((place, &mut pieces[place])));
        Some(beat)
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::time::Micros;

    fn beats(times: &[(i64, Option<i64>)]) -> Vec<Beat> {
        times.iter().map(|(at, cycle)| (Micros(at * SECOND / 4), *cycle)).collect()
    }

    fn heard(beats: impl Iterator<Item = Beat>, is_orchestrator: bool) -> Vec<Beat> {
        let mut pulse = Pulse::of(is_orchestrator);
        beats.for_each(|beat| pulse.push(beat));
        pulse.into_sorted().iter().collect()
    }

    proptest! {
        #[test]
        fn every_long_silence_and_every_cycle_stays(
            times in prop::collection::vec((0i64..40_000, prop::option::of(0i64..4)), 1..20_000),
        ) {
            let mut whole = beats(&times);
            let thinned = heard(whole.iter().copied(), false);
            prop_assert_eq!(&thinned, &heard(whole.iter().rev().copied(), false));
            whole.sort_unstable();
            prop_assert_eq!(silences(&thinned), silences(&whole));
            for cycle in [None, Some(0), Some(1), Some(2), Some(3)] {
                prop_assert_eq!(ends(&thinned, cycle), ends(&whole, cycle));
            }
        }

        #[test]
        fn of_an_orchestrator_every_row_stays(
            times in prop::collection::vec((0i64..9_000, prop::option::of(0i64..4)), 1..9_000),
        ) {
            let mut whole = beats(&times);
            let kept = heard(whole.iter().copied(), true);
            whole.sort_unstable();
            prop_assert_eq!(kept, whole);
        }

        #[test]
        fn pieces_heard_elsewhere_are_put_beside(
            times in prop::collection::vec((0i64..9_000, prop::option::of(0i64..4)), 1..4_000),
            in_piece in 1usize..1_500,
        ) {
            let mut whole = beats(&times);
            let mut pulse = Pulse::of(true);
            for (number, piece) in whole.chunks(in_piece).enumerate() {
                if number % 2 == 0 {
                    piece.iter().for_each(|beat| pulse.push(*beat));
                } else {
                    let mut elsewhere = Pulse::of(true);
                    piece.iter().for_each(|beat| elsewhere.push(*beat));
                    pulse.extend(elsewhere.into_sorted());
                }
            }
            let kept: Vec<Beat> = pulse.into_sorted().iter().collect();
            whole.sort_unstable();
            prop_assert_eq!(kept, whole);
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
