//! What tests share.

pub(crate) mod cut;
pub(crate) mod postgres;
