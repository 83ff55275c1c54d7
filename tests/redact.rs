//! Redaction from the outside: what is in a snapshot and in every output, byte for byte.

mod again;
mod canaries;
mod canary;
mod evidence;
mod forms;
mod grammar;
mod hay;
mod incidents;
mod policies;
mod python;
