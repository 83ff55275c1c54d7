//! What pairs tell of each clock.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::events::History;
use crate::model::event::SourceKey;
use crate::model::id::{TaskId, WorkerId};
use crate::model::time::{Micros, SECOND};
use crate::replay::clocks::bounds::{Bounds, ClockOffset, PROOFS};
use crate::replay::clocks::leads::{self, Lead};
use crate::replay::clocks::pairs::{Dating, EDGE, Line, Pairs, Side};
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
    pub fn of_sources(&self, history: &History) -> Vec<ClockOffset> {
        let leads = leads::of(history);
        let edge = self.said.lines.iter().filter(|(source, _)| &*source.0 == EDGE);
        let mut edge: Vec<(&SourceKey, Bounds)> =
            edge.map(|(source, lines)| (source, self.of_host(lines))).collect();
        edge.sort_by_key(|(source, _)| *source);
        let claims = edge.iter().find(|(source, _)| &*source.1 == "claim-next-task");
        // an edge function's word of a claim comes a little after it
        let behind = claims.and_then(|(_, bounds)| bounds.most()).unwrap_or(0);
        let workers = self.said.workers.ids();
        let lead = |worker: &WorkerId| leads.get(worker.as_str()).copied().unwrap_or_default();
        let mut clocks: Vec<ClockOffset> =
            workers.map(|worker| self.of_worker(worker, behind, lead(worker))).collect();
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

    /// A worker's lines about its tasks against their claims and ends, and what its row says of its clock.
    fn of_worker(&self, worker: &WorkerId, behind: i64, lead: Lead) -> ClockOffset {
        let (mut after, mut dated, mut before) = (Vec::new(), Vec::new(), Vec::new());
        let source = SourceKey::new(("worker".into(), worker.as_str().into()));
        for line in self.said.lines.get(&source).into_iter().flatten() {
            let Some(claims) = self.stamps.claims.get(&(worker.clone(), line.task.clone())) else {
                continue;
            };
            if line.side == Side::AfterClaim {
                let off = claims.iter().map(|claim| distance(line.at, *claim, behind));
                after.extend(off.clone().min_by_key(|off| off.abs()));
                dated.extend(dated_distance(line.at, claims, behind));
            } else {
                before.extend(self.stamps.ended.get(&line.task).map(|end| line.at.0 - end.0));
            }
        }
        let clock = format!("worker:{worker}");
        if let Some(after) = far(&dated, lead) {
            return ClockOffset::of_worker(clock, &after, &before);
        }
        near(&mut after);
        let offset = ClockOffset::of_worker(clock, &after, &before);
        if !after.is_empty() {
            return offset;
        }
        match lead.beyond(PAIR_REACH) {
            Some(_) => ClockOffset::of_lead(offset.clock, lead),
            None => {
                let beyond = dated.iter().filter(|one| is_far(one)).map(|(distance, _)| *distance);
                offset.or_beyond(&beyond.collect::<Vec<i64>>())
            }
        }
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

/// How far a line is from a claim.
fn distance(at: Micros, (claim, dating): (Micros, Dating), behind: i64) -> i64 {
    at.0 - claim.0 + if dating == Dating::Edge { behind } else { 0 }
}

/// How far a line is from the nearest of the claims that are dated best, and whether those are to the moment.
fn dated_distance(at: Micros, claims: &[(Micros, Dating)], behind: i64) -> Option<(i64, bool)> {
    let best = claims.iter().map(|(_, dating)| *dating).min()?;
    let claims = claims.iter().filter(|(_, dating)| *dating == best);
    let off = claims.map(|claim| distance(at, *claim, behind)).min_by_key(|off| off.abs())?;
    Some((off, best != Dating::MovingRow))
}

/// Whether a pair is of two claims, or of a clock that is far off: a row that moved dates a claim later, never earlier.
fn is_far((distance, is_exact): &(i64, bool)) -> bool {
    let reach = if *is_exact || *distance > 0 { PAIR_REACH } else { PAIR_REACH + MOVED };
    distance.abs() > reach
}

/// The distances of a clock that is further off than a pair reaches: most of them beside each other, out there. Two are
/// enough where there is no other and each is dated to the moment, and one where the worker's row says as much.
fn far(distances: &[(i64, bool)], lead: Lead) -> Option<Vec<i64>> {
    let are_far = distances.iter().filter(|one| is_far(one)).map(|(distance, _)| *distance);
    let mut far: Vec<i64> = are_far.collect();
    far.sort_unstable();
    if let Some(lead) = lead.beyond(PAIR_REACH) {
        far.retain(|one| one.signum() == lead.signum() && one.abs() + STRAY >= lead.abs());
        let beside =
            |one: i64| far.iter().filter(move |other| (one..=one + STRAY).contains(*other));
        // a line follows its claim at once, or later
        let first = *far.iter().max_by_key(|one| (beside(**one).count(), Reverse(**one)))?;
        return Some(beside(first).copied().collect());
    }
    let middle = *far.get(far.len() / 2)?;
    far.retain(|distance| (distance - middle).abs() <= STRAY);
    let agree = far.len() == distances.len() && distances.iter().all(|(_, is_exact)| *is_exact);
    let enough = if agree { PROOFS - 1 } else { PROOFS };
    (far.len() >= enough && far.len() * 2 > distances.len()).then_some(far)
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
        far(&distances, Lead::default())
            .map(|far| far.into_iter().map(|distance| distance / SECOND).collect())
    }

    #[test]
    fn three_pairs_beside_each_other_and_most_of_all_tell_of_a_far_clock() {
        let hour = [(3_600, true), (3_600, true), (3_601, true)];
        assert_eq!(told(&hour), Some(vec![3_600, 3_600, 3_601]));
        assert_eq!(
            told(&[&hour[..], &[(2, true), (700, true)]].concat()),
            Some(vec![3_600, 3_600, 3_601])
        );
        assert_eq!(told(&hour[..2]), Some(vec![3_600, 3_600]), "two, and no other");
        assert_eq!(told(&[(3_600, false); 2]), None, "rows may be of other attempts");
        assert_eq!(told(&hour[..1]), None, "one may");
        assert_eq!(told(&[&hour[..], &[(2, true); 3]].concat()), None, "as many are near");
        assert_eq!(told(&[(3_600, true), (3_700, true), (3_800, true)]), None, "nothing in common");
        assert_eq!(told(&[(15, true); 3]), None, "within a pair's reach");
        assert_eq!(told(&[(-95, false); 3]), None, "a row may date a claim so much later");
        assert_eq!(told(&[(16, false); 3]), Some(vec![16; 3]), "but not earlier");
        assert_eq!(told(&[(-3_600, false); 3]), Some(vec![-3_600; 3]));
    }

    #[test]
    fn one_pair_is_enough_where_the_row_says_as_much() {
        let of = |seconds: i64, least: Option<i64>, most: Option<i64>| {
            let micros = |seconds: Option<i64>| seconds.map(|seconds| seconds * SECOND);
            let lead = Lead { least: micros(least), most: micros(most) };
            far(&[(seconds * SECOND, false)], lead).map(|far| far[0] / SECOND)
        };
        assert_eq!(of(900, Some(890), Some(1_000)), Some(900));
        assert_eq!(of(-900, Some(-2_000), Some(-500)), Some(-900));
        assert_eq!(of(900, Some(910), None), None, "its clock is further ahead");
        assert_eq!(of(900, None, Some(-890)), None, "its clock is behind");
        assert_eq!(of(900, Some(15), None), None, "within what a pair may be apart");
        assert_eq!(of(900, None, None), None);
    }

    #[test]
    fn an_edge_function_dates_a_claim_best_and_a_row_that_moves_worst() {
        let at = |seconds: i64| Micros(seconds * SECOND);
        let of = |claims: &[(i64, Dating)]| {
            let claims: Vec<_> = claims.iter().map(|(s, dating)| (at(*s), *dating)).collect();
            dated_distance(at(1_000), &claims, SECOND).map(|(off, exact)| (off / SECOND, exact))
        };
        use Dating::{Edge, MovingRow, Row};
        assert_eq!(of(&[(160, MovingRow), (100, Edge)]), Some((901, true)));
        assert_eq!(of(&[(160, Row), (100, Edge), (990, Edge)]), Some((11, true)));
        assert_eq!(of(&[(160, Row), (1_040, MovingRow)]), Some((840, true)));
        assert_eq!(of(&[(160, MovingRow), (1_040, MovingRow)]), Some((-40, false)));
        assert_eq!(of(&[]), None);
    }
}
