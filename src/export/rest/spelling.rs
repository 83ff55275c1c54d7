//! JSON as PostgreSQL writes it, back into the text that it prints of the same value.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::export::array_text::array;
use crate::export::catalogue::SourceColumn;
use crate::export::ndjson::{BadObject, text_of};
use crate::export::odd_values::as_printed;
use crate::snapshot::column::ColumnType;

/// How the values of a column are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// The JSON is the value.
    Json,
    /// A list stands for an array.
    Array,
    /// A time, in the spelling of XML.
    Time,
    /// A text without its quotes, or a number.
    Plain,
}

impl Spelling {
    pub(super) fn of(column: &SourceColumn) -> Self {
        match column.type_name.as_str() {
            _ if column.sql_type.ends_with("[]") => Self::Array,
            "json" | "jsonb" if column.builtin => Self::Json,
            name if ColumnType::of_postgres(name) == ColumnType::Timestamp => Self::Time,
            _ => Self::Plain,
        }
    }

    /// The text of a value; none for NULL, and for the JSON `null`, which looks the same.
    pub(super) fn text(self, value: &RawValue) -> Result<Option<Cow<'_, str>>, BadObject> {
        match (self, value.get()) {
            (_, "null") => Ok(None),
            (Self::Json, text) => Ok(Some(Cow::Borrowed(text))),
            (Self::Array, text) if text.starts_with('[') => array(text).map(Cow::Owned).map(Some),
            (Self::Time, _) => Ok(text_of(value)?.map(as_printed)),
            (Self::Array | Self::Plain, _) => text_of(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(spelling: Spelling, json: &str) -> Option<String> {
        let value: &RawValue = serde_json::from_str(json).expect("JSON");
        spelling.text(value).expect("a value").map(Cow::into_owned)
    }

    #[test]
    fn values_are_spelled_as_the_server_prints_them() {
        let (array, plain) = (Spelling::Array, Spelling::Plain);
        for (spelling, json, want) in [
            (Spelling::Json, r#"{"a": 1.10}"#, r#"{"a": 1.10}"#),
            (Spelling::Json, r#""a""#, r#""a""#),
            (plain, r#""a\nb""#, "a\nb"),
            (plain, "12345678901234567890.10", "12345678901234567890.10"),
            (array, "[]", "{}"),
            (
                array,
                r#"["a", null, "b c", "", "NULL", "x\"y\\z"]"#,
                r#"{a,NULL,"b c","","NULL","x\"y\\z"}"#,
            ),
            (array, "[[1, 2.50], [3, true]]", "{{1,2.50},{3,t}}"),
            (Spelling::Time, r#""2025-11-03T14:00:00+00:00""#, "2025-11-03T14:00:00+00:00"),
            (Spelling::Time, r#""infinity""#, "infinity"),
            (Spelling::Time, r#""0044-03-15T00:00:00+00:00 BC""#, "0044-03-15 00:00:00+00 BC"),
            (Spelling::Time, r#""12025-03-15T00:00:00""#, "12025-03-15 00:00:00"),
        ] {
            assert_eq!(text(spelling, json).as_deref(), Some(want));
        }
        assert_eq!(text(array, "null"), None);
    }
}
