//! What the compiler cannot enforce in one crate: which layer may name which, and our limits.
//!
//! Each check is a pure function of a path and a text, and has a test that it can fail.

use std::fs;
use std::path::{Path, PathBuf};

/// Which layer may name which. Anything not listed is forbidden.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("spool", &[]),
    ("redact", &["model"]),
    ("snapshot", &["model"]),
    ("export", &["model", "redact", "snapshot"]),
    ("grammar", &["model"]),
    ("events", &["model", "grammar", "snapshot", "spool"]),
    ("replay", &["model", "events", "spool"]),
    ("derived", &["model", "events", "replay", "snapshot"]),
    ("read", &["model", "snapshot", "derived"]),
    ("findings", &["model", "read"]),
    ("cases", &["model"]),
    ("answers", &["model", "grammar", "read", "findings"]),
    ("score", &["model", "snapshot", "read", "findings"]),
    ("stats", &["model", "snapshot", "derived"]),
    ("report", &["model", "answers", "findings", "read", "score", "stats"]),
    ("simulate", &["model"]),
];

/// Names that only one folder may know.
const ONLY_IN: &[(&str, &str)] = &[
    ("tokio_postgres", "src/export/"),
    ("ureq", "src/export/rest/"),
    ("duckdb::", "src/read/"),
    ("clap::", "src/cli/"),
    ("println!(", "src/cli/"),
    ("eprintln!(", "src/cli/"),
    ("print!(", "src/cli/"),
    ("eprint!(", "src/cli/"),
];

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 500;

/// Lines of code with their numbers; comments say what they like.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter_map(|(n, line)| {
        let line = line.split(" //").next().unwrap_or_default();
        (!line.trim_start().starts_with("//")).then_some((n + 1, line))
    })
}

/// Layers that a file names but must not.
fn layering(path: &str, text: &str) -> Vec<String> {
    let Some((layer, _)) = path.strip_prefix("src/").and_then(|rest| rest.split_once('/')) else {
        return Vec::new();
    };
    if layer == "cli" {
        return Vec::new();
    }
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == layer) else {
        return vec![format!("{path}: `{layer}` is no layer of MAY_USE")];
    };
    let mut bad = Vec::new();
    for (n, line) in code(text) {
        for rest in line.split("crate::").skip(1) {
            let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let target = rest.split(|c| !name(c)).next().unwrap_or_default();
            if target != layer && !allowed.contains(&target) {
                bad.push(format!("{path}:{n}: `{layer}` must not use `{target}`"));
            }
        }
    }
    bad
}

/// Names outside the one folder that may know them.
fn only_in(path: &str, text: &str) -> Vec<String> {
    let mut bad = Vec::new();
    for (n, line) in code(text) {
        for (name, folder) in ONLY_IN {
            let word = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let found = line.match_indices(name).any(|(at, _)| word(at));
            if path.starts_with("src/") && !path.starts_with(folder) && found {
                bad.push(format!("{path}:{n}: `{name}` belongs under {folder}"));
            }
        }
    }
    bad
}

/// Arms that hide a transition nobody thought of.
fn wildcards(path: &str, text: &str) -> Vec<String> {
    let arm = |line: &str| {
        let line = line.trim_start();
        line.starts_with("_ =>") || line.starts_with("_ if ") || line.contains("| _ =>")
    };
    let lines = code(text).filter(|(_, line)| path.starts_with("src/replay/") && arm(line));
    lines.map(|(n, _)| format!("{path}:{n}: a wildcard arm in a state machine")).collect()
}

/// Files and functions beyond their limits. Relies on rustfmt's indentation.
fn sizes(path: &str, text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut bad = Vec::new();
    if lines.len() > FILE_LINES_MAX {
        bad.push(format!("{path}: {} lines, more than {FILE_LINES_MAX}", lines.len()));
    }
    for (n, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = &line[..line.len() - code.len()];
        // `pub(super) fn` has a parenthesis before its name
        let named = code.strip_prefix("pub(").and_then(|rest| rest.split_once(") ")).map(|x| x.1);
        let head = named.unwrap_or(code).split('(').next().unwrap_or_default();
        if code.starts_with("//") || !head.split(' ').any(|word| word == "fn") {
            continue;
        }
        let closing = format!("{indent}}}");
        let ends = |line: &&&str| **line == closing || line.ends_with(';') && n + 1 == lines.len();
        let length = lines[n..].iter().position(|line| ends(&line)).unwrap_or(0) + 1;
        let one_line = line.ends_with('}') || line.ends_with(';');
        if !one_line && length > FUNCTION_LINES_MAX {
            bad.push(format!("{path}:{}: a function of {length} lines", n + 1));
        }
    }
    bad
}

