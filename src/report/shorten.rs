//! Texts too long to read: a person sees their begin, and how long they are.

use crate::answers::page::{Body, Value};

/// Characters of a text that are shown. Longer ones are no messages of the system but what somebody put
/// there; the longest traceback that a worker writes is shorter.
const SHOWN_MAX: usize = 2000;

/// The body with its long texts cut.
pub(super) fn shorten(body: &Body) -> Body {
    match body {
        Body::Fields(fields) => {
            Body::Fields(fields.iter().map(|(name, value)| (*name, short_value(value))).collect())
        }
        Body::Table { columns, rows, none } => Body::Table {
            columns: columns.clone(),
            rows: rows.iter().map(|row| row.iter().map(short_value).collect()).collect(),
            none,
        },
        Body::Lines(lines) => Body::Lines(lines.iter().map(|line| short(line)).collect()),
        Body::Lanes(lanes) => Body::Lanes(lanes.clone()),
    }
}

fn short_value(value: &Value) -> Value {
    match value {
        Value::Text(text) => Value::Text(short(text)),
        Value::List(values) => Value::List(values.iter().map(short_value).collect()),
        // an id is copied: it stays whole
        Value::Id(_)
        | Value::Missing
        | Value::Time(_)
        | Value::Seconds(_)
        | Value::Count(_)
        | Value::Number(_)
        | Value::Share(_)
        | Value::Money(_)
        | Value::Flag(_) => value.clone(),
    }
}

/// One text, cut where it is long.
pub(super) fn short(text: &str) -> String {
    // a text of so few bytes has no more characters
    if text.len() <= SHOWN_MAX {
        return text.to_string();
    }
    match text.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => {
            let all = text.chars().count();
            format!("{}... ({all} characters; `--format json` has them all)", &text[..at])
        }
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let long = "é".repeat(SHOWN_MAX + 1);
        let told = short(&long);
        assert!(told.ends_with("... (2001 characters; `--format json` has them all)"), "{told}");
        assert_eq!(told.chars().filter(|c| *c == 'é').count(), SHOWN_MAX);
        let most = "é".repeat(SHOWN_MAX);
        assert_eq!(short(&most), most);
        let list = Value::List(vec![Value::Text(long.clone()), Value::Id(long.clone())]);
        let Value::List(cut) = short_value(&list) else { panic!("a list") };
        assert_eq!(cut, [Value::Text(told), Value::Id(long)]);
    }
}
