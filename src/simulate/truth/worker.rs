//! A worker in `truth.json`.

use serde::Serialize;

use crate::simulate::stamp::At;

/// A true state, from when it was entered.
#[derive(Serialize)]
pub(in crate::simulate) struct TrueState {
    pub(in crate::simulate) t: At,
    pub(in crate::simulate) state: String,
}

/// A change of a worker's row.
#[derive(Serialize)]
pub(in crate::simulate) struct Transition {
    pub(in crate::simulate) t: At,
    pub(in crate::simulate) actor: String,
    pub(in crate::simulate) old_status: Option<&'static str>,
    pub(in crate::simulate) new_status: &'static str,
    pub(in crate::simulate) error_reason: Option<String>,
}

/// An orchestrator moved it to `error` or `terminated`.
#[derive(Serialize)]
pub(in crate::simulate) struct Kill {
    pub(in crate::simulate) t: At,
    pub(in crate::simulate) new_status: &'static str,
    pub(in crate::simulate) reason: Option<String>,
    pub(in crate::simulate) true_state: &'static str,
    pub(in crate::simulate) truly_healthy: bool,
    pub(in crate::simulate) killed_while_busy: bool,
    pub(in crate::simulate) kind: &'static str,
    pub(in crate::simulate) was_false_positive: bool,
}

/// Something that truly went wrong in it.
#[derive(Clone, Serialize)]
pub(in crate::simulate) struct Injected {
    pub(in crate::simulate) worker_id: String,
    pub(in crate::simulate) kind: &'static str,
    pub(in crate::simulate) t: At,
}

/// The machine it ran on.
#[derive(Serialize)]
pub(in crate::simulate) struct PodEntry<'a> {
    pub(in crate::simulate) runpod_id: &'a str,
    pub(in crate::simulate) created: At,
    pub(in crate::simulate) runtime_ready: Option<At>,
    pub(in crate::simulate) script_launched: Option<At>,
    pub(in crate::simulate) terminate_requested: Option<At>,
    pub(in crate::simulate) dead: Option<At>,
    pub(in crate::simulate) ip: &'a str,
    pub(in crate::simulate) port: u32,
}

/// A worker, its keys those of the recorded incidents.
#[derive(Serialize)]
pub(in crate::simulate) struct Entry<'a> {
    pub(in crate::simulate) worker_id: &'a str,
    pub(in crate::simulate) in_db: bool,
    pub(in crate::simulate) final_db_status: &'static str,
    pub(in crate::simulate) db_transitions: &'a [Transition],
    pub(in crate::simulate) pod: Option<PodEntry<'a>>,
    pub(in crate::simulate) clock_skew_s: f64,
    pub(in crate::simulate) completion_path: &'static str,
    pub(in crate::simulate) worker_process_started: Option<At>,
    pub(in crate::simulate) first_heartbeat: Option<At>,
    pub(in crate::simulate) last_heartbeat_sent: Option<At>,
    pub(in crate::simulate) heartbeats_sent: u32,
    pub(in crate::simulate) heartbeats_lost: u32,
    pub(in crate::simulate) log_entries_lost: u32,
    pub(in crate::simulate) true_death: Option<At>,
    pub(in crate::simulate) true_death_cause: Option<&'static str>,
    pub(in crate::simulate) injected_faults: &'a [Injected],
    pub(in crate::simulate) tasks_done: u32,
    pub(in crate::simulate) true_states: &'a [TrueState],
    pub(in crate::simulate) kills: &'a [Kill],
    pub(in crate::simulate) was_false_positive: bool,
}
