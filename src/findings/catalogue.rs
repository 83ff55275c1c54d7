//! Every question this build can ask.

use crate::findings::error::QueryError;
use crate::findings::header::Header;

/// One query file.
#[derive(Clone, Debug)]
pub struct Query {
    /// Its path under `queries/`.
    pub path: &'static str,
    /// What it says about itself.
    pub header: Header,
    /// The whole file: header lines are comments to SQL.
    pub sql: &'static str,
}

/// The files, compiled in. A test checks that no file under `queries/` is forgotten.
const FILES: &[(&str, &str)] = &[
    (
        "tasks/task_missing_generation.sql",
        include_str!("../../queries/tasks/task_missing_generation.sql"),
    ),
    (
        "workers/worker_killed_while_healthy.sql",
        include_str!("../../queries/workers/worker_killed_while_healthy.sql"),
    ),
];

/// All queries, sorted by id.
pub fn all() -> Result<Vec<Query>, QueryError> {
    let mut queries = Vec::new();
    for (path, sql) in FILES {
        let header = Header::parse(sql)
            .map_err(|source| QueryError::Header { path: (*path).to_string(), source })?;
        queries.push(Query { path, header, sql });
    }
    queries.sort_by(|a, b| a.header.id.cmp(&b.header.id));
    Ok(queries)
}
