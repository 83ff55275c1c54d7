//! A case: the rows that something leaves, and what must be told of them.
//!
//! ```text
//! # W10 active -> error: a heading; its first word is the case's id
//! on 2026-01-12                                 the day of every time below: it decides the era
//! worker w1 created=09:00:00 beat=09:50:00 status=terminated meta={"error_time": "@10:00:02"}
//! task t1 type=wan_2_2_t2i status=Queued created=09:40:00 after=t2 error=Reset - orphaned from failed worker
//! generation g1 tasks=t1 created=10:05:00
//! log 09:49:00 w1/t1 INFO HEADLESS: Processing wan_2_2_t2i task
//! log 10:00:00 gpu#40 ERROR WORKER_LIFECYCLE [Worker {w1}] MARKING AS ERROR: ...
//! repeat 30s 09:00:00..10:00:00 log {time} gpu#{n} INFO Starting orchestrator cycle
//! capture                                       what stands above was one capture; rows follow of the next
//! > w1 condemned 10:00:00                       a line of what is told; all of them, in order
//! why the reason, where the honest answer is that something cannot be known
//! ```
//! `w1` is a worker of a pod, `api` that of the API orchestrator, `t1` a task, `g1` a generation, `v1` a
//! variant, `u1` a project, `p1` a pod; `{w1}` stands for its id inside a text and `@10:00:02` for a time in
//! JSON; a time of another day is `2026-01-11T10:00:02`. Tables of which a case has no row are there, and
//! empty; `task_types` holds the types of the source.

use std::collections::BTreeMap;

use crate::cases::error::CaseError;
use crate::cases::names::{check_times, day};
use crate::cases::rows::Rows;
use crate::cases::span::repeated;

/// The beginning of a heading.
const HEADING: &str = "\n# ";

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The heading's first word.
    pub id: String,
    /// The whole heading.
    pub title: String,
    /// The day.
    pub day: String,
    /// The tables of each capture, as CSV.
    pub captures: Vec<BTreeMap<String, String>>,
    /// What must be told.
    pub expected: Vec<String>,
}

impl Case {
    /// A case without a row: the tables are there.
    pub fn empty() -> Self {
        Self {
            id: String::new(),
            title: String::new(),
            day: String::new(),
            captures: vec![Rows::default().csv()],
            expected: Vec::new(),
        }
    }
}

/// All cases of a file. What stands before the first heading is for the reader.
pub fn read(text: &str) -> Result<Vec<Case>, CaseError> {
    let text = format!("\n{}", text.replace("\r\n", "\n"));
    let mut parts = text.split(HEADING);
    let mut heading = parts.next().map_or(0, lines_in) + 1;
    let mut cases = Vec::new();
    for part in parts {
        cases.push(case(part, heading)?);
        heading += lines_in(part) + 1;
    }
    Ok(cases)
}

fn lines_in(text: &str) -> usize {
    text.matches('\n').count()
}

/// A case whose heading is the line of that number.
fn case(part: &str, heading: usize) -> Result<Case, CaseError> {
    let (title, body) = part.split_once('\n').unwrap_or((part, ""));
    let mut made = Case {
        id: title.split(' ').next().unwrap_or_default().to_string(),
        title: title.to_string(),
        captures: Vec::new(),
        ..Case::empty()
    };
    let mut rows = Rows::default();
    let numbered = (heading + 1..).zip(body.lines().map(str::trim));
    for (number, line) in numbered.filter(|(_, line)| !line.is_empty()) {
        take(&mut made, &mut rows, line).map_err(|problem| CaseError {
            number,
            title: title.to_string(),
            line: line.to_string(),
            problem,
        })?;
    }
    made.captures.push(rows.csv());
    Ok(made)
}

