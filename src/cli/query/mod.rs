//! `query`: the catalogue of questions, one at a time.

mod check;
mod checked;
mod evidence;
mod explain;
mod list;
mod run;
mod subject;

use crate::cli::Outcome;
use crate::cli::ui::Ui;

/// Look at the catalogue of questions, or check a question of your own
#[derive(clap::Args, Debug)]
#[command(
    after_long_help = "Examples:\n  backstory query list\n  backstory query explain worker_killed_while_healthy gpu-20251028_140001-eee6af4e"
)]
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
