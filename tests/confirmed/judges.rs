//! Whether a confirmed finding is true, question by question.

use backstory::findings::finding::Finding;
use backstory::model::time::Micros;
use serde_json::Value;

use crate::confirmed::truth::{Truth, items, step_from, steps, steps_of, text_of};

/// Questions of which the truth knows nothing, and why. What they confirm is what rows say of themselves.
pub(super) const UNJUDGED: [(&str, &str); 8] = [
    (
        "task_generated_nothing",
        "the truth of simulated fleets keeps no text of a failure that is final",
    ),
    ("task_upload_failed", "no truth tells of single uploads"),
    ("task_output_outside_storage", "no truth tells where outputs lie"),
    ("task_claim_response_lost", "no truth tells of answers that were lost"),
    ("task_orchestrator_never_completed", "no truth tells whose children tasks are"),
    ("task_orchestrator_completed_early", "no truth tells whose children tasks are"),
    ("task_cascade_not_applied", "no truth tells what tasks depend on"),
    ("worker_end_without_time", "it is of the row: no truth tells what its metadata lacks"),
];

/// `None` where the truth of this incident cannot tell.
pub(super) fn is_true(truth: &Truth, finding: &Finding) -> Option<bool> {
    let id = finding.subject_id.as_str();
    match finding.subject_kind.as_str() {
        "task" => of_task(truth, &finding.query, id),
        "worker" => of_worker(truth, &finding.query, id),
        "pod" => of_pod(truth, &finding.query, id),
        _ => of_run(truth, finding),
    }
}

fn of_task(truth: &Truth, query: &str, id: &str) -> Option<bool> {
    let task = truth.task(id);
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
        }
        "generation_creation_failed" | "task_not_completed_after_work" => {
            steps(task, &["failed", "requeued"]) > 0 && truth.injected(&["complete_task_errors"])
        }
        "task_api_orphaned_by_restart" => {
            let claimed = steps_of(task, &["claimed"])
                .filter(|step| step["worker_id"] == "api-worker-main")
                .map(|step| seconds(&step["t"]));
            let ended = steps_of(task, &["completed", "failed", "cancelled", "requeued"]);
            let ended = ended.map(|step| seconds(&step["t"])).fold(f64::INFINITY, f64::min);
            let claimed = claimed.fold(f64::INFINITY, f64::min);
            let instances = items(&truth.all["instances"]).filter(|each| each["kind"] == "api");
            let mut stops = instances.filter(|each| !each["stopped"].is_null());
            stops.any(|each| (claimed..ended).contains(&seconds(&each["stopped"])))
        }
        "task_executed_twice" => {
            // what the API orchestrator is at, no truth tells
            let claims = items(&task["claims"]).filter(|claim| *claim == "api-worker-main").count();
            truth.runs_of(id) >= 2 || late() > 0 || claims >= 2
        }
        "task_reset_while_owner_alive" => {
            let mut resets = steps_of(task, &["requeued"]);
            resets.any(|step| late() > 0 || truth.was_at(id, seconds(&step["t"])))
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

fn of_run(truth: &Truth, finding: &Finding) -> Option<bool> {
    let instances = || items(&truth.all["instances"]);
    let at = finding.happened_at.map_or(f64::NAN, since_2020);
    match finding.query.as_str() {
        "run_restarted" => Some(instances().any(|each| {
            let begun = seconds(&each["started"]);
            begun > seconds(&truth.all["sim_start"]) && (begun - at).abs() < NEAR_S
        })),
        // it may begin with the end of a process, and go on where the lines of the next one are lost
        "run_logging_outage" => {
            let ended = finding.columns.iter().find(|(name, _)| name == "ended_at");
            let ended = ended.and_then(|(_, cell)| Micros::parse(&cell.to_plain()?));
            let until = ended.map_or(at, since_2020);
            let touches = |window: &Value| {
                until > seconds(&window["t0"]) - NEAR_S && at < seconds(&window["t1"])
            };
            Some(items(&truth.all["outage_windows"]).any(touches))
        }
        // rows that were deleted or never kept have no window of their own
        "evidence_hole" => Some(truth.injected(&HIDES)),
        "run_cycle_overran" => {
            let period = text_of(&truth.all["env"]["ORCHESTRATOR_POLL_SEC"]).parse::<f64>();
            let period = period.expect("a period");
            let mut cycles = instances().flat_map(|each| items(&each["cycles"]));
            Some(cycles.any(|cycle| seconds(&cycle["t1"]) - seconds(&cycle["t0"]) > period))
        }
        _ => None,
    }
}

/// What hides rows of a fleet.
const HIDES: [&str; 4] =
    ["log_outage", "log_batches_refused", "old_logs_deleted", "log_rows_missing"];
/// A silence begins with the last line before it, and a process with its first: a minute of cycles apart.
const NEAR_S: f64 = 60.0;

/// Seconds of an instant, to be compared with each other.
pub(super) fn seconds(value: &Value) -> f64 {
    since_2020(Micros::parse(text_of(value)).expect("a time"))
}

fn since_2020(at: Micros) -> f64 {
    at.seconds_since(Micros::parse("2020-01-01T00:00:00Z").expect("a time"))
}
