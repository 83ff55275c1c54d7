//! The question that the inputs of a decision pose to its rule; none where one of them is not known.

use crate::model::attribute::{Attribute, Attributes};
use crate::model::state::Formula;
use crate::replay::rules::age::Age;
use crate::replay::rules::basic_health::{self, Pod};
use crate::replay::rules::defaults::since;
use crate::replay::rules::fleet::{Demand, Fleet, Surplus};
use crate::replay::rules::idle::Timeout;
use crate::replay::rules::limit::{Limit, Limits};
use crate::replay::rules::startup::{self, Stage};
use crate::replay::rules::task_reset::Sweep;
use crate::replay::rules::{Question, early, failure, stale_heartbeat, stuck_task};

/// What is known beside the inputs.
pub(super) struct Known<'a> {
    /// The era of the process.
    pub(super) era: &'static str,
    /// The limits.
    pub(super) limits: &'a Limits,
    /// Whether the process was seen to keep the minimum when it stops idle workers.
    pub(super) keeps_min: bool,
}

/// The question.
pub(super) fn question(
    formula: Formula,
    inputs: &Attributes,
    known: &Known<'_>,
) -> Option<Question> {
    let of = Reader(inputs);
    match formula {
        Formula::BasicHealth => of.basic_health(known.era).map(Question::BasicHealth),
        Formula::StaleHeartbeat => {
            let has_work =
                of.flag("has_active_task") == Some(true) || of.whole("queued_tasks")? > 0;
            let age = of.age("heartbeat_age_s")?;
            Some(Question::StaleHeartbeat(stale_heartbeat::Inputs { age, has_work }))
        }
        Formula::StuckTask => of.stuck_task(known.era).map(Question::StuckTask),
        Formula::IdleTimeout => Some(Question::IdleTimeout(Timeout {
            idle: of.age("idle_s")?,
            queued: of.whole("queued_tasks")?,
            active: of.whole("workers_active")?,
        })),
        Formula::SpawningTimeout => of.startup(Stage::Spawning),
        Formula::ScriptRunningTimeout => of.startup(Stage::ScriptRunning),
        Formula::StartupPhase => of.startup(Stage::Phase),
        Formula::GpuNotDetected => of.startup(Stage::NoGpu),
        Formula::NeverInitialised => of.startup(Stage::Initialising),
        Formula::ReadyNotClaiming => of.startup(Stage::Ready),
        Formula::FailureStreak => of.whole("failures").map(Question::FailureStreak),
        Formula::FailureRate => Some(Question::FailureRate(failure::Sample {
            recent: of.whole("workers_recent")?,
            failed: of.whole("workers_failed")?,
        })),
        Formula::Failsafe => of.age("heartbeat_age_s").map(Question::Failsafe),
        Formula::ErrorCleanup => of.error_cleanup(),
        Formula::Promotion => of.age("heartbeat_age_s").map(Question::Promotion),
        Formula::Desired => Some(Question::Desired(of.demand()?, of.whole("workers_busy")?)),
        Formula::ScaleUp => of.scale_up(known.era),
        Formula::ScaleDown => of.scale_down(known).map(Question::ScaleDown),
        Formula::ScaleDownVictim => of.age("idle_s").map(Question::Overcapacity),
        Formula::KeptEarly => of.demand().map(Question::KeptEarly),
        Formula::EarlyTermination => Some(Question::EarlyTermination(early::Inputs {
            age: of.age("worker_age_s")?,
            queued: of.whole("queued_tasks")?,
            capacity: of.whole("workers_capacity")?,
            kept: of.whole("workers_kept")?,
        })),
        Formula::UnassignedReset => of.sweep(Sweep::Unassigned),
        Formula::StaleReset => of.sweep(Sweep::Stale),
        // no line tells what they were measured against
        Formula::NoHeartbeat | Formula::IdleWithQueue => None,
    }
}

struct Reader<'a>(&'a Attributes);

