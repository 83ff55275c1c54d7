//! A simulated worker: its row, its pod, what it truly is and does.

use serde_json::{Map, Value};

use crate::simulate::dice::Uuid;
use crate::simulate::kind::Kind;
use crate::simulate::log_file::Level;
use crate::simulate::plan::Era;
use crate::simulate::stamp::At;
use crate::simulate::task::TaskNo;
use crate::simulate::truth::worker::{Entry, Injected, Kill, PodEntry, Transition, TrueState};

/// Number of a worker, in the order of creation.
pub(super) type WorkerNo = usize;

/// What a worker truly is at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    PodBooting,
    StartupScript,
    StartupScriptFailed,
    WorkerInit,
    InitHung,
    Idle,
    Busy(TaskNo),
    Stalled(TaskNo),
    Frozen,
    ProcessCrashed,
    SelfTerminated,
    Dead,
}

impl Truth {
    /// Its name in `truth.json`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::PodBooting => "pod_booting",
            Self::StartupScript => "startup_script",
            Self::StartupScriptFailed => "startup_script_failed",
            Self::WorkerInit => "worker_init",
            Self::InitHung => "init_hung",
            Self::Idle => "idle",
            Self::Busy(_) => "busy",
            Self::Stalled(_) => "silent_stall",
            Self::Frozen => "frozen",
            Self::ProcessCrashed => "process_crashed",
            Self::SelfTerminated => "self_terminated",
            Self::Dead => "dead",
        }
    }

    /// Whether its process can still complete work.
    pub(super) fn can_work(self) -> bool {
        match self {
            Self::WorkerInit | Self::Idle | Self::Busy(_) => true,
            Self::PodBooting
            | Self::StartupScript
            | Self::StartupScriptFailed
            | Self::InitHung
            | Self::Stalled(_)
            | Self::Frozen
            | Self::ProcessCrashed
            | Self::SelfTerminated
            | Self::Dead => false,
        }
    }
}

/// The machine it runs on.
pub(super) struct Pod {
    pub(super) id: String,
    pub(super) created: i64,
    /// When it runs; never, for a pod that is never ready.
    pub(super) ready: i64,
    pub(super) ip: String,
    pub(super) port: u32,
    pub(super) script_launched: Option<i64>,
    pub(super) terminate_requested: Option<i64>,
    pub(super) dead: Option<i64>,
    pub(super) ssh_blocked: Option<(i64, i64)>,
    pub(super) refuses_login: bool,
}

/// How a worker starts when something is wrong with its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Plain,
    Crashes,
    Hangs,
    NeverReady,
}

/// One line that waits for the next heartbeat.
pub(super) struct Pending {
    pub(super) at: i64,
    pub(super) level: Level,
    pub(super) text: String,
    pub(super) task: Option<Uuid>,
}

/// The task in hand.
#[derive(Clone, Copy, Debug)]
pub(super) struct InHand {
    pub(super) task: TaskNo,
    pub(super) id: Uuid,
    pub(super) kind: Kind,
    pub(super) began: i64,
    /// When the model was there.
    pub(super) executing: i64,
    /// Whether it will fail, and how.
    pub(super) failing: bool,
}

/// A worker.
pub(super) struct Worker {
    pub(super) id: String,
    pub(super) created_at: i64,
    pub(super) status: &'static str,
    pub(super) last_heartbeat: Option<i64>,
    pub(super) current_model: Option<&'static str>,
    loaded: Option<&'static str>,
    /// metadata, key by key.
    pub(super) metadata: Map<String, Value>,
    pub(super) pod: Option<Pod>,
    pub(super) start: Start,
    pub(super) old_path: bool,
    pub(super) cursed: bool,
    /// One of its tasks will be failed by a person while it works on it.
    pub(super) to_be_failed: bool,
    /// The task whose completion it believes lost.
    pub(super) unfinished: Option<TaskNo>,
    pub(super) skew: i64,
    pub(super) state: Truth,
    /// Counts up at each change of mind, so that events of before are void.
    pub(super) epoch: u32,
    pub(super) guardian_alive: bool,
    pub(super) in_hand: Option<InHand>,
    pub(super) pending: Vec<Pending>,
    pub(super) last_status_line: i64,
    pub(super) process_started: Option<i64>,
    pub(super) first_heartbeat: Option<i64>,
    pub(super) last_sent: Option<i64>,
    pub(super) heartbeats: (u32, u32),
    pub(super) lines_lost: u32,
    pub(super) tasks_done: u32,
    /// Outcomes of its last tasks, as its own lines tell them.
    pub(super) outcomes: Vec<(i64, bool)>,
    pub(super) last_completion: Option<i64>,
    pub(super) true_death: Option<(i64, &'static str)>,
    history: Vec<TrueState>,
    transitions: Vec<Transition>,
    kills: Vec<Kill>,
    pub(super) was_false_positive: bool,
    pub(super) injected: Vec<Injected>,
}

impl Worker {
    pub(super) fn new(id: String, at: i64) -> Self {
        Self {
            id,
            created_at: at,
            status: "inactive",
            last_heartbeat: None,
            current_model: None,
            loaded: None,
            metadata: Map::new(),
            pod: None,
            start: Start::Plain,
            old_path: false,
            cursed: false,
            to_be_failed: false,
            unfinished: None,
            skew: 0,
            state: Truth::PodBooting,
            epoch: 0,
            guardian_alive: true,
            in_hand: None,
            pending: Vec::new(),
            last_status_line: at,
            process_started: None,
            first_heartbeat: None,
            last_sent: None,
            heartbeats: (0, 0),
            lines_lost: 0,
            tasks_done: 0,
            outcomes: Vec::new(),
            last_completion: None,
            true_death: None,
            history: Vec::new(),
            transitions: Vec::new(),
            kills: Vec::new(),
            was_false_positive: false,
            injected: Vec::new(),
        }
    }

