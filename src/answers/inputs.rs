//! What a decision weighed, in words: the JSON of `decisions.inputs` and `decisions.thresholds`.

use serde_json::Value as Json;

use crate::answers::page::Value;

/// How exact the inputs are: no input itself.
const PRECISION: &str = "precision_s";
/// The names of the thresholds that no line told (docs/decisions.md).
const BY_DEFAULT: &str = "by_default";

/// `heartbeat age 86.1 s`, in the order of the names; a threshold that no line told is marked as the code's
/// own.
pub fn told(json: Option<&str>) -> Value {
    let Some(Json::Object(map)) = json.and_then(|json| serde_json::from_str(json).ok()) else {
        return Value::Missing;
    };
    let assumed: Vec<&str> = match map.get(BY_DEFAULT) {
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
        Some(_) | None => Vec::new(),
    };
    let one = |(name, value): (&String, &Json)| {
        let mark = if assumed.contains(&name.as_str()) { " (the code's default)" } else { "" };
        Value::Text(format!("{}{mark}", named(name, value)))
    };
    let is_told = |(name, _): &(&String, &Json)| *name != PRECISION && *name != BY_DEFAULT;
    Value::List(map.iter().filter(is_told).map(one).collect())
}

fn named(name: &str, value: &Json) -> String {
    let (stem, unit) = if let Some(stem) = name.strip_suffix("_s") {
        (stem, " s")
    } else if let Some(stem) = name.strip_suffix("_mb") {
        (stem, " MB")
    } else if let Some(stem) = name.strip_suffix("_percent") {
        (stem, " %")
    } else {
        (name, "")
    };
    format!("{} {}{unit}", stem.replace('_', " "), plain(value))
}

fn plain(value: &Json) -> String {
    match value {
        Json::Null => "-".to_string(),
        Json::Bool(yes) => if *yes { "yes" } else { "no" }.to_string(),
        Json::String(text) => text.clone(),
        Json::Number(number) => match number.as_f64() {
            Some(x) if number.is_f64() => {
                let text = format!("{x:.1}");
                text.strip_suffix(".0").unwrap_or(&text).to_string()
            }
            Some(_) | None => number.to_string(),
        },
        Json::Array(_) | Json::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_told_with_their_units() {
        let list = |json| {
            let Value::List(values) = told(Some(json)) else { panic!("no list: {json}") };
            values
        };
        let text = |text: &str| Value::Text(text.to_string());
        assert_eq!(
            list(
                r#"{"heartbeat_age_s":86.14,"precision_s":0.5,"vram_used_mb":3,"has_active_task":true}"#
            ),
            [text("has active task yes"), text("heartbeat age 86.1 s"), text("vram used 3 MB")]
        );
        assert_eq!(
            list(r#"{"by_default":["healthy_heartbeat_s"],"healthy_heartbeat_s":60}"#),
            [text("healthy heartbeat 60 s (the code's default)")]
        );
        assert_eq!(told(Some("no JSON")), Value::Missing);
        assert_eq!(told(None), Value::Missing);
    }
}
