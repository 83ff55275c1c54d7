//! The message grammar: templates as data, and the matcher. Message -> entry and captures.
//!
//! Must not know what an event leads to.

pub mod entry;
pub mod matcher;
pub mod pattern;
pub mod python;
