//! The message grammar: templates as data, and the matcher. Message -> entry and captures.
//!
//! Must not know what an event leads to.

pub mod check;
pub mod entry;
pub mod era;
pub mod error;
pub mod field;
pub mod head;
pub mod matcher;
pub mod pattern;
pub mod python;
mod scan;
pub mod suggest;

#[cfg(test)]
mod tests;
