//! The vocabulary everyone may name: tables, times, ids, events, states. No IO, no arrow, no SQL.

pub mod table;
pub mod time;
