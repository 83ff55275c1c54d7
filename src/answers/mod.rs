//! Answers about one thing: a model per verb, made from the tables of a snapshot. Must not print.

pub mod explanation;
pub mod subject;
