//! `source_schema.json`: enough to load a snapshot back into PostgreSQL.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::export::catalogue::{SCHEMA, SourceColumn, SourceKey, SourceTable};
use crate::redact::Redactor;

/// Columns, defaults, keys and enum labels of the exported tables. Defaults are SQL that someone
/// wrote, so they are redacted like any text.
pub(super) fn describe(
    tables: &[SourceTable],
    keys: &[SourceKey],
    enums: &BTreeMap<String, Vec<String>>,
    redactor: &Redactor,
) -> Value {
    let tables: BTreeMap<&str, Value> = tables
        .iter()
        .map(|source| {
            let name = source.table.name();
            let columns: Vec<Value> =
                source.columns.iter().map(|column| describe_column(column, redactor)).collect();
            let mine = || keys.iter().filter(|key| key.table == name);
            let primary = mine().find(|key| key.kind == "p").map(|key| &key.columns);
            let others: Vec<Value> =
                mine().filter(|key| key.kind != "p").map(describe_key).collect();
            (name, json!({ "columns": columns, "primary_key": primary, "keys": others }))
        })
        .collect();
    let used: BTreeMap<&String, &Vec<String>> =
        enums.iter().filter(|(name, _)| uses(&tables, name)).collect();
    json!({ "format": 1, "schema": SCHEMA, "tables": tables, "enums": used })
}

fn describe_column(column: &SourceColumn, redactor: &Redactor) -> Value {
    json!({
        "name": column.name,
        "type": column.sql_type,
        "not_null": column.not_null,
        "default": column.default.as_deref().map(|sql| redactor.text(sql)),
    })
}

fn describe_key(key: &SourceKey) -> Value {
    let kind = if key.kind == "u" { "unique" } else { "foreign" };
    json!({
        "name": key.name,
        "kind": kind,
        "columns": key.columns,
        "definition": key.definition,
    })
}

/// Whether a column is of the enum, or an array of it.
fn uses(tables: &BTreeMap<&str, Value>, name: &str) -> bool {
    tables.values().flat_map(|table| table["columns"].as_array()).flatten().any(|column| {
        let sql_type = column["type"].as_str().unwrap_or_default();
        sql_type.trim_end_matches("[]") == name
    })
}
