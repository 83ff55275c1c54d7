//! The vocabulary everyone may name: tables, times, ids, events, states. No IO, no arrow, no SQL.

pub mod alike;
pub mod attribute;
pub mod column;
pub mod cycle;
pub mod event;
pub mod hex;
pub mod holes;
pub mod id;
pub mod kind;
pub mod metadata;
pub mod order;
pub mod output;
pub mod params;
pub mod rows;
pub(crate) mod shared;
pub mod state;
pub mod table;
pub mod time;
pub mod token;
