//! A case: the rows that a transition leaves, and what must be told of them.
//!
//! ```text
//! # W10 active -> error: what the row of the table says
//! on 2026-01-12                                 the day of every time below: it decides the era
//! worker w1 created=09:00:00 beat=09:50:00 status=terminated meta={"error_time": "@10:00:02"}
//! task t1 type=wan_2_2_t2i status=Queued created=09:40:00 error=Reset - orphaned from failed worker
//! log 09:49:00 w1/t1 INFO HEADLESS: Processing wan_2_2_t2i task
//! log 10:00:00 gpu#40 ERROR WORKER_LIFECYCLE [Worker {w1}] MARKING AS ERROR: ...
//! capture                                       what stands above was one capture; rows follow of the next
//! > w1 condemned 10:00:00                       a line of what is told; all of them, in order
//! why the reason, where the honest answer is that something cannot be known
//! ```
//! `w1` is a worker of a pod, `api` that of the API orchestrator, `t1` a task, `p1` a pod; `{w1}` stands for
//! its id inside a text and `@10:00:02` for a time in JSON.

use std::collections::BTreeMap;

use regex::{Captures, Regex};

/// One case.
pub(crate) struct Case {
    /// The row of the table.
    pub(crate) id: String,
    /// The whole heading.
    pub(crate) title: String,
    /// The day.
    pub(crate) day: String,
    /// The tables of each capture, as CSV.
    pub(crate) captures: Vec<BTreeMap<String, String>>,
    /// What must be told.
    pub(crate) expected: Vec<String>,
}

const WORKERS: [&str; 6] =
    ["id", "instance_type", "created_at", "last_heartbeat", "status", "metadata"];
const TASKS: [&str; 13] = [
    "id",
    "task_type",
    "status",
    "created_at",
    "worker_id",
    "generation_started_at",
    "generation_processed_at",
    "updated_at",
    "attempts",
    "generation_created",
    "output_location",
    "error_message",
    "params",
];
const LOGS: [&str; 10] = [
    "id",
    "timestamp",
    "source_type",
    "source_id",
    "log_level",
    "message",
    "task_id",
    "worker_id",
    "cycle_number",
    "metadata",
];

/// All cases of a file.
pub(crate) fn read(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for part in text.split("\n# ").skip(1) {
        let (title, body) = part.split_once('\n').expect("a heading and a body");
        cases.push(case(title, body));
    }
    cases
}

fn case(title: &str, body: &str) -> Case {
    let mut made = Case {
        id: title.split(' ').next().expect("an id").to_string(),
        title: title.to_string(),
        day: String::new(),
        captures: Vec::new(),
        expected: Vec::new(),
    };
    let mut rows = Rows::default();
    for line in body.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "on" => made.day = rest.to_string(),
            ">" => made.expected.push(rest.to_string()),
            "capture" => {
                made.captures.push(rows.csv());
                // a later capture reads the logs again, and the rows as they are then
                rows.workers.clear();
                rows.tasks.clear();
            }
            "worker" => rows.workers.push(worker(rest, &made.day)),
            "task" => rows.tasks.push(task(rest, &made.day)),
            "log" => rows.log(rest, &made.day),
            "why" => {}
            other => panic!("{title}: what is `{other}`?"),
        }
    }
    made.captures.push(rows.csv());
    made
}

/// The full id behind a short one.
pub(crate) fn id_of(short: &str, day: &str) -> String {
    let number = || short[1..].parse::<u32>().expect("a number");
    match &short[..1] {
        "w" => format!("gpu-{}_090000-aaaaaaa{}", day.replace('-', ""), number()),
        "t" => format!("00000000-0000-4000-8000-{:012}", number()),
        "p" => format!("pod{:011}", number()),
        "a" => "api-worker-main".to_string(),
        other => panic!("what is `{other}`?"),
    }
}

