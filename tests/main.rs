//! Every test of the outside, in one binary.

mod findings;
mod queries;
mod sql;
mod support;
