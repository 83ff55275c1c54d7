//! Whether a grammar holds what it promises: every sample its own entry and captures, and no other's.

use std::collections::BTreeMap;

use crate::grammar::entry::{Entry, Meaning, Sample};
use crate::grammar::error::{GrammarError, Problem};
use crate::grammar::field::FieldType;
use crate::grammar::matcher::{Grammar, Match};
use crate::model::kind::SubjectKind;

/// Fixed text of this length is enough to find a template by.
const FIXED_MIN: usize = 12;

/// Whether a template needs a word why its little fixed text is enough.
pub(super) fn is_short(entry: &Entry) -> bool {
    entry.pattern.longest_fixed().trim().chars().count() < FIXED_MIN
}

/// All that is wrong with the entries of a grammar, in the order of sources and files.
pub fn check(grammar: &Grammar) -> Vec<GrammarError> {
    let mut found = Vec::new();
    let mut ids: BTreeMap<(&str, &str), &Entry> = BTreeMap::new();
    for entry in grammar.entries() {
        let mut wrong = |problem| found.push(error(entry, problem));
        if let Some(other) = ids.insert((&entry.source, &entry.id), entry) {
            wrong(Problem::Twice(format!("{}:{}", other.file, other.line)));
        }
        for (name, text) in [("id", &*entry.id), ("source", &entry.source)] {
            if text.trim().is_empty() {
                wrong(Problem::Empty(name));
            }
        }
        if let Some(missing) = unnamed(entry) {
            wrong(Problem::Subject(missing));
        }
        if entry.samples.is_empty() {
            wrong(Problem::NoSample);
        }
        if is_short(entry) && entry.short.is_none() {
            wrong(Problem::Short(entry.pattern.longest_fixed().to_string()));
        }
        for sample in &entry.samples {
            check_sample(grammar, entry, sample, &mut wrong);
        }
    }
    found.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    found
}

/// What an orchestrator's event is about and its line does not name. Its columns name no worker in E3 to
/// E6 (domain/orchestrator.md 1.1); other sources, and tasks, are named by theirs.
fn unnamed(entry: &Entry) -> Option<&'static str> {
    let Meaning::Event(kind) = entry.meaning else { return None };
    let (field, name) = match kind.subject() {
        SubjectKind::Worker => (FieldType::Worker, "worker"),
        SubjectKind::Pod => (FieldType::Pod, "pod"),
        SubjectKind::Task | SubjectKind::Run => return None,
    };
    let named = entry.pattern.fields().iter().any(|(_, kind)| *kind == field);
    (entry.source.starts_with("orchestrator") && !named).then_some(name)
}

fn check_sample(
    grammar: &Grammar,
    entry: &Entry,
    sample: &Sample,
    wrong: &mut impl FnMut(Problem),
) {
    let matches = grammar.all_matches(&entry.source, &sample.line);
    let own = matches.iter().find(|found| std::ptr::eq(found.entry, entry));
    match own {
        None => wrong(Problem::Sample(format!("`{}` does not match", sample.line))),
        Some(own) => {
            if let Some(detail) = other_captures(own, sample) {
                wrong(Problem::Sample(detail));
            }
        }
    }
    for other in matches.iter().map(|found| found.entry) {
        if !std::ptr::eq(other, entry) && other.eras.overlaps(&entry.eras) {
            let (line, other) = (sample.line.clone(), other.id.to_string());
            wrong(Problem::Ambiguous { line, other });
        }
    }
}

fn other_captures(found: &Match<'_, '_>, sample: &Sample) -> Option<String> {
    let captured: Vec<&str> = found.fields().map(|(_, _, text)| text).collect();
    let same = captured == sample.captures.iter().map(String::as_str).collect::<Vec<_>>();
    (!same).then(|| format!("`{}` gives {captured:?}, not {:?}", sample.line, sample.captures))
}

fn error(entry: &Entry, problem: Problem) -> GrammarError {
    GrammarError {
        file: entry.file.clone(),
        line: entry.line,
        column: 1,
        entry: Some(entry.id.to_string()),
        problem,
    }
}
