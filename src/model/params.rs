//! What the rules ask of a task's `params`: a few fields of what may be many kilobytes.

use blake3::Hash;
use serde_json::{Map, Value};

/// Fields that some rule asks for (domain/worker-app.md 2.5 and 3.5).
const ASKED: [&[&str]; 7] = [
    &["orchestration_contract", "orchestrator_task_id"],
    &["orchestrator_task_id_ref"],
    &["orchestrator_task_id"],
    &["orchestrator_details", "orchestrator_task_id"],
    &["originalParams", "orchestrator_details", "orchestrator_task_id"],
    &["skip_generation"],
    &["generation_id"],
];

/// `params`, as far as rules ask.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    asked: Value,
    /// Of the whole: what differs elsewhere differs here.
    digest: Hash,
}

impl Params {
    /// Of the whole column: JSON, null when it was NULL or not JSON.
    pub fn of(whole: &Value) -> Self {
        let mut asked = Value::Null;
        for path in ASKED {
            if let Some(value) = path.iter().try_fold(whole, |value, key| value.get(key)) {
                put(&mut asked, path, value);
            }
        }
        Self { asked, digest: blake3::hash(whole.to_string().as_bytes()) }
    }

    /// One of the fields that are asked for, by its JSON pointer.
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        debug_assert!(ASKED.iter().any(|path| *pointer == of(path)), "{pointer} is not kept");
        self.asked.pointer(pointer)
    }
}

/// The JSON pointer of a path of keys.
fn of(path: &[&str]) -> String {
    format!("/{}", path.join("/"))
}

/// Puts a value under a path of keys, making the objects on the way.
fn put(into: &mut Value, path: &[&str], value: &Value) {
    match path {
        [] => *into = value.clone(),
        [key, rest @ ..] => put(object(into).entry(*key).or_insert(Value::Null), rest, value),
    }
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("it was made one")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_rules_ask_for_is_kept_and_any_difference_told() {
        let whole = json!({
            "prompt": "a long text",
            "skip_generation": true,
            "orchestrator_details": {"orchestrator_task_id": "t1", "frames": [1, 2]},
        });
        let params = Params::of(&whole);
        for pointer in ASKED.map(of) {
            assert_eq!(params.pointer(&pointer), whole.pointer(&pointer), "{pointer}");
        }
        assert_eq!(params, Params::of(&whole.clone()));
        let mut other = whole.clone();
        other["orchestrator_details"]["frames"] = json!([1, 3]);
        assert_ne!(params, Params::of(&other));
        assert_eq!(Params::of(&json!("no object")).pointer("/generation_id"), None);
        assert_eq!(Params::of(&json!({"orchestrator_details": 7})).asked, Value::Null);
    }
}
