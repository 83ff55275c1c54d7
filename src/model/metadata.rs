//! `workers.metadata`: a JSON object kept as text with its keys in order, as there are many workers, and of
//! each a few keys are asked for.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

/// The object; empty when it was NULL or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Each key, and what it has, one after another.
    text: Box<str>,
    /// Where each key and what it has end, by key.
    ends: Box<[(u32, u32)]>,
}

impl Metadata {
    /// Of the column.
    pub fn of(json: &str) -> Self {
        let object = serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(json);
        let (mut text, mut ends) = (String::with_capacity(json.len()), Vec::new());
        for (key, value) in object.unwrap_or_default() {
            text.push_str(&key);
            let key = text.len() as u32;
            text.push_str(value.get());
            ends.push((key, text.len() as u32));
        }
        Self { text: text.into(), ends: ends.into() }
    }

    /// Whether it has no key: also where the column could not be read.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Each key with the JSON that it has.
    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..self.ends.len()).map(|place| self.entry(place))
    }

    fn entry(&self, place: usize) -> (&str, &str) {
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before].1 as usize);
        let (key, value) = self.ends[place];
        (&self.text[begin..key as usize], &self.text[key as usize..value as usize])
    }

    /// The JSON of a key.
    fn json(&self, key: &str) -> Option<&str> {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = low.midpoint(high);
            let (name, json) = self.entry(middle);
            match name.cmp(key) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Some(json),
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// What a key has.
    pub fn get(&self, key: &str) -> Option<Value> {
        serde_json::from_str(self.json(key)?).ok()
    }

    /// The text that a key has.
    pub fn text(&self, key: &str) -> Option<Cow<'_, str>> {
        let json = self.json(key)?;
        // nearly none has an escape
        let plain = serde_json::from_str::<&str>(json).ok().map(Cow::Borrowed);
        plain.or_else(|| serde_json::from_str::<String>(json).ok().map(Cow::Owned))
    }

    /// What stands under a JSON pointer.
    pub fn pointer(&self, pointer: &str) -> Option<Value> {
        let pointer = pointer.strip_prefix('/')?;
        let (key, rest) = match pointer.split_once('/') {
            Some((key, rest)) => (key, format!("/{rest}")),
            None => (pointer, String::new()),
        };
        self.get(key)?.pointer_mut(&rest).map(Value::take)
    }

    /// All of it.
    pub fn object(&self) -> serde_json::Map<String, Value> {
        let value = |json| serde_json::from_str(json).unwrap_or_default();
        self.iter().map(|(key, json)| (key.to_string(), value(json))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_the_json_says() {
        let json = r#"{"b": {"x": [1, {"y": "z"}]}, "a\u0041": 1.5, "": null, "c": "t\"\u00e4\n",
                       "n": "plain", "a": true, "a": false, "é": "ü"}"#;
        let whole: Value = serde_json::from_str(json).expect("it is JSON");
        let metadata = Metadata::of(json);
        assert_eq!(Value::Object(metadata.object()), whole);
        for key in ["b", "aA", "", "c", "n", "a", "é", "missing"] {
            assert_eq!(metadata.get(key).as_ref(), whole.get(key), "{key}");
            let text = whole.get(key).and_then(Value::as_str);
            assert_eq!(metadata.text(key).as_deref(), text, "{key}");
        }
        for pointer in ["/b/x", "/b/x/1/y", "/b/none", "/n", "/n/x", "/none/x"] {
            assert_eq!(metadata.pointer(pointer).as_ref(), whole.pointer(pointer), "{pointer}");
        }
    }

    #[test]
    fn what_is_no_object_has_no_keys() {
        for json in ["", "null", "[1]", "\"a\"", "{\"a\": ", "7"] {
            assert_eq!(Metadata::of(json), Metadata::default(), "{json}");
        }
    }
}
