//! `man`: the help as manual pages.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::Outcome;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::ui::Ui;

/// Write the manual: one page to standard output, or every verb's page into a folder
///
/// Examples:
///   backstory man | man -l -
///   backstory man --out ~/.local/share/man/man1
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct ManArgs {
    /// Write `backstory.1` and a page for each verb into this folder; it is made where it is missing
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(ui: &mut Ui, args: &ManArgs, command: clap::Command) -> Outcome {
    let Some(dir) = &args.out else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        return ui.write_verbatim(&page);
    };
    let unwritable = |err: std::io::Error| {
        let said = format!("cannot write the manual into {}: {err}", dir.display());
        Fault::new(FaultKind::Usage, said).hint("name a folder that can be written")
    };
    fs::create_dir_all(dir).map_err(unwritable)?;
    clap_mangen::generate_to(command, dir).map_err(unwritable)?;
    Ok(ExitCode::SUCCESS)
}
