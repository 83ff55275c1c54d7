//! Whether a confirmed finding is true, question by question.

use backstory::findings::finding::Finding;
use serde_json::Value;

use crate::confirmed::truth::{Truth, items, step_from, steps, text_of};

/// Questions of which the truth knows nothing, and why. What they confirm is what rows say of themselves.
pub(super) const UNJUDGED: [(&str, &str); 4] = [
    (
        "task_generated_nothing",
        "the truth of simulated fleets keeps no text of a failure that is final",
    ),
    ("task_upload_failed", "no truth tells of single uploads"),
    ("task_output_outside_storage", "no truth tells where outputs lie"),
    ("task_claim_response_lost", "no truth tells of answers that were lost"),
];

/// `None` where the truth of this incident cannot tell.
pub(super) fn is_true(truth: &Truth, finding: &Finding) -> Option<bool> {
    let id = finding.subject_id.as_str();
    match finding.subject_kind.as_str() {
        "task" => of_task(truth, &finding.query, id),
        "worker" => of_worker(truth, &finding.query, id),
        "pod" => of_pod(truth, &finding.query, id),
        _ => of_run(truth, &finding.query),
    }
}

fn of_task(truth: &Truth, query: &str, id: &str) -> Option<bool> {
    let task = truth.task(id);
    let is_orchestrator = || text_of(&task["task_type"]).contains("orchestrator");
    let late = || items(&task["ineffective_completions"]).count();
    let is_true = match query {
        "task_missing_generation" => task["missing_generation"] == true,
        "task_cancelled_while_running" => step_from(task, "In Progress", "cancelled"),
        // its result came when it was another's, or over
        "task_completed_late" => {
            late() > 0
                || task["true_completer"] != Value::Null
                    && task["true_completer"] != task["final_worker_id"]
        }
        "task_completed_twice" | "generation_regenerated" => {
            late() + steps(task, &["completed"]) > 1
        }
        "task_failed_after_three_attempts" => {
            steps(task, &["failed"]) > 0 && items(&task["claims"]).count() >= 3
        }
        "task_requeue_loop" => steps(task, &["requeued"]) >= 2,
        "task_bounced_between_workers" => {
            let claims: Vec<&Value> = items(&task["claims"]).collect();
            claims.windows(2).any(|pair| pair[0] != pair[1])
        }
        "task_generated_nothing" => {
            let said = truth.failures_of(task).contains("No output generated");
            // a row keeps the text of an earlier attempt: only what was meant to happen contradicts
            return (said || !task["fate"]["fail"].is_null()).then_some(said);
        }
        "task_ran_out_of_memory" => truth.failures_of(task).contains("out of memory"),
        "generation_created_for_unfinished_task" => {
            items(&task["generation_ids"]).count() > 0 && steps(task, &["completed"]) == 0
                || task["generation_created_flag"] == true
        }
        "generation_creation_failed" | "task_not_completed_after_work" => {
            steps(task, &["failed", "requeued"]) > 0 && truth.injected(&["complete_task_errors"])
        }
        "task_orchestrator_never_completed" | "task_orchestrator_completed_early" => {
            is_orchestrator()
        }
        "task_cascade_not_applied" => {
            matches!(text_of(&task["final_status"]), "Queued" | "In Progress")
        }
        "task_api_orphaned_by_restart" => {
            let mut instances = items(&truth.all["instances"]);
            let ended = instances.any(|each| each["kind"] == "api" && !each["stopped"].is_null());
            ended && items(&task["claims"]).any(|claim| claim == "api-worker-main")
        }
        "task_executed_twice" => {
            truth.runs_of(id) >= 2 || late() > 0 || items(&task["claims"]).count() >= 2
        }
        "task_reset_while_owner_alive" => {
            steps(task, &["requeued"]) > 0
                && (late() > 0
                    || truth.injected(&["reset_while_running", "temporary_stall", "freeze"]))
        }
        _ => return None,
    };
    Some(is_true)
}

