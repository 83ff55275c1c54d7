//! What tests share: the binary in a pinned environment, and snapshots written by hand.

pub(crate) mod files;
pub(crate) mod run;
pub(crate) mod snapshot;
