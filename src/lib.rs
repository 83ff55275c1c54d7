//! backstory rebuilds what happened to every task and worker of a GPU-worker orchestrator, offline,
//! from the rows it left in Postgres.

pub mod model;

pub mod redact;

pub mod snapshot;

pub mod export;

pub mod grammar;

pub mod events;

pub mod replay;

pub mod derived;

pub mod read;

pub mod findings;

pub mod report;

pub mod cli;
