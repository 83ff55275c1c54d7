//! Sources into snapshots: the only code that knows what a source looks like.
//!
//! Must not know events: it moves rows, redacted, and says what it could not read.

pub mod cells;
pub mod csv;
pub mod error;
pub mod import;
pub mod key;
pub mod ndjson;
pub mod rows;
pub mod source_dir;
