//! The part of a URL after the table: which rows, in which order, how many.

use crate::model::table::Table;
use crate::model::time::Micros;

/// Which rows of a table, as PostgREST's filters say it; each begins with `&`.
pub(super) type Filter = String;

/// The path of a page of whole rows.
pub(super) fn page(table: Table, filter: &str, order: &str, limit: usize) -> String {
    format!("/{table}?select=*{filter}&order={order}&limit={limit}")
}

/// The path of a count; one row is asked for, because a count comes with rows.
pub(super) fn count(table: Table, filter: &str) -> String {
    format!("/{table}?select=id{filter}&limit=1")
}

/// Rows whose id comes after this one.
pub(super) fn after_id(id: &str) -> Filter {
    format!("&id=gt.{}", encoded(id))
}

/// Rows that come after the one of this time and id, in the order of both. The first condition alone lets an index
/// find them.
pub(super) fn after(time: &str, id: &str) -> Filter {
    let either = format!("(timestamp.gt.{},id.gt.{})", quoted(time), quoted(id));
    format!("&timestamp=gte.{}&or={}", encoded(time), encoded(&either))
}

/// Rows from one time on, and before another.
pub(super) fn between(from: Option<Micros>, until: Option<Micros>) -> Filter {
    let mut filter = String::new();
    for (how, bound) in [("gte", from), ("lt", until)] {
        if let Some(at) = bound {
            filter += &format!("&timestamp={how}.{}", encoded(&at.to_string()));
        }
    }
    filter
}

/// Inside parentheses a value has quotes: commas and points would end it.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Percent-encoded, all but what never needs it.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_place() {
        assert_eq!(after_id("gpu-1 &x=y"), "&id=gt.gpu-1%20%26x%3Dy");
        assert_eq!(
            after("2025-11-03T14:00:00.5+00:00", "a\"b"),
            "&timestamp=gte.2025-11-03T14%3A00%3A00.5%2B00%3A00&or=%28timestamp.gt.%222025-11-03T14%3A00%3A00.5%2B\
             00%3A00%22%2Cid.gt.%22a%5C%22b%22%29"
        );
        assert_eq!(between(None, Some(Micros(0))), "&timestamp=lt.1970-01-01T00%3A00%3A00.000000Z");
        assert_eq!(
            page(Table::Tasks, &after_id("7"), "id.asc", 1_000),
            "/tasks?select=*&id=gt.7&order=id.asc&limit=1000"
        );
    }
}
