//! Answers about one thing: a model per verb, made from the tables of a snapshot. Must not print.

pub mod ask;
pub mod config;
pub mod explanation;
pub mod lanes;
pub mod page;
pub mod pods;
pub mod subject;
pub mod task;
pub mod tasks;
pub mod timeline;
pub mod told;
pub mod window;
