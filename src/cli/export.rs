//! `export`.

use std::convert::Infallible;
use std::path::PathBuf;
use std::process::ExitCode;

use indicatif::ProgressBar;
use secrecy::{ExposeSecret, SecretString};

use crate::cli::Outcome;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::redaction::{OTHER_POLICY, Redact};
use crate::cli::ui::{self, Ui};
use crate::export::error::ExportError;
use crate::export::key::RowKey;
use crate::export::postgres::{Exported, Plan, Step, export};
use crate::export::retention::deleted_at;
use crate::export::target::{Target, TargetError};
use crate::model::time::Micros;
use crate::redact::Redactor;

/// Copy the orchestrator's tables into a snapshot, read-only and at one instant
///
/// The database may also be named by the environment: BACKSTORY_DB, else PGHOST, PGPORT, PGUSER,
/// PGDATABASE. Keep the password out of the process list with PGPASSWORD or BACKSTORY_DB.
#[derive(clap::Args, Debug)]
pub(super) struct ExportArgs {
    /// postgres:// URL, or `host=... dbname=...`
    #[arg(long, value_name = "URL", value_parser = secret)]
    db: Option<SecretString>,
    /// Where the snapshot is, or will be
    #[arg(long, value_name = "DIR")]
    snapshot: PathBuf,
    /// Certificate authorities to trust instead of this machine's (PEM)
    #[arg(long, value_name = "FILE")]
    ssl_root_cert: Option<PathBuf>,
    /// The redaction key; made on first use [default: in your configuration folder]
    #[arg(long, value_name = "FILE")]
    redact_key_file: Option<PathBuf>,
    /// What is hidden before a byte is written
    #[arg(long, value_enum, value_name = "POLICY", default_value_t)]
    redact: Redact,
    /// Takes a URL given without --db, which clap would repeat on the terminal, password and all.
    #[arg(hide = true, value_parser = secret)]
    stray: Vec<SecretString>,
}

/// A value that no message repeats.
pub(super) fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(SecretString::from(text))
}

pub(super) fn run(ui: &mut Ui, args: &ExportArgs) -> Outcome {
    if !args.stray.is_empty() {
        let error = "`export` takes no argument without a name";
        return Err(Fault::new(FaultKind::Usage, error).hint("name the database with --db URL"));
    }
    let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let from_env = env("BACKSTORY_DB").map(SecretString::from);
    let given = args.db.as_ref().or(from_env.as_ref());
    if given.is_none_or(|text| text.expose_secret().is_empty()) && env("PGHOST").is_none() {
        return Err(fault(ExportError::Target(TargetError::Nothing)));
    }
    let target = Target::resolve(given, args.ssl_root_cert.clone(), &env)
        .map_err(|err| fault(ExportError::Target(err)))?;
    let key = RowKey::load_or_create(args.redact_key_file.as_deref()).map_err(|err| {
        Fault::new(FaultKind::Usage, err).hint("name a file of yours with --redact-key-file FILE")
    })?;
    args.redact.warn(ui);
    let redactor = Redactor::new(args.redact.policy(), &key.bytes());
    let plan = Plan {
        dir: args.snapshot.clone(),
        target,
        redactor: &redactor,
        row_key: key.bytes(),
        key_fingerprint: key.fingerprint(),
        now: &ui::now,
    };
    let mut screen = Screen { ui, bar: ProgressBar::hidden() };
    let outcome = export(plan, &mut |step| screen.show(step));
    screen.bar.finish_and_clear();
    summary(ui, args, &outcome.map_err(fault)?);
    Ok(ExitCode::SUCCESS)
}

/// Shows the steps of an export on stderr.
struct Screen<'a> {
    ui: &'a mut Ui,
    bar: ProgressBar,
}

