//! Kills and promotions that only a worker's row tells: their lines are lost, or were never written.

use rustc_hash::FxHashMap;

use crate::model::event::{Basis, Event};
use crate::model::id::WorkerId;
use crate::model::kind::EventKind;
use crate::model::rows::WorkerRow;
use crate::model::state::{DecisionKind, Formula};
use crate::model::time::Micros;
use crate::replay::decisions::ages::age_name;
use crate::replay::decisions::found::Found;
use crate::replay::decisions::inputs::{About, Inputs, diagnostics};
use crate::replay::decisions::{Decision, reason, settings};
use crate::replay::era;
use crate::replay::rules::answer::Answer;
use crate::replay::rules::limit::{Limits, Told};

/// A row's time and the line of the same act lie within this (evidence-rules fact 16: error_time comes
/// up to 11 s after the mark).
const SAME_S: f64 = 60.0;

/// What lines and rows told of kills and promotions.
#[derive(Default)]
pub(super) struct Recorded {
    marked: FxHashMap<WorkerId, Micros>,
    promoted: Acts,
    early: Acts,
}

/// When each worker's act was told, and which decision of a row it is: its line may follow.
type Acts = FxHashMap<WorkerId, (Micros, Option<usize>)>;

impl Recorded {
    /// Takes a line: what a row told of the same act is no decision of its own.
    pub(super) fn hear(&mut self, event: &Event, found: &mut Found) {
        let Some(worker) = &event.worker else { return };
        // since E7 the failsafe writes an error, too (domain/orchestrator.md W19)
        if matches!(event.kind, EventKind::WorkerMarkedError | EventKind::FailsafeStale) {
            self.marked.insert(worker.clone(), event.at);
        }
        let acts = if event.kind == EventKind::WorkerPromoted {
            &mut self.promoted
        } else if event.kind == EventKind::WorkerEarlyTerminated {
            &mut self.early
        } else {
            return;
        };
        let before = acts.insert(worker.clone(), (event.at, None));
        if let Some((at, Some(place))) = before
            && event.at.seconds_since(at) < SAME_S
        {
            found.replace(place);
        }
    }

    /// Takes what a row records.
    pub(super) fn decide(&mut self, event: &Event, about: &About<'_>, found: &mut Found) {
        let (Some(worker), Some(row)) = (&event.worker, about.row) else { return };
        if event.basis != Basis::Recorded {
            return;
        }
        let is_new = |known: Option<&Micros>| {
            known.is_none_or(|known| event.at.seconds_since(*known) >= SAME_S)
        };
        // since E7 an early termination is written as an error (domain/orchestrator.md W9)
        let reason = event.text("reason").filter(|text| text.starts_with("Early termination"));
        let early = self.early.get(worker).map(|(at, _)| at);
        if event.kind == EventKind::WorkerErrorRecorded && is_new(self.marked.get(worker)) {
            match reason {
                None => found.push(kill(event, row, about)),
                Some(_) if !is_new(early) => {}
                Some(reason) => {
                    self.early.insert(worker.clone(), (event.at, Some(found.next())));
                    let of = (DecisionKind::EarlyTermination, None);
                    found.push(decision(event, of, reason, Inputs::default(), about));
                }
            }
        }
        let promoted = self.promoted.get(worker).map(|(at, _)| at);
        if event.kind == EventKind::WorkerPromoted && is_new(promoted) {
            self.promoted.insert(worker.clone(), (event.at, Some(found.next())));
            let of = (DecisionKind::Promotion, Some(Formula::Promotion));
            let told = row.meta("promotion_reason").unwrap_or_default();
            let decision = decision(event, of, &told, Inputs::default(), about);
            found.push(decision);
        }
    }
}

fn kill(event: &Event, row: &WorkerRow, about: &About<'_>) -> Decision {
    let text = event.text("reason").unwrap_or_default();
    let told = reason::read(text);
    let mut inputs = Inputs::default();
    if let Some(told) = &told {
        inputs.of_reason(told, age_name(told.formula));
    }
    if let Some((all, taken)) = diagnostics(row, text, event.at) {
        inputs.of_diagnostics(&all, taken, told.as_ref());
    }
    let formula = told.as_ref().map(|told| told.formula);
    let mut made = decision(event, (DecisionKind::Kill, formula), text, inputs, about);
    made.limits = of_kill(text, row, event.at);
    made
}

fn decision(
    event: &Event,
    (kind, formula): (DecisionKind, Option<Formula>),
    verdict: &str,
    mut inputs: Inputs,
    about: &About<'_>,
) -> Decision {
    inputs.number("worker_age_s", about.worker_age(event.at));
    Decision {
        event: event.id,
        at: event.at,
        run: None,
        cycle: None,
        subject: event.subject(),
        kind,
        verdict: verdict.to_string(),
        inputs: inputs.0,
        limits: Default::default(),
        failed_read: None,
        era: era::by_date("orchestrator_gpu", event.at),
        formula,
        decided: Some(Answer::Act),
        recomputed: None,
    }
}

/// What a kill tells of the limits that hold for it.
fn of_kill(reason: &str, row: &WorkerRow, at: Micros) -> Limits {
    let mut limits = Limits::default();
    for (limit, value) in settings::of_kill(reason, Some(row), at) {
        limits.set(limit, value, Told::Line);
    }
    limits
}
