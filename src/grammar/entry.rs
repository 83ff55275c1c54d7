//! Entries of the grammar files.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use crate::grammar::era::Eras;
use crate::grammar::error::{GrammarError, Problem};
use crate::grammar::pattern::Pattern;
use crate::model::kind::EventKind;

/// One grammar file: the templates of one source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: String,
    #[serde(default)]
    entry: Vec<Spanned<RawEntry>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    id: Spanned<String>,
    eras: Spanned<String>,
    levels: Vec<String>,
    #[serde(default)]
    sites: Vec<String>,
    #[serde(default)]
    function: Vec<String>,
    pattern: Spanned<String>,
    kind: Option<Spanned<String>>,
    confirms: Option<Spanned<String>>,
    adds_to: Option<Spanned<String>>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    part_of: Option<Spanned<String>>,
    says_nothing: Option<String>,
    #[serde(default)]
    samples: Vec<Spanned<Vec<String>>>,
    short: Option<String>,
    two_sites: Option<String>,
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

/// A line as it stands in the table, and what its template must capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The whole message.
    pub line: String,
    /// The captures, in the order of the template.
    pub captures: Vec<String>,
}

/// One template.
#[derive(Debug)]
pub struct Entry {
    /// Its id in the domain notes.
    pub id: Arc<str>,
    /// `system_logs.source_type` it belongs to.
    pub source: String,
    /// In which eras it is written.
    pub eras: Eras,
    /// The levels it is stored with.
    pub levels: Vec<String>,
    /// `module:function` of the code that writes it, where known.
    pub sites: Vec<String>,
    /// Of an edge function: which of them say it; empty for any.
    pub functions: Vec<String>,
    /// The template as written.
    pub template: String,
    /// The template, ready to match.
    pub pattern: Pattern,
    /// What it means.
    pub meaning: Meaning,
    /// Of an entry that makes an event: the larger event that its row is evidence of, too.
    pub part_of: Option<EventKind>,
    /// Of an entry that confirms: whether its fields are fields of that event, too.
    pub adds: bool,
    /// Fields that a line of it does not spell: what the template itself tells.
    pub fields: Vec<(Arc<str>, Arc<str>)>,
    /// Lines that must match it and nothing else.
    pub samples: Vec<Sample>,
    /// Why fixed text of less than twelve characters is enough.
    pub short: Option<String>,
    /// Why two places of the code may share it.
    pub two_sites: Option<String>,
    /// The file that holds it.
    pub file: String,
    /// Its line there, from 1.
    pub line: usize,
}

const LEVELS: [&str; 5] = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

/// Reads one grammar file; `name` is what errors call it.
///
/// # Errors
/// The first thing that is wrong, with its line and column.
pub fn parse(name: &str, text: &str) -> Result<Vec<Entry>, GrammarError> {
    let is_built_in = BUILT_IN.contains(&(name, text));
    let place = Place { name, text, lines: lines(text), is_built_in };
    let file: File = toml::from_str(text).map_err(|err| {
        place.error(err.span().unwrap_or(0..0), None, Problem::Toml(err.message().to_string()))
    })?;
    file.entry.into_iter().map(|raw| place.entry(&file.source, raw)).collect()
}

struct Place<'a> {
    name: &'a str,
    text: &'a str,
    /// Where its lines begin: every entry asks for its own, and to count them each time is quadratic.
    lines: Vec<usize>,
    /// Then a test has made each regular expression, which takes longer than all else here.
    is_built_in: bool,
}

/// Where the lines of a text begin.
fn lines(text: &str) -> Vec<usize> {
    let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    std::iter::once(0).chain(after.map(|(at, _)| at + 1)).collect()
}

