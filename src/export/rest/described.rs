//! What the API says of its tables: the OpenAPI document at its root, where it is served.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::export::catalogue::{SourceColumn, SourceKey};
use crate::export::user_type::{Shape, UserType};
use crate::model::table::Table;

/// Columns, keys and enums, as far as they are told.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Described {
    /// Columns by table, in no order that means anything: by name.
    pub(super) tables: BTreeMap<Table, Vec<SourceColumn>>,
    pub(super) keys: Vec<SourceKey>,
    pub(super) types: Vec<UserType>,
    /// Version of the server.
    pub(super) version: Option<String>,
}

/// Types whose names differ between SQL, which the document speaks, and `pg_type`.
const SQL_NAMES: [(&str, &str); 13] = [
    ("smallint", "int2"),
    ("integer", "int4"),
    ("bigint", "int8"),
    ("real", "float4"),
    ("double precision", "float8"),
    ("boolean", "bool"),
    ("timestamp with time zone", "timestamptz"),
    ("timestamp without time zone", "timestamp"),
    ("time with time zone", "timetz"),
    ("time without time zone", "time"),
    ("character varying", "varchar"),
    ("character", "bpchar"),
    ("bit varying", "varbit"),
];

impl Described {
    /// Reads the document; nothing where it is none.
    pub(super) fn of(document: &[u8]) -> Self {
        let document: Value = serde_json::from_slice(document).unwrap_or_default();
        let mut described = Self::default();
        let version = document["info"]["version"].as_str();
        described.version = version.filter(|text| is_version(text)).map(str::to_string);
        for table in Table::ALL {
            let definition = &document["definitions"][table.name()];
            let Some(properties) = definition["properties"].as_object() else { continue };
            let required = definition["required"].as_array();
            let not_null = |name: &str| {
                required.is_some_and(|names| names.iter().any(|required| required == name))
            };
            let mut columns = Vec::new();
            let mut primary = Vec::new();
            for (name, property) in properties {
                let Some(format) = property["format"].as_str() else { continue };
                let labels = property["enum"].as_array();
                columns.push(column(name, format, labels.is_some(), not_null(name)));
                if property["description"].as_str().is_some_and(|text| text.contains("<pk/>")) {
                    primary.push(name.clone());
                }
                described.types.extend(labels.map(|labels| user_type(format, labels)));
            }
            if !primary.is_empty() {
                described.keys.push(primary_key(table, primary));
            }
            described.tables.insert(table, columns);
        }
        described.types.sort_by(|a, b| a.name.cmp(&b.name));
        described.types.dedup_by(|a, b| a.name == b.name);
        described
    }
}

/// A column of a type that is spelled as SQL does.
pub(super) fn column(name: &str, sql_type: &str, is_enum: bool, not_null: bool) -> SourceColumn {
    let bare = sql_type.strip_suffix("[]").unwrap_or(sql_type);
    let bare = bare.split('(').next().unwrap_or_default().trim();
    let known = SQL_NAMES.iter().find(|(sql, _)| *sql == bare);
    let type_name = known.map_or(bare, |(_, name)| name);
    let is_array = sql_type.ends_with("[]");
    SourceColumn {
        name: name.to_string(),
        type_name: if is_array { format!("_{type_name}") } else { type_name.to_string() },
        sql_type: sql_type.to_string(),
        // a name with its schema before it, or a list of labels, is the user's
        builtin: !is_enum && !bare.contains(['.', '"']),
        not_null,
        default: None,
        generated: String::new(),
        identity: String::new(),
    }
}

fn user_type(format: &str, labels: &[Value]) -> UserType {
    let labels = labels.iter().filter_map(Value::as_str).map(str::to_string).collect();
    UserType { name: format.to_string(), shape: Shape::Enum(labels) }
}

fn primary_key(table: Table, columns: Vec<String>) -> SourceKey {
    let quoted: Vec<String> =
        columns.iter().map(|name| crate::export::select::quote(name)).collect();
    SourceKey {
        table: table.name().to_string(),
        name: format!("{table}_pkey"),
        kind: "p".to_string(),
        definition: format!("PRIMARY KEY ({})", quoted.join(", ")),
        columns,
    }
}

/// A version is shown, so it has to be one.
fn is_version(text: &str) -> bool {
    text.len() <= 40 && text.chars().all(|c| c.is_ascii_alphanumeric() || ". ()-+".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::column::ColumnType;

    const DOCUMENT: &str = r#"{"swagger": "2.0", "info": {"version": "12.2.3 (519615d)"},
      "definitions": {"tasks": {"required": ["id", "status"], "type": "object", "properties": {
        "id": {"format": "uuid", "type": "string", "description": "Note:\nThis is a Primary Key.<pk/>"},
        "status": {"format": "public.task_status", "enum": ["Queued", "Failed"], "type": "string"},
        "attempts": {"format": "integer", "type": "integer"},
        "at": {"format": "timestamp with time zone", "type": "string"},
        "dependant_on": {"format": "uuid[]", "type": "array", "items": {"type": "string"}},
        "short": {"format": "character varying", "maxLength": 40, "type": "string"}}},
      "other": {"properties": {"id": {"format": "uuid"}}}}}"#;

    #[test]
    fn columns_have_the_types_a_catalogue_would_name() {
        let described = Described::of(DOCUMENT.as_bytes());
        assert_eq!(described.version.as_deref(), Some("12.2.3 (519615d)"));
        let tasks = &described.tables[&Table::Tasks];
        let of = |name: &str| {
            let column = tasks.iter().find(|column| column.name == name).expect("a column");
            (column.type_name.as_str(), column.sql_type.as_str(), column.builtin, column.not_null)
        };
        assert_eq!(of("id"), ("uuid", "uuid", true, true));
        assert_eq!(of("status"), ("public.task_status", "public.task_status", false, true));
        assert_eq!(of("attempts"), ("int4", "integer", true, false));
        assert_eq!(of("dependant_on"), ("_uuid", "uuid[]", true, false));
        assert_eq!(of("short").0, "varchar");
        assert_eq!(ColumnType::of_postgres(of("at").0), ColumnType::Timestamp);
        assert_eq!(described.keys[0].columns, ["id"]);
        assert_eq!(described.types.len(), 1);
        assert_eq!(described.tables.len(), 1);
    }

    #[test]
    fn what_is_no_description_says_nothing() {
        for document in ["", "[]", "<html>", r#"{"definitions": {"tasks": 7}}"#] {
            assert_eq!(Described::of(document.as_bytes()), Described::default(), "{document}");
        }
    }
}
