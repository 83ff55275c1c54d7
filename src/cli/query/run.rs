//! `query run`: one question, with parameters of one's own.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::Outcome;
use crate::cli::choice;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::findings::{Asking, PRICE, Shown, end_on_failed, reported};
use crate::cli::format::{Format, show};
use crate::cli::ui::Ui;
use crate::cli::warn::{warn_of_nothing, warn_of_unreadable};
use crate::cli::when::WhenArgs;
use crate::findings::header::Header;
use crate::findings::run::{ask, look_up};

/// Ask one question, with parameters of your own
#[derive(clap::Args, Debug)]
pub(super) struct RunArgs {
    /// The query's id, or the path of a query file
    #[arg(value_name = "ID|FILE")]
    query: String,

    /// A parameter's value in place of the header's (may be given again)
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,

    /// Snapshot directory (default: the one under ./snapshots with the latest capture)
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,

    /// Read the query files of this folder too (may be given again)
    #[arg(long, value_name = "DIR")]
    queries: Vec<PathBuf>,

    /// Which verdicts to show
    #[arg(long, value_enum, default_value_t = Shown::Unrefuted)]
    verdict: Shown,

    #[command(flatten)]
    when: WhenArgs,

    /// How to write the findings
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Stop the query after so many seconds
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = crate::cli::format::seconds)]
    timeout: Duration,
}

pub(super) fn run(ui: &mut Ui, args: &RunArgs) -> Outcome {
    let mut query = choice::one(&args.query, &args.queries)?;
    let mut names = BTreeSet::new();
    for given in &args.param {
        let name = set(&mut query.header, given)?;
        if !names.insert(name.to_string()) {
            let said = format!("the parameter `{name}` is given twice");
            return Err(Fault::new(FaultKind::Usage, said).hint("give it one value"));
        }
    }
    let mut asked = args.when.open(ui, args.snapshot.as_deref())?;
    warn_of_unreadable(ui, &asked.snapshot);
    let database = asked.database()?;
    let database = asked.settled(ui, database, 1, args.timeout)?;
    warn_of_nothing(ui, &database, args.timeout)?;
    let queries = vec![query];
    let mut answers = ask(&database, &queries, args.timeout)?;
    let known = std::mem::take(&mut answers.read_from);
    let asking = Asking { database: &database, price: PRICE, limit: args.timeout };
    let mut report = reported(&asked.snapshot, queries, answers, args.verdict, &asking)?;
    if let Format::Text = args.format {
        look_up(&database, report.listed(), &known, args.timeout)?;
    }
    show(ui, args.format, &report)?;
    end_on_failed(report.failed)?;
    Ok(ExitCode::SUCCESS)
}

/// Puts a value in place of the header's, of the same kind, and says whose it is.
fn set<'a>(header: &mut Header, given: &'a str) -> Result<&'a str, Fault> {
    let usage = |said: String| Fault::new(FaultKind::Usage, said);
    let (name, text) = given
        .split_once('=')
        .ok_or_else(|| usage(format!("`--param {given}` is not NAME=VALUE")))?;
    let names: Vec<String> = header.params.keys().cloned().collect();
    let Some(value) = header.params.get_mut(name) else {
        return Err(usage(format!("query `{}` has no parameter `{name}`", header.id)).hint(
            format!("it has: {}", if names.is_empty() { "none".into() } else { names.join(", ") }),
        ));
    };
    let wrong = |is: &str| usage(format!("`{name}` is {is}, so it cannot be `{text}`"));
    *value = match value {
        toml::Value::Integer(before) => {
            // a count or a length below zero would find nothing, or everything, without a word
            let least = if *before < 0 { i64::MIN } else { 0 };
            match text.parse::<i64>() {
                Ok(number) if number >= least => toml::Value::Integer(number),
                Ok(_) => return Err(wrong("a whole number from 0 on")),
                Err(_) => return Err(wrong("a whole number")),
            }
        }
        toml::Value::Float(_) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => toml::Value::Float(number),
            Ok(_) | Err(_) => return Err(wrong("a number")),
        },
        toml::Value::Boolean(_) => {
            toml::Value::Boolean(text.parse().map_err(|_| wrong("true or false"))?)
        }
        toml::Value::String(_)
        | toml::Value::Datetime(_)
        | toml::Value::Array(_)
        | toml::Value::Table(_) => toml::Value::String(text.to_string()),
    };
    Ok(name)
}
