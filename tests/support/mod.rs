//! What tests share.

pub(crate) mod authority;
pub(crate) mod cut;
pub(crate) mod postgres;

use std::io::Write;

/// Says that a test did nothing, past the harness, which keeps what passing tests print to itself.
pub(crate) fn skipped(why: &str) {
    drop(writeln!(std::io::stderr(), "skipped: {why}"));
}
