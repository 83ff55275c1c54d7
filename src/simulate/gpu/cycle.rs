//! One cycle: its steps, its beginning, its end.

use std::io;

use serde::Serialize;

use crate::model::time::SECOND;
use crate::simulate::gpu::{Actions, stats};
use crate::simulate::log_file::Level;
use crate::simulate::plan::Era;
use crate::simulate::site::Site;
use crate::simulate::stamp::At;
use crate::simulate::task::TaskNo;
use crate::simulate::worker::WorkerNo;
use crate::simulate::world::{Act, World};

/// Seconds between the beginnings of two cycles.
const POLL: i64 = 30 * SECOND;

/// A step of a cycle.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Counts,
    EarlyTermination,
    Early(WorkerNo),
    AllSpawning,
    Spawning(WorkerNo),
    ScriptCreated(WorkerNo),
    ScriptLaunched(WorkerNo),
    AllActive,
    Health(WorkerNo),
    SshProbe(WorkerNo),
    Mark(WorkerNo, String),
    Diagnose,
    Login,
    Reset,
    WriteError,
    TerminateMarked,
    Marked,
    AllErrors,
    CleanUp(WorkerNo),
    CleanedUp(WorkerNo),
    AllStale,
    Failsafe(WorkerNo),
    FailsafeReset(WorkerNo),
    Sweeps,
    SweepOrphans(Vec<TaskNo>),
    FailureRate,
    Zombies,
    External(WorkerNo),
    Orphan(WorkerNo),
    OrphanEnded(WorkerNo),
    Storage,
    Scale,
    ScaleDown(WorkerNo),
    ScaledDown(WorkerNo),
    Spawn(u32, u32),
    PodCreated(WorkerNo, u32, u32),
    NoPod(WorkerNo, u32, u32),
    SpawnWritten(WorkerNo, u32, u32),
    End,
}

/// A completed cycle, as `truth.json` lists it.
#[derive(Serialize)]
struct Cycle {
    n: u32,
    t0: At,
    t1: At,
    actions: Actions,
}

const LOOP: Site = Site::new("main", "run_continuous_loop", 172);

/// The site of most lines of a cycle.
pub(super) const CYCLE: Site = Site::new("control_loop", "run_single_cycle", 142);

