//! Written cases: the few rows that something leaves, and what must be told of them. The tests of
//! transitions and the cases of every query are written in this form; the cases of a query stand beside
//! it, so that a query of a user's own is checked the same way as ours.

pub mod case;
pub mod error;
mod line;
pub mod names;
mod rows;
mod span;
