//! What is wrong at the instant, each in a sentence.

use crate::answers::fleet::pulse::{Class, Pulse};
use crate::answers::fleet::queue::Limit;

/// What is counted before it is told.
pub(super) struct Now {
    pub(super) claimable_gpu: usize,
    pub(super) claimable_api: usize,
    /// Tasks that wait for what never comes.
    pub(super) vain: usize,
    /// Tasks that wait for each other, or for themselves.
    pub(super) ring: usize,
    /// Tasks whose status is none of the system's.
    pub(super) unknown: usize,
    /// Open tasks with a date that cannot be theirs.
    pub(super) misdated: usize,
    /// Tasks in progress whose worker has ended.
    pub(super) orphaned: usize,
    /// Workers that were killed in the last hour although they could have worked on.
    pub(super) wronged: usize,
    pub(super) stuck: usize,
    pub(super) limit: Limit,
    pub(super) active: usize,
    pub(super) spawning: usize,
    /// Workers in service that hold a task and are silent.
    pub(super) silent_holders: usize,
    /// The other silent ones.
    pub(super) silent: usize,
    /// Workers not known to have ended whose row a capture no longer found.
    pub(super) vanished: usize,
    pub(super) orphans: usize,
    /// Findings about what is still open.
    pub(super) findings: usize,
    pub(super) is_rate_over: bool,
}

/// The sentences, the worst first.
pub(super) fn warnings(now: &Now, pulses: &[Pulse]) -> Vec<String> {
    let down = |source: &str| {
        pulses.iter().any(|one| one.source_type == source && one.class == Class::Down)
    };
    let queued = |n: usize, what: &str, why: &str| {
        format!("{} {what} and could be claimed, but {why}", tasks(n, "is queued", "are queued"))
    };
    let gpu = queued(now.claimable_gpu, "for GPU workers", "no worker is active");
    let api = queued(now.claimable_api, "for the API", "its orchestrator is down");
    let holders = workers(now.silent_holders, "holds a task and has", "hold tasks and have");
    let said = [
        (now.claimable_gpu > 0 && now.active == 0, gpu),
        (now.claimable_api > 0 && down("orchestrator_api"), api),
        (now.active == 0 && now.spawning == 0, "no worker is active or spawning".to_string()),
        (
            now.orphaned > 0,
            format!("{} by a worker that has ended", tasks(now.orphaned, "is held", "are held")),
        ),
        (now.silent_holders > 0, format!("{holders} fallen silent")),
        (
            now.wronged > 0,
            workers(
                now.wronged,
                "was killed in the last hour although it could have worked on",
                "were killed in the last hour although they could have worked on",
            ),
        ),
        (
            now.stuck > 0,
            format!(
                "{} for more than {}",
                tasks(now.stuck, "has been in progress", "have been in progress"),
                now.limit.said()
            ),
        ),
    ];
    let said = said
        .into_iter()
        .chain(of_queue(now))
        .chain(later(now))
        .filter(|(holds, _)| *holds)
        .map(|(_, said)| said);
    said.chain(pulses.iter().filter_map(of_pulse)).collect()
}

/// What is less bad than the rest, each with whether it is so.
fn later(now: &Now) -> [(bool, String); 5] {
    let others = workers(now.silent, "without a task has", "without a task have");
    [
        (now.silent > 0, format!("{others} fallen silent")),
        (
            now.vanished > 0,
            format!(
                "the row of {}, and whether it runs on is not known",
                workers(
                    now.vanished,
                    "vanished between two captures",
                    "vanished between two captures"
                )
            ),
        ),
        (
            now.orphans > 0,
            match now.orphans {
                1 => "1 pod runs for nobody".to_string(),
                n => format!("{n} pods run for nobody"),
            },
        ),
        (now.is_rate_over, "the orchestrator's failure rate is over 80 %".to_string()),
        (
            now.findings > 0,
            match now.findings {
                1 => "1 finding is about what is still open".to_string(),
                n => format!("{n} findings are about what is still open"),
            },
        ),
    ]
}

/// Tasks that nobody can take, each with whether there are such.
fn of_queue(now: &Now) -> [(bool, String); 4] {
    [
        (
            now.vain > 0,
            format!(
                "{} for a task that ended without success, or of which no row is here",
                tasks(now.vain, "waits", "wait")
            ),
        ),
        (
            now.ring > 0,
            format!(
                "{} for each other, or for themselves: none of them can be claimed",
                tasks(now.ring, "waits", "wait")
            ),
        ),
        (
            now.unknown > 0,
            tasks(
                now.unknown,
                "has a status that the system does not have, and counts in no queue",
                "have a status that the system does not have, and count in no queue",
            ),
        ),
        (
            now.misdated > 0,
            format!(
                "{} that cannot be right",
                tasks(now.misdated, "that is open has a date", "that are open have a date")
            ),
        ),
    ]
}

fn tasks(n: usize, one: &str, more: &str) -> String {
    if n == 1 { format!("1 task {one}") } else { format!("{n} tasks {more}") }
}

fn workers(n: usize, one: &str, more: &str) -> String {
    if n == 1 { format!("1 worker {one}") } else { format!("{n} workers {more}") }
}

fn of_pulse(pulse: &Pulse) -> Option<String> {
    let name = pulse.source_type;
    match pulse.class {
        Class::Healthy | Class::NoLogs => None,
        Class::Warning => Some(format!("{name} has not logged for more than 5 min")),
        Class::Stale => Some(format!("{name} has not logged for more than 15 min")),
        Class::Down => Some(format!("{name} is down")),
        Class::NotJudged => {
            Some(format!("whether {name} is alive is not known: its lines could not reach us"))
        }
    }
}
