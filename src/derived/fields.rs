//! Fields of events and decisions as JSON text.

use serde::Serializer;

use crate::model::attribute::{Attribute, Attributes};

/// All fields, by name.
pub(super) fn json(attributes: &Attributes) -> String {
    let mut made = serde_json::Serializer::new(Vec::new());
    match made.collect_map(attributes.iter().map(|(name, value)| (name, value_of(value)))) {
        Ok(()) => String::from_utf8(made.into_inner()).unwrap_or_default(),
        Err(_) => String::new(),
    }
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
