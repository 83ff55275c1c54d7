//! A task in `truth.json`.

use serde::Serialize;

use crate::simulate::dice::Uuid;
use crate::simulate::stamp::At;

/// A change of a task's row.
#[derive(Serialize)]
pub(in crate::simulate) struct Transition {
    pub(in crate::simulate) t: At,
    pub(in crate::simulate) event: &'static str,
    pub(in crate::simulate) actor: String,
    pub(in crate::simulate) status: &'static str,
    pub(in crate::simulate) worker_id: Option<String>,
    pub(in crate::simulate) attempts: u32,
    pub(in crate::simulate) generation_created: bool,
    pub(in crate::simulate) error_message: Option<String>,
}

/// A completion that came too late to change the status.
#[derive(Serialize)]
pub(in crate::simulate) struct Ineffective {
    pub(in crate::simulate) t: At,
    pub(in crate::simulate) event: &'static str,
    pub(in crate::simulate) worker_id: String,
    pub(in crate::simulate) effective: bool,
    pub(in crate::simulate) generation: Option<Uuid>,
}

/// A task in `truth.json`, its keys those of the recorded incidents.
#[derive(Serialize)]
pub(in crate::simulate) struct Entry<'a> {
    pub(in crate::simulate) task_id: Uuid,
    pub(in crate::simulate) task_type: &'static str,
    pub(in crate::simulate) run_type: &'static str,
    pub(in crate::simulate) final_status: &'static str,
    pub(in crate::simulate) final_worker_id: Option<&'a str>,
    pub(in crate::simulate) attempts: u32,
    pub(in crate::simulate) completion_path: Option<&'static str>,
    pub(in crate::simulate) true_completer: Option<&'a str>,
    pub(in crate::simulate) generation_expected: bool,
    pub(in crate::simulate) generation_created_flag: bool,
    pub(in crate::simulate) generation_ids: &'a [Uuid],
    pub(in crate::simulate) missing_generation: bool,
    pub(in crate::simulate) claims: &'a [String],
    pub(in crate::simulate) n_requeues: u32,
    pub(in crate::simulate) ineffective_completions: &'a [Ineffective],
    pub(in crate::simulate) transitions: &'a [Transition],
}
