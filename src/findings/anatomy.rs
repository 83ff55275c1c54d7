//! The parts of a query as it is written: its named steps, and of a SELECT its columns, what it is drawn
//! from, and its conditions. For explanations only: the engine runs the whole text.

use crate::findings::tokens::{Token, tokens};

/// A query in parts.
#[derive(Debug)]
pub(super) struct Anatomy<'a> {
    /// The named steps, in order.
    pub(super) steps: Vec<Step<'a>>,
    /// The SELECT that gives the findings.
    pub(super) last: &'a str,
}

/// One `name as (...)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// What stands inside the parentheses.
    pub(super) body: &'a str,
}

/// A plain SELECT in parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Select<'a> {
    /// `expression` and name of each column.
    pub(super) columns: Vec<(&'a str, &'a str)>,
    /// What it is drawn from, joins included.
    pub(super) from: &'a str,
    /// What must hold of a row.
    pub(super) conditions: Vec<&'a str>,
}

impl<'a> Anatomy<'a> {
    /// Takes a query apart.
    pub(super) fn of(sql: &'a str) -> Option<Self> {
        let all = tokens(sql);
        let mut steps = Vec::new();
        let mut at = 0;
        if all.first()?.text == "with" {
            at = 1;
            loop {
                let name = all.get(at)?.text;
                // how the engine keeps a step is nothing to explain
                let kept = all.get(at + 2..)?.iter();
                let kept = kept.take_while(|token| matches!(token.text, "not" | "materialized"));
                let open = at + 2 + kept.count();
                if all.get(at + 1)?.text != "as" || all.get(open)?.text != "(" {
                    return None;
                }
                let close = closing(&all, open)?;
                let body = sql.get(all[open].start + 1..all[close].start)?;
                steps.push(Step { name, body });
                at = close + 1;
                if all.get(at)?.text != "," {
                    break;
                }
                at += 1;
            }
        }
        Some(Self { steps, last: sql.get(all.get(at)?.start..)? })
    }
}

impl<'a> Select<'a> {
    /// Takes a SELECT apart; none of a union, or of one that groups, where a condition is not of a row.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let all = tokens(text);
        if all.first()?.text != "select" || words(&all).any(|(_, word)| word == "union") {
            return None;
        }
        let find = |word: &str| words(&all).find(|(_, text)| *text == word).map(|(at, _)| at);
        let from = find("from")?;
        let ends = ["group", "having", "order", "qualify", "limit", "window"];
        let end = ends.iter().filter_map(|word| find(word)).min().unwrap_or(all.len());
        let filter = find("where").filter(|at| *at < end);
        let upto = |at: usize| all.get(at).map_or(text.len(), |token| token.start);
        let slice = |from: usize, to: usize| text[upto(from)..upto(to)].trim();
        let mut columns = Vec::new();
        for (begin, stop) in split(&all, 1, from, ",") {
            columns.push(named(&all[begin..stop], slice(begin, stop)));
        }
        let conditions = filter.map_or(Vec::new(), |at| {
            split(&all, at + 1, end, "and").into_iter().map(|(a, b)| slice(a, b)).collect()
        });
        Some(Self { columns, from: slice(from + 1, filter.unwrap_or(end)), conditions })
    }

    /// What a column is made of.
    pub(super) fn expression(&self, name: &str) -> Option<&'a str> {
        self.columns.iter().find(|(_, known)| *known == name).map(|(expression, _)| *expression)
    }
}

/// `expression as name`, or a name that stands for itself.
fn named<'a>(of: &[Token<'a>], text: &'a str) -> (&'a str, &'a str) {
    if let [.., before, name] = of
        && before.text == "as"
    {
        let length = before.start - of[0].start;
        return (text.get(..length).unwrap_or(text).trim(), name.text);
    }
    (text, text.rsplit('.').next().unwrap_or(text))
}

/// The closing parenthesis of an opening one.
fn closing(all: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in all.iter().enumerate().skip(open) {
        match token.text {
            "(" => depth += 1,
            ")" => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The words outside parentheses, brackets and cases.
fn words<'b, 'a>(all: &'b [Token<'a>]) -> impl Iterator<Item = (usize, &'a str)> + 'b {
    let mut depth = 0_usize;
    all.iter().enumerate().filter_map(move |(at, token)| {
        match token.text {
            "(" | "[" | "case" => depth += 1,
            ")" | "]" | "end" => depth = depth.saturating_sub(1),
            word if depth == 0 => return Some((at, word)),
            _ => {}
        }
        None
    })
}

/// The parts between separators; the `and` of a `between` separates nothing.
fn split(all: &[Token<'_>], from: usize, to: usize, separator: &str) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let (mut begin, mut between) = (from, false);
    for (at, word) in words(&all[..to]).filter(|(at, _)| *at >= from) {
        if word == "between" {
            between = true;
        } else if word == separator && between && separator == "and" {
            between = false;
        } else if word == separator {
            parts.push((begin, at));
            begin = at + 1;
        }
    }
    parts.push((begin, to));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_falls_into_its_parts() {
        let sql = "with a as (select x, (1 + 2) as y from t), -- why\n b as not materialized (select 1)\n\
                   select 'task' as kind, a.x as subject_id, case when y and z then 1 end as c, a.y \
                   from a join b on a.x = b.x and a.y = 1 where x between 1 and 2 and (y or z) \
                   and w > 3 order by 1";
        let parts = Anatomy::of(sql).expect("parts");
        let names: Vec<&str> = parts.steps.iter().map(|step| step.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(parts.steps[0].body, "select x, (1 + 2) as y from t");
        let select = Select::of(parts.last).expect("a select");
        assert_eq!(select.expression("subject_id"), Some("a.x"));
        assert_eq!(select.expression("c"), Some("case when y and z then 1 end"));
        assert_eq!(select.expression("y"), Some("a.y"));
        assert_eq!(select.from, "a join b on a.x = b.x and a.y = 1");
        assert_eq!(select.conditions, ["x between 1 and 2", "(y or z)", "w > 3"]);
    }

    #[test]
    fn what_has_no_conditions_of_a_row_has_no_parts() {
        assert_eq!(Select::of("select 1 from a union all select 2 from b"), None);
        let plain = Select::of("select a from b").expect("a select");
        assert!(plain.conditions.is_empty() && plain.from == "b");
    }
}
