//! What may run at all: exactly one SELECT.
//!
//! `prepare` executes every statement but the last, and an allowed directory may also be written to
//! and attached; so the text is parsed before it is prepared, by the engine's own parser.

use duckdb::Connection;

use crate::read::error::ReadError;

/// What a refused writer may do instead.
const ONLY: &str =
    "only one SELECT can be run (WITH, FROM, VALUES, DESCRIBE and SUMMARIZE are fine)";

/// Checks that the text is one SELECT, without running any of it.
pub(crate) fn check(connection: &Connection, sql: &str) -> Result<(), ReadError> {
    let tree: String = connection
        .query_row("select cast(json_serialize_sql(cast(? as varchar)) as varchar)", [sql], |row| {
            row.get(0)
        })
        .map_err(|err| ReadError::of_engine(&err))?;
    let tree: serde_json::Value = serde_json::from_str(&tree)
        .map_err(|err| ReadError::Failed(format!("the parser's answer is unreadable: {err}")))?;
    if tree["error"] != serde_json::Value::Bool(false) {
        return Err(match tree["error_type"].as_str() {
            Some("not implemented") => ReadError::Refused(ONLY.to_string()),
            _ => ReadError::Syntax(syntax(sql, &tree)),
        });
    }
    match tree["statements"].as_array().map_or(0, Vec::len) {
        1 => Ok(()),
        0 => Err(ReadError::Refused("there is no statement to run".to_string())),
        found => Err(ReadError::Refused(format!("{found} statements were given; {ONLY}"))),
    }
}

/// The parser's message with the line it means and a mark below the place.
fn syntax(sql: &str, tree: &serde_json::Value) -> String {
    let message = tree["error_message"].as_str().unwrap_or("it does not parse").to_string();
    let position = tree["position"].as_str().and_then(|text| text.parse::<usize>().ok());
    let Some(before) = position.and_then(|at| sql.get(..at)) else {
        return message;
    };
    let line = sql.lines().nth(before.matches('\n').count()).unwrap_or_default();
    let column = before.chars().rev().take_while(|c| *c != '\n').count();
    format!("{message}\n  {line}\n  {}^", " ".repeat(column))
}
