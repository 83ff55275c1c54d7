//! `sql`.

use crate::cli::Outcome;
use crate::cli::ui::Ui;

/// (in the making)
#[derive(clap::Args, Debug)]
pub(super) struct SqlArgs {}

pub(super) fn run(_ui: &mut Ui, _args: &SqlArgs) -> Outcome {
    Ok(std::process::ExitCode::SUCCESS)
}
