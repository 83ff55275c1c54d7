//! Fields of events and decisions as JSON text.

use std::sync::Arc;

use serde::ser::{Serialize, Serializer};

use crate::model::attribute::{Attribute, Attributes};

/// Bytes that most events have room in.
const USUAL_BYTES: usize = 256;

/// Texts that are remembered: an older one gives way.
const PLACES: usize = 4_096;

/// Fields as JSON text, made once for events beside each other that share them.
pub(super) struct Known {
    /// Fields are held, so that their place in memory names them.
    texts: Vec<Option<(Arc<Attributes>, String)>>,
    /// The text of what nobody shares.
    single: String,
}

impl Known {
    /// None yet.
    pub(super) fn new() -> Self {
        Self { texts: vec![None; PLACES], single: String::new() }
    }

    /// All fields, by name.
    pub(super) fn json(&mut self, attributes: &Arc<Attributes>) -> &str {
        if Arc::strong_count(attributes) == 1 {
            self.single = json(attributes);
            return &self.single;
        }
        // such a piece of memory is larger than 32 bytes
        let place = Arc::as_ptr(attributes).addr() / 32 % PLACES;
        let known = self.texts[place].take().filter(|(kept, _)| Arc::ptr_eq(kept, attributes));
        let known = known.unwrap_or_else(|| (attributes.clone(), json(attributes)));
        &self.texts[place].insert(known).1
    }
}

/// All fields, by name.
pub(super) fn json(attributes: &Attributes) -> String {
    let mut made = serde_json::Serializer::new(Vec::with_capacity(USUAL_BYTES));
    match made.collect_map(attributes.iter().map(|(name, value)| (name, Shown(value)))) {
        Ok(()) => String::from_utf8(made.into_inner()).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// A number without a fraction where it has none.
pub(super) fn number(x: f64) -> serde_json::Value {
    whole(x).map_or_else(|| x.into(), Into::into)
}

fn whole(x: f64) -> Option<i64> {
    (x.fract() == 0.0 && x.abs() < 1e15).then_some(x as i64)
}

/// A field as JSON spells it.
struct Shown<'a>(&'a Attribute);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Attribute::Int(n) => to.serialize_i64(*n),
            Attribute::Num(x) => match whole(*x) {
                Some(n) => to.serialize_i64(n),
                None => to.serialize_f64(*x),
            },
            Attribute::Bool(b) => to.serialize_bool(*b),
            Attribute::Text(text) => to.serialize_str(text),
            Attribute::List(items) => to.collect_seq(items.iter().map(|item| &**item)),
        }
    }
}
