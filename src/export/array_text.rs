//! A list of JSON as PostgreSQL prints the array that it stands for.

use serde_json::value::RawValue;

use crate::export::ndjson::{BadObject, text_of};

/// `["a", null, "b c"]` as `{a,NULL,"b c"}`.
pub(super) fn array(text: &str) -> Result<String, BadObject> {
    let items: Vec<&RawValue> =
        serde_json::from_str(text).map_err(|err| BadObject::NotAnObject(err.column()))?;
    let mut spelled = Vec::with_capacity(items.len());
    for item in items {
        spelled.push(match item.get() {
            "null" => "NULL".to_string(),
            "true" => "t".to_string(),
            "false" => "f".to_string(),
            inner if inner.starts_with('[') => array(inner)?,
            _ => quoted(&text_of(item)?.unwrap_or_default()),
        });
    }
    Ok(format!("{{{}}}", spelled.join(",")))
}

/// An element as PostgreSQL's `array_out` has it.
fn quoted(element: &str) -> String {
    let special = |c: char| "{}\",\\ \t\n\r\u{b}\u{c}".contains(c);
    if !element.is_empty() && !element.contains(special) && !element.eq_ignore_ascii_case("null") {
        return element.to_string();
    }
    format!("\"{}\"", element.replace('\\', "\\\\").replace('"', "\\\""))
}
