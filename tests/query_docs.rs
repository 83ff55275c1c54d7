//! `docs/queries.md` is made from the headers and cases of the queries, and `docs/incidents.md` names only
//! queries and incidents that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use backstory::cases::case;
use backstory::findings::catalogue::{self, Query};

/// Set, the test writes the page instead of comparing it.
const WRITE: &str = "BACKSTORY_WRITE_DOCS";
const HEAD: &str = "\
# Questions

Made from the headers and cases under `queries/` (`BACKSTORY_WRITE_DOCS=1 ./dev test -- query_docs` writes it anew).
`backstory query list` lists them, `query show ID` tells all of one, `query run ID --param name=value` asks it with
other numbers, and `query explain ID SUBJECT` tells why it fired on a task, worker or run, or which condition failed.

## A question of your own

A file `<id>.sql`: a header of `--! key = value` lines (TOML), then one SELECT. `--queries DIR` asks the files of a
folder beside ours, `DIR/*.sql` and `DIR/<theme>/*.sql`; `query check FILE` holds them to the same rules. No key says
the theme: it is the name of the folder the file stands in, and `--theme` takes it. With `--only ID` a file is read only
when it has that name.

| key | holds |
|---|---|
| `id`, `title`, `question` | its name, which is the file's; the bad thing in a sentence; the question |
| `severity` | `critical`, `high`, `medium`, `low`, `info` |
| `reads` | the tables without which it cannot be asked |
| `grain` | columns that no two findings agree in |
| `params` | numbers and texts of the SQL, as `$name` |
| `incidents` | the incidents it detects, or `[]` |
| `cause` | own columns whose equal values make findings one story |
| `population` | a SELECT of everything it could have been asked of: `subject_id`, then times or texts that may tell who was hit |
| `innocent`, `remedy`, `guide`, `known_fix` | the harmless explanation; what to do; what to look at next; what mended the source |

