//! A source into a snapshot. The only place that knows tokio_postgres and dump formats.
//!
//! One capture reads every table inside one transaction, so that all rows are true at one instant;
//! rows go straight from the wire into Parquet, redacted on the way. Must not know events.

pub mod error;
pub mod key;
pub mod postgres;
pub mod retention;
pub mod target;

mod catalogue;
mod connect;
mod copy;
mod field;
mod instant;
mod select;
mod server_error;
mod source_schema;
mod sweep;
mod table_reader;
mod time_text;
mod tls;
mod xid;
