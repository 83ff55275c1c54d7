//! `source_schema.json`: enough to load a snapshot back into PostgreSQL.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::export::catalogue::{SCHEMA, SourceColumn, SourceKey, SourceTable};
use crate::export::roles::role;
use crate::export::user_type::{self, UserType};
use crate::model::table::Table;
use crate::redact::Redactor;
use crate::redact::role::Role;

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
            let columns: Vec<Value> = source
                .columns
                .iter()
                .map(|of| describe_column(source.table, of, redactor))
                .collect();
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

fn describe_column(table: Table, column: &SourceColumn, redactor: &Redactor) -> Value {
    let role = role(table, &column.name);
    let mut described = json!({
        "name": column.name,
        "type": column.sql_type,
        "not_null": column.not_null,
        "default": column.default.as_deref().map(|sql| safe_default(redactor, role, sql)),
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

/// The defaults of a schema that was described before, hidden like those of a new one.
pub(super) fn hide_defaults(schema: &mut Value, redactor: &Redactor) {
    for table in Table::ALL {
        let described = schema.get_mut("tables").and_then(|tables| tables.get_mut(table.name()));
        let columns = described.and_then(|described| described.get_mut("columns"));
        for column in columns.and_then(Value::as_array_mut).into_iter().flatten() {
            let name = column["name"].as_str().unwrap_or_default();
            let role = role(table, name);
            if let Some(sql) = column["default"].as_str() {
                column["default"] = safe_default(redactor, role, sql).into();
            }
        }
    }
}

/// A column's default. What is hidden in rows whatever it says is hidden here, too: each literal stays one, so that
/// the SQL can still be run.
fn safe_default(redactor: &Redactor, role: Role, sql: &str) -> String {
    let is_hidden = matches!(role, Role::Secret(_) | Role::Person | Role::Owner | Role::Private);
    if !is_hidden {
        return redactor.text(sql).into_owned();
    }
    let (mut safe, mut rest) = (String::new(), sql);
    while let Some((before, literal)) = rest.split_once('\'') {
        let mut end = 0;
        // a quote in a literal stands there twice
        while let Some(at) = literal[end..].find('\'') {
            end += at;
            if !literal[end + 1..].starts_with('\'') {
                break;
            }
            end += 2;
        }
        let end = if literal[end..].starts_with('\'') { end } else { literal.len() };
        let inner = literal[..end].replace("''", "'");
        let hidden = redactor.value(role, &inner).replace('\'', "''");
        safe.push_str(&format!("{before}'{hidden}'"));
        rest = literal.get(end + 1..).unwrap_or_default();
    }
    safe + rest
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::policy::Policy;

    #[test]
    fn the_default_of_a_column_of_secrets_is_one() {
        let redactor = Redactor::new(Policy::Standard, &[7; 32]);
        let key = |sql: &str| safe_default(&redactor, role(Table::Workers, "api_key"), sql);
        assert_eq!(key("'CANARY'::text"), "'<redacted:api_key>'::text");
        assert_eq!(
            key("('it''s'::text || 'more'::text)"),
            "('<redacted:api_key>'::text || '<redacted:api_key>'::text)"
        );
        assert_eq!(key("'not closed"), "'<redacted:api_key>'");
        assert_eq!(key("''::text"), "''::text");
        assert_eq!(key("gen_random_uuid()"), "gen_random_uuid()");
        let status = role(Table::Workers, "status");
        assert_eq!(safe_default(&redactor, status, "'active'::text"), "'active'::text");
    }

    #[test]
    fn a_schema_that_was_described_is_hidden_again() {
        let redactor = Redactor::new(Policy::Standard, &[7; 32]);
        let column = json!({ "name": "api_key", "type": "text", "default": "'CANARY'::text" });
        let mut schema = json!({ "tables": { "workers": { "columns": [column] } } });
        hide_defaults(&mut schema, &redactor);
        let default = &schema["tables"]["workers"]["columns"][0]["default"];
        assert_eq!(default, "'<redacted:api_key>'::text");
        let as_it_is = schema.clone();
        hide_defaults(&mut schema, &redactor);
        assert_eq!(schema, as_it_is);
    }
}
