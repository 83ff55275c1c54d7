//! Entries of the grammar files.

use serde::Deserialize;

use crate::model::kind::EventKind;

/// One grammar file: the templates of one source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: String,
    entry: Vec<RawEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    id: String,
    pattern: String,
    kind: Option<String>,
    silent: Option<String>,
    confirms: Option<String>,
    sample: Option<String>,
}

/// What a line of a template means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It makes an event.
    Event(EventKind),
    /// It is another piece of the evidence of the named event of the same worker, run and cycle;
    /// without such an event it makes the second kind, or says nothing.
    Confirms(EventKind, Option<EventKind>),
    /// It says nothing of its own; the text says why.
    Silent(String),
}

/// One template.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id in the domain notes.
    pub id: String,
    /// `system_logs.source_type` it belongs to.
    pub source: String,
    /// The template.
    pub pattern: String,
    /// What it means.
    pub meaning: Meaning,
    /// A line that must match it and nothing else.
    pub sample: Option<String>,
}

/// Why a grammar file is wrong.
#[derive(Debug, thiserror::Error)]
pub enum GrammarError {
    /// Not TOML, or not our keys.
    #[error("the grammar file is not readable: {0}")]
    Toml(#[from] toml::de::Error),
    /// An unknown event kind.
    #[error("entry {entry}: there is no event kind `{kind}`")]
    Kind {
        /// The entry.
        entry: String,
        /// The name.
        kind: String,
    },
    /// Neither `kind` nor `silent` nor `confirms`, or `silent` with another.
    #[error("entry {0}: say one of `kind`, `silent` or `confirms`")]
    Meaning(String),
    /// The pattern cannot be compiled.
    #[error("entry {entry}: {detail}")]
    Pattern {
        /// The entry.
        entry: String,
        /// What is wrong.
        detail: String,
    },
}

/// Reads one grammar file.
pub fn parse(text: &str) -> Result<Vec<Entry>, GrammarError> {
    let file: File = toml::from_str(text)?;
    file.entry
        .into_iter()
        .map(|raw| {
            let meaning = meaning(&raw)?;
            let source = file.source.clone();
            Ok(Entry { id: raw.id, source, pattern: raw.pattern, meaning, sample: raw.sample })
        })
        .collect()
}

fn meaning(raw: &RawEntry) -> Result<Meaning, GrammarError> {
    let kind = |name: &Option<String>| match name {
        None => Ok(None),
        Some(name) => EventKind::from_name(name)
            .map(Some)
            .ok_or_else(|| GrammarError::Kind { entry: raw.id.clone(), kind: name.clone() }),
    };
    match (kind(&raw.confirms)?, kind(&raw.kind)?, &raw.silent) {
        (Some(event), other, None) => Ok(Meaning::Confirms(event, other)),
        (None, Some(event), None) => Ok(Meaning::Event(event)),
        (None, None, Some(why)) => Ok(Meaning::Silent(why.clone())),
        (None, None, None) | (_, _, Some(_)) => Err(GrammarError::Meaning(raw.id.clone())),
    }
}

/// The grammar files compiled in.
pub const BUILT_IN: [&str; 4] = [
    include_str!("orchestrator_gpu.toml"),
    include_str!("orchestrator_api.toml"),
    include_str!("worker.toml"),
    include_str!("edge_function.toml"),
];