fn take(made: &mut Case, rows: &mut Rows, line: &str) -> Result<(), String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "on" => made.day = day(rest)?,
        ">" => made.expected.push(rest.to_string()),
        "capture" => {
            made.captures.push(rows.csv());
            rows.next_capture();
        }
        "repeat" => {
            for line in repeated(rest)? {
                take(made, rows, &line)?;
            }
        }
        "why" => {}
        _ if made.day.is_empty() => return Err("a case begins with its day: `on DATE`".to_string()),
        _ if rows.row(word, rest, &made.day)? => check_times(rest, &made.day)?,
        _ => return Err(format!("what is `{word}`?")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_its_rows_and_what_is_told() {
        let text = "For the reader.\n\n# X1 one\non 2026-01-12\nworker w1 created=09:00:00\n\
                    task t1 status=In_Progress created=09:40:00 after=t2,t3 error=a b\n\
                    repeat 30s 09:00:00..09:01:00 log {time} gpu#{n} INFO Starting\n> w1 requested\n\
                    # X2 two\non 2026-01-12\nlog 09:00:00 gpu:other#4 INFO a | {\"x\": 1}\ncapture\n\
                    task t1 created=09:00:00\n";
        let cases = read(text).expect("cases");
        let titles: Vec<&str> = cases.iter().map(|case| case.title.as_str()).collect();
        assert_eq!(titles, ["X1 one", "X2 two"]);
        assert_eq!(
            (cases[0].id.as_str(), cases[0].expected.join("|")),
            ("X1", "w1 requested".into())
        );
        let tables = &cases[0].captures[0];
        assert_eq!(tables["system_logs"].lines().count(), 4);
        assert!(tables["tasks"].contains("\"In Progress\",\"2026-01-12 09:40:00+00\""));
        assert!(tables["tasks"].contains(
            "\"{00000000-0000-4000-8000-000000000002,00000000-0000-4000-8000-000000000003}\""
        ));
        assert!(tables["tasks"].contains("\"a b\""));
        let captures = &cases[1].captures;
        assert_eq!(captures.len(), 2);
        assert!(captures[0]["system_logs"].contains("\"other\",\"INFO\",\"a\",,,\"4\""));
        assert_eq!(captures[0]["system_logs"], captures[1]["system_logs"]);
    }

    #[test]
    fn what_a_line_must_not_be_is_said() {
        let said = |body: &str| {
            let text = format!("# X1 one\n{body}\n");
            read(&text).expect_err("a bad case").to_string()
        };
        assert!(said("task t1 created=09:00:00").contains("begins with its day"));
        assert!(said("on 2026-01-12\ntask t1 colour=red").contains("there is no `colour=`"));
        assert!(said("on 2026-01-12\nfrog t1").contains("what is `frog`?"));
        assert!(said("on 2026-01-12\nlog 09:00:00 gpu").contains("log TIME SOURCE"));
        assert!(said("on 2026-01-12\nworker x1").contains("no short name"));
    }

    #[test]
    fn a_time_that_cannot_be_is_said_with_its_line() {
        let said = |body: &str| {
            let text = format!("For the reader.\n\n# X1 one\non 2026-01-12\n# X2 two\n{body}\n");
            read(&text).expect_err("a bad case").to_string()
        };
        for day in ["2026-99-99", "2026-02-30", "2026-1-1", "today", "2026-01-12T10:00:00"] {
            let told = said(&format!("on {day}"));
            assert!(told.starts_with("line 6, in case `X2 two`"), "{told}");
            assert!(told.contains(&format!("`{day}` is no day")), "{told}");
        }
        for line in [
            "log 25:00:00 gpu#1 INFO a",
            "task t1 created=09:61:00",
            "worker w1 created=9:00:00",
            "log 2026-13-01T09:00:00 gpu#1 INFO a",
            "log 09:00:00 gpu#1 INFO a | {\"x\": \"@09:00:75\"}",
            "repeat 30s 09:00:00..09:00:30 log {time}0 gpu#1 INFO a",
        ] {
            let told = said(&format!("on 2026-01-12\n\n{line}"));
            assert!(told.starts_with("line 8, in case `X2 two`"), "{told}");
            assert!(told.contains("is no time"), "{told}");
        }
    }
}
