//! What changed in the tables since the capture before, by name: nobody should learn it from a NULL.

use std::collections::BTreeMap;

use serde_json::Value;

/// One sentence for each column that came, went or changed its type between two
/// `source_schema.json`; none for a table that only one of them has.
pub(super) fn notes(before: &Value, now: &Value) -> Vec<String> {
    let mut notes = Vec::new();
    let tables = now["tables"].as_object().into_iter().flatten();
    for (table, described) in tables {
        let Some(earlier) = before["tables"].get(table) else { continue };
        let (was, is) = (types(earlier), types(described));
        for (name, new) in &is {
            match was.get(name) {
                None => notes.push(format!("{table}: column `{name}` is new ({new})")),
                Some(old) if old != new => {
                    notes.push(format!("{table}: column `{name}` was {old}, is {new} now"));
                }
                Some(_) => {}
            }
        }
        let gone = was.iter().filter(|(name, _)| !is.contains_key(*name));
        notes.extend(
            gone.map(|(name, old)| format!("{table}: column `{name}` is gone (was {old})")),
        );
    }
    notes
}

/// The columns of a table as a `source_schema.json` describes them, with their defaults.
pub(super) fn columns<'a>(schema: &'a Value, table: &str) -> &'a Value {
    &schema["tables"][table]["columns"]
}

fn types(table: &Value) -> BTreeMap<&str, &str> {
    let columns = table["columns"].as_array().into_iter().flatten();
    columns
        .filter_map(|column| Some((column["name"].as_str()?, column["type"].as_str()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_that_came_went_and_changed_are_named() {
        let column = |name: &str, of: &str| json!({ "name": name, "type": of });
        let schema = |columns: Vec<Value>| json!({ "tables": { "tasks": { "columns": columns } } });
        let before =
            schema(vec![column("a", "uuid"), column("b", "text"), column("same", "integer")]);
        let now =
            schema(vec![column("same", "integer"), column("a", "uuid[]"), column("c", "boolean")]);
        assert_eq!(
            notes(&before, &now),
            [
                "tasks: column `a` was uuid, is uuid[] now",
                "tasks: column `c` is new (boolean)",
                "tasks: column `b` is gone (was text)",
            ]
        );
        assert!(notes(&now, &now).is_empty());
        assert!(notes(&json!({ "tables": {} }), &now).is_empty());
        assert!(notes(&Value::Null, &now).is_empty());
    }
}
