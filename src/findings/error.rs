//! What can be wrong with a question.

use crate::read::error::ReadError;

/// Why the header of a query file is no header.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// The file does not begin with `--! ` lines.
    #[error("the file has no header: it must begin with lines of `--! key = value`")]
    Missing,
    /// The lines are no TOML, or name a key that does not exist.
    #[error("the header is not understood")]
    Toml(#[from] toml::de::Error),
    /// A key has a value it must not have.
    #[error("`{key}` {problem}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong with its value.
        problem: String,
    },
}

/// Why a question was not answered: a bug of its query file, or of the engine below it.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// A query file has a bad header.
    #[error("query file {path}")]
    Header {
        /// The file under `queries/`.
        path: String,
        /// What is wrong with it.
        source: HeaderError,
    },
    /// A query file, or a folder of them, could not be read.
    #[error("query file {path}")]
    File {
        /// The file or folder.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A query is named otherwise than its file.
    #[error("query file {path} names itself `{id}`: file and id must agree")]
    Name {
        /// The file.
        path: String,
        /// The id in its header.
        id: String,
    },
    /// Two files have one id.
    #[error("the id `{id}` stands in two query files: {} and {}", .paths[0], .paths[1])]
    Twice {
        /// The id.
        id: String,
        /// The files.
        paths: [String; 2],
    },
    /// The query could not be run.
    #[error("query `{query}` could not be answered")]
    Read {
        /// The query.
        query: String,
        /// Why not.
        source: ReadError,
    },
    /// The query reads a table that nothing has.
    #[error("query `{query}` reads `{table}`, which is no table")]
    UnknownTable {
        /// The query.
        query: String,
        /// The name it gives.
        table: String,
    },
    /// The result does not begin with the columns every finding has.
    #[error("query `{query}` must return {wanted} as column {position}")]
    Shape {
        /// The query.
        query: String,
        /// Name and kind of the column.
        wanted: &'static str,
        /// Counted from 1.
        position: usize,
    },
    /// A row has a value no finding can have.
    #[error("query `{query}` returned a finding {problem}")]
    Row {
        /// The query.
        query: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Two rows agree in the columns that are promised to tell them apart.
    #[error("query `{query}` returned two findings with the same {grain}")]
    Grain {
        /// The query.
        query: String,
        /// Its grain.
        grain: String,
    },
}
