//! What an event says beside whom it is about: named fields.

use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Deserializer, Serialize};

use crate::model::event::Subject;
use crate::model::shared;

/// One captured field of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Attribute {
    /// A whole number.
    Int(i64),
    /// A number.
    Num(f64),
    /// A truth value.
    Bool(bool),
    /// A text.
    Text(#[serde(deserialize_with = "shared::single")] Arc<str>),
    /// A list of texts.
    List(Vec<Arc<str>>),
}

impl Attribute {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Int(n) => Some(*n as f64),
            Self::Num(x) => Some(*x),
            Self::Bool(_) | Self::Text(_) | Self::List(_) => None,
        }
    }
}

/// Fields of an event, sorted by name; few, so that they stand in one piece of memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attributes {
    #[serde(deserialize_with = "named")]
    fields: Vec<(Arc<str>, Attribute)>,
    /// The workers and tasks that a list among them names.
    pub listed: Vec<Subject>,
}

/// Reads fields, whose names are few.
fn named<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(Arc<str>, Attribute)>, D::Error> {
    #[derive(Deserialize)]
    struct Field(#[serde(deserialize_with = "shared::text")] Arc<str>, Attribute);
    let fields = Vec::<Field>::deserialize(from)?;
    Ok(fields.into_iter().map(|Field(name, value)| (name, value)).collect())
}

/// Reads all fields of an event; many have none.
pub(super) fn of_event<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<Attributes>, D::Error> {
    static NONE: LazyLock<Arc<Attributes>> = LazyLock::new(Arc::default);
    let read = Attributes::deserialize(from)?;
    let is_empty = read.fields.is_empty() && read.listed.is_empty();
    Ok(if is_empty { NONE.clone() } else { Arc::new(read) })
}

impl Attributes {
    /// None yet, with room for some.
    pub fn with_capacity(fields: usize) -> Self {
        Self { fields: Vec::with_capacity(fields), listed: Vec::new() }
    }

    /// Of fields that are sorted by name.
    pub(crate) fn of_sorted(fields: Vec<(Arc<str>, Attribute)>, listed: Vec<Subject>) -> Self {
        Self { fields, listed }
    }

    /// The fields as they stand, sorted by name.
    pub(crate) fn fields(&self) -> &[(Arc<str>, Attribute)] {
        &self.fields
    }

    /// Sets one field.
    pub fn insert(&mut self, name: Arc<str>, value: Attribute) {
        match self.fields.binary_search_by(|(known, _)| known.cmp(&name)) {
            Ok(at) => self.fields[at].1 = value,
            Err(at) => self.fields.insert(at, (name, value)),
        }
    }

    /// Takes the fields of another line of the same event; where both tell one, this one's stays.
    pub fn adopt(&mut self, more: &Self) {
        for (name, value) in &more.fields {
            if let Err(at) = self.fields.binary_search_by(|(known, _)| known.cmp(name)) {
                self.fields.insert(at, (name.clone(), value.clone()));
            }
        }
    }

    /// One field.
    pub fn get(&self, name: &str) -> Option<&Attribute> {
        self.fields.iter().find(|(known, _)| **known == *name).map(|(_, value)| value)
    }

    /// Bytes of their texts.
    pub fn text_len(&self) -> usize {
        let of = |value: &Attribute| match value {
            Attribute::Int(_) | Attribute::Num(_) | Attribute::Bool(_) => 0,
            Attribute::Text(text) => text.len(),
            Attribute::List(items) => items.iter().map(|item| item.len()).sum(),
        };
        self.fields.iter().map(|(_, value)| of(value)).sum()
    }

    /// All fields, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Attribute)> {
        self.fields.iter().map(|(name, value)| (&**name, value))
    }
}

impl Extend<(Arc<str>, Attribute)> for Attributes {
    fn extend<I: IntoIterator<Item = (Arc<str>, Attribute)>>(&mut self, fields: I) {
        fields.into_iter().for_each(|(name, value)| self.insert(name, value));
    }
}

impl FromIterator<(Arc<str>, Attribute)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Attribute)>>(fields: I) -> Self {
        let mut all = Self::default();
        all.extend(fields);
        all
    }
}
