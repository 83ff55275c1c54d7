//! `source_schema.json`: enough to load a snapshot back into PostgreSQL.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::export::catalogue::{SCHEMA, SourceColumn, SourceKey, SourceTable};
use crate::export::user_type::{self, UserType};
use crate::redact::Redactor;

/// Columns, defaults, keys and types of the exported tables, the types in an order in which they can
/// be made. Defaults and checks are SQL that someone wrote, so they are redacted like any text.
pub(super) fn describe(
    tables: &[SourceTable],
    keys: &[SourceKey],
    types: &[UserType],
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
    let safe = |sql: &str| redactor.text(sql).into_owned();
    let described: Vec<Value> = types.iter().map(|of| user_type::describe(of, &safe)).collect();
    let enums = user_type::enums(types);
    json!({ "format": 1, "schema": SCHEMA, "types": described, "tables": tables, "enums": enums })
}

fn describe_column(column: &SourceColumn, redactor: &Redactor) -> Value {
    let mut described = json!({
        "name": column.name,
        "type": column.sql_type,
        "not_null": column.not_null,
        "default": column.default.as_deref().map(|sql| redactor.text(sql)),
    });
    let generated = match column.generated.as_str() {
        "" => None,
        "v" => Some("virtual"),
        _ => Some("stored"),
    };
    let identity = match column.identity.as_str() {
        "" => None,
        "a" => Some("always"),
        _ => Some("by default"),
    };
    for (name, word) in [("generated", generated), ("identity", identity)] {
        if let Some(word) = word {
            described[name] = word.into();
        }
    }
    described
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