    pub(super) fn pod_id(&self) -> &str {
        self.pod.as_ref().map_or("None", |pod| pod.id.as_str())
    }

    /// Whether its pod still runs.
    pub(super) fn pod_alive(&self) -> bool {
        self.pod.as_ref().is_some_and(|pod| pod.dead.is_none())
    }

    /// Whether its main process runs and is not stuck.
    pub(super) fn process_works(&self) -> bool {
        self.pod_alive() && self.state.can_work()
    }

    /// Enters a true state.
    pub(super) fn enter(&mut self, at: i64, state: Truth, task: Option<Uuid>) {
        self.state = state;
        let name = match task {
            Some(task) if matches!(state, Truth::Busy(_)) => format!("busy:{task}"),
            Some(_) | None => state.name().to_string(),
        };
        self.history.push(TrueState { t: At(at), state: name });
    }

    /// Notes that its row changed its status.
    pub(super) fn tell(&mut self, at: i64, actor: &str, old: Option<&'static str>) {
        let reason = self.metadata.get("error_reason").and_then(Value::as_str);
        self.transitions.push(Transition {
            t: At(at),
            actor: actor.to_string(),
            old_status: old,
            new_status: self.status,
            error_reason: reason.map(str::to_string),
        });
    }

    /// Notes that an orchestrator moved it to error or terminated.
    pub(super) fn tell_kill(&mut self, at: i64, kind: &'static str, reason: Option<&str>) {
        let healthy = self.process_works() && !self.cursed;
        let wrongly = healthy && matches!(kind, "error" | "failsafe");
        self.was_false_positive |= wrongly;
        self.kills.push(Kill {
            t: At(at),
            new_status: self.status,
            reason: reason.map(str::to_string),
            true_state: self.state.name(),
            truly_healthy: healthy,
            killed_while_busy: matches!(self.state, Truth::Busy(_)) && healthy,
            kind,
            was_false_positive: wrongly,
        });
    }

    /// The model in its memory.
    pub(super) fn loaded(&self) -> Option<&'static str> {
        self.loaded
    }

    /// Loads a model. Only workers of E12 reach the endpoint that notes it in the row.
    pub(super) fn load(&mut self, model: Option<&'static str>, era: Era) {
        if model.is_some() {
            self.loaded = model;
            if era == Era::E12 {
                self.current_model = model;
            }
        }
    }

    /// A line for the next heartbeat, stamped by its own clock.
    pub(super) fn say(&mut self, at: i64, level: Level, task: Option<Uuid>, text: String) {
        self.pending.push(Pending { at: at + self.skew, level, text, task });
    }

    /// Its entry in `truth.json`.
    pub(super) fn truth(&self) -> Entry<'_> {
        let pod = self.pod.as_ref().map(|pod| PodEntry {
            runpod_id: &pod.id,
            created: At(pod.created),
            runtime_ready: (pod.ready != i64::MAX).then_some(At(pod.ready)),
            script_launched: pod.script_launched.map(At),
            terminate_requested: pod.terminate_requested.map(At),
            dead: pod.dead.map(At),
            ip: &pod.ip,
            port: pod.port,
        });
        Entry {
            worker_id: &self.id,
            in_db: true,
            final_db_status: self.status,
            db_transitions: &self.transitions,
            pod,
            clock_skew_s: self.skew as f64 / 1e6,
            completion_path: if self.old_path { "old" } else { "new" },
            worker_process_started: self.process_started.map(At),
            first_heartbeat: self.first_heartbeat.map(At),
            last_heartbeat_sent: self.last_sent.map(At),
            heartbeats_sent: self.heartbeats.0,
            heartbeats_lost: self.heartbeats.1,
            log_entries_lost: self.lines_lost,
            true_death: self.true_death.map(|(at, _)| At(at)),
            true_death_cause: self.true_death.map(|(_, cause)| cause),
            injected_faults: &self.injected,
            tasks_done: self.tasks_done,
            true_states: &self.history,
            kills: &self.kills,
            was_false_positive: self.was_false_positive,
        }
    }
}
