//! `explain`: why we say so.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::answers::explanation::{TABLES, explain};
use crate::answers::subject::{Among, Meant, NAMED_MAX, Subject, find};
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::ui::Ui;
use crate::cli::when::WhenArgs;
use crate::cli::{Outcome, grammar_files};
use crate::model::table::Table;
use crate::read::cell::plain_time;
use crate::read::engine::Engine;
use crate::report::explanation::write_text;

/// Show why a task or worker is said to be in its state, or an event to have happened
///
/// Goes from the state to the event that made it, to the rows that say so, to the grammar entry or
/// column that read them, and names what would make it surer.
///
/// Examples:
///   backstory explain gpu-20251028_140001
///   backstory explain f694ee65 --as-of 2025-10-28T17:40
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct ExplainArgs {
    /// A task's, worker's or event's id, or the beginning of one
    #[arg(value_name = "ID")]
    id: String,

    /// Snapshot directory (default: the one under ./snapshots with the latest capture)
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,

    #[command(flatten)]
    when: WhenArgs,

    /// How to write it
    #[arg(long, value_enum, default_value_t = Shape::Text)]
    format: Shape,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Shape {
    /// For people
    Text,
    /// The documented JSON
    Json,
}

/// A few rows by key: a query that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// What it can explain.
const KINDS: [&str; 3] = ["task", "worker", "event"];

pub(super) fn run(ui: &mut Ui, args: &ExplainArgs) -> Outcome {
    let engine = Engine::start();
    let mut asked = args.when.open(ui, args.snapshot.as_deref())?;
    let rows = Table::ALL.iter().map(|table| table.name());
    let tables: Vec<&str> = TABLES.into_iter().chain(rows).chain(["coverage"]).collect();
    let files = ui.grammar_files();
    let (grammar, database) =
        rayon::join(|| grammar_files::grammar(files), || asked.database_of(engine, &tables));
    let (grammar, database) = (grammar?, asked.settled(ui, database?, 1, LIMIT)?);
    // an id is looked for in all of it: what had not happened yet is an answer, too
    let among = if asked.as_of.is_some() { Among::Whole } else { Among::These };
    let subject = one(find(&database, args.id.trim(), &KINDS, among, LIMIT)?, &args.id)?;
    let made = explain(&database, &grammar, &subject, asked.as_of.map(plain_time), LIMIT)?;
    match args.format {
        Shape::Text => {
            write_text(&mut ui.out(), &made)?;
            ui.out().flush()?;
        }
        Shape::Json => {
            let mut out = ui.verbatim()?;
            serde_json::to_writer_pretty(&mut out, &made).map_err(std::io::Error::from)?;
            writeln!(out)?;
            out.flush()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The one thing that an id means.
pub(super) fn one(meant: Meant, id: &str) -> Result<Subject, Fault> {
    if id.trim().is_empty() {
        let fault = Fault::new(FaultKind::Usage, "the id is empty".to_string());
        return Err(fault.hint(
            "write an id, or the beginning of one; `backstory tasks` and `workers` list them",
        ));
    }
    let named = |subjects: &[Subject]| {
        let named = subjects.iter().map(|subject| format!("{} {}", subject.kind, subject.id));
        let mut named: Vec<String> = named.take(NAMED_MAX).collect();
        if subjects.len() > NAMED_MAX {
            named.push("and others".to_string());
        }
        named.join("\n      ")
    };
    match meant {
        Meant::One(subject) => Ok(subject),
        Meant::Several(some) => {
            Err(Fault::new(FaultKind::Usage, format!("`{id}` begins several ids"))
                .hint(format!("write more of it:\n      {}", named(&some))))
        }
        Meant::None(like) => {
            let fault = Fault::new(FaultKind::Usage, format!("nothing here has the id `{id}`"));
            Err(if like.is_empty() {
                fault.hint("`backstory tasks` and `backstory workers` list what is there")
            } else {
                fault.hint(format!("did you mean one of these?\n      {}", named(&like)))
            })
        }
    }
}
