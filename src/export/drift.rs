//! What changed in the tables since the capture before, by name: nobody should learn it from a NULL.

use std::collections::BTreeMap;

use serde_json::Value;

/// Who told the two schemas that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToldBy {
    /// The same kind of source.
    TheSame,
    /// The database itself and an API before it, which has other words for some types.
    Another,
}

/// One sentence for each column that came, went or changed its type between two
/// `source_schema.json`, and for each label that an enum gained or lost; none for what only one of them has.
pub(super) fn notes(before: &Value, now: &Value, told_by: ToldBy) -> Vec<String> {
    let mut notes = Vec::new();
    for (table, earlier, described) in in_both(before, now, "tables") {
        let (was, is) = (types(earlier), types(described));
        // of files the names are known, and no types
        let had = names(earlier);
        let unknown = || guessed(earlier).chain(guessed(described));
        for (name, new) in &is {
            match was.get(name) {
                None if had.contains(name) => {}
                None => notes.push(format!("{table}: column `{name}` is new ({new})")),
                Some(_) if unknown().any(|guess| guess == *name) => {}
                Some(old) if !is_same_type((before, old), (now, new), told_by) => {
                    notes.push(format!("{table}: column `{name}` was {old}, is {new} now"));
                }
                Some(_) => {}
            }
        }
        let gone = had.iter().filter(|name| !is.contains_key(**name));
        notes.extend(gone.map(|name| match was.get(name) {
            Some(old) => format!("{table}: column `{name}` is gone (was {old})"),
            None => format!("{table}: column `{name}` is gone"),
        }));
    }
    for (name, earlier, described) in in_both(before, now, "enums") {
        let (was, is) = (texts(earlier), texts(described));
        let only = |of: &[&str], other: &[&str], said: &str| -> Vec<String> {
            let of = of.iter().filter(|label| !other.contains(label));
            of.map(|label| format!("type {name}: the value `{label}` {said}")).collect()
        };
        notes.extend(only(&is, &was, "is new"));
        notes.extend(only(&was, &is, "is gone"));
    }
    notes
}

/// Whether two spellings are of one type. An API leaves lengths away, and has of a domain what it is made of.
fn is_same_type(
    (before, old): (&Value, &str),
    (now, new): (&Value, &str),
    told_by: ToldBy,
) -> bool {
    if old == new || told_by == ToldBy::TheSame {
        return old == new;
    }
    let (old, new) = (base(before, old), base(now, new));
    let has_both_lengths = old.contains('(') && new.contains('(');
    old == new || !has_both_lengths && without_length(old) == without_length(new)
}

/// What a domain is made of; another type is what it is.
fn base<'a>(schema: &'a Value, of: &'a str) -> &'a str {
    let mut types = schema["types"].as_array().into_iter().flatten();
    let domain = types.find(|one| one["kind"] == "domain" && one["name"] == of);
    domain.and_then(|domain| domain["base"].as_str()).unwrap_or(of)
}

/// `numeric(10,2)[]` as `numeric[]`.
fn without_length(of: &str) -> String {
    let cut = of.split_once('(').and_then(|(before, rest)| Some((before, rest.split_once(')')?.1)));
    cut.map_or_else(|| of.to_string(), |(before, after)| format!("{before}{after}"))
}

/// The columns of a table whose types nobody told.
fn guessed(table: &Value) -> impl Iterator<Item = &str> {
    let columns = table["columns"].as_array().into_iter().flatten();
    columns
        .filter(|column| column["type_is_guessed"] == true)
        .filter_map(|column| column["name"].as_str())
}

/// One sentence for each table whose columns stand in another order than before, with those that moved.
pub(super) fn moves(before: &Value, now: &Value) -> Vec<String> {
    let told = in_both(before, now, "tables").filter_map(|(table, earlier, described)| {
        let (was, is) = (names(earlier), names(described));
        let place = |name: &&str| was.iter().position(|old| old == name);
        let places: Vec<(usize, &str)> =
            is.iter().filter_map(|name| Some((place(name)?, *name))).collect();
        let moved = out_of_order(&places);
        let names = moved.join("`, `");
        (!moved.is_empty())
            .then(|| format!("{table}: column `{names}` stands in another place now"))
    });
    told.collect()
}

/// One sentence for each column that one of two imports has and the other has not: files tell no types, and
/// their columns stand in any order.
pub(super) fn file_notes(before: &Value, now: &Value) -> Vec<String> {
    let mut notes = Vec::new();
    for (table, earlier, described) in in_both(before, now, "tables") {
        let (was, is) = (names(earlier), names(described));
        let new = is.iter().filter(|name| !was.contains(name));
        notes.extend(new.map(|name| format!("{table}: column `{name}` is new")));
        let gone = was.iter().filter(|name| !is.contains(name));
        notes.extend(gone.map(|name| format!("{table}: column `{name}` is gone")));
    }
    notes
}

