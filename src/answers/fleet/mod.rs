//! What the verbs about the fleet share: its workers, how many fail, whether somebody watches over them.

pub(in crate::answers) mod blind;
pub(in crate::answers) mod eras;
pub(in crate::answers) mod guilt;
pub(in crate::answers) mod open;
pub(in crate::answers) mod pulse;
pub(in crate::answers) mod queue;
pub(in crate::answers) mod rates;
pub(in crate::answers) mod reasons;
mod rings;
pub(in crate::answers) mod serving;
pub(in crate::answers) mod strange;
pub(in crate::answers) mod vain;
pub(in crate::answers) mod vanished;
