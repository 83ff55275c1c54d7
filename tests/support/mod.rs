//! What tests share: the binary in a pinned environment, snapshots written by hand, a real PostgreSQL.

pub(crate) mod authority;
pub(crate) mod damage;
pub(crate) mod files;
pub(crate) mod growing;
pub(crate) mod imported;
pub(crate) mod postgres;
pub(crate) mod proxy;
pub(crate) mod replayed;
pub(crate) mod rest;
pub(crate) mod run;
pub(crate) mod snapshot;
pub(crate) mod steps;

use std::io::Write;

/// Says that a test did nothing.
pub(crate) fn skipped(why: &str) {
    told(&format!("skipped: {why}"));
}

/// Says something past the harness, which keeps what passing tests print to itself.
pub(crate) fn told(what: &str) {
    drop(writeln!(std::io::stderr(), "{what}"));
}
