//! Workers from before the log, of which the database keeps the rows. Until 2025-10-15 the orchestrator wrote
//! the heartbeats of workers with tasks itself (`domain/orchestrator.md` O16), so that what their rows hold
//! proves no life of theirs.

use serde_json::json;

use crate::model::time::SECOND;
use crate::simulate::fault::Fault;
use crate::simulate::plan::Era;
use crate::simulate::stamp;
use crate::simulate::worker::{Pod, Truth, Worker};
use crate::simulate::world::World;

/// E4 begins so long after the last hours in which the orchestrator wrote heartbeats.
const BEFORE_E4: i64 = 13 * 86_400 * SECOND;

impl World<'_> {
    /// The row of a worker that was scaled down in those hours. No line of its time is kept.
    pub(super) fn worked_before_e3(&mut self) -> bool {
        let latest = Era::E4.starts_at().0 - BEFORE_E4;
        let created = latest - self.dice.seconds(14_400.0, 21_600.0);
        let bound = created + self.dice.seconds(2.0, 5.0);
        let ready = bound + self.dice.seconds(34.0, 62.0);
        let first = ready + self.dice.seconds(90.0, 200.0);
        let asked = first + self.dice.seconds(1_800.0, 7_200.0);
        let dead = asked + self.dice.seconds(0.4, 1.6);
        // one cycle of 30 s wrote the last of them
        let beat = asked - self.dice.seconds(1.0, 28.0);
        let mut worker =
            Worker::new(format!("gpu-{}-{}", stamp::compact(created), self.dice.hex(8)), created);
        worker.skew = self.dice.seconds(-3.0, 3.0);
        let pod = self.dice.alphanumeric(14);
        for (key, value) in [
            ("orchestrator_status", json!("terminated")),
            ("runpod_id", json!(pod)),
            ("ready", json!(true)),
            ("promoted_to_active_at", json!(stamp::iso(ready))),
            ("terminated_at", json!(stamp::iso(asked))),
        ] {
            worker.metadata.insert(key.into(), value);
        }
        worker.pod = Some(Pod {
            id: pod,
            created: bound,
            ready,
            ip: "213.173.96.2".into(),
            port: 10_000 + self.dice.below(30_000) as u32,
            script_launched: Some(ready),
            terminate_requested: Some(asked),
            dead: Some(dead),
            ssh_blocked: None,
            refuses_login: false,
        });
        for (at, state) in [
            (bound, Truth::PodBooting),
            (ready, Truth::StartupScript),
            (first, Truth::Idle),
            (dead, Truth::Dead),
        ] {
            worker.enter(at, state, None);
        }
        for (at, status, by) in [
            (created, "inactive", "orchestrator:before"),
            (bound, "spawning", "orchestrator:before"),
            (ready, "active", "orchestrator:before"),
            (asked, "terminated", "orchestrator:before"),
        ] {
            let old = worker.status;
            worker.status = status;
            worker.tell(at, by, (at != created).then_some(old));
        }
        worker.process_started = Some(first);
        worker.first_heartbeat = Some(first);
        worker.last_heartbeat = Some(beat);
        worker.last_sent = Some(beat);
        worker.true_death = Some((dead, "terminated_by_orchestrator"));
        let no = self.next_worker;
        self.next_worker += 1;
        self.workers.insert(no, Box::new(worker));
        let (now, kind) = (self.now, Fault::OrchestratorHeartbeats.name());
        self.faults.happened(kind, now, no, &mut self.workers);
        true
    }
}
