//! A grammar entry for a line that nobody knows yet, to be looked at and pasted.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::grammar::check::is_short;
use crate::grammar::entry::parse;
use crate::grammar::head::head;

/// What is surely a field: ids, addresses, numbers. In this order.
static FIELDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?P<worker> (?:manual-)?gpu-\d{8}_\d{6}-[0-9a-f]{8} )
        | (?P<task> [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12} )
        | (?P<url> https?://[^\ \t]+ )
        | (?P<token> ~[a-z]+-[0-9a-f]{16}~ )
        | (?P<num> \b\d+\.\d+ )
        | (?P<int> \b\d+ )
        ",
    )
    .ok()
});

/// The text of an entry for a line of a source: what is surely a field is one, the rest is fixed.
/// Its meaning is left to whoever pastes it.
pub fn entry(source: &str, line: &str) -> String {
    let line = head(line);
    let mut counts = std::collections::BTreeMap::new();
    let mut captures = Vec::new();
    let mut name = |kind: &str, text: &str| {
        captures.push(text.to_string());
        let count = counts.entry(kind.to_string()).or_insert(0);
        *count += 1;
        let number = if *count == 1 { String::new() } else { count.to_string() };
        match kind {
            "worker" | "task" if *count == 1 => format!("{{{kind}}}"),
            "worker" | "task" | "url" => format!("{{{kind}{number}:{kind}}}"),
            "token" => format!("{{token{number}:word}}"),
            "num" => format!("{{x{number}:num}}"),
            _ => format!("{{n{number}:int}}"),
        }
    };
    // braces begin a field, so a line that has some is cut before them
    let (known, rest) = line.split_at(line.find(['{', '}']).unwrap_or(line.len()));
    let mut pattern = match &*FIELDS {
        Some(fields) => fields
            .replace_all(known, |found: &Captures<'_>| {
                let kinds = ["worker", "task", "url", "token", "num", "int"];
                let kind = kinds.iter().find(|kind| found.name(kind).is_some()).unwrap_or(&"int");
                name(kind, &found[0])
            })
            .into_owned(),
        None => known.to_string(),
    };
    if !rest.is_empty() {
        pattern.push_str("{rest:text}");
        captures.push(rest.to_string());
    }
    let eras = if source.starts_with("orchestrator") { "E0-" } else { "W0-" };
    let sample: Vec<String> = std::iter::once(line.to_string()).chain(captures).collect();
    let sample: Vec<String> = sample.iter().map(|text| quoted(text)).collect();
    let mut text = format!(
        "[[entry]]\nid = \"mine1\"\neras = \"{eras}\"\nlevels = [\"INFO\"]\nsays_nothing = \"say why, or give it a kind\"\npattern = {}\nsamples = [[{}]]\n",
        quoted(&pattern),
        sample.join(", ")
    );
    let file = format!("source = {}\n\n{text}", quoted(source));
    if parse("", &file).is_ok_and(|made| made.iter().any(is_short)) {
        text.push_str("short = \"say why so little fixed text is enough\"\n");
    }
    text
}

/// A TOML string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::check::check;
    use crate::grammar::matcher::Grammar;

    #[test]
    fn what_is_suggested_is_a_valid_entry_that_matches_its_line() {
        for line in [
            "🧪 Warm pool of gpu-20260101_000000-0a1b2c3d took 12.5s for 3 of 4 tasks",
            "lease {'a': 1} of task 11111111-2222-4333-8444-555555555555 kept",
            "quote \" and \\ and tab\tand ~user-4f2a9c01d3e7b8a6~ at https://x.invalid/a?b=1 end",
            "ok 3",
            "two gpu-20260101_000000-0a1b2c3d and gpu-20260101_000000-0a1b2c3e of workers",
        ] {
            let text =
                format!("source = \"orchestrator_gpu\"\n\n{}", entry("orchestrator_gpu", line));
            let entries = parse("mine.toml", &text).unwrap_or_else(|err| panic!("{err}\n{text}"));
            let wrong = check(&Grammar::of(entries, String::new()));
            assert!(wrong.is_empty(), "{wrong:?}\n{text}");
        }
    }
}
