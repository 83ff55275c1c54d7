//! `config`: the orchestrators' settings.

use crate::answers::config::{ConfigAsked, TABLES, config, names};
use crate::cli::Outcome;
use crate::cli::reading::ReadArgs;
use crate::cli::ui::Ui;
use crate::cli::word::refuse_unknown;

/// Show the orchestrators' settings: defaults by era, and values as far as evidence shows them
///
/// No row holds a configuration: a value is told where a line or the diagnostics of a kill print the limit that a
/// decision was measured against.
///
/// Examples:
///   backstory config
///   backstory config idle --explain
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct ConfigArgs {
    /// Only settings whose name holds this
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// Tell meaning, effect, and what was measured when a rule struck
    #[arg(long)]
    explain: bool,

    #[command(flatten)]
    read: ReadArgs,
}

pub(super) fn run(ui: &mut Ui, args: &ConfigArgs) -> Outcome {
    let reading = args.read.open(ui, &TABLES)?;
    let asked = ConfigAsked { explain: args.explain, name: args.name.clone() };
    if let Some(name) = &args.name {
        let names = names()?;
        let is_part = names.iter().any(|known| known.contains(&name.to_uppercase()));
        if !is_part {
            refuse_unknown("setting", &name.to_uppercase(), &names)?;
        }
    }
    let page = config(reading.ask(), &asked)?;
    args.read.show(ui, &page)
}
