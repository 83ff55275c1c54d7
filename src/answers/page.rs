//! What a verb answers with: one documented model that JSON and text are rendered from.
//!
//! A page is a list of sections in the order in which a person reads them. Its JSON has a key for each.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::answers::lanes::Lanes;
use crate::answers::subject::Subject;
use crate::model::time::Micros;

/// The version of the JSON.
pub const FORMAT: u32 = 1;

/// One answer.
#[derive(Clone, Debug)]
pub struct Page {
    /// The verb: `task`, `health`, ...
    pub verb: &'static str,
    /// What it is about; none for a fleet.
    pub subject: Option<Subject>,
    /// The instant it is told of: the one asked for, else the end of the evidence; none where the
    /// evidence covers no time. Ages count back from it.
    pub at: Option<Micros>,
    /// Whether that instant was asked for.
    pub is_as_of: bool,
    /// Whether a value is told to its end, however long it is. JSON always has all of it.
    pub is_whole: bool,
    /// In the order in which they are read.
    pub sections: Vec<Section>,
}

/// A part of an answer.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its key in JSON: lower case, with underscores.
    pub key: &'static str,
    /// Its heading.
    pub title: String,
    /// What it holds.
    pub body: Body,
}

/// What a section holds.
#[derive(Clone, Debug)]
pub enum Body {
    /// Named values; an object in JSON. Names are keys: lower case, with underscores.
    Fields(Vec<(&'static str, Value)>),
    /// Rows of the same columns; an array of objects in JSON.
    Table {
        /// Keys of the columns.
        columns: Vec<&'static str>,
        /// A value for each column.
        rows: Vec<Vec<Value>>,
        /// What is said where there is no row.
        none: &'static str,
    },
    /// Sentences; an array of texts in JSON.
    Lines(Vec<String>),
    /// Spans of time beside each other, drawn in text; an array of lanes in JSON.
    Lanes(Lanes),
}

/// One value. JSON has the plain number, text or null; a person reads it with its unit.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Not known, or nothing.
    Missing,
    /// A text of the evidence or of ours.
    Text(String),
    /// An id, never broken or cut: it is copied.
    Id(String),
    /// An instant.
    Time(Micros),
    /// A duration in seconds; its key ends in `_s`.
    Seconds(f64),
    /// A number of things.
    Count(i64),
    /// A number with a fraction and no unit of its own.
    Number(f64),
    /// A part of a whole, 0 to 1.
    Share(f64),
    /// Dollars.
    Money(f64),
    /// Yes or no.
    Flag(bool),
    /// Several.
    List(Vec<Value>),
}

impl Page {
    /// A page without a section yet.
    pub fn new(
        verb: &'static str,
        subject: Option<Subject>,
        at: Option<Micros>,
        is_as_of: bool,
    ) -> Self {
        Self { verb, subject, at, is_as_of, is_whole: false, sections: Vec::new() }
    }

    /// Adds named values.
    pub fn fields(&mut self, key: &'static str, title: &str, fields: Vec<(&'static str, Value)>) {
        self.push(key, title, Body::Fields(fields));
    }

    /// Adds rows; `none` is said where there are none.
    pub fn table(
        &mut self,
        key: &'static str,
        title: &str,
        columns: &[&'static str],
        rows: Vec<Vec<Value>>,
        none: &'static str,
    ) {
        self.push(key, title, Body::Table { columns: columns.to_vec(), rows, none });
    }

    /// Adds sentences; nothing where there are none.
    pub fn lines(&mut self, key: &'static str, title: &str, lines: Vec<String>) {
        self.push(key, title, Body::Lines(lines));
    }

    /// Adds spans of time beside each other.
    pub fn lanes(&mut self, key: &'static str, title: &str, lanes: Lanes) {
        self.push(key, title, Body::Lanes(lanes));
    }

    fn push(&mut self, key: &'static str, title: &str, body: Body) {
        self.sections.push(Section { key, title: title.to_string(), body });
    }

    /// The section of a key.
    pub fn section(&self, key: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.key == key)
    }
}

impl Value {
    /// A text, or nothing.
    pub fn text(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Missing, |text| Self::Text(text.into()))
    }

    /// An id, or nothing.
    pub fn id(id: Option<impl Into<String>>) -> Self {
        id.map_or(Self::Missing, |id| Self::Id(id.into()))
    }

    /// An instant, or nothing.
    pub fn time(at: Option<Micros>) -> Self {
        at.map_or(Self::Missing, Self::Time)
    }

    /// The seconds between two instants, where both are known.
    pub fn between(from: Option<Micros>, until: Option<Micros>) -> Self {
        match (from, until) {
            (Some(from), Some(until)) => Self::Seconds(until.seconds_since(from)),
            (None, _) | (_, None) => Self::Missing,
        }
    }

    /// A part of a whole; nothing of nothing.
    pub fn share(part: i64, whole: i64) -> Self {
        if whole == 0 { Self::Missing } else { Self::Share(part as f64 / whole as f64) }
    }
}

impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("format", &FORMAT)?;
        map.serialize_entry("verb", self.verb)?;
        map.serialize_entry("subject", &self.subject)?;
        map.serialize_entry("at", &self.at.map(|at| at.to_string()))?;
        map.serialize_entry("as_of", &self.is_as_of)?;
        for section in &self.sections {
            map.serialize_entry(section.key, &section.body)?;
        }
        map.end()
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fields(fields) => serializer.collect_map(fields.iter().map(|(k, v)| (k, v))),
            Self::Table { columns, rows, .. } => serializer.collect_seq(
                rows.iter().map(|row| Object(columns.iter().copied().zip(row).collect())),
            ),
            Self::Lines(lines) => serializer.collect_seq(lines),
            Self::Lanes(lanes) => lanes.serialize(serializer),
        }
    }
}

/// A row as an object: its keys in the order of the columns.
struct Object<'a>(Vec<(&'static str, &'a Value)>);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Missing => serializer.serialize_none(),
            Self::Text(text) | Self::Id(text) => serializer.serialize_str(text),
            Self::Time(at) => serializer.serialize_str(&at.to_string()),
            // what stands behind the microseconds depends on the order of a sum
            Self::Seconds(x) | Self::Number(x) | Self::Share(x) | Self::Money(x) => {
                serializer.serialize_f64((x * 1e6).round() / 1e6)
            }
            Self::Count(n) => serializer.serialize_i64(*n),
            Self::Flag(yes) => serializer.serialize_bool(*yes),
            Self::List(values) => serializer.collect_seq(values),
        }
    }
}
