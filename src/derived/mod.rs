//! Timelines as Parquet beside the evidence. Must not know DuckDB.

pub mod tables;
