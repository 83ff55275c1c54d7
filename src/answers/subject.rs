//! Which thing an id, or the beginning of one, means.

use std::time::Duration;

use serde::Serialize;

use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;
use crate::read::literal::inlined;

/// A thing that can be asked about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Subject {
    /// `task`, `worker`, `event`, `run`, `pod`, `generation`, `source` or `clock`.
    pub kind: String,
    /// Its whole id.
    pub id: String,
}

/// What an id was found to mean.
#[derive(Clone, Debug, PartialEq)]
pub enum Meant {
    /// One thing.
    One(Subject),
    /// Nothing; these begin most like it.
    None(Vec<Subject>),
    /// Several things: some of them.
    Several(Vec<Subject>),
}

/// Things that are named when an id means several.
pub const NAMED_MAX: usize = 5;
/// Things that are named when an id means none.
const ALIKE_MAX: usize = 3;
/// How alike they are at least, by Jaro and Winkler: with less in common they are no slip of a finger.
const ALIKE_LEAST: f64 = 0.5;
/// Letters from which on the end of an id is as good as its beginning to say which is meant.
const TAIL_LEAST: usize = 4;

/// Everything with an id, by kind; `{all}` is how the tables are called where they are whole. A worker's
/// lines are a source of its name, and no other thing.
const THINGS: [(&str, &str); 8] = [
    ("task", "select 'task' as kind, id from {all}tasks"),
    (
        "worker",
        "select 'worker' as kind, id from {all}workers union select 'worker', worker_id from {all}worker_states",
    ),
    ("event", "select 'event' as kind, event_id as id from {all}events"),
    ("run", "select 'run' as kind, run_id as id from {all}runs"),
    ("pod", "select 'pod' as kind, pod_id as id from {all}pods"),
    ("generation", "select 'generation' as kind, id from {all}generations"),
    (
        "source",
        "select 'source' as kind, unnest([source_id, source_type]) as id from {all}gaps \
         where source_type <> 'worker' union \
         select 'source', unnest([source_id, source_type]) from {all}coverage where source_type <> 'worker'",
    ),
    ("clock", "select 'clock' as kind, clock as id from clocks"),
];

/// What only lines tell of, and no row: looked for where nothing else has the id.
const LINES: [(&str, &str); 2] = [
    ("task", "select 'task' as kind, task_id as id from {all}events where task_id is not null"),
    (
        "worker",
        "select 'worker' as kind, worker_id as id from {all}events where worker_id is not null",
    ),
];

/// Where ids are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    /// In the tables as they are named.
    These,
    /// In the whole tables of a database that was opened as of an instant: what had not happened by then is
    /// there, too.
    Whole,
}

impl Among {
    /// All things of some kinds, as a table.
    fn things(self, all: &[(&str, &str)], kinds: &[&str]) -> String {
        let prefix = match self {
            Self::These => "",
            Self::Whole => "whole_",
        };
        let selects = all.iter().filter(|(kind, _)| kinds.contains(kind));
        let selects = selects.map(|(_, sql)| sql.replace("{all}", prefix));
        // a kind without a table of its own has no things
        let none = "select null::varchar as kind, null::varchar as id where false".to_string();
        let selects: Vec<String> = std::iter::once(none).chain(selects).collect();
        format!("({})", selects.join(" union "))
    }
}

/// The kinds of what has this very id.
///
/// # Errors
/// When the tables cannot be asked.
pub fn kinds(database: &Database, id: &str, limit: Duration) -> Result<Vec<String>, ReadError> {
    let things = Among::These.things(&THINGS, &THINGS.map(|(kind, _)| kind));
    let sql = format!("select kind, id from {things} where id = $id order by kind");
    Ok(asked(database, &sql, id, limit)?.into_iter().map(|subject| subject.kind).collect())
}

/// Finds what is meant, among things of some kinds, by an id or the beginning of one, in any case of letters. A
/// whole id wins over those that go on.
///
/// # Errors
/// When the tables cannot be asked.
pub fn find(
    database: &Database,
    id: &str,
    kinds: &[&str],
    among: Among,
    limit: Duration,
) -> Result<Meant, ReadError> {
    let things = among.things(&THINGS, kinds);
    let beginning = |things: &str| {
        format!(
            "select kind, id from {things} where starts_with(lower(id), lower($id)) \
             order by id <> $id, lower(id) <> lower($id), kind, id limit {}",
            NAMED_MAX + 1
        )
    };
    // nobody mistypes the id of an event
    let alike = format!(
        "select kind, id, length($id) >= {TAIL_LEAST} and ends_with(lower(id), lower($id)) as is_tail \
         from {things} where kind <> 'event' \
         and (is_tail or jaro_winkler_similarity(id, lower($id)) > {ALIKE_LEAST}) \
         order by is_tail desc, levenshtein(left(id, length($id)), lower($id)), \
            jaro_winkler_similarity(id, lower($id)) desc, id limit {ALIKE_MAX}"
    );
    // a whole id needs no look at the others
    let whole = format!("select kind, id from {things} where id = $id order by kind limit 2");
    let mut found = asked(database, &whole, id, limit)?;
    if found.is_empty() {
        found = asked(database, &beginning(&things), id, limit)?;
    }
    if found.is_empty() {
        found = asked(database, &beginning(&among.things(&LINES, kinds)), id, limit)?;
    }
    match &found[..] {
        [] => Ok(Meant::None(asked(database, &alike, id, limit)?)),
        [only] => Ok(Meant::One(only.clone())),
        [first, second, ..] if is_whole(first, id) && !is_whole(second, id) => {
            Ok(Meant::One(first.clone()))
        }
        [..] => Ok(Meant::Several(found)),
    }
}

fn is_whole(subject: &Subject, id: &str) -> bool {
    subject.id.eq_ignore_ascii_case(id)
}

fn asked(
    database: &Database,
    sql: &str,
    id: &str,
    limit: Duration,
) -> Result<Vec<Subject>, ReadError> {
    let id = [("id", Cell::Text(id.to_string()))];
    let rows = database.query_ours(&inlined(sql, &id), &[], limit)?.rows;
    let text = |cell: &Cell| cell.to_plain().unwrap_or_default();
    Ok(rows.iter().map(|row| Subject { kind: text(&row[0]), id: text(&row[1]) }).collect())
}
