//! `query check FILE`: whether a query file keeps its promises, on its own cases.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::Outcome;
use crate::cli::format::{Answer, Format, show};
use crate::cli::query::checked::{Checking, checked};
use crate::cli::replay;
use crate::cli::ui::Ui;
use crate::report::query_check::{self, QueryCheck};

/// Check a query file: its header, its columns, its grain, and what it says of its cases
///
/// The cases of FILE.sql stand in a folder of its name, FILE/fires*.txt and FILE/silent*.txt: the rows of a
/// case, and what the query must say of them (see docs/queries.md). Without cases it is asked of a snapshot
/// without rows. Exits with 1 when anything is wrong in the files, 2 when one cannot be read.
#[derive(clap::Args, Debug)]
pub(super) struct CheckArgs {
    /// The query file
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Where the cases stand, DIR/<id>/ (default: beside the file)
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,

    /// Change each comparison, text, number, parameter and join in turn, and say which changes no case
    /// notices
    #[arg(long)]
    mutate: bool,

    /// How to write what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Stop the query after so many seconds on one case, which then fails
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = crate::cli::format::seconds)]
    timeout: Duration,
}

/// What was found in each file.
struct Checks(Vec<QueryCheck>);

pub(super) fn run(ui: &mut Ui, args: &CheckArgs) -> Outcome {
    let grammar = replay::grammar(ui)?;
    let cases = args.cases.as_deref();
    let checking = Checking { grammar: &grammar, cases, mutate: args.mutate, limit: args.timeout };
    let mut checks = Vec::new();
    for file in &args.files {
        checks.push(checked(file, &checking)?);
    }
    let good = checks.iter().all(QueryCheck::passes);
    show(ui, args.format, &Checks(checks))?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

impl Answer for Checks {
    fn text(&self, out: &mut dyn Write, _: Option<u16>) -> io::Result<()> {
        self.0.iter().try_for_each(|check| query_check::write_text(out, check))
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        query_check::write_json(out, &self.0)
    }

    fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        query_check::write_csv(out, &self.0)
    }
}
