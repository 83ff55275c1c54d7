//! What pairs tell of each clock.

use rustc_hash::FxHashMap;

use crate::model::event::SourceKey;
use crate::model::id::{TaskId, WorkerId};
use crate::model::time::{Micros, SECOND};
use crate::replay::clocks::bounds::{Bounds, ClockOffset, PROOFS};
use crate::replay::clocks::pairs::{EDGE, Line, Pairs, Side};
use crate::replay::runs::Run;

/// A line about a task comes within this of what it is paired with; pairs further apart are not of one
/// claim (evidence-rules fact 24: clocks were off by up to 3 s).
const PAIR_REACH: i64 = 15 * SECOND;
/// So much later a row may date a claim (evidence-rules section 2: the end of a model's load, 20 to 80 s).
const MOVED: i64 = 80 * SECOND;
/// A pair this far below the middle one is none: the time of an orchestrator task's row moves after its
/// claim (domain/worker-app.md T3b and T5).
const STRAY: i64 = SECOND;

impl Pairs {
    /// The clocks of workers and edge functions, by name.
    pub fn of_sources(&self) -> Vec<ClockOffset> {
        let edge = self.said.lines.iter().filter(|(source, _)| &*source.0 == EDGE);
        let mut edge: Vec<(&SourceKey, Bounds)> =
            edge.map(|(source, lines)| (source, self.of_host(lines))).collect();
        edge.sort_by_key(|(source, _)| *source);
        let claims = edge.iter().find(|(source, _)| &*source.1 == "claim-next-task");
        // an edge function's word of a claim comes a little after it
        let behind = claims.and_then(|(_, bounds)| bounds.most()).unwrap_or(0);
        let mut clocks: Vec<ClockOffset> =
            self.said.workers.ids().map(|worker| self.of_worker(worker, behind)).collect();
        let mut all = Bounds::default();
        for (source, bounds) in &edge {
            all.join(bounds);
            clocks.push(bounds.clone().of_host(format!("{EDGE}:{}", source.1)));
        }
        if !edge.is_empty() {
            clocks.push(all.of_host(EDGE.to_string()));
        }
        clocks.sort_by(|a, b| a.clock.cmp(&b.clock));
        clocks
    }

    /// The clocks of orchestrator processes, in their order.
    pub fn of_runs(&self, runs: &[Run]) -> Vec<ClockOffset> {
        let of = |run: &Run| {
            let inside = |at: Micros| run.first_row <= at && at <= run.last_row;
            let lines = self.said.lines.get(&run.source).map_or(&[][..], Vec::as_slice);
            let lines: Vec<Line> = lines.iter().filter(|line| inside(line.at)).cloned().collect();
            let mut bounds = self.of_host(&lines);
            let ages = self.said.ages.get(&run.source).map_or(&[][..], Vec::as_slice);
            let ages = ages.iter().filter(|(at, _)| inside(*at)).map(|(_, age)| *age);
            bounds.ages(&ages.collect::<Vec<i64>>());
            bounds.of_host(format!("run:{}", run.id))
        };
        runs.iter().map(of).collect()
    }

    /// A worker's lines about its tasks against their claims and ends.
    fn of_worker(&self, worker: &WorkerId, behind: i64) -> ClockOffset {
        let (mut after, mut before) = (Vec::new(), Vec::new());
        let source = SourceKey::new(("worker".into(), worker.as_str().into()));
        for line in self.said.lines.get(&source).into_iter().flatten() {
            let Some(claims) = self.stamps.claims.get(&(worker.clone(), line.task.clone())) else {
                continue;
            };
            if line.side == Side::AfterClaim {
                let distance = |(claim, by_edge): &(Micros, bool)| {
                    (line.at.0 - claim.0 + if *by_edge { behind } else { 0 }, *by_edge)
                };
                after.extend(claims.iter().map(distance).min_by_key(|(off, _)| off.abs()));
            } else {
                before.extend(self.stamps.ended.get(&line.task).map(|end| line.at.0 - end.0));
            }
        }
        let after = far(&after).unwrap_or_else(|| {
            let mut after = after.into_iter().map(|(distance, _)| distance).collect();
            near(&mut after);
            after
        });
        ClockOffset::of_worker(format!("worker:{worker}"), &after, &before)
    }

    /// A host's lines about tasks against what the database says of them.
    fn of_host(&self, lines: &[Line]) -> Bounds {
        let off = |side: Side, from: &FxHashMap<TaskId, Micros>| {
            let lines = lines.iter().filter(|line| line.side == side);
            let off = lines.filter_map(|line| Some(line.at.0 - from.get(&line.task)?.0));
            let mut distances: Vec<i64> = off.collect();
            near(&mut distances);
            distances
        };
        let mut bounds = Bounds::default();
        bounds.at_once(off(Side::AfterClaim, &self.stamps.recorded));
        bounds.after(off(Side::AfterEnd, &self.stamps.ended));
        bounds.before(off(Side::BeforeEnd, &self.stamps.ended));
        bounds.before(off(Side::BeforeClaim, &self.stamps.recorded));
        bounds.before(off(Side::Seen, &self.stamps.ended));
        bounds
    }
}

/// The distances of a clock that is further off than a pair reaches: most of them beside each other, out there.
fn far(distances: &[(i64, bool)]) -> Option<Vec<i64>> {
    let reach = |by_edge: bool| if by_edge { PAIR_REACH } else { PAIR_REACH + MOVED };
    let are_far = distances.iter().filter(|(distance, by_edge)| distance.abs() > reach(*by_edge));
    let mut far: Vec<i64> = are_far.map(|(distance, _)| *distance).collect();
    far.sort_unstable();
    let middle = *far.get(far.len() / 2)?;
    far.retain(|distance| (distance - middle).abs() <= STRAY);
    (far.len() >= PROOFS && far.len() * 2 > distances.len()).then_some(far)
}

/// Leaves out what is too far apart to be a pair, and what stands before the others.
fn near(distances: &mut Vec<i64>) {
    distances.retain(|distance| distance.abs() <= PAIR_REACH);
    distances.sort_unstable();
    let middle = distances.get(distances.len() / 2).copied().unwrap_or(0);
    distances.retain(|distance| *distance >= middle - STRAY);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(seconds: &[(i64, bool)]) -> Option<Vec<i64>> {
        let distances: Vec<_> = seconds.iter().map(|(s, edge)| (s * SECOND, *edge)).collect();
        far(&distances).map(|far| far.into_iter().map(|distance| distance / SECOND).collect())
    }

    #[test]
    fn three_pairs_beside_each_other_and_most_of_all_tell_of_a_far_clock() {
        let hour = [(3_600, true), (3_600, true), (3_601, true)];
        assert_eq!(told(&hour), Some(vec![3_600, 3_600, 3_601]));
        assert_eq!(
            told(&[&hour[..], &[(2, true), (700, true)]].concat()),
            Some(vec![3_600, 3_600, 3_601])
        );
        assert_eq!(told(&hour[..2]), None, "two may be of other attempts");
        assert_eq!(told(&[&hour[..], &[(2, true); 3]].concat()), None, "as many are near");
        assert_eq!(told(&[(3_600, true), (3_700, true), (3_800, true)]), None, "nothing in common");
        assert_eq!(told(&[(15, true); 3]), None, "within a pair's reach");
        assert_eq!(told(&[(95, false); 3]), None, "a row may date a claim so much later");
        assert_eq!(told(&[(-3_600, false); 3]), Some(vec![-3_600; 3]));
    }
}