impl Screen<'_> {
    fn show(&mut self, step: Step) {
        match step {
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
    if let Some(oldest) = exported.oldest_log {
        ui.note(&retention(oldest, ui::now()));
    }
}

/// When the next export has to be done so that nothing is lost.
fn retention(oldest: Micros, now: Micros) -> String {
    let deleted = deleted_at(oldest);
    let left = deleted.seconds_since(now);
    if left < 0.0 {
        return format!(
            "oldest log line at the source: {oldest}; its 48 hours are over, so what is older is gone"
        );
    }
    let hours = left / 3_600.0;
    format!(
        "oldest log line at the source: {oldest}, deleted there at {deleted} (in {hours:.1} hours)"
    )
}

/// A failed export with what to do about it.
pub(super) fn fault(err: ExportError) -> Fault {
    if let ExportError::Snapshot(source) = err {
        return Fault::from(source);
    }
    let (kind, hint) = advice(&err);
    Fault::new(kind, err).hint(hint)
}

fn advice(err: &ExportError) -> (FaultKind, &'static str) {
    match err {
        ExportError::Target(why) => (FaultKind::Usage, target_hint(why)),
        ExportError::Unreachable { .. } | ExportError::TimedOut { .. } => {
            (FaultKind::Source, "check host and port, and that the network lets you reach them")
        }
        ExportError::Authorities { .. } => (
            FaultKind::Usage,
            "name a PEM file of certificates, with --ssl-root-cert or sslrootcert",
        ),
        ExportError::TrustStore { .. } => {
            (FaultKind::Source, "give the server's CA as PEM with --ssl-root-cert FILE")
        }
        ExportError::Tls { .. } => (
            FaultKind::Source,
            "hosted databases often have a CA of their own: give it with --ssl-root-cert FILE, and \
             use the host name the certificate is for; sslmode=disable gives up encryption",
        ),
        ExportError::PasswordMissing | ExportError::Password => (
            FaultKind::Source,
            "check user and password (PGPASSWORD; in a URL, percent-encode `@ : / ? #`)",
        ),
        ExportError::Forbidden => {
            (FaultKind::Source, "check user, database and sslmode, or ask for a pg_hba.conf entry")
        }
        ExportError::UnknownDatabase => {
            (FaultKind::Source, "check the name after the last `/` of the URL")
        }
        ExportError::Busy(_) | ExportError::Locked(_) | ExportError::Changed => {
            (FaultKind::Source, "run it again; nothing was written")
        }
        ExportError::MissingTable(_) => {
            (FaultKind::Source, "is this the orchestrator's database? its tables live in `public`")
        }
        ExportError::PermissionDenied(_) => (
            FaultKind::Source,
            "grant the role USAGE on schema public and SELECT on the orchestrator's tables",
        ),
        ExportError::RowSecurity(_) => {
            (FaultKind::Source, "use a role that sees all rows (BYPASSRLS, or the tables' owner)")
        }
        ExportError::Lost(_) => {
            (FaultKind::Source, "run it again; the snapshot is as it was before")
        }
        ExportError::Server { .. } | ExportError::Answer(_) | ExportError::Copy { .. } => {
            (FaultKind::Source, "see the server's log; the snapshot is as it was before")
        }
        ExportError::OtherKey { .. } => (
            FaultKind::Usage,
            "give the key it was made with by --redact-key-file, or choose a new --snapshot",
        ),
        ExportError::OtherPolicy { .. } => (FaultKind::Usage, OTHER_POLICY),
        // A snapshot's own errors have their advice where they become faults.
        ExportError::Runtime(_) | ExportError::Snapshot(_) => {
            (FaultKind::Internal, "check the limits on open files and on disk space")
        }
    }
}

fn target_hint(why: &TargetError) -> &'static str {
    match why {
        TargetError::Nothing | TargetError::NoHost => {
            "--db postgres://USER@HOST:PORT/DATABASE, or set BACKSTORY_DB, or PGHOST and the others"
        }
        TargetError::SecondAt => "write `@` in a password as %40",
        TargetError::Malformed => {
            "--db postgres://USER@HOST:PORT/DATABASE, the password in PGPASSWORD"
        }
        TargetError::Value("sslmode") => "sslmode is disable, prefer, require or verify-full",
        TargetError::Unsupported(_) | TargetError::UnknownOption | TargetError::Value(_) => {
            "leave it out; TLS is set by sslmode and sslrootcert"
        }
    }
}
