//! DuckDB over the evidence and the derived tables of one snapshot, locked in.
//!
//! The only place that knows duckdb: what leaves it are [`cell::Cell`]s. Must not know `queries/`.

mod as_of;
pub mod cell;
pub mod database;
pub mod engine;
pub mod error;
mod from_arrow;
mod gate;
pub(crate) mod literal;
mod order;
pub mod run;
mod views;
mod watchdog;
mod within;
