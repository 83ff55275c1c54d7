//! `replay`.

use crate::cli::Outcome;
use crate::cli::ui::Ui;

/// (in the making)
#[derive(clap::Args, Debug)]
pub(super) struct ReplayArgs {}

pub(super) fn run(_ui: &mut Ui, _args: &ReplayArgs) -> Outcome {
    Ok(std::process::ExitCode::SUCCESS)
}
