//! `replay`.

use crate::cli::Outcome;
use crate::cli::fault::Fault;
use crate::cli::ui::Ui;
use crate::snapshot::open::Snapshot;

/// (in the making)
#[derive(clap::Args, Debug)]
pub(super) struct ReplayArgs {}

pub(super) fn run(_ui: &mut Ui, _args: &ReplayArgs) -> Outcome {
    Ok(std::process::ExitCode::SUCCESS)
}

/// Replays when `derived/` is absent or older than the evidence. (in the making)
pub(crate) fn ensure(_ui: &mut Ui, _snapshot: &Snapshot) -> Result<(), Fault> {
    Ok(())
}
