//! backstory rebuilds what happened to every task and worker of a GPU-worker orchestrator, offline,
//! from the rows it left in Postgres, and answers forensic questions about it.
//!
//! # Bird's eye
//!
//! Data flows one way, and each arrow crosses one folder:
//!
//! ```text
//! source --export--> snapshot --events--> Event --replay--> timelines --derived--> Parquet
//!                                                                                   |
//!                              a person, or CI <--report, cli-- findings <--read----+
//! ```
//!
//! A stage reads only what the stage above it wrote, so each can be run, inspected and tested alone.
//! `tests/tidy.rs` holds the arrows.
//!
//! # What holds everywhere
//!
//! - Every claim cites the row that says so: an event names its table, key and column; a transition
//!   names its event; a finding names events or rows.
//! - The same evidence gives the same bytes: no clock below [`cli`], no hash-map order in any output,
//!   any number of threads.
//! - Absence of a line proves nothing unless the line could have reached us.
//! - The source is never written to, and secrets are masked before a byte is written.
//! - A bad row never stops a run and is never lost silently: rows read are rows accounted for.
//!
//! # Code map, in reading order
//!
//! - [`model`]: the vocabulary. No IO, no arrow, no SQL.
//! - [`spool`]: sequences larger than memory. Must not know what they hold.
//! - [`redact`]: text to the same text, safe to keep. Must not know tables.
//! - [`snapshot`]: the files and their promise. Must not know what rows mean.
//! - [`export`]: sources into snapshots. The only code that knows PostgreSQL's wire or dump files.
//! - [`grammar`]: message templates as data, and the matcher. Must not know what a message leads to.
//! - [`events`]: rows into events, strictly ordered. Must not know states.
//! - [`replay`]: events into timelines. Pure: no IO, no clock, no error type.
//! - [`derived`]: timelines into Parquet. Must not know DuckDB.
//! - [`read`]: DuckDB over the snapshot, locked in. Must not know the queries.
//! - [`findings`]: `queries/*.sql` on top of [`read`].
//! - [`cases`]: written cases, rows and what must be told of them. Must not know who tells it.
//! - [`answers`]: what the verbs about one thing answer. Must not print.
//! - [`score`]: tables and findings against a known truth. Must not know who wrote the truth.
//! - [`report`]: one documented model a verb, and its renderings. Reads no files.
//! - [`simulate`]: a seeded fleet with faults and its truth. Must not know the grammar.
//! - [`cli`]: one file a verb; the only code that knows clap, stdout, colour, now() and exit codes.

pub mod model;

pub mod spool;

pub mod redact;

pub mod snapshot;

pub mod export;

pub mod grammar;

pub mod events;

pub mod replay;

pub mod derived;

pub mod read;

pub mod findings;

pub mod cases;

pub mod answers;

pub mod score;

pub mod report;

pub mod simulate;

pub mod cli;