impl Place<'_> {
    fn line_and_column(&self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|begin| *begin <= at);
        let begin = self.lines[line.saturating_sub(1)];
        let column = self.text.get(begin..at).unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    fn error(&self, span: Range<usize>, entry: Option<&str>, problem: Problem) -> GrammarError {
        let (line, column) = self.line_and_column(span.start);
        GrammarError {
            file: self.name.to_string(),
            line,
            column,
            entry: entry.map(str::to_string),
            problem,
        }
    }

    fn entry(&self, source: &str, raw: Spanned<RawEntry>) -> Result<Entry, GrammarError> {
        let (line, _) = self.line_and_column(raw.span().start);
        let whole = raw.span();
        let raw = raw.into_inner();
        let id = raw.id.get_ref().as_str();
        let wrong = |span: Range<usize>, problem| self.error(span, Some(id), problem);
        let meaning = self.meaning(&raw)?;
        let part_of = self.kind(id, &raw.part_of)?;
        if part_of.is_some() && !matches!(meaning, Meaning::Event(_)) {
            return Err(wrong(raw.id.span(), Problem::Part));
        }
        let eras = Eras::parse(raw.eras.get_ref())
            .map_err(|why| wrong(raw.eras.span(), Problem::Eras(why)))?;
        if let Some(level) = raw.levels.iter().find(|level| !LEVELS.contains(&level.as_str())) {
            return Err(wrong(whole, Problem::Level(level.clone())));
        }
        let pattern = Pattern::compile(raw.pattern.get_ref()).and_then(|made| {
            if !self.is_built_in {
                made.check_regex()?;
            }
            Ok(made)
        });
        let pattern = pattern.map_err(|why| wrong(raw.pattern.span(), Problem::Pattern(why)))?;
        let samples = raw.samples.iter().map(|sample| match sample.get_ref().split_first() {
            Some((line, captures)) => {
                Ok(Sample { line: line.clone(), captures: captures.to_vec() })
            }
            None => Err(wrong(sample.span(), Problem::Sample("it is empty".to_string()))),
        });
        let samples = samples.collect::<Result<Vec<_>, _>>()?;
        Ok(Entry {
            id: id.into(),
            source: source.to_string(),
            eras,
            levels: raw.levels.clone(),
            sites: raw.sites.clone(),
            functions: raw.function.clone(),
            template: raw.pattern.get_ref().clone(),
            pattern,
            meaning,
            part_of,
            adds: raw.adds_to.is_some(),
            fields: raw
                .fields
                .iter()
                .map(|(name, text)| (Arc::from(&**name), Arc::from(&**text)))
                .collect(),
            samples,
            short: raw.short.clone(),
            two_sites: raw.two_sites.clone(),
            file: self.name.to_string(),
            line,
        })
    }

    fn kind(
        &self,
        id: &str,
        name: &Option<Spanned<String>>,
    ) -> Result<Option<EventKind>, GrammarError> {
        let Some(name) = name else { return Ok(None) };
        let unknown = || Problem::Kind(name.get_ref().clone());
        let kind = EventKind::from_name(name.get_ref());
        kind.map(Some).ok_or_else(|| self.error(name.span(), Some(id), unknown()))
    }

    fn meaning(&self, raw: &RawEntry) -> Result<Meaning, GrammarError> {
        let id = raw.id.get_ref().as_str();
        let confirms = self.kind(id, &raw.confirms)?;
        let adds_to = self.kind(id, &raw.adds_to)?;
        if confirms.is_some() && adds_to.is_some() {
            return Err(self.error(raw.id.span(), Some(id), Problem::Meaning));
        }
        match (confirms.or(adds_to), self.kind(id, &raw.kind)?, &raw.says_nothing) {
            (Some(event), other, None) => Ok(Meaning::Confirms(event, other)),
            (None, Some(event), None) => Ok(Meaning::Event(event)),
            (None, None, Some(why)) => Ok(Meaning::Silent(why.clone())),
            (None, None, None) | (_, _, Some(_)) => {
                Err(self.error(raw.id.span(), Some(id), Problem::Meaning))
            }
        }
    }
}

/// The grammar files compiled in, by name.
pub const BUILT_IN: [(&str, &str); 4] = [
    ("orchestrator_gpu.toml", include_str!("orchestrator_gpu.toml")),
    ("orchestrator_api.toml", include_str!("orchestrator_api.toml")),
    ("worker.toml", include_str!("worker.toml")),
    ("edge_function.toml", include_str!("edge_function.toml")),
];
