//! What a query answers with, free of any engine.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::model::time::Micros;

/// One column of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name as the query gave it.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}

/// What a column of an answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Truth values.
    Bool,
    /// Whole and broken numbers.
    Number,
    /// Instants, UTC.
    Time,
    /// Texts, and whatever is shown as text.
    Text,
    /// Lists of texts.
    TextList,
    /// Lists of something else, and records.
    Nested,
}

/// One value of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// SQL NULL.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// A number that the two above cannot hold exactly, in digits.
    Digits(String),
    /// A text.
    Text(String),
    /// An instant.
    Time(Micros),
    /// A list.
    List(Vec<Cell>),
    /// A record of named values.
    Record(Vec<(String, Cell)>),
}

impl Cell {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The instant, if it is one.
    pub fn as_time(&self) -> Option<Micros> {
        if let Self::Time(at) = self { Some(*at) } else { None }
    }

    /// The value as one plain text, unquoted; `None` for NULL. Instants are written with a blank and
    /// without a zone (they are UTC), lists and records as JSON.
    pub fn to_plain(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Bool(value) => Some(value.to_string()),
            Self::Int(number) => Some(number.to_string()),
            Self::Float(number) => Some(number.to_string()),
            Self::Digits(text) | Self::Text(text) => Some(text.clone()),
            Self::Time(at) => Some(plain_time(*at)),
            Self::List(_) | Self::Record(_) => {
                Some(serde_json::to_string(self).unwrap_or_else(|err| err.to_string()))
            }
        }
    }
}

/// `2025-11-03 14:00:00.603151`: what a TIMESTAMP is called in SQL, at full precision.
pub fn plain_time(at: Micros) -> String {
    at.to_string().replacen('T', " ", 1).trim_end_matches('Z').to_string()
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Int(number) => to.serialize_i64(*number),
            Self::Float(number) => to.serialize_f64(*number),
            Self::Digits(text) => to.serialize_str(text),
            Self::Text(text) => to.serialize_str(text),
            Self::Time(at) => to.collect_str(at),
            Self::List(items) => to.collect_seq(items),
            Self::Record(fields) => serialize_fields(fields, to),
        }
    }
}

/// Writes named values as one JSON object in their own order.
pub fn serialize_fields<S: Serializer>(
    fields: &[(String, Cell)],
    to: S,
) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(fields.len()))?;
    for (name, value) in fields {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_time_has_all_its_digits_and_no_zone() {
        assert_eq!(plain_time(Micros(1_762_178_400_603_151)), "2025-11-03 14:00:00.603151");
        assert_eq!(plain_time(Micros(1_762_178_400_000_000)), "2025-11-03 14:00:00.000000");
    }

    #[test]
    fn nested_values_become_json_in_their_own_order() {
        let list = Cell::List(vec![Cell::Text("a\"b".to_string()), Cell::Null]);
        let record = Cell::Record(vec![
            ("z".to_string(), Cell::Int(1)),
            ("a".to_string(), list),
            ("x".to_string(), Cell::Float(f64::NAN)),
        ]);
        assert_eq!(record.to_plain().as_deref(), Some(r#"{"z":1,"a":["a\"b",null],"x":null}"#));
    }
}
