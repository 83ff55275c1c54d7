//! `export`: once, or again and again.

mod advice;
mod pages;
mod passing;
mod patience;
mod rest_advice;
mod stop;
mod target_advice;
mod watch;

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::ProgressBar;
use secrecy::{ExposeSecret, SecretString};

use crate::cli::Outcome;
pub(super) use crate::cli::export::advice::fault;
use crate::cli::export::patience::Patience;
use crate::cli::export::stop::Stop;
pub(super) use crate::cli::export::watch::interval;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::redaction::{self, Redact};
use crate::cli::ui::{self, Ui};
use crate::export::error::ExportError;
use crate::export::key::RowKey;
use crate::export::postgres::{Exported, Plan, Step, export};
use crate::export::rest;
use crate::export::rest::target::RestTarget;
use crate::export::retention::Retention;
use crate::export::target::{Target, TargetError};
use crate::model::holes::holes;
use crate::model::rows::LogCapture;
use crate::model::time::Micros;
use crate::redact::Redactor;
use crate::snapshot::manifest::{Capture, MANIFEST};

/// Copy the orchestrator's tables into a snapshot, read-only and at one instant
///
/// The database may also be named by the environment: BACKSTORY_DB, else PGSERVICE, or PGHOST, PGPORT,
/// PGUSER, PGDATABASE and the other variables of libpq. Keep the password out of the process list with
/// BACKSTORY_DB, PGPASSWORD or ~/.pgpass.
///
/// Without a way to the database, --rest reads its PostgREST API instead, page by page, with the key in
/// BACKSTORY_REST_KEY, SUPABASE_SERVICE_ROLE_KEY or SUPABASE_SERVICE_KEY.
#[derive(clap::Args, Debug)]
#[command(
    after_long_help = "Examples:\n  backstory export --snapshot snapshots/prod     (the database named by BACKSTORY_DB)\n  backstory export --snapshot snapshots/prod --every 6h"
)]
pub(super) struct ExportArgs {
    /// postgres:// URL, or `host=... dbname=...`
    #[arg(long, value_name = "URL", value_parser = secret)]
    db: Option<SecretString>,
    /// URL of a Supabase project or of a PostgREST, in place of --db; its service key in BACKSTORY_REST_KEY
    #[arg(long, value_name = "URL", value_parser = secret, conflicts_with = "db")]
    rest: Option<SecretString>,
    /// With --rest: how late a log row may arrive and still be found by the next capture
    #[arg(long, value_name = "TIME", value_parser = watch::interval, requires = "rest",
          conflicts_with = "db", default_value = "15m")]
    overlap: Duration,
    /// Where the snapshot is, or will be
    #[arg(long, value_name = "DIR")]
    snapshot: PathBuf,
    /// Certificate authorities to trust instead of this machine's (PEM)
    #[arg(long, value_name = "FILE")]
    ssl_root_cert: Option<PathBuf>,
    /// The redaction key; made on first use [default: in your configuration folder]
    #[arg(long, value_name = "FILE")]
    redact_key_file: Option<PathBuf>,
    /// Connections over which a large table is read; one is enough for most servers
    #[arg(long, value_name = "N", default_value = "1", value_parser = jobs, conflicts_with = "rest")]
    jobs: NonZeroUsize,
    /// What is hidden before a byte is written
    #[arg(long, value_enum, value_name = "POLICY", default_value_t)]
    redact: Redact,
    /// Go on until stopped: capture again each time this has passed (`6h`, `90m`, `1h 30m`; `5s` at least)
    #[arg(long, value_name = "TIME", value_parser = watch::every)]
    every: Option<Duration>,
    /// For how many hours the source keeps its log lines
    #[arg(long, value_name = "HOURS", default_value_t = Retention::OF_THE_SOURCE.kept_h,
          value_parser = watch::hours)]
    retention: f64,
    /// At which hour of the day (UTC) it deletes older ones
    #[arg(long, value_name = "HOUR", default_value_t = Retention::OF_THE_SOURCE.cleaned_at_h,
          value_parser = watch::hour)]
    retention_at: u8,
    #[command(flatten)]
    patience: Patience,
    /// Takes a URL given without --db, which clap would repeat on the terminal, password and all.
    #[arg(hide = true, value_parser = secret)]
    stray: Vec<SecretString>,
}

