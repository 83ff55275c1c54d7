//! The answer of `query check`.

use std::io;

use serde::Serialize;

use crate::report::rows_csv::write_line;

/// The version of the JSON below.
pub const FORMAT: u32 = 1;

/// What was found in one query file and its cases.
#[derive(Debug, Serialize)]
pub struct QueryCheck {
    /// The version of this document.
    pub format: u32,
    /// The file.
    pub path: String,
    /// What is wrong with the file itself, a line each.
    pub problems: Vec<String>,
    /// Its cases, in the order of their files and headings.
    pub cases: Vec<CaseCheck>,
    /// What came of changing it, where that was asked for and its cases pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutants: Option<Mutants>,
}

/// What came of the query's mutants.
#[derive(Debug, Default, Serialize)]
pub struct Mutants {
    /// Changes that some case notices.
    pub noticed: usize,
    /// Changes that nothing can notice, as a comment of the query says.
    pub excused: usize,
    /// Changes that no case notices.
    pub unnoticed: Vec<Unnoticed>,
}

/// A change that no case notices.
#[derive(Debug, Serialize)]
pub struct Unnoticed {
    /// The line of the query; 0 for a parameter of its header.
    pub line: usize,
    /// What was changed, and to what.
    pub change: String,
}

/// What a query said of one case.
#[derive(Debug, Serialize)]
pub struct CaseCheck {
    /// The case's file.
    pub file: String,
    /// Its heading.
    pub title: String,
    /// What is expected, a line each.
    pub expected: Vec<String>,
    /// What is told.
    pub told: Vec<String>,
    /// What is wrong beside a difference of the two.
    pub problem: Option<String>,
}

impl CaseCheck {
    /// Whether it says what it should.
    pub fn passes(&self) -> bool {
        self.problem.is_none() && self.expected == self.told
    }
}

impl QueryCheck {
    /// Whether nothing is wrong.
    pub fn passes(&self) -> bool {
        let held = self.mutants.as_ref().is_none_or(|mutants| mutants.unnoticed.is_empty());
        self.problems.is_empty() && self.cases.iter().all(CaseCheck::passes) && held
    }
}

/// For a person: what is wrong, and of a case that differs what it told, ready to be compared.
pub fn write_text(out: &mut dyn io::Write, check: &QueryCheck) -> io::Result<()> {
    for problem in &check.problems {
        writeln!(out, "{}: {problem}", check.path)?;
    }
    for case in check.cases.iter().filter(|case| !case.passes()) {
        writeln!(out, "{}: # {}", case.file, case.title)?;
        if let Some(problem) = &case.problem {
            writeln!(out, "  {problem}")?;
        }
        if case.expected != case.told {
            writeln!(out, "  told:")?;
            case.told.iter().try_for_each(|line| writeln!(out, "> {line}"))?;
            writeln!(out, "  expected:")?;
            case.expected.iter().try_for_each(|line| writeln!(out, "> {line}"))?;
        }
    }
    if let Some(Mutants { noticed, excused, unnoticed }) = &check.mutants {
        for Unnoticed { line, change } in unnoticed {
            writeln!(out, "{}:{line}: no case notices {change}", check.path)?;
        }
        let all = noticed + excused + unnoticed.len();
        writeln!(out, "{}: {noticed} of {all} changes noticed, {excused} excused", check.path)?;
    }
    let good = check.cases.iter().filter(|case| case.passes()).count();
    let all = check.cases.len();
    let said = if check.passes() { "in order" } else { "NOT in order" };
    writeln!(out, "{}: {said}; {good} of {all} cases as expected", check.path)
}

/// Writes the documented JSON, one document: what was found in a file, or in several.
pub fn write_json(out: &mut dyn io::Write, checks: &[QueryCheck]) -> io::Result<()> {
    match checks {
        [one] => serde_json::to_writer_pretty(&mut *out, one)?,
        [..] => {
            let all = serde_json::json!({ "format": FORMAT, "files": checks });
            serde_json::to_writer_pretty(&mut *out, &all)?;
        }
    }
    writeln!(out)
}

/// Writes a line each case, and each problem of a file itself.
pub fn write_csv(mut out: &mut dyn io::Write, checks: &[QueryCheck]) -> io::Result<()> {
    let mut line = |fields: [&str; 4]| {
        let fields = fields.map(|field| (!field.is_empty()).then(|| field.to_string()));
        write_line(&mut out, fields.into_iter())
    };
    line(["file", "title", "passes", "path"])?;
    for check in checks {
        for problem in &check.problems {
            line(["", problem, "false", &check.path])?;
        }
        for case in &check.cases {
            let passes = if case.passes() { "true" } else { "false" };
            line([&case.file, &case.title, passes, &check.path])?;
        }
    }
    Ok(())
}
