//! `watch`: how all is, again and again, over a snapshot that grows.

use std::io::Write as _;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use crate::answers::health::{health, tables};
use crate::cli::Outcome;
use crate::cli::fault::Fault;
use crate::cli::reading::ReadArgs;
use crate::cli::ui::{Ui, now};
use crate::report::words::{age, duration};

/// Show `health` again and again over a snapshot that grows, until it is stopped
///
/// With `backstory export --every` in another terminal. What it shows is as old as the last capture: the first
/// line says how old. As JSON it writes a document a line.
///
/// Examples:
///   backstory watch
///   backstory watch --snapshot snapshots/prod --every 1m
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct WatchArgs {
    /// How long to wait before looking again (`10s`, `5m`)
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = crate::cli::export::interval)]
    every: Duration,

    /// End after so many times
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = crate::cli::format::limit)]
    times: Option<usize>,

    /// Rows of a list, at most
    #[arg(long, value_name = "N", default_value = "10", allow_negative_numbers = true,
          value_parser = crate::cli::format::limit)]
    limit: usize,

    #[command(flatten)]
    read: ReadArgs,
}

/// Clears a terminal and begins at its top.
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

pub(super) fn run(ui: &mut Ui, args: &WatchArgs) -> Outcome {
    args.read.refuse_instant("it watches the end of the evidence", "`backstory health --as-of`")?;
    let mut shown: usize = 0;
    loop {
        match look(ui, args) {
            Ok(()) => {}
            // a capture or a replay may be putting its files in place: what was there before is whole
            Err(fault) if shown > 0 && !fault.is_broken_pipe() => {
                ui.note(&format!("looking again: {fault}"));
            }
            Err(fault) => return Err(fault),
        }
        shown += 1;
        if args.times.is_some_and(|times| shown >= times) {
            return Ok(ExitCode::SUCCESS);
        }
        thread::sleep(args.every);
    }
}

fn look(ui: &mut Ui, args: &WatchArgs) -> Result<(), Fault> {
    let mut reading = args.read.open_with_findings(ui, &tables())?.going_on();
    let told = reading.findings(ui)?;
    let ask = reading.ask();
    let page = health(ask, args.limit, &told)?;
    if ui.width().is_some() {
        write!(ui.out(), "{CLEAR}")?;
    }
    args.read.shape.show_below(ui, &page, &|| {
        let every = duration(args.every.as_secs_f64());
        let ends = ask
            .told_at()
            .map_or("covers no time".to_string(), |at| format!("ends {}", age(at, now())));
        format!("the evidence {ends}; looked at every {every}, Ctrl-C ends")
    })
}