impl World<'_> {
    /// A cycle begins.
    pub(in crate::simulate) fn cycle(&mut self, instance: u32) {
        if instance != self.gpu.instance {
            return;
        }
        self.gpu.cycle += 1;
        self.gpu.began = self.now;
        self.gpu.clock = self.now;
        self.gpu.actions = Actions::default();
        if self.era.is_decorated() {
            self.gpu_info(CYCLE, format_args!("Starting orchestrator cycle"));
        }
        let steps = match self.era {
            Era::E4 | Era::E6 => vec![
                Step::Counts,
                Step::EarlyTermination,
                Step::AllSpawning,
                Step::AllActive,
                Step::AllErrors,
                Step::AllStale,
                Step::Sweeps,
                Step::Zombies,
                Step::Storage,
                Step::FailureRate,
                Step::Scale,
                Step::End,
            ],
            Era::E12 => vec![
                Step::Counts,
                Step::EarlyTermination,
                Step::AllSpawning,
                Step::AllActive,
                Step::AllErrors,
                Step::AllStale,
                Step::Sweeps,
                Step::FailureRate,
                Step::Scale,
                Step::Storage,
                Step::Zombies,
                Step::End,
            ],
        };
        self.gpu.steps = steps.into();
        let first = self.now + self.dice.seconds(0.35, 1.0);
        self.at(first, Act::CycleStep(instance));
    }

    /// The next step of the cycle that runs.
    pub(in crate::simulate) fn cycle_step(&mut self, instance: u32) -> io::Result<()> {
        if instance != self.gpu.instance {
            return Ok(());
        }
        self.gpu.clock = self.gpu.clock.max(self.now);
        let Some(step) = self.gpu.steps.pop_front() else { return Ok(()) };
        let (low, high) = self.step(step)?;
        let next = self.gpu.clock.max(self.now) + self.dice.seconds(low, high);
        if self.gpu.steps.is_empty() {
            let grid = self.gpu.began + POLL;
            self.at(grid.max(next), Act::Cycle(instance));
        } else {
            self.at(next, Act::CycleStep(instance));
        }
        Ok(())
    }

    /// Does one step; how many seconds the next one waits, from and to.
    fn step(&mut self, step: Step) -> io::Result<(f64, f64)> {
        Ok(match step {
            Step::Counts => self.counts(),
            Step::EarlyTermination => self.early_termination(),
            Step::Early(no) => self.terminate_early(no),
            Step::AllSpawning => self.all_spawning(),
            Step::Spawning(no) => self.check_spawning(no),
            Step::ScriptCreated(no) => self.script_created(no),
            Step::ScriptLaunched(no) => self.script_launched(no),
            Step::AllActive => self.all_active(),
            Step::Health(no) => self.check_health(no),
            Step::SshProbe(no) => self.ssh_probe(no),
            Step::Mark(no, reason) => self.mark(no, reason),
            Step::Diagnose => self.diagnose(),
            Step::Login => self.login(),
            Step::Reset => self.reset_of_marked(),
            Step::WriteError => self.write_error(),
            Step::TerminateMarked => self.terminate_marked(),
            Step::Marked => self.marked(),
            Step::AllErrors => self.all_errors(),
            Step::CleanUp(no) => self.clean_up(no),
            Step::CleanedUp(no) => self.cleaned_up(no),
            Step::AllStale => self.all_stale(),
            Step::Failsafe(no) => self.failsafe(no),
            Step::FailsafeReset(no) => self.failsafe_reset(no),
            Step::Sweeps => self.sweeps(),
            Step::SweepOrphans(tasks) => self.sweep_orphans(&tasks),
            Step::FailureRate => self.failure_rate(),
            Step::Zombies => self.zombies(),
            Step::External(no) => self.external(no),
            Step::Orphan(no) => self.orphan(no),
            Step::OrphanEnded(no) => self.orphan_ended(no),
            Step::Storage => self.storage(),
            Step::Scale => self.scale(),
            Step::ScaleDown(no) => self.scale_down(no),
            Step::ScaledDown(no) => self.scaled_down(no),
            Step::Spawn(i, of) => self.spawn(i, of),
            Step::PodCreated(no, i, of) => self.pod_created(no, i, of),
            Step::NoPod(no, i, of) => self.no_pod(no, i, of),
            Step::SpawnWritten(no, i, of) => self.spawn_written(no, i, of),
            Step::End => return self.end_cycle(),
        })
    }

    /// Puts steps before those that wait.
    pub(super) fn next_steps(&mut self, steps: impl IntoIterator<Item = Step>) {
        let steps: Vec<Step> = steps.into_iter().collect();
        for step in steps.into_iter().rev() {
            self.gpu.steps.push_front(step);
        }
    }

    fn end_cycle(&mut self) -> io::Result<(f64, f64)> {
        let Actions { promoted, failed, spawned, terminated, reset, launched } = self.gpu.actions;
        let mut text = format!(
            "{{'workers_promoted': {promoted}, 'workers_failed': {failed}, 'workers_spawned': {spawned}, 'workers_terminated': {terminated}, 'tasks_reset': {reset}"
        );
        if launched > 0 || self.era == Era::E12 {
            text.push_str(&format!(", 'startup_scripts_launched': {launched}"));
        }
        text.push('}');
        let took = (self.gpu.clock - self.gpu.began) as f64 / SECOND as f64;
        let (cycle, old) = (self.gpu.cycle, self.era.is_decorated());
        if self.era == Era::E12 && cycle.is_multiple_of(20) {
            self.health_summary();
        }
        if old {
            self.gpu_info(
                CYCLE,
                format_args!("Orchestrator cycle completed in {took:.2}s: {text}"),
            );
            if cycle.is_multiple_of(20) {
                self.health_summary();
            }
        }
        self.gpu_info(LOOP, format_args!("Cycle completed: {text}"));
        if took > 30.0 {
            let text = format_args!("Cycle took {took:.1}s, longer than 30s interval");
            self.gpu_line(LOOP, Level::Warning, None, text);
        }
        if cycle.is_multiple_of(10) {
            let (name, sent) = (self.gpu.source_id.clone(), self.gpu.sent);
            let stats = stats("orchestrator_gpu", &name, sent, self.gpu.refused);
            self.gpu_info(LOOP, format_args!("📊 Database logging stats: {stats}"));
        }
        self.end_refusal(false)?;
        self.truth.cycle(&Cycle {
            n: cycle,
            t0: At(self.gpu.began),
            t1: At(self.gpu.clock),
            actions: self.gpu.actions,
        })?;
        self.write_closed()?;
        Ok((0.0, 0.01))
    }

    fn health_summary(&mut self) {
        let site = Site::new("health_monitor", "log_health_summary", 113);
        let (cycle, tasks) = (self.gpu.cycle, self.gpu.counts.queued + self.gpu.counts.active);
        let workers = self.in_status(&["active"]).len() + self.spawning().len();
        self.gpu_info(site, format_args!("📊 HEALTH SUMMARY (Cycle #{cycle}):"));
        self.gpu_info(site, format_args!("   • Database logging: ✅ Healthy"));
        self.gpu_info(site, format_args!("   • Last task count: {tasks}"));
        self.gpu_info(site, format_args!("   • Last worker count: {workers}"));
    }
}
