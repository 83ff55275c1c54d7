//! `query list` and `query show`: what can be asked.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::Outcome;
use crate::cli::choice;
use crate::cli::format::{Answer, Format, show};
use crate::cli::ui::Ui;
use crate::findings::catalogue::{self, Query};
use crate::report::query_list::{self, QueryList};
use crate::report::rows_csv::write_line;

/// Columns where no terminal says how many there are.
const WIDTH_ELSEWHERE: u16 = 140;

/// List every question that can be asked
#[derive(clap::Args, Debug)]
pub(super) struct ListArgs {
    /// Read the query files of this folder too (may be given again)
    #[arg(long, value_name = "DIR")]
    queries: Vec<PathBuf>,

    /// How to write the list
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Show one question: what it asks, what it needs, how to read its answer, and its SQL
#[derive(clap::Args, Debug)]
pub(super) struct ShowArgs {
    /// The query's id, or the path of a query file
    #[arg(value_name = "ID|FILE")]
    query: String,

    /// Read the query files of this folder too (may be given again)
    #[arg(long, value_name = "DIR")]
    queries: Vec<PathBuf>,

    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn list(ui: &mut Ui, args: &ListArgs) -> Outcome {
    show(ui, args.format, &QueryList::of(catalogue::with(&args.queries)?))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn one(ui: &mut Ui, args: &ShowArgs) -> Outcome {
    show(ui, args.format, &choice::one(&args.query, &args.queries)?)?;
    Ok(ExitCode::SUCCESS)
}

impl Answer for QueryList {
    fn text(&self, out: &mut dyn Write, width: Option<u16>) -> io::Result<()> {
        query_list::write_text(out, self, usize::from(width.unwrap_or(WIDTH_ELSEWHERE)))
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        query_list::write_csv(out, self)
    }
}

impl Answer for Query {
    fn text(&self, out: &mut dyn Write, width: Option<u16>) -> io::Result<()> {
        query_list::write_one(out, self, usize::from(width.unwrap_or(WIDTH_ELSEWHERE)))
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let one = serde_json::json!({
            "format": query_list::FORMAT,
            "id": self.header.id,
            "theme": self.theme,
            "severity": self.header.severity,
            "title": self.header.title,
            "question": self.header.question,
            "reads": self.header.reads,
            "grain": self.header.grain,
            "incidents": self.header.incidents,
            "innocent": self.header.innocent,
            "remedy": self.header.remedy,
            "guide": self.header.guide,
            "known_fix": self.header.known_fix,
            "sql": self.sql,
        });
        serde_json::to_writer_pretty(&mut *out, &one)?;
        writeln!(out)
    }

    fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut out = out;
        write_line(&mut out, ["id", "sql"].iter().map(|name| Some((*name).to_string())))?;
        write_line(&mut out, [self.header.id.clone(), self.sql.clone()].into_iter().map(Some))
    }
}
