//! The command line: one file a verb. The only place that knows clap, stdout, colour, now() and exit
//! codes.

mod captures;
mod choice;
mod completions;
mod config;
mod coverage;
mod damage;
mod demo;
mod explain;
mod export;
mod fault;
mod findings;
mod format;
mod grammar;
mod grammar_files;
mod health;
mod import;
mod kept;
mod man;
mod orchestrator;
mod pager;
mod pods;
mod query;
mod reading;
mod redact;
mod redaction;
mod replay;
mod simulate;
mod snapshot_dir;
mod sql;
mod task;
mod tasks;
mod timeline;
mod ui;
mod verify;
mod warn;
mod watch;
mod when;
mod window;
mod word;
mod worker;
mod workers;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser};

use crate::cli::fault::Fault;
use crate::cli::ui::Ui;

/// Rebuild what happened to every task and worker, from the rows an orchestrator left in Postgres
#[derive(clap::Parser, Debug)]
#[command(
    name = "backstory",
    version,
    max_term_width = 100,
    after_help = "Ids and times in the examples of each verb are of `backstory demo --keep demo` (--snapshot demo/snapshot): put your own in their place."
)]
struct Args {
    /// Read this grammar file too, beside the built-in one (may be given more than once)
    #[arg(long, global = true, value_name = "FILE")]
    grammar: Vec<PathBuf>,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Redact(redact::RedactArgs),
    Captures(captures::CapturesArgs),
    Verify(verify::VerifyArgs),
    Replay(replay::ReplayArgs),
    Coverage(coverage::CoverageArgs),
    Grammar(grammar::GrammarArgs),
    Findings(findings::FindingsArgs),
    Query(query::QueryArgs),
    Explain(explain::ExplainArgs),
    Sql(sql::SqlArgs),
    Config(config::ConfigArgs),
    Task(task::TaskArgs),
    Tasks(tasks::TasksArgs),
    Worker(worker::WorkerArgs),
    Workers(workers::WorkersArgs),
    Health(health::HealthArgs),
    Orchestrator(orchestrator::OrchestratorArgs),
    #[command(alias = "runpod")]
    Pods(pods::PodsArgs),
    Window(window::WindowArgs),
    Timeline(timeline::TimelineArgs),
    Watch(watch::WatchArgs),
    Simulate(simulate::SimulateArgs),
    Demo(demo::DemoArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Parses the command line, runs one verb, and says how it ended.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(err) => return fault::usage(&mut Ui::for_this_terminal(Vec::new()), &err),
    };
    // a file that may not grow ends the program without a word, unless someone listens: then the write fails
    let _unheard = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    let mut ui = Ui::for_this_terminal(args.grammar);
    let outcome = match &args.verb {
        Verb::Export(args) => export::run(&mut ui, args),
        Verb::Import(args) => import::run(&mut ui, args),
        Verb::Redact(args) => redact::run(&mut ui, args),
        Verb::Captures(args) => captures::run(&mut ui, args),
        Verb::Verify(args) => verify::run(&mut ui, args),
        Verb::Replay(args) => replay::run(&mut ui, args),
        Verb::Coverage(args) => coverage::run(&mut ui, args),
        Verb::Grammar(args) => grammar::run(&mut ui, args),
        Verb::Findings(args) => findings::run(&mut ui, args),
        Verb::Query(args) => query::run(&mut ui, args),
        Verb::Explain(args) => explain::run(&mut ui, args),
        Verb::Sql(args) => sql::run(&mut ui, args),
        Verb::Config(args) => config::run(&mut ui, args),
        Verb::Task(args) => task::run(&mut ui, args),
        Verb::Tasks(args) => tasks::run(&mut ui, args),
        Verb::Worker(args) => worker::run(&mut ui, args),
        Verb::Workers(args) => workers::run(&mut ui, args),
        Verb::Health(args) => health::run(&mut ui, args),
        Verb::Orchestrator(args) => orchestrator::run(&mut ui, args),
        Verb::Pods(args) => pods::run(&mut ui, args),
        Verb::Watch(args) => watch::run(&mut ui, args),
        Verb::Timeline(args) => timeline::run(&mut ui, args),
        Verb::Window(args) => window::run(&mut ui, args),
        Verb::Simulate(args) => simulate::run(&mut ui, args),
        Verb::Demo(args) => demo::run(&mut ui, args),
        Verb::Completions(args) => completions::run(&mut ui, args, Args::command()),
        Verb::Man(args) => man::run(&mut ui, args, Args::command()),
    };
    match outcome {
        // what still waits to be written is lost when it is dropped
        Ok(code) => match ui.out().flush() {
            Ok(()) => code,
            Err(err) if err.kind() == std::io::ErrorKind::BrokenPipe => code,
            Err(err) => fault::unwritten(&mut ui, err),
        },
        Err(fault) if fault.is_broken_pipe() => ExitCode::SUCCESS,
        Err(fault) => fault.show(&mut ui),
    }
}

/// What every verb returns.
type Outcome = Result<ExitCode, Fault>;
