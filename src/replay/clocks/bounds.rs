//! One clock between what it must be ahead by at least, and what it can be ahead by at most.

use crate::model::event::Event;
use crate::model::time::{Micros, SECOND};
use crate::replay::clocks::leads::Lead;

/// What a clock without a pair may be off by (evidence-rules fact 24: workers were off by up to 3 s).
const UNPAIRED: i64 = 3 * SECOND;
/// No estimate is better than this: the stamps that are compared are taken some milliseconds apart
/// (evidence-rules facts 3 and 5: up to 0.05 s).
const LEAST: i64 = SECOND / 20;
/// What follows at once follows within this (evidence-rules fact 1: an edge function's word comes 0.03 s
/// to 0.15 s after the write, fact 3: an API orchestrator's 0.05 s).
const AT_ONCE: i64 = SECOND * 15 / 100;
/// So many pairs must say that a clock is off by what it is not expected to be: one may be mispaired.
pub(super) const PROOFS: usize = 3;

/// One clock's offset against the database's.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockOffset {
    /// `worker:<id>`, `run:<run id>`, `edge_function`, or `edge_function:<name>`.
    pub clock: String,
    /// Seconds it is ahead; none where nothing bounds it on both sides.
    pub offset_s: Option<f64>,
    /// How far from that it may be at most.
    pub uncertainty_s: Option<f64>,
    /// Pairs of events it rests on.
    pub pairs: usize,
    /// What it is ahead by at least and at most, and the estimate between them.
    range: Option<Range>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    least: i64,
    best: i64,
    most: i64,
}

/// What pairs say of one clock, in microseconds that it is ahead.
#[derive(Clone, Debug, Default)]
pub(super) struct Bounds {
    /// It is ahead by no more than each of these, which so many pairs say.
    most: Vec<(i64, usize)>,
    /// And by no less than each of these.
    least: Vec<(i64, usize)>,
}

impl Bounds {
    /// Distances of lines to what they came after: the smallest bounds the clock. A tenth of them may
    /// be of other things.
    pub(super) fn after(&mut self, mut distances: Vec<i64>) {
        distances.sort_unstable();
        let pairs = distances.len();
        self.most.extend(distances.get(pairs / 10).map(|distance| (*distance, pairs)));
    }

    /// The same of ages that a line names itself: each of them counts.
    pub(super) fn ages(&mut self, ages: &[i64]) {
        self.most.extend(ages.iter().min().map(|age| (*age, ages.len())));
    }

    /// The same of lines that follow at once.
    pub(super) fn at_once(&mut self, distances: Vec<i64>) {
        let known = self.most.len();
        self.after(distances);
        let bounds = self.most[known..].iter();
        self.least.extend(bounds.map(|(distance, pairs)| (distance - AT_ONCE, *pairs)));
    }

    /// Distances of lines to what came after them: the largest bounds the clock.
    pub(super) fn before(&mut self, mut distances: Vec<i64>) {
        distances.sort_unstable_by_key(|distance| std::cmp::Reverse(*distance));
        let pairs = distances.len();
        self.least.extend(distances.get(pairs / 10).map(|distance| (*distance, pairs)));
    }

    /// Takes what other pairs say of the same clock.
    pub(super) fn join(&mut self, other: &Self) {
        self.most.extend(&other.most);
        self.least.extend(&other.least);
    }

    /// A bound from above that was found.
    pub(super) fn most(&self) -> Option<i64> {
        self.most.iter().map(|(most, _)| *most).min()
    }

    /// The clock of a host, which is set by the network: right, unless the pairs say it is not.
    pub(super) fn of_host(self, clock: String) -> ClockOffset {
        let both = self.least.iter().max().zip(self.most.iter().min());
        let range = both.and_then(|((least, below), (most, above))| {
            let (low, high) = (*least.min(most) - LEAST, *least.max(most) + LEAST);
            let best = if low <= 0 && 0 <= high { 0 } else { low.midpoint(high) };
            let proofs = if best > 0 { *below } else { *above };
            (best == 0 || proofs >= PROOFS).then_some(Range { least: low, best, most: high })
        });
        let pairs = self.most.iter().chain(&self.least).map(|(_, pairs)| *pairs).max();
        ClockOffset::new(clock, pairs.unwrap_or(0), range)
    }
}

impl ClockOffset {
    /// The clock of a worker: its line follows at once on the claim it is paired with, so it is ahead by
    /// the smallest distance; how much less it may be is told by lines that came before their task's end.
    pub(super) fn of_worker(clock: String, after: &[i64], before: &[i64]) -> Self {
        let most = after.iter().copied().min();
        let best = most.unwrap_or(0);
        // a line after the end of its task is of another attempt
        let least = before.iter().copied().filter(|least| *least <= best).max();
        let least = least.map_or(best - UNPAIRED, |least| least.max(best - UNPAIRED));
        let most = most.map_or(UNPAIRED, |most| most + LEAST);
        let range = Range { least: least.min(best - LEAST), best, most };
        Self::new(clock, after.len(), Some(range))
    }

