//! The built-in grammar held against itself.

use proptest::prelude::*;

use crate::grammar::check::check;
use crate::grammar::entry::{Entry, parse};
use crate::grammar::head::head;
use crate::grammar::matcher::Grammar;
use crate::grammar::pattern::Pattern;

fn built_in() -> Grammar {
    Grammar::built_in().expect("the built-in grammar is valid")
}

#[test]
fn each_sample_matches_its_own_entry_alone_with_its_captures() {
    let wrong: Vec<String> = check(&built_in()).iter().map(ToString::to_string).collect();
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn an_emoji_without_its_variation_selector_changes_nothing() {
    let grammar = built_in();
    for sign in ["⚠️  ", "⚠  ", "⚠ ", ""] {
        let line =
            format!("💓 HEALTH_CHECK [Worker gpu-1] {sign}SSH port not accessible (result: 11)");
        let found = grammar.classify("orchestrator_gpu", &line).expect("it is a known line");
        assert_eq!(&*found.entry.id, "G108a");
        assert_eq!(found.field("errno"), Some("11"));
    }
}

#[test]
fn only_the_first_line_of_a_message_is_a_line() {
    let grammar = built_in();
    let kill = "WORKER_LIFECYCLE [Worker gpu-1] MARKING AS ERROR: boom";
    let tail = format!("{kill}\nStarting orchestrator cycle");
    let found = grammar.classify("orchestrator_gpu", &tail).expect("it is a known line");
    assert_eq!(found.field("reason"), Some("boom"));
    let quoted = format!("the log said: {kill}");
    assert!(grammar.classify("orchestrator_gpu", &quoted).is_none(), "a quoted line is no kill");
}

/// The template with its `n`th fixed character changed; `None` when it has fewer.
fn changed(entry: &Entry, n: usize) -> Option<String> {
    let mut inside = false;
    let mut fixed = entry.template.char_indices().filter(|(_, c)| {
        let is_fixed = !inside && *c != '{';
        inside = (inside || *c == '{') && *c != '}';
        is_fixed
    });
    let (at, old) = fixed.nth(n)?;
    let new = if old == '~' { '^' } else { '~' };
    let mut text = entry.template.clone();
    text.replace_range(at..at + old.len_utf8(), &new.to_string());
    Some(text)
}

#[test]
fn a_changed_character_of_any_template_is_noticed_by_a_sample() {
    let grammar = built_in();
    let (mut tried, mut unnoticed) = (0, Vec::new());
    for entry in grammar.entries() {
        for n in 0.. {
            let Some(template) = changed(entry, n) else { break };
            tried += 1;
            let matches = Pattern::compile(&template).is_ok_and(|pattern| {
                entry.samples.iter().all(|sample| pattern.find(head(&sample.line)).is_some())
            });
            if matches {
                unnoticed.push(format!("{}: {template}", entry.id));
            }
        }
    }
    assert!(tried > 5_000, "only {tried} characters were changed");
    assert_eq!(unnoticed, Vec::<String>::new());
}

#[test]
fn a_wrong_file_is_told_by_line_and_column() {
    let told = |text: &str| parse("mine.toml", text).expect_err("it is wrong").to_string();
    let entry = |rest: &str| {
        format!(
            "source = \"worker\"\n\n[[entry]]\nid = \"X1\"\neras = \"W0-\"\nlevels = [\"INFO\"]\n{rest}\n"
        )
    };
    assert_eq!(
        told(&entry("kind = \"worker_redy\"\npattern = \"HEADLESS: hello {n:int}\"")),
        "mine.toml:7:8: entry X1: there is no event kind `worker_redy`"
    );
    assert_eq!(
        told(&entry("says_nothing = \"x\"\npattern = \"HEADLESS: hello {n:integer}\"")),
        "mine.toml:8:11: entry X1: the pattern is wrong: `{n:integer}`: there is no type `integer`"
    );
    assert_eq!(
        told(&entry("pattern = \"HEADLESS: hello\"")),
        "mine.toml:4:6: entry X1: say one of `kind`, `confirms` or `says_nothing`"
    );
    let both =
        "confirms = \"worker_ready\"\nadds_to = \"worker_ready\"\npattern = \"HEADLESS: hello\"";
    assert!(told(&entry(both)).starts_with("mine.toml:4:6: entry X1: say one of"));
    assert!(told(&entry("pattern = 3")).starts_with("mine.toml:7:11: "));
    // no regular expression can be made of it
    let long = format!("kind = \"worker_ready\"\npattern = \"{}\"", "a".repeat(3_000_000));
    assert!(told(&entry(&long)).contains("the pattern is wrong: "));
    assert!(told("source = \"worker\"\n[[entry]]\nid = \"X1\"\n").starts_with("mine.toml:2:1: "));
}

/// A sample of some entry, a little broken.
fn broken_line(lines: Vec<String>) -> impl Strategy<Value = String> {
    let piece = prop_oneof!["[a-z0-9 :.\\[\\](){}'~-]{1,6}", "(gpu-1|, | |\\]|\\}|é|⚠️  |-|\\.)"];
    let edit = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), piece);
    (prop::sample::select(lines), prop::collection::vec(edit, 0..4)).prop_map(|(line, edits)| {
        let mut chars: Vec<char> = line.chars().collect();
        for (from, to, text) in edits {
            let (from, to) = (from.index(chars.len() + 1), to.index(chars.len() + 1));
            let (from, to) = (from.min(to), from.max(to));
            // mostly an insertion, sometimes a cut
            let to = if to - from > 8 { from } else { to };
            chars.splice(from..to, text.chars());
        }
        chars.into_iter().collect()
    })
}

#[test]
fn every_regular_expression_that_is_compiled_in_can_be_made() {
    for entry in built_in().entries() {
        assert_eq!(entry.pattern.check_regex(), Ok(()), "{}", entry.id);
    }
}

#[test]
fn the_walk_and_the_regular_expression_agree() {
    let grammar = built_in();
    let samples = grammar.entries().flat_map(|entry| &entry.samples);
    let lines: Vec<String> = samples.map(|sample| sample.line.clone()).collect();
    let config = ProptestConfig { cases: 2_000, ..ProptestConfig::default() };
    let agree = |line: String| {
        let line = head(&line);
        for entry in grammar.entries() {
            prop_assert_eq!(
                entry.pattern.find(line),
                entry.pattern.find_by_regex(line),
                "{} on {}",
                &entry.template,
                line
            );
        }
        Ok(())
    };
    proptest::test_runner::TestRunner::new(config)
        .run(&broken_line(lines), agree)
        .expect("both find the same");
}

#[test]
fn a_line_that_makes_the_walk_go_back_is_given_to_the_regular_expression() {
    let pattern = Pattern::compile("from {a:text} to {b:text} by {c:text} end.").expect("valid");
    let line = format!("from {}end", "x to x by ".repeat(1_500));
    assert_eq!(pattern.find(&line), None);
    let line = format!("{line}.");
    let found = pattern.find(&line).expect("it matches");
    assert_eq!(Some(found), pattern.find_by_regex(&line));
}
