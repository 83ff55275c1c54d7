//! What is wrong with a query file, and with what it says of its cases.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cases::case::{self, Case};
use crate::cases::names::shortened;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::query::evidence::{Prepared, prepare};
use crate::findings::catalogue::{self, Query, text_of};
use crate::findings::error::QueryError;
use crate::findings::finding::Verdict;
use crate::findings::{check, lint, mutants};
use crate::grammar::matcher::Grammar;
use crate::report::query_check::{CaseCheck, FORMAT, Mutants, QueryCheck, Unnoticed};

/// Enough for any query on the few rows of a case. A change may make a query endless: nobody waits longer for
/// one of many.
const MUTANT_LIMIT: Duration = Duration::from_secs(60);

/// How files are checked.
pub(super) struct Checking<'a> {
    pub(super) grammar: &'a Grammar,
    /// Where the cases stand, if not beside the file.
    pub(super) cases: Option<&'a Path>,
    pub(super) mutate: bool,
    /// For one case.
    pub(super) limit: Duration,
}

/// A case with the tables that come of it.
struct Ready {
    case: Case,
    file: String,
    prepared: Prepared,
}

/// Checks one file. What is wrong in it is an answer; what cannot be read is a fault.
pub(super) fn checked(file: &Path, checking: &Checking<'_>) -> Result<QueryCheck, Fault> {
    let mut checked = QueryCheck {
        format: FORMAT,
        path: file.display().to_string(),
        problems: Vec::new(),
        cases: Vec::new(),
        mutants: None,
    };
    let query = match Query::read(file) {
        Ok(query) => query,
        Err(err @ QueryError::File { .. }) => return Err(err.into()),
        Err(err) => {
            // the file is named by the answer: what is wrong with its header is enough
            let source: &dyn Error =
                if let QueryError::Header { source, .. } = &err { source } else { &err };
            checked.problems.push(in_full(source));
            return Ok(checked);
        }
    };
    let beside = || file.with_extension("");
    let folder = checking.cases.map_or_else(beside, |dir| dir.join(&query.header.id));
    let mut ready = Vec::new();
    for (path, text) in cases_of(&folder)? {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match case::read(&text) {
            Ok(cases) => {
                for case in cases {
                    let prepared = prepare(&case, checking.grammar)?;
                    ready.push(Ready { prepared, file: file.clone(), case });
                }
            }
            Err(err) => checked.problems.push(format!("{}: {err}", path.display())),
        }
    }
    checked.problems.extend(lint::problems(&query));
    checked.problems.extend(same_id(&query, file));
    checked.problems.extend(without_cases(&ready, &folder));
    checked.problems.extend(unasked(&query, &ready, checking)?);
    checked.cases = ready.iter().map(|ready| answered(&query, ready, checking.limit)).collect();
    if checking.mutate && checked.passes() {
        checked.mutants = Some(mutated(&query, &ready, checking.limit.min(MUTANT_LIMIT)));
    }
    Ok(checked)
}

/// A query of ours with the same id: neither could be asked beside the other.
fn same_id(query: &Query, file: &Path) -> Option<String> {
    let ours = catalogue::all().ok()?;
    let ours = ours.iter().find(|ours| ours.header.id == query.header.id)?;
    let path = file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
    // our own file, where it stands in the repository
    let is_ours = path.ends_with(Path::new("queries").join(&ours.path));
    let said = || {
        format!(
            "the id `{}` is that of a query of backstory's own: give it another",
            query.header.id
        )
    };
    (!is_ours).then(said)
}

fn without_cases(ready: &[Ready], folder: &Path) -> Vec<String> {
    let missing = ["fires", "silent"]
        .into_iter()
        .filter(|kind| !ready.iter().any(|ready| ready.file.starts_with(kind)));
    missing
        .map(|kind| {
            let wanted = folder.join(format!("{kind}.txt"));
            format!("it has no case in {}: write one (docs/queries.md)", wanted.display())
        })
        .collect()
}

/// What tables it reads that nobody has; and without a case what it says where no table has a row: whether it
/// may be asked at all, and has its columns.
fn unasked(query: &Query, ready: &[Ready], checking: &Checking<'_>) -> Result<Vec<String>, Fault> {
    let mut problems = Vec::new();
    let empty;
    let database = match ready.first() {
        Some(ready) => &ready.prepared.database,
        None => {
            empty = prepare(&Case::empty(), checking.grammar)?;
            if let Err(err) = check::told(&empty.database, query, checking.limit) {
                problems.push(in_full(&err));
            }
            &empty.database
        }
    };
    let unknown = query.header.reads.iter().filter(|table| database.holds(table).is_none());
    problems.extend(unknown.map(|table| format!("it reads `{table}`, which is no table")));
    Ok(problems)
}

/// Asks every mutant until a case notices it. The case that noticed the last one is asked first: changes that
/// stand near each other are noticed by the same case.
fn mutated(query: &Query, ready: &[Ready], limit: Duration) -> Mutants {
    let mut mutants = Mutants::default();
    let mut order: Vec<&Ready> = ready.iter().collect();
    for mutant in mutants::mutants(query) {
        let noticed = order.iter().position(|ready| {
            let told = told(&mutant.query, ready, limit);
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

/// The files of a folder of cases, by name, with their texts.
fn cases_of(folder: &Path) -> Result<Vec<(PathBuf, String)>, Fault> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|err| Fault::new(FaultKind::Usage, err))?.path();
        if path.extension().is_some_and(|of| of == "txt") {
            files.push(path);
        }
    }
    files.sort();
    let read = files.into_iter().map(|path| {
        let text = text_of(&path)
            .map_err(|err| Fault::new(FaultKind::Usage, format!("{}: {err}", path.display())))?;
        Ok((path, text))
    });
    read.collect()
}

fn expected(case: &Case) -> Vec<String> {
    case.expected.iter().map(|line| line.trim().to_string()).collect()
}

fn told(query: &Query, ready: &Ready, limit: Duration) -> Result<Vec<String>, QueryError> {
    let told = check::told(&ready.prepared.database, query, limit)?;
    Ok(told.iter().map(|line| shortened(line, &ready.case.day)).collect())
}

fn answered(query: &Query, ready: &Ready, limit: Duration) -> CaseCheck {
    let (told, failed) = match told(query, ready, limit) {
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

fn in_full(err: &dyn Error) -> String {
    let mut text = err.to_string();
    let mut cause = err.source();
    while let Some(err) = cause {
        text.push_str(&format!(": {err}"));
        cause = err.source();
    }
    text
}
