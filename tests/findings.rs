//! `findings`
