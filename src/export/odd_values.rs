//! Values that are none of their column's type: kept as text beside the row, and NULL in it. Nobody should
//! learn that from a NULL.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::model::time::Micros;
use crate::snapshot::column::{Column, ColumnType, Value};

/// How many, by column.
#[derive(Debug, Default)]
pub(super) struct OddValues {
    by_column: BTreeMap<usize, u64>,
}

impl OddValues {
    /// Looks at a row.
    pub(super) fn see(&mut self, values: &[Value<'_>]) {
        for (at, value) in values.iter().enumerate() {
            if let Value::Verbatim(text) = value
                && !is_beyond_reach(text)
            {
                *self.by_column.entry(at).or_default() += 1;
            }
        }
    }

    /// Name of the column, its type, how many values of it are none of that type.
    pub(super) fn told(&self, columns: &[Column]) -> Vec<(String, &'static str, u64)> {
        let told = self.by_column.iter().filter_map(|(at, count)| {
            let column = columns.get(*at)?;
            Some((column.name.clone(), kind(column.kind), *count))
        });
        told.collect()
    }
}

/// A time that PostgreSQL has and we have not: infinite, before Christ, or after the year 9999.
pub(super) fn is_beyond_reach(text: &str) -> bool {
    let year = text.bytes().take_while(u8::is_ascii_digit).count();
    text.ends_with("infinity")
        || text.ends_with(" BC")
        || (year > 4 && text[year..].starts_with('-'))
}

/// A time as JSON has it, in the spelling of the server where it is beyond our calendar: it is kept as its text.
pub(super) fn as_printed(text: Cow<'_, str>) -> Cow<'_, str> {
    if Micros::parse(&text).is_some() || text.ends_with("infinity") || !text.contains('T') {
        return text;
    }
    text.replacen('T', " ", 1).replacen("+00:00", "+00", 1).into()
}

fn kind(of: ColumnType) -> &'static str {
    match of {
        ColumnType::Int => "whole number",
        ColumnType::Double => "number",
        ColumnType::Bool => "truth value",
        ColumnType::Timestamp => "time",
        ColumnType::Text => "text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_out_of_reach_are_no_nonsense() {
        for text in
            ["infinity", "-infinity", "0044-03-15 00:00:00+00 BC", "10000-01-01 00:00:00+00"]
        {
            assert!(is_beyond_reach(text), "{text}");
        }
        for text in ["not a date", "99999999999999999999999", "", "yes", "2026-13-01"] {
            assert!(!is_beyond_reach(text), "{text}");
        }
    }
}