The columns begin `subject_kind, subject_id, happened_at, verdict, summary, evidence`, and end `affected_tasks` (list of
task ids) and `lost_worker_s` (seconds of workers' time). `query check` refuses absence (`not exists`, `left join ... is
null`, ...) in a query that does not join `coverage`, numbers other than 0 and 1 that nobody can trace, and functions that
answer otherwise each time (`now()`, `uuid()`, `localtime`, `using sample`, ...). A number can be traced when it is a
parameter of the header: make yours one. (Ours may stand below a comment that names its source, `domain/...`: documents
of the orchestrator that the binary does not carry.)

Its cases stand in a folder of its name beside it (ours in `tests/queries/`, by `--cases`), `<id>/fires*.txt` and
`<id>/silent*.txt`:

```
# fires: its heading
on 2026-01-12
worker w1 created=09:00:00 beat=09:50:00 status=terminated meta={\"terminated_at\": \"@09:52:00\"}
task t1 status=In_Progress created=09:40:00 worker=w1 started=09:49:00 updated=09:49:00
generation g1 tasks=t1 created=10:05:00
log 09:49:00.03 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
repeat 30s 09:30:00..10:20:00 log {time} gpu#{n} INFO Starting orchestrator cycle
> confirmed t1 09:52:00: what the finding says
> by task_claimed 09:49:00.030000, tasks:t1
> with worker_id = w1, affected_tasks = [t1]
```

Times that cannot be (`25:00:00`, `on 2026-02-30`) are refused with the number of their line. Without cases the question
is asked of a snapshot without rows: syntax, columns and grain are told even so. `--timeout` (300 s) is for one case, which
fails when it takes longer. `query check` exits with 1 for whatever is wrong in the files, an unreadable header included,
and with 2 when one cannot be read. `--format json` is one document: that of the file, or `files` with one for each.

`query check --mutate` changes each comparison, text, number, parameter and join in turn and names the changes that no
case notices; what nothing can notice is excused by a comment on that line or the one above, `-- equivalent: <= because
...`.
";

/// The page as it should be.
fn page(queries: &[Query]) -> String {
    let mut page = HEAD.to_string();
    let mut themes: BTreeMap<&str, Vec<&Query>> = BTreeMap::new();
    for query in queries {
        themes.entry(&query.theme).or_default().push(query);
    }
    for (theme, mut queries) in themes {
        queries.sort_by_key(|query| (query.header.severity, query.header.id.clone()));
        write!(page, "\n## {theme}\n").expect("a text");
        for query in queries {
            one(&mut page, query);
        }
    }
    page
}

fn one(page: &mut String, query: &Query) {
    let header = &query.header;
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let params: Vec<String> = header
        .bound()
        .iter()
        .map(|(name, cell)| format!("`{name}` = {}", cell.to_plain().unwrap_or_default()))
        .collect();
    write!(page, "\n### {}\n\n{}. **{}**", header.id, words(&header.title), header.severity.name())
        .expect("a text");
    let incidents = header.incidents.join(", ");
    if !incidents.is_empty() {
        write!(page, ", incidents {incidents}").expect("a text");
    }
    write!(
        page,
        ".\n\n- Asks: {}\n- Reads: {}\n",
        words(&header.question),
        header.reads.join(", ")
    )
    .expect("a text");
    if !params.is_empty() {
        writeln!(page, "- Parameters: {}", params.join(", ")).expect("a text");
    }
    writeln!(page, "- Harmless if: {}", words(&header.innocent)).expect("a text");
    writeln!(page, "- Do: {}", words(&header.remedy)).expect("a text");
    writeln!(page, "- Then: {}", words(&header.guide)).expect("a text");
    if let Some(fix) = &header.known_fix {
        writeln!(page, "- Mended by: {}", words(fix)).expect("a text");
    }
    for (kind, label) in [("fires", "Fires"), ("silent", "Stays silent")] {
        let titles = titles(query, kind);
        writeln!(page, "- {label}: {}", titles.join("; ")).expect("a text");
    }
}

/// The headings of a query's cases, without their first word.
fn titles(query: &Query, kind: &str) -> Vec<String> {
    let folder = root().join("tests/queries").join(&query.header.id);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("a folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(kind) && name.ends_with(".txt")
        })
        .collect();
    files.sort();
    let mut titles = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("UTF-8");
        for case in case::read(&text).expect("cases") {
            let title = case.title.split_once(' ').map_or(case.title.as_str(), |(_, rest)| rest);
            titles.push(title.to_string());
        }
    }
    titles
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_page_of_questions_is_what_the_queries_say() {
    let page = page(&catalogue::all().expect("good headers"));
    let path = root().join("docs/queries.md");
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, &page).expect("a page");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let differ = page.lines().zip(written.lines()).find(|(a, b)| a != b);
    assert!(page == written, "docs/queries.md is old: {WRITE}=1 writes it anew; first: {differ:?}");
}

#[test]
fn every_incident_is_accounted_for() {
    let queries = catalogue::all().expect("good headers");
    let ids: BTreeSet<&str> = queries.iter().map(|query| query.header.id.as_str()).collect();
    let page = fs::read_to_string(root().join("docs/incidents.md")).expect("the page");
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| O") || line.starts_with("| X")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert!(cells.len() >= 4, "a row has four cells: {line}");
        assert!(told.insert(cells[0].to_string(), line.to_string()).is_none(), "twice: {line}");
        for name in cells[1].split('`').skip(1).step_by(2) {
            assert!(ids.contains(name), "there is no query `{name}`: {line}");
            let query = queries.iter().find(|query| query.header.id == name).expect("a query");
            assert!(query.header.incidents.iter().any(|known| known == cells[0]), "{name}: {line}");
        }
        assert!(!cells[2].is_empty() && (cells[1].contains('`') || !cells[3].is_empty()), "{line}");
    }
    let all: Vec<String> =
        (1..=37).map(|n| format!("O{n}")).chain((1..=30).map(|n| format!("X{n}"))).collect();
    let missing: Vec<&String> = all.iter().filter(|name| !told.contains_key(*name)).collect();
    assert!(missing.is_empty(), "docs/incidents.md does not tell of {missing:?}");
    for query in &queries {
        for incident in &query.header.incidents {
            let row = told.get(incident).map_or("", String::as_str);
            let name = format!("`{}`", query.header.id);
            assert!(row.contains(&name), "docs/incidents.md, {incident}: {name} is not there");
        }
    }
}
