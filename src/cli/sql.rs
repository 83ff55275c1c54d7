//! `sql`: one SELECT over the tables of a snapshot.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::Outcome;
use crate::cli::format::Format;
use crate::cli::ui::Ui;
use crate::cli::when::WhenArgs;
use crate::report::rows_csv::CsvRows;
use crate::report::rows_json::JsonRows;
use crate::report::rows_text::TextRows;

/// Ask a snapshot one SELECT
///
/// Tables: the evidence (system_logs, workers, tasks, generations, generation_variants, task_types:
/// the latest version of each row; *_versions: all of them) and what replay made of it (events,
/// worker_states, task_states, ...). `DESCRIBE events` names the columns, `SHOW TABLES` the tables,
/// and `snapshot_tables` says which of them this snapshot holds. `<table>_as_of(timestamp '...')` is
/// a table as it was at an instant; with --as-of every table is, and `whole_<table>` the whole one.
/// `happened_before(event_id, event_id)` is 'yes', 'no', or 'undecidable' where the bounds of the two
/// events overlap. Times are UTC. Nothing can be written, and no file but the snapshot's own can be read.
#[derive(clap::Args, Debug)]
#[command(
    after_long_help = "Examples:\n  backstory sql \"SHOW TABLES\"\n  backstory sql --as-of 2025-10-28T17:40 \"select status, count(*) from tasks group by 1\""
)]
pub(super) struct SqlArgs {
    /// The SELECT (DuckDB's SQL)
    #[arg(value_name = "SELECT", allow_hyphen_values = true)]
    query: String,

    /// Snapshot directory (default: the one under ./snapshots with the latest capture)
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,

    #[command(flatten)]
    when: WhenArgs,

    /// How to write the rows
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Stop the query after so many seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = crate::cli::format::seconds)]
    timeout: Duration,
}

pub(super) fn run(ui: &mut Ui, args: &SqlArgs) -> Outcome {
    let asked = args.when.open(ui, args.snapshot.as_deref())?;
    let database = asked.database()?;
    let (sql, limit) = (args.query.as_str(), args.timeout);
    asked.warn_if_not_begun(ui, &database, limit)?;
    match args.format {
        Format::Text => {
            let mut rows = TextRows::new(ui.width());
            database.stream(sql, &[], limit, &mut rows)?;
            rows.finish(ui.out())?;
            ui.out().flush()?;
        }
        Format::Csv => {
            let mut out = ui.verbatim()?;
            let outcome = database.stream(sql, &[], limit, &mut CsvRows::new(&mut out));
            out.flush()?;
            outcome?;
        }
        Format::Json => {
            let mut out = ui.verbatim()?;
            let mut rows = JsonRows::new(&mut out);
            database.stream(sql, &[], limit, &mut rows)?;
            rows.finish()?;
            out.flush()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