/// SQL that means another thing with ICU than without, or another in another session's time zone.
fn time_zones(path: &str, text: &str) -> Vec<String> {
    let mut bad = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let sql = line.split("--").next().unwrap_or_default().to_lowercase();
        for word in ["timestamptz", "at time zone", "with time zone"] {
            if path.starts_with("queries/") && sql.contains(word) {
                bad.push(format!(
                    "{path}:{}: `{word}`: every time here is UTC without a zone",
                    n + 1
                ));
            }
        }
    }
    bad
}

/// Paths of the machine on which something was written.
fn machine_paths(path: &str, text: &str) -> Vec<String> {
    let roots = [concat!("/ro", "ot/"), concat!("/wo", "rk/")];
    let mut bad = Vec::new();
    for (n, line) in text.lines().enumerate() {
        for root in roots {
            let begins = |at: usize| {
                !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-})".contains(c))
            };
            if line.match_indices(root).any(|(at, _)| begins(at)) {
                bad.push(format!("{path}:{}: `{root}` exists on one machine only", n + 1));
            }
        }
    }
    bad
}

/// The simulator must not know the grammar that is tested with it, nor the reverse.
fn strangers(path: &str, text: &str) -> Vec<String> {
    let pairs = [("src/simulate/", "grammar"), ("src/grammar/", "simulate")];
    let mut bad = Vec::new();
    for (folder, other) in pairs {
        for (n, line) in code(text) {
            if path.starts_with(folder) && line.contains(other) {
                bad.push(format!("{path}:{n}: must know nothing of `{other}`"));
            }
        }
    }
    bad
}

/// A test file that the one test binary does not declare is never run.
fn undeclared(path: &str, main: &str) -> Vec<String> {
    let name = path.strip_prefix("tests/").and_then(|rest| rest.strip_suffix(".rs"));
    let name = name.filter(|name| !name.contains('/') && *name != "main");
    let declared = |name: &str| main.lines().any(|line| line == format!("mod {name};"));
    let missing = name.filter(|name| !declared(name));
    missing
        .map(|name| format!("{path}: `mod {name};` is not in tests/main.rs"))
        .into_iter()
        .collect()
}

/// A query without its folder of cases.
fn caseless(path: &str, has_folder: impl Fn(&str) -> bool) -> Vec<String> {
    let query = path.strip_prefix("queries/").and_then(|rest| rest.strip_suffix(".sql"));
    let id = query.and_then(|query| query.rsplit_once('/')).map(|(_, id)| id);
    let missing = id.map(|id| format!("tests/queries/{id}")).filter(|folder| !has_folder(folder));
    missing.map(|folder| format!("{path}: it has no cases in {folder}/")).into_iter().collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file of the repository, by its path inside it, in order.
fn files() -> Vec<(String, String)> {
    let mut open = vec![root().to_path_buf()];
    let mut found = Vec::new();
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).expect("a directory of the repository is readable") {
            let path: PathBuf = entry.expect("an entry of it is readable").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let ours = path.strip_prefix(root()).expect("it lies inside").display().to_string();
            let skipped =
                [".git", "target", "__pycache__", "node_modules"].contains(&name.as_str());
            if skipped || (ours.starts_with("snapshots/") && name != "README.md") {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                found.push((ours, text));
            }
        }
    }
    found.sort();
    found
}

fn assert_clean(check: impl Fn(&str, &str) -> Vec<String>, wanted: impl Fn(&str) -> bool) {
    let files = files();
    let bad: Vec<String> = files
        .iter()
        .filter(|(path, _)| wanted(path))
        .flat_map(|(path, text)| check(path, text))
        .collect();
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
}

fn is_source(path: &str) -> bool {
    path.starts_with("src/") && path.ends_with(".rs")
}

