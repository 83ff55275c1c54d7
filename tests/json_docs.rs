//! `docs/json.md` is made from what the verbs answer on a demonstration: whoever reads their JSON by a script finds
//! each key there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::support::run::backstory;

/// Set, the test writes the page instead of comparing it.
const WRITE: &str = "BACKSTORY_WRITE_DOCS";
const HEAD: &str = "\
# The JSON of the verbs

Made from what they answer on `backstory demo`, on its tasks and workers, at its end and at an instant
(`BACKSTORY_WRITE_DOCS=1 ./dev test -- json_docs` writes it anew). With `--format json` each of these verbs writes one
object:

| key | holds |
|---|---|
| `format` | the number of this shape: it grows when a key changes its meaning or goes; new keys may come |
| `verb`, `subject` | what was asked, and of what (`kind`, `id`; else null) |
| `at`, `as_of` | the instant that is told of, and whether it was asked for |
| each other key | a section of the page: a record, or rows (a list of records; empty, where there are none) |

A section that has nothing to tell of this subject is away: a script asks for it as for any key that may be missing. A
key of a record that is known to exist and has no value is null. Times are UTC (`2026-01-05T10:00:00.000000Z`), keys that
end in `_s` are seconds, `_mb` megabytes, shares go from 0 to 1, money is dollars. A key that ends in `_said` is how a
person reads the one before it. `not_yet` (`note` of a task) stands alone where the subject was not there at that instant.

Of each section the keys that were seen, of rows their columns; of rows that the demonstration does not have, none.
";

/// Verbs that are asked of every task, of every worker, and of the whole.
const OF_TASKS: [&[&str]; 2] = [&["task"], &["task", "--logs-only"]];
const OF_WORKERS: [&[&str]; 4] = [
    &["worker"],
    &["worker", "--check-logging"],
    &["worker", "--startup"],
    &["worker", "--logs-only"],
];
const OF_ALL: [&[&str]; 8] = [
    &["tasks"],
    &["workers", "--hours", "24"],
    &["health"],
    &["orchestrator"],
    &["config", "--explain"],
    &["pods"],
    &["window", "2025-10-28T17:30", "2025-10-28T18:10"],
    &["timeline", "--fleet"],
];
const INSTANT: &str = "2025-10-28T17:40";
/// So many tasks are asked of: odd ones first.
const TASKS: &str = "select id from tasks left join (select task_id, count(*) as n from task_attempts group by task_id) \
    on task_id = id order by n desc nulls last, generation_created, id limit 25";
const WORKERS: &str = "select id from workers order by id";

/// The keys of each section of each verb.
type Keys = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

fn take(keys: &mut Keys, verb: &str, page: &Value) {
    let sections = keys.entry(verb.to_string()).or_default();
    for (name, section) in page.as_object().expect("an object") {
        if ["format", "verb", "subject", "at", "as_of"].contains(&name.as_str()) {
            continue;
        }
        let held = sections.entry(name.clone()).or_default();
        let records = section.as_array().map_or(std::slice::from_ref(section), Vec::as_slice);
        for record in records.iter().filter_map(Value::as_object) {
            held.extend(record.keys().cloned());
        }
    }
}

fn ids(config: &Path, snapshot: &str, sql: &str) -> Vec<String> {
    let said = backstory(config, &["sql", sql, "--format", "json", "--snapshot", snapshot]).ok();
    let rows: Vec<BTreeMap<String, String>> = serde_json::from_str(&said).expect("rows");
    rows.into_iter().filter_map(|row| row.into_values().next()).collect()
}

/// What the verbs answer.
fn seen() -> Keys {
    let root = tempfile::tempdir().expect("a temporary directory");
    let config = root.path().join("config");
    let keep = root.path().join("demo").display().to_string();
    backstory(&config, &["demo", "--keep", &keep]).ok();
    let snapshot = format!("{keep}/snapshot");
    let mut asked: Vec<Vec<String>> = Vec::new();
    let mut ask = |verb: &[&str], id: Option<&String>| {
        let mut words: Vec<String> = verb.iter().map(|word| word.to_string()).collect();
        if let Some(id) = id {
            words.insert(1, id.clone());
        }
        asked.push(words);
    };
    for (verbs, sql) in [(&OF_TASKS[..], TASKS), (&OF_WORKERS[..], WORKERS)] {
        let ids = ids(&config, &snapshot, sql);
        assert!(!ids.is_empty(), "{sql}");
        ids.iter().for_each(|id| verbs.iter().for_each(|verb| ask(verb, Some(id))));
    }
    OF_ALL.iter().for_each(|verb| ask(verb, None));
    let mut keys = Keys::new();
    for words in asked {
        for instant in [&[][..], &["--as-of", INSTANT]] {
            let mut args: Vec<&str> = words.iter().map(String::as_str).collect();
            args.extend(["--format", "json", "--snapshot", &snapshot]);
            args.extend(instant);
            let said = backstory(&config, &args).ok();
            let page = serde_json::from_str(&said).expect("JSON");
            let option = words.iter().skip(1).find(|word| word.starts_with("--"));
            let option = option.map_or(String::new(), |option| format!(" {option}"));
            let is_plain = !matches!(words[0].as_str(), "task" | "worker" | "timeline");
            let verb = format!("{}{}", words[0], if is_plain { "" } else { &option });
            take(&mut keys, &verb, &page);
        }
    }
    keys
}

fn page(keys: &Keys) -> String {
    let mut page = HEAD.to_string();
    for (verb, sections) in keys {
        write!(page, "\n## {verb}\n\n| section | keys |\n|---|---|\n").expect("a text");
        for (name, held) in sections {
            let held: Vec<String> = held.iter().map(|key| format!("`{key}`")).collect();
            let held = if held.is_empty() { "-".to_string() } else { held.join(", ") };
            writeln!(page, "| `{name}` | {held} |").expect("a text");
        }
    }
    page
}

#[test]
fn every_key_of_the_verbs_is_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md");
    let made = page(&seen());
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &made).expect("a page");
    }
    let kept = std::fs::read_to_string(&path).expect("docs/json.md");
    assert!(kept == made, "docs/json.md is out of date: {WRITE}=1 ./dev test -- json_docs");
}
