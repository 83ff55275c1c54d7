//! Values that are none of their column's type: kept as text beside the row, and NULL in it; and texts that should be
//! JSON, out of which nothing can be read. Nobody should learn that from a NULL.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use crate::model::time::Micros;
use crate::redact::role::Role;
use crate::snapshot::column::{Column, ColumnType, Value};

/// The type of a column of JSON, as it is told.
pub const JSON: &str = "JSON";

/// How many, by column.
#[derive(Debug, Default)]
pub(super) struct OddValues {
    by_column: BTreeMap<usize, u64>,
    json: BTreeMap<usize, Json>,
}

/// What the texts of a column of JSON are.
#[derive(Debug, Default)]
struct Json {
    good: u64,
    bad: u64,
    /// Of the bad, those that begin as an object does.
    like_objects: u64,
    /// Whether a machine wrote it of itself: what a replay reads.
    is_of_machine: bool,
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

    /// Looks at the columns of a row that hold JSON, by their roles.
    pub(super) fn see_json(&mut self, values: &[Value<'_>], roles: &[Role]) {
        for (at, (value, role)) in values.iter().zip(roles).enumerate() {
            let (Value::Text(text), Role::Details | Role::Parameters) = (value, role) else {
                continue;
            };
            if !text.is_empty() {
                let json = self.json.entry(at).or_default();
                json.is_of_machine = *role == Role::Details;
                json.see(text);
            }
        }
    }

    /// A column of a machine's JSON in which nothing is, though all of it looks like objects, and how many values it
    /// has: what Python prints of a dictionary is such a text.
    pub(super) fn without_json(&self, columns: &[Column]) -> Option<(String, u64)> {
        let lost = |json: &Json| {
            json.is_of_machine && json.good == 0 && json.bad > 0 && json.like_objects == json.bad
        };
        let (at, json) = self.json.iter().find(|(_, json)| lost(json))?;
        Some((columns.get(*at)?.name.clone(), json.bad))
    }

    /// Name of the column, its type, how many values of it are none of that type.
    pub(super) fn told(&self, columns: &[Column]) -> Vec<(String, &'static str, u64)> {
        let told = self.by_column.iter().filter_map(|(at, count)| {
            let column = columns.get(*at)?;
            Some((column.name.clone(), kind(column.kind), *count))
        });
        let json = self.json.iter().filter(|(_, json)| json.bad > 0);
        let json =
            json.filter_map(|(at, json)| Some((columns.get(*at)?.name.clone(), JSON, json.bad)));
        told.chain(json).collect()
    }
}

impl Json {
    fn see(&mut self, text: &str) {
        if serde_json::from_str::<IgnoredAny>(text).is_ok() {
            // Python prints an empty dictionary as JSON has it
            self.good += u64::from(!matches!(text, "{}" | "[]"));
            return;
        }
        self.bad += 1;
        self.like_objects += u64::from(text.trim_start().starts_with('{'));
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