fn of_worker(truth: &Truth, query: &str, id: &str) -> Option<bool> {
    let worker = truth.worker(id);
    let befell = |kinds: &[&str]| truth.befell(worker, kinds);
    let kills = || items(&worker["kills"]);
    let tasks = || {
        let all = items(&truth.all["tasks"]);
        all.filter(|task| items(&task["claims"]).any(|claim| claim == id))
    };
    let is_true = match query {
        "worker_killed_while_healthy" => worker["was_false_positive"] == true,
        // a crash that no heartbeat told of looks the same, and is as much unnoticed
        "worker_frozen_unnoticed" => {
            befell(&["freeze", "silent_stall", "temporary_stall", "process_crash"])
        }
        "worker_guardian_died" => befell(&["guardian_died"]),
        "worker_never_ready" => !items(&worker["true_states"]).any(|entry| {
            let state = text_of(&entry["state"]);
            state == "idle" || state.starts_with("busy")
        }),
        "worker_pod_vanished" => worker["true_death_cause"] == "external",
        "worker_process_crashed" => befell(&["process_crash"]),
        "worker_self_terminated" => befell(&["fatal_self_terminate"]),
        "worker_ssh_probe_failed" => befell(&["ssh_port_unreachable_eagain", "ssh_auth_failure"]),
        // frozen with a task in hand is busy to everybody else
        "worker_scaled_down_while_busy" => kills().any(|kill| {
            let state = text_of(&kill["true_state"]);
            ["busy", "silent_stall", "frozen"].iter().any(|name| state.starts_with(name))
        }),
        "worker_killed_again" => {
            let ends = ["error", "terminated"];
            let steps = items(&worker["db_transitions"]);
            steps.filter(|step| ends.contains(&text_of(&step["new_status"]))).count() >= 2
        }
        "worker_blamed_for_poison_task" => {
            kills().any(|kill| text_of(&kill["reason"]).contains("failure loop"))
                && !befell(&["fails_every_task"])
        }
        "worker_fails_every_task" => befell(&["fails_every_task"]),
        "worker_out_of_memory" => {
            tasks().any(|task| truth.failures_of(task).contains("out of memory"))
        }
        "worker_end_without_time" => {
            matches!(text_of(&worker["final_db_status"]), "terminated" | "error" | "crashed")
        }
        "worker_metadata_update_lost" => befell(&["lost_update"]),
        // simulated ones are told by their rows
        "worker_resurrected" => match &worker["resurrected_by_late_heartbeat"] {
            Value::Null => {
                let steps: Vec<&Value> = items(&worker["db_transitions"]).collect();
                let back = |pair: &[&Value]| {
                    let ended = ["error", "terminated"].contains(&text_of(&pair[0]["new_status"]));
                    ended && pair[1]["new_status"] == "active"
                };
                worker["final_db_status"] == "active" || steps.windows(2).any(back)
            }
            Value::Array(times) => !times.is_empty(),
            Value::Bool(is) => *is,
            Value::String(_) | Value::Object(_) | Value::Number(_) => true,
        },
        _ => return None,
    };
    Some(is_true)
}

fn of_pod(truth: &Truth, query: &str, id: &str) -> Option<bool> {
    let worker = truth.of_pod(id);
    match query {
        "pod_of_crashed_worker_left" => {
            let left = worker["pod"]["terminate_requested"].is_null();
            Some(truth.befell(worker, &["process_crash"]) && left)
        }
        "pod_orphaned" => Some(
            truth.befell(worker, &["termination_fails", "lost_update", "end_overwritten"])
                || worker["pod"]["dead"].is_null(),
        ),
        _ => None,
    }
}

fn of_run(truth: &Truth, query: &str) -> Option<bool> {
    let instances = || items(&truth.all["instances"]);
    match query {
        "run_restarted" => Some(
            instances().any(|each| text_of(&each["started"]) > text_of(&truth.all["sim_start"])),
        ),
        "run_logging_outage" | "evidence_hole" => {
            Some(items(&truth.all["outage_windows"]).count() > 0 || truth.injected(&HIDES))
        }
        "run_cycle_overran" => Some(
            instances()
                .flat_map(|each| items(&each["cycles"]))
                .any(|cycle| seconds(&cycle["t1"]) - seconds(&cycle["t0"]) > POLL_S),
        ),
        _ => None,
    }
}

/// What hides rows of a fleet.
const HIDES: [&str; 4] =
    ["log_outage", "log_batches_refused", "old_logs_deleted", "log_rows_missing"];
/// `ORCHESTRATOR_POLL_SEC` of every incident.
const POLL_S: f64 = 30.0;

fn seconds(value: &Value) -> f64 {
    let at = backstory::model::time::Micros::parse(text_of(value)).expect("a time");
    at.seconds_since(backstory::model::time::Micros::parse("2020-01-01T00:00:00Z").expect("a time"))
}
