//! What a question must not call, held against what the engine says of its functions.

use backstory::findings::lint;

use crate::support::replayed::{Bench, case};

#[test]
fn what_answers_otherwise_each_time_is_known() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    let said = bench.sql(
        "s",
        "select distinct function_name from duckdb_functions() where stability <> 'CONSISTENT'",
    );
    assert!(said.len() > 20, "the engine says of each how steady it is: {said:?}");
    let listed = |name: &str| lint::UNSTEADY.contains(&name);
    let missing: Vec<&String> = said.iter().flatten().filter(|name| !listed(name)).collect();
    assert!(missing.is_empty(), "lint.rs does not know {missing:?}");
    for (name, body) in bench
        .sql("s", "select function_name, macro_definition from duckdb_functions() where macro_definition <> ''")
        .iter()
        .map(|row| (&row[0], row[1].to_lowercase()))
    {
        let calls = lint::UNSTEADY.iter().any(|word| {
            let words = body.split(|c: char| !c.is_alphanumeric() && c != '_');
            lint::UNSTEADY_WORDS.contains(word) && words.clone().any(|of| of == *word)
                || body.contains(&format!("{word}("))
        });
        assert!(!calls || listed(name), "lint.rs does not know the macro {name}: {body}");
    }
    for name in lint::UNSTEADY {
        let bare = bench.run("sql", "s", &[&format!("select {name}")]).code == 0;
        let known = lint::UNSTEADY_WORDS.contains(&name);
        assert_eq!(bare, known, "`{name}` without parentheses");
    }
}
