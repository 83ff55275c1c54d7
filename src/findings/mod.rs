//! The forensic questions of `queries/` and their answers.
//!
//! A question is data: a header and one SELECT. Knows the tables of `read` by name and nothing of how
//! they are kept.

mod anatomy;
pub mod blast;
pub mod border;
pub mod catalogue;
pub mod check;
pub mod citation;
pub mod error;
pub mod evidence;
pub mod finding;
pub mod header;
pub mod lint;
pub mod mutants;
mod population;
mod rows;
pub mod run;
pub mod short;
mod stage;
pub mod story;
mod support;
pub mod suppress;
mod tokens;
pub mod why;
