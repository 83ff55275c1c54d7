//! The cuts of an instant, put into the questions that ask of them. A view of each would be looked through by
//! the engine when it is made and again when it is asked, which takes longer than many an answer.

use std::borrow::Cow;
use std::sync::Arc;

/// Tables as of an instant, under the names by which a question calls them.
#[derive(Clone, Debug)]
pub(super) struct Within(Arc<[(&'static str, String)]>);

impl Within {
    /// Of these names and what each selects.
    pub(super) fn new(cuts: Vec<(&'static str, String)>) -> Self {
        Self(cuts.into())
    }

    /// Whether there is no cut: the tables are whole.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The SELECT with the cuts that it names before it. A name that stands for something else, as that of a
    /// column, costs nothing: what nobody asks of is not looked through.
    pub(super) fn asked<'a>(&self, sql: &'a str) -> Cow<'a, str> {
        let named = self.0.iter().filter(|(name, _)| names(sql, name));
        // asked of twice, each is read as its question wants it: kept, it would be read whole
        let cuts = named.map(|(name, select)| format!("{name} as not materialized ({select})"));
        let cuts: Vec<String> = cuts.collect();
        if cuts.is_empty() {
            return Cow::Borrowed(sql);
        }
        let cuts = cuts.join(", ");
        Cow::Owned(match sql.strip_prefix("with recursive ") {
            Some(rest) => format!("with recursive {cuts}, {rest}"),
            None => match sql.strip_prefix("with ") {
                Some(rest) => format!("with {cuts}, {rest}"),
                None => format!("with {cuts} {sql}"),
            },
        })
    }
}

/// Whether a text has this name as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let after = &text[at + name.len()..];
        !text[..at].ends_with(is_part) && !after.starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_gets_the_cuts_that_it_names() {
        let within = Within::new(vec![("tasks", "T".to_string()), ("runs", "R".to_string())]);
        let asked = |sql: &str| within.asked(sql).into_owned();
        assert_eq!(asked("select 1 from whole_tasks"), "select 1 from whole_tasks");
        assert_eq!(
            asked("select id from tasks"),
            "with tasks as not materialized (T) select id from tasks"
        );
        assert_eq!(
            asked("with a as (select 1 from runs) select * from a, tasks"),
            "with tasks as not materialized (T), runs as not materialized (R), \
             a as (select 1 from runs) select * from a, tasks"
        );
        assert_eq!(
            asked("with recursive a as (select 1 from runs) select * from a"),
            "with recursive runs as not materialized (R), a as (select 1 from runs) select * from a"
        );
    }
}
