//! Values of a worker's metadata, which nobody promises to be there or of a type.

use serde_json::Value as Json;

use crate::answers::page::Value;
use crate::model::time::Micros;

/// Microseconds in a second.
const SECOND: f64 = 1e6;

/// A text, or whatever stands there instead, as it is written.
pub(super) fn text(json: &Json) -> Value {
    match json {
        Json::Null => Value::Missing,
        Json::String(text) => Value::Text(text.clone()),
        Json::Bool(yes) => Value::Flag(*yes),
        Json::Number(number) => number.as_f64().map_or(Value::Missing, Value::Number),
        Json::Array(_) | Json::Object(_) => Value::Text(json.to_string()),
    }
}

/// A number.
pub(super) fn number(json: &Json) -> Value {
    json.as_f64().map_or(Value::Missing, Value::Number)
}

/// A number of seconds.
pub(super) fn seconds(json: &Json) -> Value {
    json.as_f64().map_or(Value::Missing, Value::Seconds)
}

/// An amount of dollars.
pub(super) fn money(json: &Json) -> Value {
    json.as_f64().map_or(Value::Missing, Value::Money)
}

/// An instant in ISO's spelling, or in seconds since 1970 (`vram_timestamp`: domain/orchestrator.md 1.3).
pub(super) fn instant(json: &Json) -> Option<Micros> {
    match json {
        Json::String(text) => Micros::parse(text),
        Json::Number(number) => {
            let micros = number.as_f64()? * SECOND;
            let at = Micros(micros.round() as i64);
            at.is_in_calendar().then_some(at)
        }
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// An instant as a value; what is none is told as it is written.
pub(super) fn when(json: &Json) -> Value {
    instant(json).map_or_else(|| text(json), Value::Time)
}

/// A part of a whole, of two numbers of megabytes.
pub(super) fn share(part: &Json, whole: &Json) -> Value {
    match (part.as_f64(), whole.as_f64()) {
        (Some(part), Some(whole)) if whole > 0.0 => Value::Share(part / whole),
        (Some(_) | None, Some(_) | None) => Value::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whatever_stands_there_is_no_failure() {
        assert_eq!(
            instant(&json!(1_767_767_585.857_618)),
            Micros::parse("2026-01-07T06:33:05.857618Z")
        );
        assert_eq!(
            instant(&json!("2026-01-07T06:33:05.857618+00:00")),
            Micros::parse("2026-01-07T06:33:05.857618Z")
        );
        assert_eq!(instant(&json!(1e300)), None);
        assert_eq!(when(&json!("soon")), Value::Text("soon".to_string()));
        assert_eq!(text(&json!({"a": 1})), Value::Text("{\"a\":1}".to_string()));
        assert_eq!(share(&json!(1), &json!(0)), Value::Missing);
        assert_eq!(share(&json!(1), &json!(4)), Value::Share(0.25));
    }
}
