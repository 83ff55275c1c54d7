//! What can be wrong with a grammar file, and where.

use std::fmt;

/// Why a grammar file is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct GrammarError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
    /// The entry, where it is one.
    pub entry: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for GrammarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, entry, problem } = self;
        write!(f, "{file}:{line}:{column}: ")?;
        match entry {
            Some(entry) => write!(f, "entry {entry}: {problem}"),
            None => write!(f, "{problem}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not TOML, or not our keys.
    #[error("{0}")]
    Toml(String),
    /// An unknown event kind.
    #[error("there is no event kind `{0}`")]
    Kind(String),
    /// Neither `kind` nor `says_nothing` nor `confirms`, or `says_nothing` with another.
    #[error("say one of `kind`, `confirms` or `says_nothing`")]
    Meaning,
    /// A part of an event that makes none of its own.
    #[error("`part_of` is for an entry with a `kind` alone; without one, `confirms` says the same")]
    Part,
    /// An unknown era, or an empty span.
    #[error("{0}")]
    Eras(String),
    /// An unknown level.
    #[error("there is no level `{0}`")]
    Level(String),
    /// The pattern cannot be compiled.
    #[error("the pattern is wrong: {0}")]
    Pattern(String),
    /// A sample that does not show what it should.
    #[error("a sample is wrong: {0}")]
    Sample(String),
    /// Without an id or a source nobody can speak of it.
    #[error("its {0} is empty")]
    Empty(&'static str),
    /// An event about something that the line does not name.
    #[error(
        "an event of this kind is about a {0}: give the pattern a {{{0}}} field, or say `says_nothing`"
    )]
    Subject(&'static str),
    /// No sample at all.
    #[error("it has no sample")]
    NoSample,
    /// Two entries of one id.
    #[error("the id is that of {0} too")]
    Twice(String),
    /// A line that two entries match.
    #[error("the sample `{line}` matches {other} too, in a common era")]
    Ambiguous {
        /// The sample.
        line: String,
        /// The other entry.
        other: String,
    },
    /// Little fixed text, and no word why that is enough.
    #[error("its longest fixed text, `{0}`, is shorter than 12 characters: say why (`short`)")]
    Short(String),
}
