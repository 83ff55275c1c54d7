//! Answers about one thing: a model per verb, made from the tables of a snapshot. Must not print.

pub mod ask;
pub mod causes;
pub mod config;
pub mod explanation;
mod fleet;
pub mod health;
pub mod heartbeat;
pub mod inputs;
pub mod lanes;
pub mod orchestrator;
pub mod page;
pub mod pods;
pub mod row;
pub mod subject;
pub mod task;
pub mod tasks;
pub mod timeline;
pub mod told;
pub mod window;
pub mod worker;
pub mod workers;
