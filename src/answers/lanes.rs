//! Spans of time beside each other: a lane for each thing, a span for each state that it was in.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::model::time::Micros;

/// Lanes of one stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Lanes {
    /// Where the drawing begins.
    pub from: Micros,
    /// Where it ends.
    pub until: Micros,
    /// From top to bottom.
    pub lanes: Vec<Lane>,
}

/// One thing's course.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// What it is of, short enough to stand before a line.
    pub label: String,
    /// In order; between two of them nothing was, or nothing is known.
    pub spans: Vec<Span>,
}

/// A state, from when until when.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Its first instant.
    pub from: Micros,
    /// Its last; `None`: it lasts.
    pub until: Option<Micros>,
    /// What it was: a state of the vocabulary, an outcome, a cause of a gap.
    pub state: String,
}

impl Serialize for Lanes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.lanes)
    }
}

impl Serialize for Lane {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("lane", &self.label)?;
        map.serialize_entry("spans", &self.spans)?;
        map.end()
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("from", &self.from.to_string())?;
        map.serialize_entry("until", &self.until.map(|until| until.to_string()))?;
        map.serialize_entry("state", &self.state)?;
        map.end()
    }
}