/// A server has about a hundred connections for everybody.
const JOBS_MAX: usize = 32;

fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    let jobs = text.parse::<NonZeroUsize>().ok().filter(|jobs| jobs.get() <= JOBS_MAX);
    jobs.ok_or_else(|| format!("a number of connections is between 1 and {JOBS_MAX}"))
}

/// A value that no message repeats.
pub(super) fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(SecretString::from(text))
}

/// Says that a URL of the command line is no place for a password, and what is.
pub(super) fn warn_of_password(ui: &mut Ui, url: &SecretString, better: &str) {
    if Target::names_a_password(url) {
        ui.note(&format!(
            "warning: other users of this machine can see the password in the list of processes (`ps`): \
             give {better}"
        ));
    }
}

pub(super) fn run(ui: &mut Ui, args: &ExportArgs) -> Outcome {
    if !args.stray.is_empty() {
        let error = "`export` takes no argument without a name";
        return Err(Fault::new(FaultKind::Usage, error).hint("name the database with --db URL"));
    }
    pages::keep_small();
    let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let from_env = env("BACKSTORY_DB").map(SecretString::from);
    let given = args.db.as_ref().or(from_env.as_ref());
    let elsewhere =
        ["PGHOST", "PGHOSTADDR", "PGSERVICE"].into_iter().any(|name| env(name).is_some());
    let is_named = given.is_some_and(|text| !text.expose_secret().is_empty());
    if args.rest.is_none() && !is_named && !elsewhere {
        return Err(fault(ExportError::Target(TargetError::Nothing)));
    }
    if let Some(url) = &args.db {
        warn_of_password(
            ui,
            url,
            "the URL in BACKSTORY_DB, or the password in PGPASSWORD or ~/.pgpass",
        );
    }
    let key = redaction::key(ui, args.redact_key_file.as_deref(), &args.snapshot)?;
    args.redact.warn(ui);
    let redactor = Redactor::new(args.redact.policy(), &key.bytes());
    let stop = Stop::listen()?;
    let is_said = || stop.is_said();
    let mut has_captured = false;
    let mut once = |ui: &mut Ui| {
        if has_captured && !args.snapshot.join(MANIFEST).exists() {
            // a new one in its place would hide that
            return Err(ExportError::Vanished(args.snapshot.clone()));
        }
        let mut screen = Screen { ui, bar: ProgressBar::hidden() };
        // named anew each time: a password file may have changed
        let authorities = args.ssl_root_cert.clone();
        let outcome = match &args.rest {
            None => export(
                plan(args, &redactor, &key, Target::resolve(given, authorities, &env)?, &is_said),
                &mut |step| screen.show(step),
            ),
            Some(url) => {
                let target = RestTarget::resolve(url.expose_secret(), authorities, &env)
                    .map_err(ExportError::Rest)?;
                let plan = plan(args, &redactor, &key, target, &is_said);
                let how =
                    rest::How { overlap: args.overlap, patience: args.patience.of_requests() };
                rest::export(plan, how, &mut |step| screen.show(step))
            }
        };
        screen.bar.finish_and_clear();
        summary(ui, args, &outcome?);
        has_captured = true;
        Ok(())
    };
    let mut once = |ui: &mut Ui| args.patience.try_out(ui, &stop, &mut once);
    let ended = match args.every {
        None => once(ui),
        Some(every) => watch::run(ui, every, &stop, &mut once),
    };
    match ended {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(ExportError::Stopped) => {
            ui.note(stopped(has_captured || args.snapshot.join(MANIFEST).exists()));
            Ok(stop.exit_code())
        }
        Err(err) => Err(fault(err)),
    }
}

/// What a stopped export leaves.
fn stopped(is_left: bool) -> &'static str {
    if is_left {
        "stopped; the snapshot is as its last finished capture left it"
    } else {
        "stopped; nothing was captured"
    }
}

