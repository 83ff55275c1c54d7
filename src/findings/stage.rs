//! What one step of a query has of a subject.

use std::time::Duration;

use crate::findings::anatomy::{Select, Step};
use crate::findings::tokens::tokens;
use crate::findings::why::{Condition, Row, Stage};
use crate::read::cell::{Cell, Column, ColumnKind};
use crate::read::database::{Answer, Database};
use crate::read::error::ReadError;

/// Columns by which steps are kept, in the order in which they are looked for.
const KEYS: [&str; 7] =
    ["task_id", "worker_id", "pod_id", "run_id", "generation_id", "source_id", "id"];
/// Rows of a step that are shown.
const ROWS_MAX: usize = 5;

/// A subject, and where it is looked for.
pub(super) struct Asking<'a> {
    pub(super) database: &'a Database,
    pub(super) params: Vec<(String, Cell)>,
    pub(super) kind: &'a str,
    pub(super) id: &'a str,
    pub(super) limit: Duration,
}

impl Asking<'_> {
    /// What a step has of the subject; none where it is kept by no id at all.
    pub(super) fn stage(&self, step: Step<'_>, before: &str) -> Result<Option<Stage>, ReadError> {
        let Step { name, body } = step;
        let empty = self.ask(&format!("{before}select * from ({body}\n) limit 0"), &[])?;
        let mut stage = Stage {
            name: name.to_string(),
            by: None,
            values: Vec::new(),
            rows: Vec::new(),
            conditions: Vec::new(),
            not_in: None,
        };
        let id = [self.id.to_string()];
        let own = self.own(&empty.columns, step);
        if let Some(own) = &own {
            stage.rows = self.rows(step, before, own, &id)?;
        }
        if stage.rows.is_empty()
            && let Some(column) = self.holding(step, before, &empty.columns)?
        {
            stage.rows = self.rows(step, before, &column, &id)?;
            stage.by = Some(column);
        }
        if !stage.rows.is_empty() {
            return Ok(Some(stage));
        }
        match own {
            Some(own) => self.failed(&mut stage, step, before, (&own, &id)),
            None => match other(&empty.columns) {
                Some(other) => stage.by = Some(other),
                None => return Ok(None),
            },
        }
        Ok(Some(stage))
    }

    /// What a step that is kept by another id has, by what the subject's rows say of that id.
    pub(super) fn follow(
        &self,
        stage: &mut Stage,
        step: Step<'_>,
        before: &str,
        values: Vec<String>,
    ) -> Result<(), ReadError> {
        let Some(by) = stage.by.clone().filter(|_| !values.is_empty()) else { return Ok(()) };
        stage.rows = self.rows(step, before, &by, &values)?;
        if stage.rows.is_empty() {
            self.failed(stage, step, before, (&by, &values));
        }
        stage.values = values;
        Ok(())
    }

    /// Asks with the parameters that a text names, and no others; `$subject_0` is the first of `values`.
    fn ask(&self, sql: &str, values: &[String]) -> Result<Answer, ReadError> {
        let all = tokens(sql);
        let named = |name: &str| all.iter().any(|token| token.text == format!("${name}"));
        let values = values.iter().enumerate();
        let values = values.map(|(n, value)| (format!("subject_{n}"), Cell::Text(value.clone())));
        let params = self.params.iter().cloned().chain(values).filter(|(name, _)| named(name));
        self.database.query(sql, &params.collect::<Vec<_>>(), self.limit)
    }

    /// The column that holds the subject by its name: `task_id` of a task, `id` of what is drawn from
    /// `tasks`.
    fn own(&self, columns: &[Column], Step { name, body }: Step<'_>) -> Option<String> {
        let has = |name: &str| columns.iter().any(|column| column.name == name);
        let kind = self.kind;
        let mut names = match kind {
            "source" => vec!["source_id".to_string(), "source_type".to_string()],
            "clock" => vec!["clock".to_string()],
            _ => vec![format!("{kind}_id")],
        };
        // a step may have it from a table of subjects of several kinds; the result is about no other
        let at = if name == "result" { 0 } else { names.len() };
        names.insert(at, "subject_id".to_string());
        let named = names.into_iter().find(|name| has(name));
        let from = Select::of(body.trim_start()).map(|select| select.from.to_string());
        let drawn =
            || from.is_some_and(|from| from.split_whitespace().next() == Some(&plural(kind)));
        named.or_else(|| (has("id") && drawn()).then(|| "id".to_string()))
    }

    /// A column, however it is called, that holds the subject in some row: `orchestrator_id`.
    fn holding(
        &self,
        Step { body, .. }: Step<'_>,
        before: &str,
        columns: &[Column],
    ) -> Result<Option<String>, ReadError> {
        let texts: Vec<&Column> =
            columns.iter().filter(|column| column.kind == ColumnKind::Text).collect();
        if texts.is_empty() {
            return Ok(None);
        }
        let holds = |column: &&Column| {
            format!("bool_or(cast({} as varchar) = $subject_0)", quoted(&column.name))
        };
        let asked: Vec<String> = texts.iter().map(holds).collect();
        let sql = format!("{before}select {} from ({body}\n)", asked.join(", "));
        let told = self.ask(&sql, &[self.id.to_string()])?.rows.into_iter().next();
        let mut told = texts.iter().zip(told.unwrap_or_default());
        let held = told.find(|(_, cell)| *cell == Cell::Bool(true));
        Ok(held.map(|(column, _)| column.name.clone()))
    }

    /// Rows of a step whose column has one of some values.
    fn rows(
        &self,
        Step { body, .. }: Step<'_>,
        before: &str,
        column: &str,
        values: &[String],
    ) -> Result<Vec<Row>, ReadError> {
        let sql = format!(
            "{before}select * from ({body}\n) where cast({} as varchar) in ({}) limit {ROWS_MAX}",
            quoted(column),
            bound(values)
        );
        let answer = self.ask(&sql, values)?;
        let names: Vec<String> = answer.columns.into_iter().map(|column| column.name).collect();
        let row = |row: Vec<Cell>| Row(names.iter().cloned().zip(row).collect());
        Ok(answer.rows.into_iter().map(row).collect())
    }

    /// Which conditions keep out of a step what has one of some values in a column. Best effort: a step that
    /// cannot be taken apart stands without them.
    fn failed(
        &self,
        stage: &mut Stage,
        Step { body, .. }: Step<'_>,
        before: &str,
        (column, values): (&str, &[String]),
    ) {
        let Some(select) = Select::of(body.trim_start()) else { return };
        let Some(subject) = select.expression(column) else { return };
        let looked_at: Vec<Vec<&str>> =
            select.conditions.iter().map(|text| names_in(text)).collect();
        let mut columns: Vec<String> = Vec::new();
        for (condition, names) in select.conditions.iter().zip(&looked_at) {
            columns.push(format!("({condition}) is true, ({condition}) is null"));
            columns.extend(names.iter().map(|name| (*name).to_string()));
        }
        if columns.is_empty() {
            columns.push("1".to_string());
        }
        let sql = format!(
            "{before}select {} from {} where cast({subject} as varchar) in ({}) limit 1",
            columns.join(", "),
            select.from,
            bound(values)
        );
        let Ok(answer) = self.ask(&sql, values) else { return };
        let Some(row) = answer.rows.into_iter().next() else {
            stage.not_in = Some(in_one_line(select.from));
            return;
        };
        let mut cells = row.into_iter();
        for (condition, names) in select.conditions.iter().zip(looked_at) {
            let (holds, unknown) = (cells.next(), cells.next());
            let holds =
                (unknown != Some(Cell::Bool(true))).then_some(holds == Some(Cell::Bool(true)));
            let values =
                names.iter().map(|name| ((*name).to_string(), cells.next().unwrap_or(Cell::Null)));
            let values = values.collect();
            stage.conditions.push(Condition { text: in_one_line(condition), holds, values });
        }
    }
}

