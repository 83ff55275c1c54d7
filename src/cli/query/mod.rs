//! `query`: the catalogue of questions, one at a time.

mod check;
mod evidence;
mod explain;
mod list;
mod run;
mod subject;

use std::path::{Path, PathBuf};

use crate::cli::Outcome;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::ui::Ui;
use crate::findings::catalogue::{self, Query};

/// Look at the catalogue of questions, or check a question of your own
#[derive(clap::Args, Debug)]
pub(super) struct QueryArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    List(list::ListArgs),
    Show(list::ShowArgs),
    Explain(explain::ExplainArgs),
    Run(run::RunArgs),
    Check(check::CheckArgs),
}

pub(super) fn run(ui: &mut Ui, args: &QueryArgs) -> Outcome {
    match &args.what {
        What::List(args) => list::list(ui, args),
        What::Show(args) => list::one(ui, args),
        What::Explain(args) => explain::run(ui, args),
        What::Run(args) => run::run(ui, args),
        What::Check(args) => check::run(ui, args),
    }
}

/// The query of an id, or of a file.
fn chosen(named: &str, dirs: &[PathBuf]) -> Result<Query, Fault> {
    let path = Path::new(named);
    if path.extension().is_some_and(|of| of == "sql") {
        return Ok(Query::read(path)?);
    }
    let all = catalogue::with(dirs)?;
    let ids: Vec<String> = all.iter().map(|query| query.header.id.clone()).collect();
    all.into_iter().find(|query| query.header.id == named).ok_or_else(|| {
        Fault::new(FaultKind::Usage, format!("there is no query `{named}`"))
            .hint(format!("there are: {}", ids.join(", ")))
    })
}
