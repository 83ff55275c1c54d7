//! `captures`: what a snapshot holds, by the runs that filled it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::format::{Answer, Format, show};
use crate::cli::ui::Ui;
use crate::cli::{Outcome, snapshot_dir};
use crate::model::holes::{Hole, holes};
use crate::model::rows::LogCapture;
use crate::model::state::GapCause;
use crate::model::time::Micros;
use crate::report::captures as report;
use crate::report::captures::CapturesReport;
use crate::report::captures_words::guarantee;
use crate::snapshot::manifest::{Capture, TableCapture};
use crate::snapshot::open::Snapshot;

/// List the captures of a snapshot: when, how complete, how many rows, up to which horizon
///
/// Reads the manifest and the capture files, and not the evidence: `verify` checks that.
#[derive(clap::Args, Debug)]
#[command(
    after_long_help = "Examples:\n  backstory captures\n  backstory captures --snapshot snapshots/prod --format json"
)]
pub(super) struct CapturesArgs {
    /// Snapshot directory (default: the one under ./snapshots with the latest capture)
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,

    /// How to write the captures
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(ui: &mut Ui, args: &CapturesArgs) -> Outcome {
    let dir = snapshot_dir::choose(ui, args.snapshot.as_deref())?;
    let made = report_of(&Snapshot::open_captures(&dir)?);
    show(ui, args.format, &made)?;
    Ok(ExitCode::SUCCESS)
}

impl Answer for CapturesReport {
    fn text(&self, mut out: &mut dyn Write, width: Option<u16>) -> io::Result<()> {
        report::write_text(&mut out, self, width)
    }

    fn json(&self, mut out: &mut dyn Write) -> io::Result<()> {
        report::write_json(&mut out, self)
    }

    fn csv(&self, mut out: &mut dyn Write) -> io::Result<()> {
        report::write_csv(&mut out, self)
    }
}

fn report_of(snapshot: &Snapshot) -> CapturesReport {
    let manifest = snapshot.manifest();
    CapturesReport {
        format: report::FORMAT,
        snapshot: snapshot.dir().display().to_string(),
        source: manifest.source.clone(),
        redaction: report::Redaction {
            policy: manifest.redaction.policy.clone(),
            key_fingerprint: manifest.redaction.key_fingerprint.clone(),
        },
        captures: snapshot.captures().iter().map(capture).collect(),
        holes: holes_of(snapshot),
    }
}

/// Told from the capture files alone: one that read the source saw it up to its begin.
fn holes_of(snapshot: &Snapshot) -> Vec<report::Hole> {
    let of = |capture: &'_ Capture| {
        let log = capture.log(Micros::parse(&capture.began_at))?;
        Some((capture.id.clone(), log))
    };
    let (ids, logs): (Vec<String>, Vec<LogCapture>) =
        snapshot.captures().iter().filter_map(of).unzip();
    let told = |hole: Hole| report::Hole {
        before: ids[hole.next].clone(),
        from: hole.from.to_string(),
        until: hole.until.to_string(),
        cause: GapCause::NotExported.name(),
    };
    holes(&logs).into_iter().map(told).collect()
}

fn capture(capture: &Capture) -> report::Capture {
    let tables = || capture.tables.values();
    let sum = |number: fn(&TableCapture) -> u64| tables().map(number).sum();
    report::Capture {
        capture: capture.id.clone(),
        began_at: capture.began_at.clone(),
        ended_at: capture.ended_at.clone(),
        guarantee: capture.guarantee.clone(),
        guarantee_means: guarantee(&capture.guarantee),
        captured_under: capture.captured_under.clone(),
        notes: capture.notes.clone(),
        rows_read: sum(|held| held.rows_read),
        rows_new: sum(|held| held.rows_new),
        rows_repeated: sum(|held| held.rows_repeated),
        min_time: tables().filter_map(|held| held.min_time.clone()).min(),
        max_time: tables().filter_map(|held| held.max_time.clone()).max(),
        retention_horizon: capture.retention_horizon().map(str::to_string),
        disappeared: sum(|held| held.disappeared.len() as u64),
        unreadable: capture.unreadable_lines(),
        unreadable_lines: capture.unreadable.clone(),
        files: sum(|held| held.files.len() as u64),
        bytes: sum(TableCapture::bytes),
        tables: capture.tables.iter().map(|(name, held)| (name.clone(), table(held))).collect(),
    }
}

fn table(held: &TableCapture) -> report::TableCounts {
    report::TableCounts {
        rows_read: held.rows_read,
        rows_new: held.rows_new,
        rows_repeated: held.rows_repeated,
        rows_changed: held.rows_changed,
        min_time: held.min_time.clone(),
        max_time: held.max_time.clone(),
        rows_unreadable: held.rows_unreadable,
        since_xid: held.since_xid,
        since_time: held.since_time.clone(),
        missing_from: held.missing_from.clone(),
        oldest_at_source: held.read_from.clone(),
        read_until: held.read_until.clone(),
        disappeared: held.disappeared.clone(),
        files: held.files.len() as u64,
        bytes: held.bytes(),
    }
}