/// What one capture is made from.
fn plan<'a, T>(
    args: &ExportArgs,
    redactor: &'a Redactor,
    key: &RowKey,
    target: T,
    stop: &'a dyn Fn() -> bool,
) -> Plan<'a, T> {
    Plan {
        dir: args.snapshot.clone(),
        target,
        redactor,
        row_key: key.bytes(),
        key_fingerprint: key.fingerprint(),
        now: &ui::now,
        jobs: args.jobs,
        stop,
        silence_max: args.patience.silence_max(),
    }
}

/// Shows the steps of an export on stderr.
struct Screen<'a> {
    ui: &'a mut Ui,
    bar: ProgressBar,
}

impl Screen<'_> {
    fn show(&mut self, step: Step) {
        match step {
            Step::Note(text) if text.starts_with("warning: ") => self.note(&text),
            Step::Note(text) => self.note(&format!("note: {text}")),
            Step::Begin(table) => self.bar = self.ui.progress(table.name()),
            Step::Rows(rows) => self.bar.set_position(rows),
            Step::End { table, read, new } => {
                self.bar.finish_and_clear();
                self.note(&format!("{table}: {read} rows read, {new} new"));
            }
        }
    }

    /// An export goes on when nobody is left to watch it.
    fn note(&mut self, text: &str) {
        self.bar.suspend(|| self.ui.note(text));
    }
}

fn summary(ui: &mut Ui, args: &ExportArgs, exported: &Exported) {
    let count = exported.snapshot.captures().len();
    ui.note(&format!("snapshot: {}, capture {count}", args.snapshot.display()));
    let kept = Retention { kept_h: args.retention, cleaned_at_h: args.retention_at };
    let captures = exported.snapshot.captures();
    let before = captures.iter().rev().nth(1).and_then(|before| Micros::parse(&before.began_at));
    if let Some((before, oldest)) = before.zip(exported.oldest_log) {
        let due = is_due(before, oldest, ui::now(), kept);
        if due || before < oldest && was_emptied(captures) {
            ui.note(&format!(
                "warning: log lines between {before} and {oldest} may have been deleted before they were captured. \
                 Capture more often than lines are kept"
            ));
        }
    }
    if let Some(oldest) = exported.oldest_log {
        ui.note(&retention(oldest, ui::now(), kept));
    }
}

/// Whether the source may have deleted lines between two captures before anyone took them: the oldest that is left
/// there is younger than the capture before, and a line of that time would be gone by now. Where it would not,
/// nothing was logged in between.
fn is_due(before: Micros, oldest: Micros, now: Micros, kept: Retention) -> bool {
    before < oldest && kept.deleted_at(before) <= now
}

/// Whether the source has deleted lines that an earlier capture took, and sooner than it should have.
fn was_emptied(captures: &[Capture]) -> bool {
    let logs: Vec<LogCapture> =
        captures.iter().filter_map(|one| one.log(Micros::parse(&one.began_at))).collect();
    holes(&logs).last().is_some_and(|hole| hole.next + 1 == logs.len())
}

/// When the next export has to be done so that nothing is lost.
fn retention(oldest: Micros, now: Micros, kept: Retention) -> String {
    let deleted = kept.deleted_at(oldest);
    let left = deleted.seconds_since(now);
    if left < 0.0 {
        return format!(
            "oldest log line at the source: {oldest}, which it keeps longer than --retention {} says",
            kept.kept_h
        );
    }
    let hours = left / 3_600.0;
    format!(
        "oldest log line at the source: {oldest}, deleted there at {deleted} (in {hours:.1} hours)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_have_been_deleted_is_a_hole() {
        let at = |text: &str| Micros::parse(text).expect("a time");
        let told = |before: &str, oldest: &str, now: &str| {
            is_due(at(before), at(oldest), at(now), Retention::OF_THE_SOURCE)
        };
        assert!(told("2025-11-03 14:00:00Z", "2025-11-05 09:00:00Z", "2025-11-07 14:00:00Z"));
        // a line of that time would still be there: nothing was logged
        assert!(!told("2025-11-03 14:00:00Z", "2025-11-05 09:00:00Z", "2025-11-05 14:00:00Z"));
        assert!(!told("2025-11-03 14:00:00Z", "2025-11-03 09:00:00Z", "2025-11-07 14:00:00Z"));
    }
}