/// Puts ids and times into a text.
fn filled(text: &str, day: &str) -> String {
    let ids = Regex::new(r"\{([wtp]\d+|api)\}").expect("a pattern");
    let times = Regex::new(r"@(\d\d:\d\d:\d\d(?:\.\d+)?)").expect("a pattern");
    let text = ids.replace_all(text, |found: &Captures<'_>| id_of(&found[1], day));
    times.replace_all(&text, |found: &Captures<'_>| format!("{day}T{}+00:00", &found[1])).into()
}

/// `key=value` pairs; the last value is all that is left, when its key is one that ends the line.
fn pairs<'a>(mut rest: &'a str, last: &[&str]) -> BTreeMap<&'a str, &'a str> {
    let mut found = BTreeMap::new();
    while let Some((key, more)) = rest.trim_start().split_once('=') {
        let ends = last.contains(&key);
        let (value, more) =
            if ends { (more, "") } else { more.split_once(' ').unwrap_or((more, "")) };
        found.insert(key, value);
        rest = more;
    }
    found
}

fn at(day: &str, time: Option<&&str>) -> String {
    time.map_or(String::new(), |time| format!("{day} {time}+00"))
}

fn worker(line: &str, day: &str) -> Vec<String> {
    let (short, rest) = line.split_once(' ').expect("a worker and its columns");
    let of = pairs(rest, &["meta"]);
    let kind = if short == "api" { "api" } else { "NVIDIA GeForce RTX 4090" };
    let text = |key: &str, or: &str| of.get(key).map_or(or.to_string(), |v| filled(v, day));
    vec![
        id_of(short, day),
        kind.to_string(),
        at(day, of.get("created")),
        at(day, of.get("beat")),
        text("status", "active"),
        text("meta", "{}"),
    ]
}

fn task(line: &str, day: &str) -> Vec<String> {
    let (short, rest) = line.split_once(' ').expect("a task and its columns");
    let of = pairs(rest, &["error", "output"]);
    let text = |key: &str, or: &str| of.get(key).map_or(or.to_string(), |v| filled(v, day));
    vec![
        id_of(short, day),
        text("type", "wan_2_2_t2i"),
        text("status", "Queued").replace('_', " "),
        at(day, of.get("created")),
        of.get("worker").map_or(String::new(), |worker| id_of(worker, day)),
        at(day, of.get("started")),
        at(day, of.get("processed")),
        at(day, of.get("updated")),
        text("attempts", "0"),
        text("flag", "false"),
        text("output", ""),
        text("error", ""),
        "{}".to_string(),
    ]
}

/// Rows of one capture.
#[derive(Default)]
struct Rows {
    workers: Vec<Vec<String>>,
    tasks: Vec<Vec<String>>,
    logs: Vec<Vec<String>>,
}

impl Rows {
    /// `TIME SOURCE LEVEL MESSAGE [| METADATA]`; the source is `gpu#CYCLE`, `api[/TASK]`, `w1[/TASK]` or
    /// `edge:FUNCTION/TASK`.
    fn log(&mut self, line: &str, day: &str) {
        let mut parts = line.splitn(4, ' ');
        let mut part = || parts.next().expect("time, source, level, message");
        let (time, source, level, message) = (part(), part(), part(), part());
        let (message, metadata) = message.split_once(" | {").unwrap_or((message, "}"));
        let (source, task) = source.split_once('/').unwrap_or((source, ""));
        let (source, cycle) = source.split_once('#').unwrap_or((source, ""));
        let (kind, id, own) = match source.split_once(':') {
            Some((_, function)) => ("edge_function", function.to_string(), String::new()),
            None if source == "gpu" => ("orchestrator_gpu", "gpu-host".into(), String::new()),
            None if source == "api" => ("orchestrator_api", "api-host".into(), String::new()),
            None => ("worker", id_of(source, day), id_of(source, day)),
        };
        let number = self.logs.len() + 1;
        self.logs.push(vec![
            format!("00000000-0000-4000-9000-{number:012}"),
            at(day, Some(&time)),
            kind.to_string(),
            id,
            level.to_string(),
            filled(message, day),
            if task.is_empty() { String::new() } else { id_of(task, day) },
            own,
            cycle.to_string(),
            filled(&format!("{{{metadata}"), day),
        ]);
    }

    fn csv(&self) -> BTreeMap<String, String> {
        let table = |name: &str, head: &[&str], rows: &[Vec<String>]| {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(head).expect("in memory");
            rows.iter().for_each(|row| writer.write_record(row).expect("in memory"));
            let bytes = writer.into_inner().expect("in memory");
            (name.to_string(), String::from_utf8(bytes).expect("UTF-8"))
        };
        BTreeMap::from([
            table("workers", &WORKERS, &self.workers),
            table("tasks", &TASKS, &self.tasks),
            table("system_logs", &LOGS, &self.logs),
        ])
    }
}
