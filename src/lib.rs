//! backstory rebuilds what happened to every task and worker of a GPU-worker orchestrator, offline,
//! from the rows it left in Postgres.

pub mod model;
pub mod snapshot;
