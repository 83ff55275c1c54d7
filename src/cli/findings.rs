//! `findings`.

use crate::cli::Outcome;
use crate::cli::ui::Ui;

/// (in the making)
#[derive(clap::Args, Debug)]
pub(super) struct FindingsArgs {}

pub(super) fn run(_ui: &mut Ui, _args: &FindingsArgs) -> Outcome {
    Ok(std::process::ExitCode::SUCCESS)
}
