//! `query explain`: why a question fired on a subject, or why it did not.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::Outcome;
use crate::cli::choice;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::format::{Answer, Format, show};
use crate::cli::query::subject::meant;
use crate::cli::ui::Ui;
use crate::cli::when::WhenArgs;
use crate::findings::why::{self, Why};
use crate::read::database::Database;
use crate::report::query_why;
use crate::report::rows_csv::write_line;

/// Show why a question fired on a subject, or why it did not: how far it came, and which condition it
/// failed with which values
#[derive(clap::Args, Debug)]
pub(super) struct ExplainArgs {
    /// The query's id, or the path of a query file
    #[arg(value_name = "ID|FILE")]
    query: String,

    /// The id of the task, worker, pod or run; of a task or worker the beginning of one, too
    #[arg(value_name = "SUBJECT")]
    subject: String,

    /// Snapshot directory (default: the one under ./snapshots with the latest capture)
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,

    /// Read the query files of this folder too (may be given again)
    #[arg(long, value_name = "DIR")]
    queries: Vec<PathBuf>,

    #[command(flatten)]
    when: WhenArgs,

    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Stop after so many seconds
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = crate::cli::format::seconds)]
    timeout: Duration,
}

pub(super) fn run(ui: &mut Ui, args: &ExplainArgs) -> Outcome {
    let query = choice::one(&args.query, &args.queries)?;
    let mut asked = args.when.open(ui, args.snapshot.as_deref())?;
    let database = asked.database()?;
    let database = asked.settled(ui, database, 1, args.timeout)?;
    let missing = query.header.reads.iter().find(|table| database.holds(table) != Some(true));
    if let Some(table) = missing {
        let said =
            format!("`{}` cannot be asked: the snapshot does not hold `{table}`", query.header.id);
        return Err(Fault::new(FaultKind::Usage, said));
    }
    let whole = Database::open(&asked.snapshot)?;
    let subject = meant(&database, &whole, &query, args.subject.trim(), args.timeout)?;
    let subject = (subject.kind.as_str(), subject.id.as_str());
    let why = why::explain(&database, &query, subject, args.timeout)?;
    show(ui, args.format, &why)?;
    Ok(ExitCode::SUCCESS)
}

impl Answer for Why {
    fn text(&self, out: &mut dyn Write, _: Option<u16>) -> io::Result<()> {
        query_why::write_text(out, self)
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut out = out;
        let head = ["step", "rows", "condition", "holds"];
        write_line(&mut out, head.iter().map(|name| Some((*name).to_string())))?;
        for stage in &self.steps {
            let rows = stage.rows.len().to_string();
            if stage.conditions.is_empty() {
                let line = [Some(stage.name.clone()), Some(rows.clone()), None, None];
                write_line(&mut out, line.into_iter())?;
            }
            for condition in &stage.conditions {
                let holds = condition.holds.map(|holds| holds.to_string());
                let text = Some(condition.text.clone());
                let line = [Some(stage.name.clone()), Some(rows.clone()), text, holds];
                write_line(&mut out, line.into_iter())?;
            }
        }
        Ok(())
    }
}
