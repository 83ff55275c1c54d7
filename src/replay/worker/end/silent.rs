//! Ends that the status of a row alone tells: `terminated`, with neither a time nor a stop's reason.

use crate::model::event::{Basis, Event};
use crate::model::kind::EventKind;
use crate::model::state::EndKind;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::worker::end::kind::error_kind;
use crate::replay::worker::end::{HEARTBEAT_PERIOD_S, View, WorkerEnd};

/// Early termination falls in the first cycle past the grace of 180 s as a rule, and up to an hour later where
/// the pod stays spawning (evidence-rules class 13, fact 20).
const EARLY_S: (f64, f64, f64) = (180.0, 197.0, 3_600.0);
/// GPU_IDLE_TIMEOUT_SEC and one cycle: the failsafe's bound (evidence-rules class 15).
const FAILSAFE_S: f64 = 630.0;
/// The same until E3, whose code ran at the latest by the first day of E4 (domain/orchestrator.md W19 and section 0).
const OLD_FAILSAFE_S: (f64, &str) = (930.0, "2025-10-19");
/// From then on an early termination and the failsafe write a reason, once the code runs (E7, domain/orchestrator.md
/// W9, W19), and a process that exits may itself write `terminated` (W5, domain/worker-app.md 4.1).
pub(super) const SAYS_WHY_SINCE: &str = "2026-01-21";
/// One cycle.
pub(super) const CYCLE_S: f64 = 30.0;

impl View<'_> {
    /// `terminated` without a time and a reason: an early termination when it never beat, else a death
    /// whose time the row does not keep (evidence-rules classes 13 and 15).
    pub(super) fn silent(&self, beat: Option<Micros>) -> WorkerEnd {
        let proof = self.first(&[EventKind::WorkerCreated]);
        let refused = self.first(&[EventKind::PodTerminateFailed]);
        if let Some(reason) = self.row.meta("error_reason") {
            // a failure whose time is lost: the next cycle cleaned it up, whenever that was (W18)
            let kind = error_kind(&reason);
            let sign = beat.max(self.last_act());
            let gone = sign.filter(|_| kind == EndKind::External);
            let after = gone.or(beat).or(self.row.created_at);
            let end = self.unseen(proof, (after, None), kind);
            let plus = |s: f64| gone.map(|beat| beat.plus_seconds(s));
            let (ended_at, before) = (plus(HEARTBEAT_PERIOD_S / 2.0), plus(HEARTBEAT_PERIOD_S));
            return WorkerEnd { reason: Some(reason.into_owned()), ended_at, before, ..end };
        }
        let seen = beat.or(self.row.created_at);
        let says_why = seen >= Some(Micros::day(SAYS_WHY_SINCE));
        if let Some(refused) = refused {
            let kind = match (says_why, beat) {
                (true, _) => EndKind::Unknown,
                (false, Some(_)) => EndKind::Failsafe,
                (false, None) => EndKind::EarlyTermination,
            };
            return self.runs_on(refused, kind);
        }
        if says_why {
            let reach = if beat.is_some() { FAILSAFE_S } else { EARLY_S.2 };
            let latest = seen.map(|seen| seen.plus_seconds(reach));
            return self.unseen(proof, (seen, latest), EndKind::Unknown);
        }
        match (beat, self.row.created_at) {
            (None, Some(created)) => self.never_beat(created, proof),
            (None, None) => self.unseen(proof, (None, None), EndKind::EarlyTermination),
            (Some(beat), _) => {
                let is_old = beat < Micros::day(OLD_FAILSAFE_S.1);
                let reach = if is_old { OLD_FAILSAFE_S.0 } else { FAILSAFE_S };
                let latest = beat.plus_seconds(reach);
                // it warns of each that it ends (domain/orchestrator.md G133, G134), so where its lines could have
                // come and none did, it was not the failsafe
                let unsaid = (self.heard)(beat, latest);
                let kind = if unsaid { EndKind::Unknown } else { EndKind::Failsafe };
                // nor was there anything left for it to end by then
                self.unseen(proof, (Some(beat), Some(latest)), kind)
            }
        }
    }

    /// The first cycle past the grace ended it, unless its pod was seen running after that: then the failsafe, where
    /// it was seen in the last cycle before that acts (domain/orchestrator.md W19), else nothing says.
    fn never_beat(&self, created: Micros, proof: Option<&Event>) -> WorkerEnd {
        let plus = |s: f64| Some(created.plus_seconds(s));
        let bounds = (plus(EARLY_S.0), plus(EARLY_S.2));
        let running = self.events.iter().rev().find(|event| event.kind == EventKind::PodRunning);
        let seen = running.map(|event| event.at).filter(|seen| plus(EARLY_S.1) <= Some(*seen));
        let Some(seen) = seen else {
            let end = self.unseen(proof, bounds, EndKind::EarlyTermination);
            return WorkerEnd { ended_at: plus(EARLY_S.1), ..end };
        };
        let last_cycle = plus(FAILSAFE_S - CYCLE_S * 2.0) <= Some(seen);
        let before = bounds.1.max(Some(seen.plus_seconds(CYCLE_S)));
        let kind = if last_cycle { EndKind::Failsafe } else { EndKind::Unknown };
        let middle = plus(FAILSAFE_S - CYCLE_S / 2.0).filter(|at| last_cycle && seen < *at);
        WorkerEnd {
            ended_at: middle,
            ..self.unseen(running.map(Seen::event), (Some(seen), before), kind)
        }
    }

    /// An end between two bounds.
    fn unseen(
        &self,
        proof: Option<&Event>,
        (after, before): (Option<Micros>, Option<Micros>),
        kind: EndKind,
    ) -> WorkerEnd {
        WorkerEnd {
            ended_at: None,
            after,
            before,
            kind,
            reason: None,
            error_code: None,
            decided_at: None,
            decided_by: None,
            last_alive: None,
            last_work: None,
            event: proof.map(|event| event.id),
            of_process: false,
            basis: Basis::Inferred,
        }
    }
}
