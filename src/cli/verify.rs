//! `verify`: is everything in a snapshot still what was written?

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::fault::FaultKind;
use crate::cli::format::{Answer, Format, show};
use crate::cli::ui::Ui;
use crate::cli::{Outcome, replay, snapshot_dir};
use crate::derived;
use crate::report::verify as report;
use crate::report::verify::VerifyReport;
use crate::snapshot::open::Snapshot;
use crate::snapshot::verify::flaw::{Damage, Note};
use crate::snapshot::verify::verdict::Verdict;
use crate::snapshot::verify::{Step, verify};

/// Columns of a report that no terminal narrows.
const WIDTH_ELSEWHERE: u16 = 100;

/// Check that everything in a snapshot is what was written, and name all that is not
///
/// Hashes every file, follows the chain of captures, counts the rows, and looks for files that no
/// manifest names. Exits with 0 when the snapshot is whole (notes do not count) and with 4 when it is
/// damaged. Reads only: what is damaged is left as it is.
#[derive(clap::Args, Debug)]
#[command(
    after_long_help = "Examples:\n  backstory verify\n  backstory verify --snapshot snapshots/prod --format json"
)]
pub(super) struct VerifyArgs {
    /// Snapshot directory (default: the one under ./snapshots with the latest capture)
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,

    /// How to write what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(ui: &mut Ui, args: &VerifyArgs) -> Outcome {
    let dir = snapshot_dir::choose(ui, args.snapshot.as_deref())?;
    // a broken grammar file is no reason not to look at the evidence
    let grammar = match replay::grammar(ui) {
        Ok(grammar) => Some(grammar),
        Err(fault) => {
            ui.note(&format!("note: whether `derived/` is current was not checked: {fault}"));
            None
        }
    };
    let bar = ui.progress_bytes("verify");
    let outcome = verify(&dir, &|step| match step {
        Step::Total(bytes) => {
            bar.set_length(bytes);
            bar.set_position(0);
        }
        Step::Bytes(bytes) => bar.inc(bytes),
    });
    bar.finish_and_clear();
    let mut verdict = outcome?;
    let evidence_whole = verdict.is_whole();
    let snapshot = Snapshot::open_captures(&dir).ok();
    let current = snapshot.as_ref().zip(grammar.as_ref());
    let current = current.map(|(snapshot, grammar)| (snapshot, grammar.digest()));
    verdict.append(derived::verify::verify(&dir, current));
    let report = report_of(&dir, evidence_whole, verdict);
    show(ui, args.format, &report)?;
    Ok(if report.whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FaultKind::Snapshot.exit_code())
    })
}

fn report_of(dir: &Path, evidence_whole: bool, verdict: Verdict) -> VerifyReport {
    let fault = |damage: Damage| report::Fault {
        kind: damage.flaw.label(),
        detail: damage.flaw.to_string(),
        remedy: damage.remedy(),
        file: damage.file,
    };
    let note = |note: Note| report::Note {
        kind: note.remark.label(),
        detail: note.remark.to_string(),
        file: note.file,
    };
    VerifyReport {
        format: report::FORMAT,
        snapshot: dir.display().to_string(),
        whole: verdict.is_whole(),
        evidence_whole,
        checked: report::Checked {
            captures: verdict.checked.captures,
            files: verdict.checked.files,
            bytes: verdict.checked.bytes,
            rows: verdict.checked.rows,
        },
        faults: verdict.damage.into_iter().map(fault).collect(),
        notes: verdict.notes.into_iter().map(note).collect(),
    }
}

impl Answer for VerifyReport {
    fn text(&self, mut out: &mut dyn Write, width: Option<u16>) -> io::Result<()> {
        report::write_text(&mut out, self, usize::from(width.unwrap_or(WIDTH_ELSEWHERE)))
    }

    fn json(&self, mut out: &mut dyn Write) -> io::Result<()> {
        report::write_json(&mut out, self)
    }

    fn csv(&self, mut out: &mut dyn Write) -> io::Result<()> {
        report::write_csv(&mut out, self)
    }
}
