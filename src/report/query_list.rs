//! The answers of `query list` and `query show`.

use std::io;

use serde::Serialize;

use crate::findings::catalogue::Query;
use crate::findings::finding::Severity;
use crate::report::plain::{cut, wrap};
use crate::report::rows_csv::write_line;

/// The version of the JSON below.
pub const FORMAT: u32 = 1;

/// Every question that can be asked.
#[derive(Debug, Serialize)]
pub struct QueryList {
    /// The version of this document.
    pub format: u32,
    /// The questions, by theme and id.
    pub queries: Vec<Listed>,
}

/// One question.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Its theme.
    pub theme: String,
    /// How bad it is when the answer is yes.
    pub severity: Severity,
    /// The bad thing in a sentence.
    pub title: String,
    /// The question.
    pub question: String,
    /// The tables without which it cannot be asked.
    pub reads: Vec<String>,
    /// The incidents it detects.
    pub incidents: Vec<String>,
}

impl QueryList {
    /// A list of queries.
    pub fn of(queries: Vec<Query>) -> Self {
        let mut queries: Vec<Listed> = queries.into_iter().map(Listed::of).collect();
        queries.sort_by(|a, b| (&a.theme, a.severity, &a.id).cmp(&(&b.theme, b.severity, &b.id)));
        Self { format: FORMAT, queries }
    }
}

impl Listed {
    fn of(query: Query) -> Self {
        let header = query.header;
        Self {
            id: header.id,
            theme: query.theme,
            severity: header.severity,
            title: header.title,
            question: header.question,
            reads: header.reads,
            incidents: header.incidents,
        }
    }
}

/// A line a question, under its theme.
pub fn write_text(out: &mut dyn io::Write, list: &QueryList, width: usize) -> io::Result<()> {
    let widest = list.queries.iter().map(|query| query.id.len()).max().unwrap_or(0);
    let mut theme = "";
    for query in &list.queries {
        if query.theme != theme {
            writeln!(out, "{}{}", if theme.is_empty() { "" } else { "\n" }, query.theme)?;
            theme = &query.theme;
        }
        let line =
            format!("  {:<8}  {:<widest$}  {}", query.severity.name(), query.id, query.title);
        writeln!(out, "{}", cut(&line, width))?;
    }
    writeln!(out, "\n{} questions; `backstory query show ID` tells all of one", list.queries.len())
}

/// A header and a line each.
pub fn write_csv(out: &mut dyn io::Write, list: &QueryList) -> io::Result<()> {
    let mut out = out;
    let head = ["id", "theme", "severity", "title", "question", "reads", "incidents"];
    write_line(&mut out, head.iter().map(|name| Some((*name).to_string())))?;
    for query in &list.queries {
        let line = [
            query.id.clone(),
            query.theme.clone(),
            query.severity.name().to_string(),
            query.title.clone(),
            query.question.clone(),
            query.reads.join(" "),
            query.incidents.join(" "),
        ];
        write_line(&mut out, line.into_iter().map(Some))?;
    }
    Ok(())
}

/// All of one question, in words, and its SQL.
pub fn write_one(out: &mut dyn io::Write, query: &Query, width: usize) -> io::Result<()> {
    let header = &query.header;
    writeln!(out, "{}  ({}, {})", header.id, query.theme, header.severity.name())?;
    writeln!(out, "{}\n", header.title)?;
    let params: Vec<String> = header
        .bound()
        .iter()
        .map(|(name, cell)| format!("{name} = {}", cell.to_plain().unwrap_or_default()))
        .collect();
    for (label, text) in [
        ("question", header.question.clone()),
        ("reads", header.reads.join(", ")),
        ("parameters", params.join(", ")),
        ("incidents", header.incidents.join(", ")),
        ("harmless?", header.innocent.clone()),
        ("do", header.remedy.clone()),
        ("then", header.guide.clone()),
        ("mended by", header.known_fix.clone().unwrap_or_default()),
    ] {
        let mut label = label;
        for line in wrap(&text, width.saturating_sub(13).max(24)) {
            if !line.is_empty() {
                writeln!(out, "{label:<12} {line}")?;
                label = "";
            }
        }
    }
    let sql = query.sql.lines().skip_while(|line| line.starts_with("--!") || line.is_empty());
    writeln!(out)?;
    sql.into_iter().try_for_each(|line| writeln!(out, "{line}"))
}
