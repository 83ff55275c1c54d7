//! Values written into a question of ours in the place of its parameters: only what stands in the text lets
//! the engine pass over the files' parts that cannot hold it.

use crate::read::cell::Cell;

/// The SELECT with each `$name` that is given replaced; what stands between quotes or in a comment stays.
pub(crate) fn inlined(sql: &str, params: &[(&str, Cell)]) -> String {
    let mut made = String::with_capacity(sql.len() + 64 * params.len());
    let mut quote = None;
    let mut rest = sql;
    while let Some(next) = rest.chars().next() {
        let is_free = quote.is_none();
        if is_free
            && next == '$'
            && let Some((name, cell)) = named(&rest[1..], params)
        {
            made.push_str(&literal(cell));
            rest = &rest[1 + name.len()..];
            continue;
        }
        if is_free && rest.starts_with("--") {
            // an apostrophe of a comment quotes nothing
            let end = rest.find('\n').unwrap_or(rest.len());
            made.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        if is_free && (next == '\'' || next == '"') {
            quote = Some(next);
        } else if quote == Some(next) {
            quote = None;
        }
        made.push(next);
        rest = &rest[next.len_utf8()..];
    }
    made
}

/// The parameter whose whole name the text begins with.
fn named<'a>(text: &str, params: &'a [(&'a str, Cell)]) -> Option<(&'a str, &'a Cell)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let found = params.iter().find(|(name, _)| *name == &text[..end]);
    found.map(|(name, cell)| (*name, cell))
}

/// The value as SQL.
pub(crate) fn literal(cell: &Cell) -> String {
    match cell {
        Cell::Null => "null".to_string(),
        Cell::Bool(yes) => yes.to_string(),
        Cell::Int(number) => number.to_string(),
        Cell::Float(number) => format!("'{number}'::double"),
        Cell::Time(at) => format!("make_timestamp({}::bigint)", at.0),
        Cell::Digits(_) | Cell::Text(_) | Cell::List(_) | Cell::Record(_) => {
            let text = cell.to_plain().unwrap_or_default();
            format!("'{}'", text.replace('\'', "''"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Micros;

    fn text(value: &str) -> Cell {
        Cell::Text(value.to_string())
    }

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        let made =
            inlined("select $id, $id2", &[("id", text("a'; drop $id2")), ("id2", text("b"))]);
        assert_eq!(made, "select 'a''; drop $id2', 'b'");
    }

    #[test]
    fn what_stands_between_quotes_is_no_parameter() {
        let sql = "select json_extract(x, '$.at'), 'it''s $at', \"$at\" from t where at < $at";
        let made = inlined(sql, &[("at", Cell::Time(Micros(7)))]);
        let kept = sql.strip_suffix("$at").expect("its end");
        assert_eq!(made, format!("{kept}make_timestamp(7::bigint)"));
    }

    #[test]
    fn a_comment_quotes_nothing() {
        let sql = "-- a worker's $n\nselect $n -- it's\n, '--', $n";
        let made = inlined(sql, &[("n", Cell::Int(3))]);
        assert_eq!(made, "-- a worker's $n\nselect 3 -- it's\n, '--', 3");
    }

    #[test]
    fn what_is_not_given_stays() {
        assert_eq!(inlined("$identity $id", &[("id", Cell::Int(-3))]), "$identity -3");
    }
}
