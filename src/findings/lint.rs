//! What a query must not do, whatever it answers: take silence for proof without asking `coverage`,
//! hold a number that nobody can trace, or depend on the hour it is asked in.

use crate::findings::catalogue::Query;
use crate::findings::tokens::{Token, comments, tokens};

/// Lines over which a comment gives the source of the numbers below it.
const SOURCE_REACHES: usize = 4;
/// What a comment that names its source holds.
const SOURCE: &str = "domain/";
/// Functions that do not answer the same twice, or in another session: what the engine says of them
/// (`duckdb_functions()`, which a test asks), and what it keeps to itself.
pub const UNSTEADY: [&str; 39] = [
    "ago",
    "current_catalog",
    "current_connection_id",
    "current_database",
    "current_date",
    "current_localtimestamp",
    "current_query",
    "current_query_id",
    "current_schema",
    "current_schemas",
    "current_setting",
    "current_time",
    "current_timestamp",
    "current_transaction_id",
    "currval",
    "error",
    "gen_random_uuid",
    "get_current_time",
    "get_current_timestamp",
    "getvariable",
    "in_search_path",
    "localtime",
    "localtimestamp",
    "nextval",
    "now",
    "pg_conf_load_time",
    "pg_postmaster_start_time",
    "pg_sleep",
    "random",
    "setseed",
    "sleep_ms",
    "stats",
    "today",
    "transaction_timestamp",
    "txid_current",
    "uuid",
    "uuidv4",
    "uuidv7",
    "write_log",
];
/// Those of them that are called without parentheses, too.
pub const UNSTEADY_WORDS: [&str; 7] = [
    "current_catalog",
    "current_date",
    "current_schema",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
];
/// What takes the row of the least or greatest of something.
const OF_EXTREMES: [&str; 4] = ["arg_max", "arg_min", "max_by", "min_by"];
/// Columns that hold what somebody else wrote as JSON, or not quite.
const DOCUMENTS: [&str; 3] = ["metadata", "params", "result_data"];
/// What draws rows by lot.
const SAMPLES: [&[&str]; 2] = [&["tablesample"], &["using", "sample"]];

/// Everything that is wrong with a query's text, a line each.
pub fn problems(query: &Query) -> Vec<String> {
    let tokens = tokens(&query.sql);
    let sourced: Vec<usize> = comments(&query.sql)
        .into_iter()
        .filter_map(|(line, text)| text.contains(SOURCE).then_some(line))
        .collect();
    let mut found = absences(query, &tokens);
    found.extend(constants(&tokens, &sourced));
    found.extend(unsteady(&tokens));
    found.extend(shared_instants(&tokens));
    found.extend(raw_documents(&tokens));
    found
}

