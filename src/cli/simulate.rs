//! `simulate`: a fleet with faults and its truth, without a database.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::ProgressBar;
use secrecy::SecretString;

use crate::cli::Outcome;
use crate::cli::export::warn_of_password;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::ui::Ui;
use crate::export::error::ExportError;
use crate::export::load::{self, LoadStep};
use crate::export::load_error::LoadError;
use crate::export::target::Target;
use crate::simulate::{self, Era, Fault as Injected, Plan};

/// Write a simulated fleet: tables as CSV files, and the truth about them
///
/// The lines, tables and rules are those of an era of the real orchestrator; what goes wrong is known
/// to the microsecond and written to truth.json. The same arguments give the same bytes.
///
/// Examples:
///   backstory simulate --out /tmp/fleet --workers 8 --hours 5 --seed 1
///   backstory simulate --out /tmp/fleet --era E12 --faults freeze,guardian_died
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment, allow_negative_numbers = true)]
pub(super) struct SimulateArgs {
    /// Directory for the files: a new one, or an empty one
    #[arg(long, value_name = "DIR", required_unless_present = "list_faults")]
    out: Option<PathBuf>,

    /// Workers at once, at most: 1 to 500
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=500))]
    workers: u32,

    /// Hours to simulate, up to 100000
    #[arg(long, value_name = "H", default_value_t = 5.0, value_parser = hours)]
    hours: f64,

    /// Seed of everything that is left to chance: 0 to 18446744073709551615
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = crate::cli::format::seed)]
    seed: u64,

    /// Whose line formats, tables and rules: E4 (2025-10), E6 (2025-12) or E12 (2026-05)
    #[arg(long, value_name = "ERA", default_value = "E6", value_parser = era)]
    era: Era,

    /// What goes wrong: `all`, `none`, or names separated by commas
    #[arg(long, value_name = "LIST", default_value = "all")]
    faults: String,

    /// Print the names of what can go wrong in the era, and end
    #[arg(long)]
    list_faults: bool,

    /// Tasks that users create in an hour, up to 1000000 (default: 8 for each worker)
    #[arg(long, value_name = "N", value_parser = rate)]
    tasks_per_hour: Option<f64>,

    /// Load it into this PostgreSQL database too, in which none of these tables may exist; the password
    /// may come from PGPASSWORD
    #[arg(long, value_name = "URL", value_parser = crate::cli::export::secret)]
    db: Option<SecretString>,

    /// Certificate authorities to trust instead of this machine's (PEM), for --db
    #[arg(long, value_name = "FILE", requires = "db")]
    ssl_root_cert: Option<PathBuf>,
}