/// The column by which a step is kept that knows the subject by no column.
fn other(columns: &[Column]) -> Option<String> {
    let has = |name: &&&str| columns.iter().any(|column| column.name == **name);
    KEYS.iter().find(has).map(|name| (*name).to_string())
}

/// The table of a kind of subject.
fn plural(kind: &str) -> String {
    format!("{kind}s")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The names of so many values.
fn bound(values: &[String]) -> String {
    (0..values.len()).map(|n| format!("$subject_{n}")).collect::<Vec<_>>().join(", ")
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The columns and parameters that a condition looks at: words that are no keyword and call nothing.
fn names_in(text: &str) -> Vec<&str> {
    const KEYWORDS: [&str; 15] = [
        "and", "or", "not", "is", "null", "in", "like", "between", "case", "when", "then", "else",
        "end", "true", "false",
    ];
    let all = tokens(text);
    let mut names = Vec::new();
    for (at, token) in all.iter().enumerate() {
        let word = token.text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$');
        let calls = all.get(at + 1).is_some_and(|next| matches!(next.text, "(" | "->" | "'"));
        // inside a SELECT of its own a name means something else
        if token.text == "select" {
            return Vec::new();
        }
        if word && !calls && !KEYWORDS.contains(&token.text) && !names.contains(&token.text) {
            names.push(token.text);
        }
    }
    names
}