/// 'No row' is no proof where no row could have come.
fn absences(query: &Query, tokens: &[Token<'_>]) -> Vec<String> {
    let words: Vec<&str> = tokens.iter().map(|token| token.text).collect();
    let has = |phrase: &[&str]| words.windows(phrase.len()).any(|window| window == phrase);
    let asks = has(&["coverage"]) && query.header.reads.iter().any(|table| table == "coverage");
    if asks {
        return Vec::new();
    }
    let absent = [
        (has(&["not", "exists"]), "not exists"),
        (has(&["not", "in", "(", "select"]), "not in (select ...)"),
        (has(&["anti", "join"]), "anti join"),
        (has(&["except"]), "except"),
        (has(&["left", "join"]) && asks_for_null(&words), "left join ... is null"),
    ];
    let problem = |name| format!("`{name}` takes absence for proof: join `coverage`, and read it");
    absent.into_iter().filter(|(is, _)| *is).map(|(_, name)| problem(name)).collect()
}

/// Whether something is NULL, but for the time at which a state was left: there it is the last state, which has
/// its row. Said of a table by its name, it may be one that was joined and has none.
fn asks_for_null(words: &[&str]) -> bool {
    let of_a_row = |before: &str| before != "left_at";
    words.windows(3).any(|three| three[1..] == ["is", "null"] && of_a_row(three[0]))
}

/// Numbers other than 0 and 1, and dates, that neither a parameter nor a source accounts for.
fn constants(tokens: &[Token<'_>], sourced: &[usize]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let number = token.text.starts_with(|c: char| c.is_ascii_digit())
            && !matches!(token.text, "0" | "1");
        let before = at.checked_sub(1).map_or("", |at| tokens[at].text);
        let date = token.is_string && matches!(before, "timestamp" | "date" | "interval");
        let told = sourced.iter().any(|line| (*line..=line + SOURCE_REACHES).contains(&token.line));
        if (date || (number && !token.is_string)) && !told {
            found.push(format!(
                "line {}: where does {} come from? make it a parameter of the header, or name its \
                 source in {SOURCE} in a comment above",
                token.line, token.text
            ));
        }
    }
    found
}

fn unsteady(tokens: &[Token<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| !token.is_string) {
        // `main.now()`, and `"now"()`
        let word = token.text.to_ascii_lowercase();
        let name = word.rsplit('.').next().unwrap_or_default().trim_matches('"');
        let calls = tokens.get(at + 1).is_some_and(|next| next.text == "(");
        let drawn = SAMPLES.iter().any(|words| {
            let given = tokens[at..].iter().map(|token| token.text.to_ascii_lowercase());
            given.take(words.len()).eq(words.iter().copied())
        });
        if (calls && UNSTEADY.contains(&name)) || UNSTEADY_WORDS.contains(&word.as_str()) || drawn {
            found
                .push(format!("line {}: `{}` answers otherwise each time", token.line, token.text));
        }
    }
    found
}

/// Rows often share an instant: which of them is taken by it alone, the plan of the day decides.
fn shared_instants(tokens: &[Token<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if !OF_EXTREMES.contains(&token.text) {
            continue;
        }
        let (mut depth, mut last) = (0_usize, Vec::new());
        for inner in &tokens[at + 1..] {
            match inner.text {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                "," if depth == 1 => last.clear(),
                _ => {}
            }
            if depth == 0 {
                break;
            }
            if inner.text != "," || depth > 1 {
                last.push(inner.text);
            }
        }
        if let [by] = last[..]
            && by.ends_with("_at")
        {
            found.push(format!(
                "line {}: `{}` by {by} alone takes any of the rows that share it: say which, as in ({by}, event_id)",
                token.line, token.text
            ));
        }
    }
    found
}

/// One row that holds no JSON ends the whole query, unless it was tried first.
fn raw_documents(tokens: &[Token<'_>]) -> Vec<String> {
    let words: Vec<&str> = tokens.iter().map(|token| token.text).collect();
    let is_tried = |name| words.windows(5).any(|five| five == ["as", "json", ")", "as", name]);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| !token.is_string) {
        let name = token.text.rsplit('.').next().unwrap_or_default();
        let fails = |function: &str| function.starts_with("json_") && function != "json_valid";
        let called = matches!(words[..at], [.., function, "("] if fails(function));
        let reached = matches!(words[at + 1..], ["->" | "->>", ..]);
        if DOCUMENTS.contains(&name) && (called || reached) && !is_tried(name) {
            found.push(format!(
                "line {}: {name} may be no JSON, and the query would fail: take try_cast({} as json)",
                token.line, token.text
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const HEADER: &str = r#"--! id = "late"
--! title = "Late"
--! severity = "low"
--! question = "Late?"
--! reads = ["tasks"]
--! grain = ["subject_id"]
--! incidents = []
--! innocent = "None."
--! remedy = "None."
--! guide = "None."
"#;

    fn said(sql: &str) -> String {
        let query = Query::parse(Path::new("tasks/late.sql"), &format!("{HEADER}{sql}"));
        problems(&query.expect("a query")).join("\n")
    }

    #[test]
    fn absence_needs_coverage() {
        assert!(said("select 1 where not exists (select 1)").contains("not exists"));
        assert!(
            said("select 1 from a left join b using (x) where b.y is null").contains("left join")
        );
        assert_eq!(said("select 1 from a left join b using (x) where left_at is null"), "");
        let of_other = said("select 1 from a left join b using (x) where b.left_at is null");
        assert!(of_other.contains("left join"), "b may have no row: {of_other}");
        assert!(said("select 1 from a where x not in (select y from b)").contains("not in"));
        assert_eq!(said("select 1 from a -- not exists\nwhere x = 'not exists'"), "");
        let asks = said("select 1 from coverage where not exists (select 1)");
        assert!(asks.contains("not exists"), "named, but not read: {asks}");
    }

    #[test]
    fn a_number_needs_a_source() {
        assert!(said("select 1 where x > 30").contains("where does 30"));
        assert!(said("select timestamp '2025-12-01'").contains("where does '2025-12-01'"));
        assert_eq!(said("select x1, $limit_s, 0, 1, '30' where a.b2 > 1"), "");
        assert_eq!(said("-- domain/orchestrator.md O9: two cycles\nselect 60"), "");
        assert!(
            said("-- domain/orchestrator.md O9\n\n\n\n\n\nselect 60").contains("where does 60")
        );
    }

    #[test]
    fn an_instant_is_no_order() {
        assert!(said("select arg_max(event_id, happened_at) from a").contains("alone takes any"));
        assert!(said("select min_by(f(x, y), b.entered_at) from a").contains("b.entered_at alone"));
        assert_eq!(said("select arg_max(event_id, (happened_at, event_id)) from a"), "");
        assert_eq!(said("select arg_max(worker_id, attempt), arg_min(entered_at, seq) from a"), "");
    }

    #[test]
    fn a_document_may_be_none() {
        assert!(said("select json_extract(params, '$.a') from a").contains("take try_cast(params"));
        assert!(said("select b.metadata->>'a' from b").contains("take try_cast(b.metadata"));
        assert!(said("select json_keys(b.result_data)").contains("try_cast(b.result_data"));
        assert_eq!(said("select json_valid(params) from a"), "");
        assert_eq!(said("select json_extract(try_cast(params as json), '$.a') from a"), "");
        let tried = "(select try_cast(params as json) as params from a)";
        assert_eq!(said(&format!("select json_extract(params, '$.a') from {tried}")), "");
        assert_eq!(said("select json_extract(attributes, '$.a'), params from a"), "");
    }

    #[test]
    fn the_hour_does_not_matter() {
        assert!(said("select now()").contains("answers otherwise"));
        assert_eq!(said("select 'now'"), "");
        for sql in [
            "select uuid()",
            "select Main.Now ()",
            "select \"now\"()",
            "select LOCALTIMESTAMP",
            "select 1 from a using sample 1",
            "select 1 from a tablesample 1 %",
            "select current_setting('x')",
        ] {
            assert!(said(sql).contains("answers otherwise"), "{sql}");
        }
        assert_eq!(said("select uuid, today, a.sample from a join b using (sample)"), "");
    }
}
