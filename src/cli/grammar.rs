//! `grammar`: check a grammar file, or see which entry a message matches.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::ui::Ui;
use crate::cli::{Outcome, grammar_files, replay};
use crate::grammar::check::check;
use crate::grammar::entry::{BUILT_IN, Entry, Meaning, parse};
use crate::grammar::error::GrammarError;
use crate::grammar::head::head;
use crate::grammar::matcher::Grammar;
use crate::report::plain::printable;

/// Check grammar files, or see which entry a message matches
///
/// A grammar file says what log lines mean; docs/grammar.md describes it. Files of your own lie in
/// backstory/grammar of your configuration, or are named with --grammar FILE.
#[derive(clap::Args, Debug)]
#[command(
    after_long_help = "Examples:\n  backstory grammar check my.toml\n  backstory grammar match worker 'Finished task (Success: True)'"
)]
pub(super) struct GrammarArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// Test a grammar file together with the built-in one; exits with 1 when it is wrong
    ///
    /// Each sample must match its own entry with the captures it names, and no other entry of its source
    /// in a common era.
    Check {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Say which entry a message matches, and why the nearest others do not
    Match {
        /// The message as it stands in the table
        #[arg(value_name = "MESSAGE", allow_hyphen_values = true)]
        message: String,
        /// Only entries of this source_type
        #[arg(long, value_name = "SOURCE")]
        source: Option<String>,
    },
}

pub(super) fn run(ui: &mut Ui, args: &GrammarArgs) -> Outcome {
    match &args.what {
        What::Check { file } => check_file(ui, file),
        What::Match { message, source } => explain(ui, message, source.as_deref()),
    }
}

fn check_file(ui: &mut Ui, path: &std::path::Path) -> Outcome {
    let (name, text) = (path.display().to_string(), grammar_files::read(path)?);
    let wrong = faults_of(&name, &text);
    for fault in &wrong {
        writeln!(ui.out(), "{fault}")?;
    }
    if wrong.is_empty() {
        let entries = parse(&name, &text).map_or(0, |entries| entries.len());
        writeln!(ui.out(), "{name}: {entries} entries, all right")?;
    }
    ui.out().flush()?;
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What is wrong with a file, beside the entries compiled in.
fn faults_of(name: &str, text: &str) -> Vec<GrammarError> {
    let mut entries = match parse(name, text) {
        Ok(entries) => entries,
        Err(err) => return vec![err],
    };
    for (built_in, text) in BUILT_IN {
        // a file of ours may be checked itself
        if !name.ends_with(built_in) {
            match parse(built_in, text) {
                Ok(more) => entries.extend(more),
                Err(err) => return vec![err],
            }
        }
    }
    check(&Grammar::of(entries, String::new()))
}

fn explain(ui: &mut Ui, message: &str, source: Option<&str>) -> Outcome {
    let grammar = replay::grammar(ui)?;
    let line = head(message);
    writeln!(ui.out(), "line     {}", printable(line))?;
    let mut sources: Vec<&str> = grammar.entries().map(|entry| entry.source.as_str()).collect();
    sources.dedup();
    let wanted = |name: &&str| source.is_none_or(|source| source == *name);
    let mut found = false;
    for name in sources.into_iter().filter(wanted) {
        if let Some(hit) = grammar.classify(name, message) {
            found = true;
            tell(ui, "matches", hit.entry)?;
            for (field, _, text) in hit.fields() {
                writeln!(ui.out(), "         {field} = {}", printable(text))?;
            }
            for other in grammar.all_matches(name, message) {
                if !std::ptr::eq(other.entry, hit.entry) {
                    tell(ui, "also", other.entry)?;
                    writeln!(
                        ui.out(),
                        "         the other has more fixed text, or as much and stands first, so it is meant"
                    )?;
                }
            }
        }
    }
    if !found {
        writeln!(ui.out(), "no entry matches; the nearest:")?;
        for (entry, at) in nearest(&grammar, line, source) {
            tell(ui, "not", entry)?;
            let rest = line.get(at..).unwrap_or_default();
            writeln!(ui.out(), "         stops at `{}`", printable(rest))?;
        }
    }
    ui.out().flush()?;
    Ok(if found { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn tell(ui: &mut Ui, how: &str, entry: &Entry) -> std::io::Result<()> {
    let Entry { id, source, eras, file, line, template, .. } = entry;
    writeln!(ui.out(), "{how:<8} {source} {id} ({eras}, {file}:{line})")?;
    writeln!(ui.out(), "         {template}")?;
    match &entry.meaning {
        Meaning::Event(kind) => writeln!(ui.out(), "         event {}", kind.name()),
        Meaning::Confirms(kind, None) => {
            let what = if entry.adds { "adds to" } else { "confirms" };
            writeln!(ui.out(), "         {what} {}", kind.name())
        }
        Meaning::Confirms(kind, Some(other)) => {
            writeln!(ui.out(), "         confirms {}, or event {}", kind.name(), other.name())
        }
        Meaning::Silent(why) => writeln!(ui.out(), "         says nothing: {why}"),
    }
}

/// Entries shown when none matches.
const NEAREST: usize = 3;

/// The entries that a line fits furthest, and up to where.
fn nearest<'g>(grammar: &'g Grammar, line: &str, source: Option<&str>) -> Vec<(&'g Entry, usize)> {
    let wanted = |entry: &&Entry| source.is_none_or(|source| source == entry.source);
    let mut fits: Vec<(&Entry, usize)> = grammar
        .entries()
        .filter(wanted)
        .map(|entry| (entry, entry.pattern.fits_up_to(line)))
        .filter(|(_, at)| *at > 0)
        .collect();
    fits.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    fits.truncate(NEAREST);
    fits
}
