//! Every test of the outside, in one binary.

mod as_of;
mod baseline;
mod captures;
mod cli;
mod decisions;
mod degraded;
mod determinism;
mod explain;
mod export;
mod findings;
mod grammar;
mod import;
mod load;
mod properties;
mod queries;
mod redact;
mod roundtrip;
mod score;
mod simulate;
mod soak;
mod sql;
mod support;
mod tidy;
mod verify;
mod vocabulary;
