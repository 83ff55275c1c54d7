//! What the cycle of a process has said so far.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::model::attribute::Attribute;
use crate::model::event::Event;
use crate::model::id::WorkerId;
use crate::model::kind::EventKind;
use crate::model::state::Formula;
use crate::model::time::Micros;
use crate::replay::decisions::names;
use crate::replay::decisions::reads::FailedRead;

/// Lines about tasks and the fleet, whose fields are inputs of what follows in the cycle. A later line
/// is the surer one: what scaling counted, not what the endpoint answered.
const FLEET: &[(EventKind, &[&str])] = &[
    (EventKind::CycleStarted, &["queued", "active_tasks"]),
    (EventKind::FleetObserved, &["queued", "active", "spawning"]),
    (EventKind::TaskCountDecided, &["queued", "active_tasks"]),
    (EventKind::FailureRateSampled, &["recent", "failed", "rate_percent"]),
    (
        EventKind::ScalingDecided,
        &["active", "spawning", "idle", "busy", "desired", "task_based", "buffer_based", "breaker"],
    ),
];

/// A worker in this cycle.
#[derive(Default)]
pub(super) struct Seen {
    /// Its heartbeat's age and how exact that is, seconds.
    pub(super) heartbeat: Option<(f64, f64)>,
    /// How the SSH port answered.
    pub(super) ssh: Option<&'static str>,
    /// The error number of the port.
    pub(super) ssh_errno: Option<i64>,
    /// What the cloud said of the pod.
    pub(super) pod_status: Option<std::sync::Arc<str>>,
    /// Its passed check, by place among the decisions, and the rule of it.
    pub(super) check: Option<(usize, Option<Formula>)>,
    /// The verdict against it, by place among the decisions.
    pub(super) verdict: Option<usize>,
}

/// The cycle in hand.
#[derive(Default)]
pub(super) struct CycleNotes {
    number: Option<i64>,
    /// By documented name.
    pub(super) fleet: BTreeMap<&'static str, Attribute>,
    /// Workers that a line of it names.
    pub(super) workers: FxHashMap<WorkerId, Seen>,
    /// Idle workers, in the order of their checks.
    pub(super) idle: Vec<WorkerId>,
    /// Reads that failed in it.
    pub(super) failed: Vec<FailedRead>,
    /// When workers began to be stopped early.
    pub(super) early_at: Option<Micros>,
    /// When idle workers began to be stopped.
    pub(super) scale_down_at: Option<Micros>,
    /// The sample of the failure rate, by place among the decisions.
    pub(super) sample: Option<usize>,
    /// The scale steps of none that the decision implies, by place among the decisions.
    pub(super) no_scale_up: Option<usize>,
    /// The same of scale-down.
    pub(super) no_scale_down: Option<usize>,
}

impl CycleNotes {
    /// Forgets a cycle that is over.
    pub(super) fn turn_to(&mut self, number: Option<i64>) {
        if self.number != number {
            *self = Self { number, ..Self::default() };
        }
    }

    /// Takes what an event adds.
    pub(super) fn hear(&mut self, event: &Event) {
        self.failed.extend(FailedRead::of(event));
        if event.kind == EventKind::DemandObserved {
            self.demand(event);
        }
        if event.kind == EventKind::EarlyTerminationStarted {
            for (field, name) in [("desired", "workers_kept"), ("capacity", "workers_capacity")] {
                if let Some(value) = event.attributes.get(field) {
                    self.fleet.insert(name, value.clone());
                }
            }
        }
        for (kind, fields) in FLEET {
            if *kind == event.kind {
                for field in *fields {
                    let value = event.attributes.get(field).cloned();
                    self.put(field, value);
                }
            }
        }
        let Some(worker) = &event.worker else { return };
        const HEARTBEATS: [EventKind; 2] =
            [EventKind::HeartbeatObserved, EventKind::HeartbeatStale];
        const PROBES: [EventKind; 3] =
            [EventKind::SshReachable, EventKind::SshUnreachable, EventKind::PodNotSeen];
        let is_heartbeat = HEARTBEATS.contains(&event.kind);
        if !is_heartbeat && !PROBES.contains(&event.kind) {
            return;
        }
        // whole seconds where a queue waits, tenths in the check (domain/orchestrator.md G100, G109)
        let precision = if event.number("timeout_s").is_some() { 0.5 } else { 0.05 };
        let heartbeat = event.number("age_s").filter(|_| is_heartbeat).map(|age| (age, precision));
        let seen = self.workers.entry(worker.clone()).or_default();
        seen.heartbeat = heartbeat.or(seen.heartbeat);
        if event.kind == EventKind::SshReachable {
            seen.ssh = Some("open");
        }
        if event.kind == EventKind::SshUnreachable {
            seen.ssh = Some("unreachable");
            seen.ssh_errno = event.int("errno");
        }
        if event.kind == EventKind::PodNotSeen {
            seen.pod_status = Some(event.text("status").unwrap_or("no_answer").into());
        }
        if matches!(event.kind, EventKind::HeartbeatObserved | EventKind::SshReachable)
            && !self.idle.contains(worker)
        {
            self.idle.push(worker.clone());
        }
    }

    /// The counts: since E8 those that could be claimed (domain/orchestrator.md 5.1).
    fn demand(&mut self, event: &Event) {
        let claimable = event.attributes.get("potentially_claimable");
        let queued = claimable.or_else(|| event.attributes.get("queued_only")).cloned();
        let active = event.attributes.get("active_only").cloned();
        self.put("queued", queued);
        self.put("active_tasks", active);
    }

    fn put(&mut self, field: &'static str, value: Option<Attribute>) {
        if let (Some(name), Some(value)) = (names::input(field), value) {
            self.fleet.insert(name, value);
        }
    }

    /// A number of the fleet.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.fleet.get(name)?.number()
    }
}
