//! `import`.

use crate::cli::Outcome;
use crate::cli::ui::Ui;

/// (in the making)
#[derive(clap::Args, Debug)]
pub(super) struct ImportArgs {}

pub(super) fn run(_ui: &mut Ui, _args: &ImportArgs) -> Outcome {
    Ok(std::process::ExitCode::SUCCESS)
}
