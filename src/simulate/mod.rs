//! A seeded fleet with injected faults and its truth: for demonstrations, tests and benchmarks.
//!
//! It is the independent witness against our own reader: written from the domain's documents alone,
//! it must not know [`grammar`](crate::grammar) and shares no file and no constant with it. One thread,
//! one random sequence: the same plan gives the same bytes.

mod api;
mod beat;
mod before;
mod boot;
mod demand;
mod dice;
mod edge;
mod fault;
mod faults;
mod gpu;
mod hands;
mod kind;
mod log_file;
mod part_file;
mod plan;
mod races;
mod schema;
mod site;
mod stamp;
mod tables;
mod task;
mod truth;
mod work;
mod worker;
mod world;

use std::io;
use std::path::Path;

use serde_json::json;

pub use crate::simulate::fault::Fault;
pub use crate::simulate::plan::{Era, Plan};
pub use crate::simulate::schema::schema;
use crate::simulate::world::World;

/// What a simulation wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Rows of `system_logs.csv`.
    pub log_rows: u64,
    /// Its bytes.
    pub log_bytes: u64,
    /// Rows of `workers.csv`.
    pub workers: u64,
    /// Rows of `tasks.csv`.
    pub tasks: u64,
    /// Rows of `generations.csv`.
    pub generations: u64,
    /// Faults of the plan that never found anyone to hit: the fleet was too small, or the time too short.
    pub missed: Vec<Fault>,
}

/// Simulates a fleet and writes `<table>.csv` and `truth.json` into an existing directory.
///
/// `tick` hears how much of the time has passed (0 to 1) and how many log rows are written.
///
/// # Errors
/// When a file cannot be written; then the directory holds nothing that could be taken for a fleet, nor
/// files in the making.
pub fn run(plan: &Plan, dir: &Path, tick: &mut dyn FnMut(f64, u64)) -> io::Result<Written> {
    write(plan, dir, tick).inspect_err(|_| part_file::remove_all(dir))
}

fn write(plan: &Plan, dir: &Path, tick: &mut dyn FnMut(f64, u64)) -> io::Result<Written> {
    let mut world = World::new(plan, dir)?;
    let start = world.now;
    world.run(tick)?;
    let (log_rows, log_bytes) = world.log.written();
    let [workers, tasks, generations, _] = world.tables.counts;
    let missed = world.faults.missed();
    let written = Written { log_rows, log_bytes, workers, tasks, generations, missed };
    let head = json!({
        "scenario": format!("simulated {}", plan.era.name()),
        "era": plan.era.name(),
        "seed": plan.seed,
        "sim_start": stamp::truth(start),
        "sim_end": stamp::truth(world.end),
        "env": {
            "ORCHESTRATOR_POLL_SEC": "30",
            "MAX_ACTIVE_GPUS": plan.workers.to_string(),
            "GPU_OVERCAPACITY_IDLE_TIMEOUT_SEC": "120",
            "TASK_STUCK_TIMEOUT_SEC": "1200",
        },
        "summary": {
            "tasks": tasks,
            "workers": workers,
            "rows": {"system_logs": log_rows, "generations": generations},
        },
        "facts": {
            "T_new_path_for_pods_created_after": world.faults.old_path_before.map(stamp::truth),
        },
        "notes": [],
    });
    world.truth.finish(&head)?;
    Ok(written)
}
