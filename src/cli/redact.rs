//! `redact`: a stricter snapshot out of one that is there.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::fault::{Fault, FaultKind};
use crate::cli::redaction::Redact;
use crate::cli::ui::Ui;
use crate::cli::{Outcome, snapshot_dir};
use crate::export::again::error::AgainError;
use crate::export::again::{Plan, redact_again};
use crate::export::key::RowKey;

/// Make a stricter snapshot out of one that is there, to give it away
///
/// Every row goes through redaction once more, under the key the snapshot was made with: tokens stay the same.
/// The snapshot that is read stays as it is, and nothing of it is left out but what is hidden. There is no way
/// back: what is hidden cannot be shown again.
#[derive(clap::Args, Debug)]
#[command(
    after_long_help = "Examples:\n  backstory redact --snapshot snapshots/incident --out to-give-away --redact strict\n  backstory redact --out to-give-away --redact standard"
)]
pub(super) struct RedactArgs {
    /// Snapshot directory (default: the one under ./snapshots with the latest capture)
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,
    /// Where the new snapshot will be
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What is hidden in the new one: `standard` or `strict`
    #[arg(long, value_enum, value_name = "POLICY")]
    redact: Redact,
    /// The key the snapshot was made with [default: redact.key in the configuration folder]
    #[arg(long, value_name = "FILE")]
    redact_key_file: Option<PathBuf>,
}

pub(super) fn run(ui: &mut Ui, args: &RedactArgs) -> Outcome {
    let from = snapshot_dir::choose(ui, args.snapshot.as_deref())?;
    let key = RowKey::load(args.redact_key_file.as_deref()).map_err(|err| {
        Fault::new(FaultKind::Usage, err).hint("name the key it was made with by --redact-key-file")
    })?;
    let mut told = None;
    let policy = args.redact.policy();
    let made = redact_again(Plan {
        from: &from,
        out: &args.out,
        policy,
        key: &key,
        tell: &mut |capture, table, rows| {
            let is_new = told.replace(capture.to_string()).as_deref() != Some(capture);
            let capture = if is_new { capture } else { "" };
            ui.note(&format!("{capture:>7} {table}: {rows} rows"));
        },
    })?;
    let captures = match made.captures().len() {
        1 => "1 capture".to_string(),
        count => format!("{count} captures"),
    };
    ui.note(&format!("snapshot: {}, {captures}, `{}`", args.out.display(), policy.name()));
    Ok(ExitCode::SUCCESS)
}

impl From<AgainError> for Fault {
    fn from(err: AgainError) -> Self {
        let hint = match err {
            AgainError::Snapshot(err) => return err.into(),
            AgainError::Weaker { .. } => {
                "what is hidden stays hidden: export or import again under the weaker policy"
            }
            AgainError::OtherKey { .. } => {
                "give the key it was made with by --redact-key-file: its tokens are of that key"
            }
            AgainError::Exists(_) => "name a directory that is not there yet, or remove it first",
            AgainError::Inside(_) => "name a directory beside it",
        };
        Self::new(FaultKind::Usage, err).hint(hint)
    }
}