    /// Of a clock that its worker's row alone says is off: by as little as it can be.
    pub(super) fn of_lead(clock: String, lead: Lead) -> Self {
        let (least, most) = (lead.least, lead.most);
        let best = match (least, most) {
            (Some(least), _) if least > 0 => least,
            (_, Some(most)) if most < 0 => most,
            (_, _) => 0,
        };
        // a clock that was set meanwhile was off by no one number
        let best = if least > most && most.is_some() { 0 } else { best };
        let beyond = |bound: Option<i64>, away: i64| bound.unwrap_or(best + away);
        let (low, high) = (beyond(least, -UNPAIRED), beyond(most, UNPAIRED));
        let (least, most) = (low.min(high).min(best), high.max(low).max(best));
        let range = Range { least: least - LEAST, best, most: most + LEAST };
        Self::new(clock, 0, Some(range))
    }

    /// Of a clock whose only pairs are far apart, too few to tell how far it is off: it may be by as much.
    pub(super) fn or_beyond(self, distances: &[i64]) -> Self {
        let Some(range) = self.range else { return self };
        // what a line is paired with is told a little after it happened
        let slack = AT_ONCE + LEAST;
        let least = distances.iter().fold(range.least, |least, one| least.min(one - slack));
        let most = distances.iter().fold(range.most, |most, one| most.max(one + slack));
        Self::new(self.clock, self.pairs, Some(Range { least, most, ..range }))
    }

    fn new(clock: String, pairs: usize, range: Option<Range>) -> Self {
        let seconds = |micros: i64| micros as f64 / SECOND as f64;
        let off = |range: Range| (range.most - range.best).max(range.best - range.least);
        Self {
            clock,
            offset_s: range.map(|range| seconds(range.best)),
            uncertainty_s: range.map(|range| seconds(off(range))),
            pairs,
            range,
        }
    }

    /// Moves an event that was stamped by this clock, and says between which instants it was.
    pub(super) fn correct(&self, event: &mut Event) {
        let Some(range) = self.range else { return };
        let moved = |at: Micros, by: i64| Micros(at.0.saturating_sub(by));
        // what has bounds of its own is no stamp of this clock but a time that it names
        if (event.earliest, event.latest) != (event.at, event.at) {
            return;
        }
        let stamp = event.at;
        event.at = moved(stamp, range.best);
        (event.earliest, event.latest) = (moved(stamp, range.most), moved(stamp, range.least));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(clock: &ClockOffset) -> Option<(f64, f64)> {
        clock.offset_s.zip(clock.uncertainty_s)
    }

    fn seconds(list: &[i64]) -> Vec<i64> {
        list.iter().map(|s| s * SECOND).collect()
    }

    #[test]
    fn a_worker_is_ahead_by_its_smallest_distance() {
        let of = |after: &[i64], before: &[i64]| {
            let clock = "worker:w".to_string();
            ClockOffset::of_worker(clock, &seconds(after), &seconds(before))
        };
        let clock = of(&[2, 4, 3], &[-9, 1, 40]);
        assert_eq!((told(&clock), clock.pairs), (Some((2.0, 1.0)), 3));
        let clock = of(&[], &[]);
        assert_eq!((told(&clock), clock.pairs), (Some((0.0, 3.0)), 0));
    }

    #[test]
    fn a_row_says_how_far_a_clock_is_off_at_least() {
        let of = |least: Option<i64>, most: Option<i64>| {
            let micros = |seconds: Option<i64>| seconds.map(|seconds| seconds * SECOND);
            let lead = Lead { least: micros(least), most: micros(most) };
            told(&ClockOffset::of_lead("worker:w".to_string(), lead))
        };
        assert_eq!(of(Some(900), Some(1_000)), Some((900.0, 100.05)));
        assert_eq!(of(Some(-700), Some(-500)), Some((-500.0, 200.05)));
        assert_eq!(of(Some(900), None), Some((900.0, 3.05)));
        // behind by an hour at first, and not at last: it was set meanwhile
        assert_eq!(of(Some(-3_382), Some(-3_450)), Some((0.0, 3_450.05)));
    }

    #[test]
    fn one_pair_out_there_widens_the_bounds() {
        let clock = ClockOffset::of_worker("worker:w".to_string(), &[], &[]);
        let of = |distances: &[i64]| told(&clock.clone().or_beyond(&seconds(distances)));
        assert_eq!(of(&[]), Some((0.0, 3.0)));
        assert_eq!(of(&[-60, 20]), Some((0.0, 60.2)));
        assert_eq!(of(&[900]), Some((0.0, 900.2)));
    }

    fn host(before: &[i64], after: &[i64]) -> Option<(f64, f64)> {
        let mut bounds = Bounds::default();
        bounds.before(seconds(before));
        bounds.after(seconds(after));
        told(&bounds.of_host("run:r#1".to_string()))
    }

    #[test]
    fn a_host_is_right_unless_three_pairs_say_it_is_not() {
        assert_eq!(host(&[-1, -4], &[2, 9]), Some((0.0, 2.05)));
        assert_eq!(host(&[-1], &[]), None);
        assert_eq!(host(&[5, 6, 7], &[9]), Some((8.0, 1.05)));
        assert_eq!(host(&[6, 7], &[9]), None);
        assert_eq!(host(&[-9], &[-5, -6, -7]), Some((-8.0, 1.05)));
    }

    #[test]
    fn a_tenth_of_the_pairs_may_be_of_other_things() {
        let mut distances = vec![2; 9];
        distances.push(-9);
        assert_eq!(host(&[-1], &distances), Some((0.0, 2.05)));
    }
}
