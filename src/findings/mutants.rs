//! A query with one thing changed: a comparison turned round, a text or number replaced, a join made
//! stricter or looser. A case must notice each, or nothing holds that part of the query in place.

use crate::findings::catalogue::Query;
use crate::findings::tokens::{Token, comments, tokens};

/// What numbers of a header are multiplied by: a threshold is known at least so well.
const FACTORS: [f64; 2] = [2.0, 0.5];
/// A text that nothing holds.
const NOTHING: &str = "'~'";
/// How a comment begins that excuses a mutant.
const EXCUSE: &str = "equivalent:";

/// A query with one thing changed.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The line of the change; 0 for a parameter.
    pub line: usize,
    /// What was changed, and to what.
    pub change: String,
    /// The changed query.
    pub query: Query,
}

/// Every mutant of a query, in the order of its text.
pub fn mutants(query: &Query) -> Vec<Mutant> {
    let tokens = tokens(&query.sql);
    let mut made = parameters(query);
    for at in 0..tokens.len() {
        for (length, with) in changes(&tokens, at) {
            made.push(changed(query, &tokens[at..at + length], &with));
        }
    }
    made
}

/// Whether a comment on its line, or on the line above, says why no case can notice it:
/// `-- equivalent: <= because two never share an instant`.
pub fn is_excused(mutant: &Mutant, query: &Query) -> bool {
    let old = mutant.change.split(" -> ").next().unwrap_or_default();
    let old = if mutant.line == 0 { old.split(' ').next().unwrap_or_default() } else { old };
    comments(&query.sql).into_iter().any(|(line, text)| {
        let near = mutant.line == 0 || line == mutant.line || line + 1 == mutant.line;
        near && text.split_once(EXCUSE).is_some_and(|(_, why)| why.contains(old))
    })
}

fn parameters(query: &Query) -> Vec<Mutant> {
    let mut made = Vec::new();
    for (name, value) in &query.header.params {
        for factor in FACTORS {
            let (with, change) = match value {
                toml::Value::Integer(number) => {
                    let with = (*number as f64 * factor) as i64;
                    (toml::Value::Integer(with), format!("{name} = {number} -> {with}"))
                }
                toml::Value::Float(number) => {
                    let with = number * factor;
                    (toml::Value::Float(with), format!("{name} = {number} -> {with}"))
                }
                toml::Value::String(_)
                | toml::Value::Boolean(_)
                | toml::Value::Datetime(_)
                | toml::Value::Array(_)
                | toml::Value::Table(_) => continue,
            };
            let mut query = query.clone();
            query.header.params.insert(name.clone(), with);
            made.push(Mutant { line: 0, change, query });
        }
    }
    made
}

/// What may stand in place of the tokens that begin at one: how many they are, and the other text.
fn changes(tokens: &[Token<'_>], at: usize) -> Vec<(usize, String)> {
    let token = tokens[at];
    let word = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let before = at.checked_sub(1).map_or("", word);
    if token.is_string {
        return vec![(1, NOTHING.to_string())];
    }
    let other = match token.text {
        "<" => ">=",
        "<=" => ">",
        ">" => "<=",
        ">=" => "<",
        "=" if word(at + 1) != ">" => "<>",
        "<>" | "!=" => "=",
        "and" if !in_between(tokens, at) => "or",
        "or" => "and",
        "left" if word(at + 1) == "join" => return vec![(2, "join".to_string())],
        "join" if !matches!(before, "left" | "cross" | "asof" | "anti" | "semi" | "full") => {
            "left join"
        }
        "not" if word(at + 1) != "null" && before != "is" => "",
        "true" => "false",
        "false" => "true",
        "min" if word(at + 1) == "(" => "max",
        "max" if word(at + 1) == "(" => "min",
        "arg_min" => "arg_max",
        "arg_max" => "arg_min",
        number if number.starts_with(|c: char| c.is_ascii_digit()) => {
            return vec![(1, format!("({number} + 1)"))];
        }
        _ => return Vec::new(),
    };
    vec![(1, other.to_string())]
}

/// Whether an `and` belongs to a `between`.
fn in_between(tokens: &[Token<'_>], at: usize) -> bool {
    let mut depth = 0_usize;
    for token in tokens[..at].iter().rev() {
        match token.text {
            ")" => depth += 1,
            "(" if depth == 0 => return false,
            "(" => depth -= 1,
            "between" if depth == 0 => return true,
            "and" | "or" | "where" | "on" | "when" | "then" if depth == 0 => return false,
            _ => {}
        }
    }
    false
}

fn changed(query: &Query, replaced: &[Token<'_>], with: &str) -> Mutant {
    let first = replaced[0];
    let end = replaced.last().map_or(first.start, |last| last.start + last.text.len());
    let (old, mut query) = (&query.sql[first.start..end], query.clone());
    let change = format!("{old} -> {}", if with.is_empty() { "nothing" } else { with });
    query.sql = format!("{}{with}{}", &query.sql[..first.start], &query.sql[end..]);
    Mutant { line: first.line, change, query }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const TEXT: &str = r#"--! id = "late"
--! title = "Late"
--! severity = "low"
--! question = "Late?"
--! reads = ["tasks"]
--! grain = ["subject_id"]
--! params = { late_s = 30 }
--! incidents = []
--! innocent = "None."
--! remedy = "None."
--! guide = "None."
select 'task' from a left join b using (x) where y between 0 and $late_s and z < 5 and w is not null
"#;

    #[test]
    fn each_part_is_changed_once() {
        let query = Query::parse(Path::new("tasks/late.sql"), TEXT).expect("a query");
        let made = mutants(&query);
        let told: Vec<&str> = made.iter().map(|mutant| mutant.change.as_str()).collect();
        assert_eq!(
            told,
            [
                "late_s = 30 -> 60",
                "late_s = 30 -> 15",
                "'task' -> '~'",
                "left join -> join",
                "0 -> (0 + 1)",
                "and -> or",
                "< -> >=",
                "5 -> (5 + 1)",
                "and -> or",
            ]
        );
        assert!(made[6].query.sql.contains("and z >= 5 and"), "{}", made[6].query.sql);
        assert_eq!(made[6].line, 12);
        let excused = |mutant: &Mutant, comment: &str| {
            let text = TEXT.replace("select", &format!("-- {comment}\nselect"));
            let query = Query::parse(Path::new("tasks/late.sql"), &text).expect("a query");
            is_excused(&Mutant { line: 13, ..mutant.clone() }, &query)
        };
        assert!(excused(&made[6], "equivalent: < because no z is 5"));
        assert!(!excused(&made[6], "equivalent: > because no z is 5"));
        assert!(!excused(&made[6], "because of <"));
    }
}
