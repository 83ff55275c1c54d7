//! `query check FILE`: whether a query file keeps its promises, on its own cases.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crate::cases::case::{self, Case};
use crate::cases::names::shortened;
use crate::cli::Outcome;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::format::{Answer, Format, show};
use crate::cli::query::evidence::{Prepared, prepare};
use crate::cli::replay;
use crate::cli::ui::Ui;
use crate::findings::catalogue::Query;
use crate::findings::error::QueryError;
use crate::findings::finding::Verdict;
use crate::findings::{check, lint, mutants};
use crate::grammar::matcher::Grammar;
use crate::report::query_check::{self, CaseCheck, FORMAT, Mutants, QueryCheck, Unnoticed};

/// Enough for any query on the few rows of a case.
const LIMIT: Duration = Duration::from_secs(60);

/// Check a query file: its header, its columns, its grain, and what it says of its cases
///
/// The cases of FILE.sql stand in a folder of its name, FILE/fires*.txt and FILE/silent*.txt: the rows of a
/// case, and what the query must say of them (see docs/queries.md). Exits with 1 when anything is wrong.
#[derive(clap::Args, Debug)]
pub(super) struct CheckArgs {
    /// The query file
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Where the cases stand, DIR/<id>/ (default: beside the file)
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,

    /// Change each comparison, text, number, parameter and join in turn, and say which changes no case
    /// notices
    #[arg(long)]
    mutate: bool,

    /// How to write what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(ui: &mut Ui, args: &CheckArgs) -> Outcome {
    let grammar = replay::grammar(ui)?;
    let mut good = true;
    for file in &args.files {
        let checked = checked(file, &grammar, args)?;
        good &= checked.passes();
        show(ui, args.format, &checked)?;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// A case with the tables that come of it.
struct Ready {
    case: Case,
    file: String,
    prepared: Prepared,
}

fn checked(file: &Path, grammar: &Grammar, args: &CheckArgs) -> Result<QueryCheck, Fault> {
    let query = Query::read(file)?;
    let beside = || file.with_extension("");
    let folder = args.cases.as_ref().map_or_else(beside, |dir| dir.join(&query.header.id));
    let mut ready = Vec::new();
    for (file, cases) in cases_of(&folder)? {
        for case in cases {
            ready.push(Ready { prepared: prepare(&case, grammar)?, file: file.clone(), case });
        }
    }
    let mut problems = lint::problems(&query);
    for kind in ["fires", "silent"] {
        if !ready.iter().any(|ready| ready.file.starts_with(kind)) {
            let wanted = folder.join(format!("{kind}.txt"));
            let wanted = wanted.display();
            problems.push(format!("it has no case in {wanted}: write one (docs/queries.md)"));
        }
    }
    let known =
        |table: &&String| ready.iter().all(|ready| ready.prepared.database.holds(table).is_some());
    let unknown = query.header.reads.iter().filter(|table| !known(table));
    problems.extend(unknown.map(|table| format!("it reads `{table}`, which is no table")));
    let cases = ready.iter().map(|ready| answered(&query, ready)).collect();
    let mut checked = QueryCheck {
        format: FORMAT,
        path: file.display().to_string(),
        problems,
        cases,
        mutants: None,
    };
    if args.mutate && checked.passes() {
        checked.mutants = Some(mutated(&query, &ready));
    }
    Ok(checked)
}

/// Asks every mutant until a case notices it. The case that noticed the last one is asked first: changes that
/// stand near each other are noticed by the same case.
fn mutated(query: &Query, ready: &[Ready]) -> Mutants {
    let mut mutants = Mutants::default();
    let mut order: Vec<&Ready> = ready.iter().collect();
    for mutant in mutants::mutants(query) {
        let noticed = order.iter().position(|ready| {
            let told = told(&mutant.query, ready);
            told.map_or(true, |told| told != expected(&ready.case))
        });
        if let Some(at) = noticed {
            order[..=at].rotate_right(1);
            mutants.noticed += 1;
        } else if mutants::is_excused(&mutant, query) {
            mutants.excused += 1;
        } else {
            mutants.unnoticed.push(Unnoticed { line: mutant.line, change: mutant.change });
        }
    }
    mutants
}

/// The files of a folder of cases, by name.
fn cases_of(folder: &Path) -> Result<Vec<(String, Vec<Case>)>, Fault> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|err| Fault::new(FaultKind::Usage, err))?.path();
        if path.extension().is_some_and(|of| of == "txt") {
            files.push(path);
        }
    }
    files.sort();
    let mut read = Vec::new();
    for path in files {
        let wrong =
            |err: String| Fault::new(FaultKind::Usage, format!("{}: {err}", path.display()));
        let text = fs::read_to_string(&path).map_err(|err| wrong(err.to_string()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        read.push((name, case::read(&text).map_err(|err| wrong(err.to_string()))?));
    }
    Ok(read)
}

fn expected(case: &Case) -> Vec<String> {
    case.expected.iter().map(|line| line.trim().to_string()).collect()
}

fn told(query: &Query, ready: &Ready) -> Result<Vec<String>, QueryError> {
    let told = check::told(&ready.prepared.database, query, LIMIT)?;
    Ok(told.iter().map(|line| shortened(line, &ready.case.day)).collect())
}

fn answered(query: &Query, ready: &Ready) -> CaseCheck {
    let (told, failed) = match told(query, ready) {
        Ok(told) => (told, None),
        Err(err) => (Vec::new(), Some(in_full(&err))),
    };
    let problem = failed.or_else(|| wrong_kind(&told, ready.file.starts_with("fires")));
    CaseCheck {
        file: ready.file.clone(),
        title: ready.case.title.clone(),
        expected: expected(&ready.case),
        told,
        problem,
    }
}

/// A case that should fire and does not, or the reverse.
fn wrong_kind(told: &[String], fires: bool) -> Option<String> {
    let refuted = Verdict::Refuted.name();
    let verdicts = Verdict::ALL.map(Verdict::name);
    let fired = told.iter().any(|line| {
        let word = line.split(' ').next().unwrap_or_default();
        word != refuted && verdicts.contains(&word)
    });
    match (fires, fired) {
        (true, false) => Some("nothing is found, and something should be".to_string()),
        (false, true) => Some("something is found, and nothing should be".to_string()),
        (true, true) | (false, false) => None,
    }
}

fn in_full(err: &dyn std::error::Error) -> String {
    let mut text = err.to_string();
    let mut cause = err.source();
    while let Some(err) = cause {
        text.push_str(&format!(": {err}"));
        cause = err.source();
    }
    text
}

impl Answer for QueryCheck {
    fn text(&self, out: &mut dyn Write, _: Option<u16>) -> io::Result<()> {
        query_check::write_text(out, self)
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        query_check::write_json(out, self)
    }

    fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "file,title,passes")?;
        self.cases.iter().try_for_each(|case| {
            let title = case.title.replace('"', "\"\"");
            writeln!(out, "{},\"{title}\",{}", case.file, case.passes())
        })
    }
}
