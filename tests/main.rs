//! Every test of the outside, in one binary.

mod export;
mod findings;
mod queries;
mod sql;
mod support;
