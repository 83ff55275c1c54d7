//! Text from a source into a typed value, redacted on the way.

use std::borrow::Cow;

use crate::export::odd_values::{as_printed, is_beyond_reach};
use crate::model::time::Micros;
use crate::redact::Redactor;
use crate::redact::role::Role;
use crate::snapshot::column::{ColumnType, Value};

/// The value of a column that is kept as `kind`; a text that the type cannot hold stays verbatim.
pub fn value<'a>(
    kind: ColumnType,
    text: Cow<'a, str>,
    role: Role,
    redactor: &Redactor,
) -> Value<'a> {
    let typed = match kind {
        ColumnType::Int => text.parse().ok().map(Value::Int),
        ColumnType::Double => double(&text).map(Value::Double),
        ColumnType::Bool => bool(&text).map(Value::Bool),
        ColumnType::Timestamp => match Micros::parse(&text) {
            None if is_beyond_reach(&text) => {
                return Value::Verbatim(redacted(as_printed(text), role, redactor));
            }
            read => read.map(Value::Time),
        },
        ColumnType::Text => return Value::Text(redacted(text, role, redactor)),
    };
    typed.unwrap_or_else(|| Value::Verbatim(redacted(text, role, redactor)))
}

fn redacted<'a>(text: Cow<'a, str>, role: Role, redactor: &Redactor) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => redactor.value(role, text),
        Cow::Owned(text) => match redactor.value(role, &text) {
            Cow::Borrowed(_) => Cow::Owned(text),
            Cow::Owned(masked) => Cow::Owned(masked),
        },
    }
}

/// As PostgreSQL prints it, and as other tools do.
fn bool(text: &str) -> Option<bool> {
    match text {
        "t" | "true" | "True" | "TRUE" | "1" => Some(true),
        "f" | "false" | "False" | "FALSE" | "0" => Some(false),
        _ => None,
    }
}

/// A number too large for a double must not become an infinity that nobody wrote.
fn double(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    if number.is_infinite() && digits { None } else { Some(number) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::policy::Policy;

    fn read(kind: ColumnType, text: &str) -> Value<'_> {
        value(kind, text.into(), Role::Prose, &Redactor::new(Policy::Standard, &[7; 32]))
    }

    #[test]
    fn what_a_type_cannot_hold_stays_verbatim() {
        assert_eq!(read(ColumnType::Int, "-7"), Value::Int(-7));
        assert_eq!(read(ColumnType::Int, "7.5"), Value::Verbatim("7.5".into()));
        assert_eq!(read(ColumnType::Double, "Infinity"), Value::Double(f64::INFINITY));
        assert_eq!(read(ColumnType::Double, "1e999"), Value::Verbatim("1e999".into()));
        for (text, is) in [("t", true), ("True", true), ("1", true), ("FALSE", false), ("0", false)]
        {
            assert_eq!(read(ColumnType::Bool, text), Value::Bool(is));
        }
        assert_eq!(read(ColumnType::Bool, "yes"), Value::Verbatim("yes".into()));
        assert_eq!(read(ColumnType::Timestamp, "infinity"), Value::Verbatim("infinity".into()));
        assert_eq!(read(ColumnType::Text, ""), Value::Text("".into()));
    }
}