#[test]
fn layers_name_only_what_they_may() {
    let fails = |path, line| !layering(path, line).is_empty();
    assert!(fails("src/replay/worker.rs", "use crate::snapshot::open::Snapshot;"));
    assert!(fails("src/model/time.rs", "    let x = crate::cli::ui::now();"));
    assert!(fails("src/events/mod.rs", "use crate::{model, replay};"));
    assert!(fails("src/elsewhere/mod.rs", ""));
    assert!(!fails("src/events/mod.rs", "use crate::model::time; // not crate::cli"));
    assert!(!fails("src/cli/mod.rs", "use crate::read::x;"));
    assert_clean(layering, is_source);
}

#[test]
fn one_folder_knows_each_library() {
    let fails = |path, line| !only_in(path, line).is_empty();
    assert!(fails("src/read/mod.rs", "use tokio_postgres::Client;"));
    assert!(fails("src/export/connect.rs", "use ureq::Agent;"));
    assert!(fails("src/findings/run.rs", "duckdb::params![]"));
    assert!(fails("src/export/import.rs", "    println!(\"x\");"));
    assert!(fails("src/model/mod.rs", "#[derive(clap::ValueEnum)]"));
    assert!(!fails("src/read/mod.rs", "use duckdb::Connection;"));
    assert!(!fails("src/read/mod.rs", "// not tokio_postgres"));
    assert_clean(only_in, is_source);
}

#[test]
fn state_machines_have_no_wildcard_arm() {
    assert_eq!(wildcards("src/replay/task.rs", "match x {\n    _ => Stayed,\n}").len(), 1);
    assert_eq!(wildcards("src/replay/task.rs", "    (A, B) | _ => Stayed,").len(), 1);
    assert!(wildcards("src/replay/task.rs", "    (A, _) => Stayed,").is_empty());
    assert_clean(wildcards, is_source);
}

#[test]
fn files_and_functions_stay_small() {
    let body =
        |lines: usize| format!("    pub fn f() {{\n{}    }}\n", "        x();\n".repeat(lines));
    assert_eq!(sizes("src/a.rs", &body(69)).len(), 1);
    assert!(sizes("src/a.rs", &body(68)).is_empty());
    assert_eq!(sizes("src/a.rs", &body(69).replace("pub fn", "pub(super) fn")).len(), 1);
    assert_eq!(sizes("src/a.rs", &"\n".repeat(501)).len(), 1);
    assert!(sizes("src/a.rs", &format!("    fn f();\n{}}}", "x\n".repeat(90))).is_empty());
    assert_clean(sizes, is_source);
}

#[test]
fn queries_know_no_time_zone() {
    assert_eq!(time_zones("queries/a/b.sql", "select now()::TIMESTAMPTZ").len(), 1);
    assert_eq!(time_zones("queries/a/b.sql", "select x at time zone 'UTC'").len(), 1);
    assert!(time_zones("queries/a/b.sql", "select x -- no timestamptz").is_empty());
    assert_clean(time_zones, |path| path.ends_with(".sql"));
}

#[test]
fn no_file_names_a_place_on_one_machine() {
    let here = concat!("see /wo", "rk/shared");
    assert_eq!(machine_paths("README.md", here).len(), 1);
    assert!(machine_paths("README.md", "../shared/work/x and $HOME/work/").is_empty());
    assert_clean(machine_paths, |_| true);
}

#[test]
fn simulator_and_grammar_are_strangers() {
    assert_eq!(strangers("src/simulate/log.rs", "include_str!(\"../grammar/e4.toml\")").len(), 1);
    assert_eq!(strangers("src/grammar/mod.rs", "use crate::simulate::fleet;").len(), 1);
    assert!(strangers("src/events/mod.rs", "use crate::grammar::x;").is_empty());
    assert_clean(strangers, is_source);
}

#[test]
fn every_test_file_is_declared() {
    let main = "mod import;\nmod tidy;\n";
    assert_eq!(undeclared("tests/forgotten.rs", main).len(), 1);
    assert!(undeclared("tests/tidy.rs", main).is_empty());
    let main = fs::read_to_string(root().join("tests/main.rs")).expect("tests/main.rs is there");
    assert_clean(|path, _| undeclared(path, &main), |_| true);
}

#[test]
fn every_query_has_cases() {
    assert_eq!(caseless("queries/workers/killed.sql", |_| false).len(), 1);
    assert!(caseless("queries/workers/killed.sql", |f| f == "tests/queries/killed").is_empty());
    assert!(caseless("queries/views.sql", |_| false).is_empty());
    assert_clean(|path, _| caseless(path, |folder| root().join(folder).is_dir()), |_| true);
}
