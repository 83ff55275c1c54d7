//! All integration tests, in one binary.

mod import;
mod tidy;
