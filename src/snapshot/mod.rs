//! The files of a snapshot and the promise they make: what was written is what is read.
//!
//! Knows Parquet and the manifest; must not know what rows mean.

pub mod capture;
pub mod column;
mod encoder;
pub mod error;
mod hashed_file;
pub mod lock;
pub mod manifest;
mod older_hash;
pub mod open;
pub mod parquet_file;
pub mod publish;
pub mod rewrite;
mod row_hash;
pub mod schema;
pub mod seal;
pub mod table_writer;
pub mod verify;
