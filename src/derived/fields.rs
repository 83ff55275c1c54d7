//! Fields of events and decisions as JSON text.

use std::collections::BTreeMap;

use crate::model::attribute::{Attribute, Attributes};

/// All fields, by name.
pub(super) fn json(attributes: &Attributes) -> String {
    let fields: BTreeMap<&str, serde_json::Value> =
        attributes.iter().map(|(name, value)| (name, value_of(value))).collect();
    serde_json::to_string(&fields).unwrap_or_default()
}

/// A number without a fraction where it has none.
pub(super) fn number(x: f64) -> serde_json::Value {
    if x.fract() == 0.0 && x.abs() < 1e15 { (x as i64).into() } else { x.into() }
}

fn value_of(value: &Attribute) -> serde_json::Value {
    match value {
        Attribute::Int(n) => (*n).into(),
        Attribute::Num(x) => number(*x),
        Attribute::Bool(b) => (*b).into(),
        Attribute::Text(text) => (&**text).into(),
        Attribute::List(items) => items.iter().map(|item| &**item).collect::<Vec<_>>().into(),
    }
}
