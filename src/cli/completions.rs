//! `completions`: what a shell needs to complete our command line.

use clap_complete::Shell;

use crate::cli::Outcome;
use crate::cli::ui::Ui;

/// Write the completions of a shell to standard output
///
/// Examples:
///   backstory completions bash > ~/.local/share/bash-completion/completions/backstory
///   backstory completions fish > ~/.config/fish/completions/backstory.fish
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct CompletionsArgs {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn run(ui: &mut Ui, args: &CompletionsArgs, mut command: clap::Command) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "backstory", &mut script);
    ui.write_verbatim(&script)
}