impl Reader<'_> {
    fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.number()
    }

    fn whole(&self, name: &str) -> Option<i64> {
        self.number(name).map(|value| value as i64)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        if let Attribute::Bool(flag) = self.0.get(name)? { Some(*flag) } else { None }
    }

    fn age(&self, name: &str) -> Option<Age> {
        Some(Age::within(self.number(name)?, self.number("precision_s")?))
    }

    fn demand(&self) -> Option<Demand> {
        Some(Demand { queued: self.whole("queued_tasks")?, active: self.whole("active_tasks")? })
    }

    fn basic_health(&self, era: &str) -> Option<basic_health::Inputs> {
        let text = |name: &str| self.0.get(name).and_then(Attribute::text);
        match (text("ssh"), text("pod_status")) {
            (Some(answer), _) => {
                let open = answer == "open";
                return Some(basic_health::Inputs::Ssh { pod: Pod::Running, open });
            }
            (None, Some(status)) => {
                let pod = if status == "no_answer" { Pod::NoAnswer } else { Pod::NotRunning };
                return Some(basic_health::Inputs::Ssh { pod, open: false });
            }
            (None, None) => {}
        }
        if !since(era, "E5") {
            return None;
        }
        Some(basic_health::Inputs::Heartbeat {
            age: Some(self.age("heartbeat_age_s")?),
            queued: self.whole("queued_tasks")?,
            spares_empty_queue: since(era, "E7"),
        })
    }

    /// Orchestrator tasks are exempt since 7c65d9a (E2) and until 7ec18d4 (E9).
    fn stuck_task(&self, era: &str) -> Option<stuck_task::Inputs> {
        let kind = self.0.get("task_type").and_then(Attribute::text)?;
        let is_orchestrator = kind.to_lowercase().contains("_orchestrator");
        let exempts = since(era, "E2") && !since(era, "E9");
        let is_exempt = is_orchestrator && exempts;
        Some(stuck_task::Inputs { age: self.age("task_age_s")?, is_exempt })
    }

    fn startup(&self, stage: Stage) -> Option<Question> {
        let (age, queued) = (self.age("age_s")?, self.whole("queued_tasks"));
        Some(Question::Startup(startup::Inputs { stage, age, queued }))
    }

    fn error_cleanup(&self) -> Option<Question> {
        match self.flag("has_error_time")? {
            true => self.age("error_age_s").map(|age| Question::ErrorCleanup(Some(age))),
            false => Some(Question::ErrorCleanup(None)),
        }
    }

    /// Until E6 what is missing; since E7 what the queue lacks, where idle and busy workers are told.
    fn scale_up(&self, era: &str) -> Option<Question> {
        if since("E6", era) {
            let (wanted, capacity) =
                (self.whole("workers_desired")?, self.whole("workers_capacity")?);
            return Some(Question::Missing(wanted, capacity, 0));
        }
        let of = Fleet {
            idle: self.whole("workers_idle")?,
            busy: self.whole("workers_busy")?,
            spawning: self.whole("workers_spawning")?,
        };
        Some(Question::Uncovered(self.whole("queued_tasks")?, of))
    }

    /// Until E6: every idle worker is checked in its cycle, so that all are known where as many were
    /// checked as were counted.
    fn scale_down(&self, known: &Known<'_>) -> Option<Surplus> {
        if !since("E6", known.era) {
            return None;
        }
        let idle = self.whole("workers_idle")?;
        let Attribute::List(ages) = self.0.get("idle_workers_s")? else { return None };
        let limit = known.limits.get(Limit::OvercapacityIdle)?;
        let mut rested = 0;
        for age in ages {
            let age = Age::within(age.parse().ok()?, 1.0);
            rested += i64::from(age.exceeds(limit)?);
        }
        // the guard came inside E6: a process that never spoke of it may be older
        if idle != ages.len() as i64 || (known.era == "E6" && !known.keeps_min) {
            return None;
        }
        Some(Surplus {
            idle,
            rested,
            active: self.whole("workers_active")?,
            capacity: self.whole("workers_capacity")?,
            desired: self.whole("workers_desired")?,
            keeps_min: known.keeps_min,
        })
    }

    fn sweep(&self, sweep: Sweep) -> Option<Question> {
        self.age("task_age_s").map(|age| Question::TaskReset(sweep, age))
    }
}