/// The fewest that have to be taken out for the rest to stand in order.
fn out_of_order<'a>(places: &[(usize, &'a str)]) -> Vec<&'a str> {
    // of each the longest ascending row that ends with it, and the one before it there
    let mut best: Vec<(usize, Option<usize>)> = Vec::new();
    for (at, (place, _)) in places.iter().enumerate() {
        let before = (0..at).filter(|earlier| places[*earlier].0 < *place);
        let longest = before.max_by_key(|earlier| (best[*earlier].0, usize::MAX - earlier));
        best.push((longest.map_or(1, |earlier| best[earlier].0 + 1), longest));
    }
    let mut at = (0..best.len()).max_by_key(|at| (best[*at].0, usize::MAX - at));
    let mut kept = vec![false; places.len()];
    while let Some(place) = at {
        kept[place] = true;
        at = best[place].1;
    }
    places.iter().zip(kept).filter(|(_, kept)| !kept).map(|((_, name), _)| *name).collect()
}

/// What both have under one of their headings, by name.
fn in_both<'a>(
    before: &'a Value,
    now: &'a Value,
    heading: &'a str,
) -> impl Iterator<Item = (&'a String, &'a Value, &'a Value)> {
    let all = now[heading].as_object().into_iter().flatten();
    all.filter_map(move |(name, of)| Some((name, before[heading].get(name)?, of)))
}

/// The columns of a table as a `source_schema.json` describes them, with their defaults.
pub(super) fn columns<'a>(schema: &'a Value, table: &str) -> &'a Value {
    &schema["tables"][table]["columns"]
}

fn names(table: &Value) -> Vec<&str> {
    let columns = table["columns"].as_array().into_iter().flatten();
    columns.filter_map(|column| column["name"].as_str()).collect()
}

fn texts(labels: &Value) -> Vec<&str> {
    labels.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn types(table: &Value) -> BTreeMap<&str, &str> {
    let columns = table["columns"].as_array().into_iter().flatten();
    columns
        .filter_map(|column| Some((column["name"].as_str()?, column["type"].as_str()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_that_came_went_and_changed_are_named() {
        let column = |name: &str, of: &str| json!({ "name": name, "type": of });
        let schema = |columns: Vec<Value>| json!({ "tables": { "tasks": { "columns": columns } } });
        let before =
            schema(vec![column("a", "uuid"), column("b", "text"), column("same", "integer")]);
        let now =
            schema(vec![column("same", "integer"), column("a", "uuid[]"), column("c", "boolean")]);
        assert_eq!(
            notes(&before, &now, ToldBy::TheSame),
            [
                "tasks: column `a` was uuid, is uuid[] now",
                "tasks: column `c` is new (boolean)",
                "tasks: column `b` is gone (was text)",
            ]
        );
        assert!(notes(&now, &now, ToldBy::TheSame).is_empty());
        assert!(notes(&json!({ "tables": {} }), &now, ToldBy::TheSame).is_empty());
        assert!(notes(&Value::Null, &now, ToldBy::TheSame).is_empty());
    }

    #[test]
    fn another_spelling_is_no_change_and_a_guess_neither() {
        let of = |name: &str| json!({ "tables": { "tasks": { "columns": [{ "name": "a", "type": name }] } } });
        let told = |old: &str, new: &str, by| notes(&of(old), &of(new), by).len();
        for (old, new) in [
            ("character varying", "character varying(40)"),
            ("timestamp(3) with time zone", "timestamp with time zone"),
            ("numeric(10,2)[]", "numeric[]"),
        ] {
            assert_eq!(told(old, new, ToldBy::Another), 0, "{old}, {new}");
            assert_eq!(told(old, new, ToldBy::TheSame), 1, "{old}, {new}: a change");
        }
        assert_eq!(told("numeric(10,2)", "numeric(10,3)", ToldBy::Another), 1);
        assert_eq!(told("uuid", "uuid[]", ToldBy::Another), 1);
        let mut guess = of("text");
        guess["tables"]["tasks"]["columns"][0]["type_is_guessed"] = true.into();
        assert!(notes(&guess, &of("jsonb"), ToldBy::Another).is_empty());
        assert!(notes(&of("jsonb"), &guess, ToldBy::TheSame).is_empty());
    }

    #[test]
    fn labels_that_an_enum_gained_or_lost_are_named() {
        let labels = |labels: &[&str]| json!({ "enums": { "task_status": labels } });
        let (before, now) = (labels(&["Queued", "Lost"]), labels(&["Queued", "Paused"]));
        assert_eq!(
            notes(&before, &now, ToldBy::TheSame),
            [
                "type task_status: the value `Paused` is new",
                "type task_status: the value `Lost` is gone",
            ]
        );
        assert!(notes(&now, &labels(&["Paused", "Queued"]), ToldBy::TheSame).is_empty());
        assert!(notes(&json!({ "enums": {} }), &now, ToldBy::TheSame).is_empty());
    }

    #[test]
    fn columns_that_moved_are_named_and_no_others() {
        let of = |names: &[&str]| {
            let columns: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
            json!({ "tables": { "tasks": { "columns": columns } } })
        };
        let moved = |before: &[&str], now: &[&str]| moves(&of(before), &of(now));
        assert_eq!(
            moved(&["a", "b", "c", "d"], &["a", "d", "b", "c"]),
            ["tasks: column `d` stands in another place now"]
        );
        assert_eq!(
            moved(&["a", "b", "c", "d"], &["c", "d", "b", "a"]),
            ["tasks: column `b`, `a` stands in another place now"]
        );
        // what came and went moves nobody
        assert!(moved(&["a", "gone", "b"], &["new", "a", "b", "newer"]).is_empty());
        assert!(moves(&Value::Null, &of(&["a"])).is_empty());
    }
}
