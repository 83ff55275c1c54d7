//! One JSON object a line: its keys are columns, nested values are kept as their JSON text.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufRead, Read};

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::export::array_text::array;
use crate::export::csv::RECORD_BYTES_MAX;

/// Why a line could not be read. Says nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadObject {
    /// No JSON, or JSON of another kind.
    #[error("not one JSON object (column {0})")]
    NotAnObject(usize),
    /// The same key twice: which value holds?
    #[error("a key stands twice")]
    TwiceTheKey,
    /// Bytes that are no UTF-8.
    #[error("invalid UTF-8")]
    NotUtf8,
    /// Longer than [`RECORD_BYTES_MAX`].
    #[error("longer than {} MiB", RECORD_BYTES_MAX >> 20)]
    TooLong,
}

/// The members of one line, in its order.
pub type Members<'a> = Vec<(String, Option<Cow<'a, str>>)>;

/// Reads objects one after the other.
pub struct NdjsonReader<R> {
    input: R,
    line: u64,
    bytes: Vec<u8>,
}

impl<R: BufRead> NdjsonReader<R> {
    /// Starts at line 1.
    pub fn new(input: R) -> Self {
        Self { input, line: 0, bytes: Vec::new() }
    }

    /// The line of the last object.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The next object, or what is wrong with its line; `None` at the end. Blank lines are skipped.
    pub fn read(&mut self) -> io::Result<Option<Result<Members<'_>, BadObject>>> {
        loop {
            self.bytes.clear();
            self.line += 1;
            let limit = RECORD_BYTES_MAX as u64;
            let read = (&mut self.input).take(limit).read_until(b'\n', &mut self.bytes)?;
            if read == 0 {
                return Ok(None);
            }
            if read as u64 == limit && self.bytes.last() != Some(&b'\n') {
                self.skip_line()?;
                return Ok(Some(Err(BadObject::TooLong)));
            }
            if !self.bytes.trim_ascii().is_empty() {
                break;
            }
        }
        let Ok(text) = std::str::from_utf8(&self.bytes) else {
            return Ok(Some(Err(BadObject::NotUtf8)));
        };
        Ok(Some(members(text.trim_start_matches('\u{feff}'))))
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let chunk = self.input.fill_buf()?;
            let Some(end) = chunk.iter().position(|b| *b == b'\n') else {
                let length = chunk.len();
                self.input.consume(length);
                if length == 0 {
                    return Ok(());
                }
                continue;
            };
            self.input.consume(end + 1);
            return Ok(());
        }
    }
}

/// Columns that hold an array: nothing else tells its list from JSON that is one (domain/worker-app.md, columns
/// of `tasks`).
const ARRAYS: [&str; 1] = ["dependant_on"];

fn members(line: &str) -> Result<Members<'_>, BadObject> {
    let text = |key: &str, value| match RawValue::get(value) {
        list if list.starts_with('[') && ARRAYS.contains(&key) => Ok(Some(array(list)?.into())),
        _ => text_of(value),
    };
    let members = raw_members(line)?.into_iter();
    members.map(|(key, value)| text(&key, value).map(|text| (key, text))).collect()
}

/// The members of one object, each value as it is written.
pub(super) fn raw_members(line: &str) -> Result<Vec<(String, &RawValue)>, BadObject> {
    let mut json = serde_json::Deserializer::from_str(line);
    // The text of serde's errors may quote the row, so only the place is kept.
    let place = |err: serde_json::Error| BadObject::NotAnObject(err.column());
    let raw = json.deserialize_map(ObjectVisitor).map_err(place)?;
    json.end().map_err(place)?;
    let mut keys: Vec<&str> = raw.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(BadObject::TwiceTheKey);
    }
    Ok(raw)
}

/// A value as text: a string without its quotes, anything else as it is written; `null` is none.
pub(super) fn text_of(value: &RawValue) -> Result<Option<Cow<'_, str>>, BadObject> {
    match value.get() {
        "null" => Ok(None),
        text if text.starts_with('"') => serde_json::from_str(text)
            .map(|text: String| Some(Cow::Owned(text)))
            .map_err(|err| BadObject::NotAnObject(err.column())),
        text => Ok(Some(Cow::Borrowed(text))),
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Result<Vec<(String, Option<String>)>, BadObject> {
        let mut reader = NdjsonReader::new(line.as_bytes());
        let object = reader.read().expect("a slice has no IO errors").expect("one line");
        object.map(|members| {
            members.into_iter().map(|(key, value)| (key, value.map(Cow::into_owned))).collect()
        })
    }

    #[test]
    fn values_are_texts_and_numbers_keep_their_digits() {
        let row =
            one(r#"{"a":null,"b":"x\n\"y","c":12345678901234567890.10,"d":{"e": [1]},"f":true}"#);
        let want = [
            ("a", None),
            ("b", Some("x\n\"y")),
            ("c", Some("12345678901234567890.10")),
            ("d", Some(r#"{"e": [1]}"#)),
            ("f", Some("true")),
        ];
        let want = want.map(|(key, value)| (key.to_string(), value.map(str::to_string)));
        assert_eq!(row, Ok(want.to_vec()));
    }

    #[test]
    fn the_list_of_a_column_of_arrays_is_the_array_that_an_export_has() {
        let row = one(r#"{"dependant_on":["a","b c"],"other":["a","b c"]}"#);
        let want = [("dependant_on", r#"{a,"b c"}"#), ("other", r#"["a","b c"]"#)];
        let want = want.map(|(key, value)| (key.to_string(), Some(value.to_string())));
        assert_eq!(row, Ok(want.to_vec()));
        let single = [("dependant_on".to_string(), Some("a".to_string()))];
        assert_eq!(one(r#"{"dependant_on":"a"}"#), Ok(single.to_vec()), "until January 2026");
    }

    #[test]
    fn what_is_no_object_is_named_by_its_place_only() {
        assert_eq!(one(r#"["secret"]"#), Err(BadObject::NotAnObject(0)));
        assert_eq!(one(r#"{"a":1} x"#), Err(BadObject::NotAnObject(9)));
        assert_eq!(one(r#"{"a":1,"a":2}"#), Err(BadObject::TwiceTheKey));
    }
}
