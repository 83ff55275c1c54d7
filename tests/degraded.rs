//! Evidence that is damaged makes answers fewer, never wrong (docs/accuracy.md).

use std::time::Duration;

use backstory::score::truth::Truth;
use backstory::score::{Score, score};
use backstory::snapshot::open::Snapshot;

use crate::confirmed::confirmed;
use crate::support;
use crate::support::damage::Damage;
use crate::support::replayed::{Bench, incident, tables, write_tables};

/// Findings that are confirmed or probable are right, whatever is missing.
const PRECISION_MIN: f64 = 0.98;
/// The sequence of states that the last values of the rows alone give on `era_c_mixed`
/// (evidence-rules section 4).
const ROWS_ALONE: f64 = 0.94;
/// Without one source the others still tell it (evidence-rules section 4).
const ONE_SOURCE_LESS: f64 = 0.985;

/// Questions that may find the damage itself, of which the truth of an incident says nothing.
const OF_THE_DAMAGE: [&str; 3] = ["evidence_hole", "run_logging_outage", "worker_clock_disagrees"];

#[test]
fn false_positive_ssh_degrades_to_silence() {
    check("false_positive_ssh");
}

#[test]
fn stuck_and_orphans_degrades_to_silence() {
    check("stuck_and_orphans");
}

#[test]
fn era_c_mixed_degrades_to_silence() {
    check("era_c_mixed");
}

#[test]
fn missing_generations_degrades_to_silence() {
    check("missing_generations");
}

fn check(name: &str) {
    let Some(folder) = incident(name, "damaged evidence") else { return };
    let whole = tables(&folder);
    let truth = Truth::open(&folder.join("truth.json")).expect("the truth");
    let mut failed = Vec::new();
    for (n, damage) in Damage::ALL.into_iter().enumerate() {
        let bench = Bench::new();
        let from = bench.path("damaged");
        write_tables(&from, &damage.apply(&whole));
        bench.replayed(&from, "s");
        let snapshot = Snapshot::open(&bench.path("s")).expect("a snapshot");
        let score = score(&truth, &snapshot, Duration::from_secs(120)).expect("a score");
        let (right, mut wrong) = confirmed(&snapshot, &folder);
        wrong.retain(|text| !OF_THE_DAMAGE.iter().any(|query| text.starts_with(query)));
        let told = format!("{} | {right} true, {} false", told(&score), wrong.len());
        support::told(&format!("degraded: {name} | {} | {told}", damage.name()));
        let all = right + wrong.len();
        if (right as f64) < PRECISION_MIN * all as f64 {
            let wrong = wrong.join("\n    ");
            failed.push(format!("{n} {}: confirmed and false:\n    {wrong}", damage.name()));
        }
        failed.extend(
            faults(name, damage, &score).into_iter().map(|fault| format!("{n} {fault}: {told}")),
        );
    }
    assert!(failed.is_empty(), "{name}:\n{}", failed.join("\n"));
}

fn told(score: &Score) -> String {
    let share = |share: Option<f64>| share.map_or("-".to_string(), |share| format!("{share:.4}"));
    format!(
        "{} | {} | {} | {} | {} of {}, {} wrong | {} of {}, {} wrong",
        share(score.task_states.live_agreement),
        share(score.task_states.same_sequence),
        share(score.task_attempts.exact),
        score.task_attempts.false_names,
        score.killed_while_healthy.names.hit,
        score.killed_while_healthy.names.truth,
        score.killed_while_healthy.names.predicted - score.killed_while_healthy.names.hit,
        score.missing_generation.names.hit,
        score.missing_generation.names.truth,
        score.missing_generation.names.predicted - score.missing_generation.names.hit,
    )
}

fn faults(name: &str, damage: Damage, score: &Score) -> Vec<&'static str> {
    let below = |share: Option<f64>, least: f64| share.is_some_and(|share| share < least);
    let least = match damage {
        Damage::Source("edge_function" | "worker") if name == "stuck_and_orphans" => {
            ONE_SOURCE_LESS
        }
        Damage::FifthOfLogs
        | Damage::Source(_)
        | Damage::AllLogs
        | Damage::HalfHour
        | Damage::Twice
        | Damage::SentAgain
        | Damage::WorkerClocks(_) => ROWS_ALONE,
    };
    let checks = [
        (score.task_attempts.false_names != 0, "a name is wrong"),
        (score.task_states.not_contiguous != 0, "states with holes"),
        (below(score.killed_while_healthy.names.precision, PRECISION_MIN), "wrong kills"),
        (below(score.missing_generation.names.precision, PRECISION_MIN), "wrong generations"),
        (below(score.task_states.same_sequence, least), "other sequences of states"),
        (score.worker_ends.false_ends != 0, "false ends"),
    ];
    checks.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect()
}
