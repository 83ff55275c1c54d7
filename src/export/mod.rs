//! A source into a snapshot. The only place that knows tokio_postgres, HTTP and dump formats.
//!
//! An export reads every table inside one transaction, so that all rows are true at one instant; over
//! REST ([`rest`]) it reads page after page; an import reads files as they are given. Rows go straight into Parquet, redacted on the way. Must not
//! know events. The way back, files into an empty database, is [`load`]: nothing else here writes to a
//! server.

pub mod again;
pub mod cells;
pub mod core_columns;
pub mod csv;
pub mod elsewhere;
pub mod error;
#[doc(hidden)]
pub mod fuzz;
pub mod import;
pub mod import_error;
pub mod key;
pub mod load;
pub mod load_error;
pub mod ndjson;
pub mod output_class;
pub mod postgres;
pub mod rest;
pub mod retention;
pub mod roles;
pub mod rows;
pub mod source_dir;
pub mod target;
pub mod tls_failure;

mod access;
mod array_text;
mod aside;
mod attend;
mod before;
mod catalogue;
mod connect;
mod copy;
mod drift;
mod field;
mod identity;
mod instant;
mod lock;
mod odd_values;
mod parts;
mod refusal;
mod said;
mod select;
mod server_error;
mod since;
mod source_schema;
mod standing;
mod stranger;
mod sweep;
mod table_reader;
mod table_rows;
mod tables;
mod time_text;
mod tls;
mod user_type;
mod veil;
mod xid;
mod young;