fn hours(text: &str) -> Result<f64, String> {
    let hours: f64 = text.parse().map_err(|_| "not a number".to_string())?;
    if hours.is_finite() && hours > 0.0 && hours <= 100_000.0 {
        Ok(hours)
    } else {
        Err("give more than 0 and at most 100000 hours".to_string())
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number".to_string())?;
    if rate.is_finite() && rate > 0.0 && rate <= 1_000_000.0 {
        Ok(rate)
    } else {
        Err("give more than 0 and at most 1000000 tasks".to_string())
    }
}

fn era(text: &str) -> Result<Era, String> {
    Era::from_name(text).ok_or_else(|| "the eras are E4, E6 and E12".to_string())
}

pub(super) fn run(ui: &mut Ui, args: &SimulateArgs) -> Outcome {
    let Some(out) = args.out.as_deref().filter(|_| !args.list_faults) else {
        writeln!(ui.out(), "{}", names(args.era).join("\n"))?;
        return Ok(ExitCode::SUCCESS);
    };
    let plan = Plan {
        era: args.era,
        workers: args.workers,
        hours: args.hours,
        seed: args.seed,
        tasks_per_hour: args.tasks_per_hour.unwrap_or(f64::from(args.workers) * 8.0),
        faults: faults(&args.faults, args.era)?,
        hours_between: 4.0,
    };
    prepare(out)?;
    if let Some(url) = &args.db {
        warn_of_password(ui, url, "the password in PGPASSWORD or ~/.pgpass");
        // before the work, not after it
        load::probe(target(args, url)?, &simulate::schema(args.era))?;
    }
    let bar = ui.share("simulating");
    let written = write(&plan, out, &bar)?;
    bar.finish_and_clear();
    ui.note(&format!(
        "simulated {} h of {}: {} log rows ({} MiB), {} workers, {} tasks, {} generations in {}",
        plan.hours,
        plan.era.name(),
        written.log_rows,
        written.log_bytes >> 20,
        written.workers,
        written.tasks,
        written.generations,
        out.display()
    ));
    if !written.missed.is_empty() {
        let names: Vec<&str> = written.missed.iter().map(|fault| fault.name()).collect();
        ui.note(&format!("note: found nobody to hit, so did not happen: {}", names.join(", ")));
    }
    if let Some(url) = &args.db {
        load(ui, args, url, out)?;
    }
    let dir = out.display();
    let name = out.file_name().unwrap_or(out.as_os_str()).display();
    ui.note(&format!("next: backstory import --from {dir} --snapshot snapshots/{name}"));
    Ok(ExitCode::SUCCESS)
}

/// Runs the simulation with its progress on a bar.
pub(super) fn write(
    plan: &Plan,
    dir: &Path,
    bar: &ProgressBar,
) -> Result<simulate::Written, Fault> {
    let mut tick = |done: f64, _rows: u64| bar.set_position((done * 1_000.0) as u64);
    simulate::run(plan, dir, &mut tick).map_err(|err| cannot_write(dir, err))
}

fn cannot_write(dir: &Path, source: io::Error) -> Fault {
    let text = format!("cannot write the simulation to {}: {source}", dir.display());
    Fault::new(FaultKind::Usage, io::Error::other(text))
        .hint("check the path, its permissions and the free space")
}

/// The faults of a list; those that an era does not know are an error, not silence.
fn faults(list: &str, era: Era) -> Result<Vec<Injected>, Fault> {
    let all = || Injected::ALL.iter().map(|(fault, _)| *fault).filter(|fault| fault.is_of(era));
    let wrong = |text: String| {
        Fault::new(FaultKind::Usage, io::Error::other(text)).hint(format!(
            "faults of {}: all, none, or some of {}",
            era.name(),
            names(era).join(", ")
        ))
    };
    match list {
        "all" => return Ok(all().collect()),
        "none" => return Ok(Vec::new()),
        _ => {}
    }
    let wanted = list.split(',').map(str::trim).filter(|name| !name.is_empty());
    let mut chosen = Vec::new();
    for name in wanted {
        match Injected::from_name(name) {
            Some(fault) if fault.is_of(era) && chosen.contains(&fault) => {
                return Err(wrong(format!("`{name}` is named twice")));
            }
            Some(fault) if fault.is_of(era) => chosen.push(fault),
            Some(_) => return Err(wrong(format!("`{name}` cannot happen in {}", era.name()))),
            None => return Err(wrong(format!("there is no fault `{name}`"))),
        }
    }
    if chosen.is_empty() {
        return Err(wrong("the list of faults is empty".to_string()));
    }
    Ok(chosen)
}

/// The names of what can go wrong in an era.
fn names(era: Era) -> Vec<&'static str> {
    Injected::ALL.iter().filter(|(fault, _)| fault.is_of(era)).map(|(_, name)| *name).collect()
}

fn target(args: &SimulateArgs, url: &SecretString) -> Result<Target, Fault> {
    let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    Target::resolve(Some(url), args.ssl_root_cert.clone(), &env)
        .map_err(|err| crate::cli::export::fault(ExportError::Target(err)))
}

/// Creates the era's tables in the database and fills them, in one transaction.
fn load(ui: &mut Ui, args: &SimulateArgs, url: &SecretString, dir: &Path) -> Result<(), Fault> {
    let target = target(args, url)?;
    let bar = ui.progress("loading");
    let loaded = load::load(target, dir, &simulate::schema(args.era), &mut |step| match step {
        LoadStep::Bytes(bytes) => bar.set_position(bytes),
        LoadStep::Note(text) => bar.println(text),
        LoadStep::Begin(_) | LoadStep::End(_) => {}
    });
    bar.finish_and_clear();
    for table in loaded? {
        ui.note(&format!("{:<20} {:>9} rows loaded", table.table.name(), table.rows));
    }
    Ok(())
}

impl From<LoadError> for Fault {
    fn from(err: LoadError) -> Self {
        let hint = err.hint();
        Self::new(FaultKind::Source, err).hint(hint)
    }
}

/// A new directory, or an empty one: nothing is ever overwritten.
pub(super) fn prepare(dir: &Path) -> Result<(), Fault> {
    fs::create_dir_all(dir).map_err(|err| cannot_write(dir, err))?;
    let mut entries = fs::read_dir(dir).map_err(|err| cannot_write(dir, err))?;
    if entries.next().is_some() {
        let text = format!("{} is not empty", dir.display());
        return Err(Fault::new(FaultKind::Usage, io::Error::other(text))
            .hint("choose a new or empty directory: nothing is ever overwritten"));
    }
    Ok(())
}
