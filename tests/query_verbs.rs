//! `query`: the catalogue one question at a time, and questions of a user's own.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use backstory::findings::catalogue;
use rayon::prelude::*;
use serde_json::Value;

use crate::support::files::sql_files;
use crate::support::replayed::{Bench, case};

const KILLED: &str = "worker_killed_while_healthy";

/// A question of a user's own, with its cases.
const OWN: &str = r#"--! id        = "task_waits"
--! title     = "A task waits"
--! severity  = "low"
--! question  = "Which tasks are still queued when the evidence ends?"
--! reads     = ["task_states", "tasks"]
--! grain     = ["subject_id"]
--! params    = { attempts_max = 3 }
--! incidents = []
--! innocent  = "It was only just created."
--! remedy    = "Wait."
--! guide     = "Look at the queue."
with queued as (
    -- still so at the end
    select task_id, entered_at, entered_event_id
    from task_states
    where state = 'queued' and left_at is null
)

select
    'task' as subject_kind, queued.task_id as subject_id, queued.entered_at as happened_at,
    'probable' as verdict, 'it waits' as summary, [queued.entered_event_id] as evidence,
    tasks.attempts, [queued.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from queued
join tasks on tasks.id = queued.task_id
where tasks.attempts < $attempts_max
order by happened_at, subject_id
"#;
const FIRES: &str = "# fires: nobody claimed it\non 2026-01-12\ntask t1 created=09:00:00 attempts=2\n\
    > probable t1 09:00:00: it waits\n> by task_created 09:00:00\n\
    > with attempts = 2, affected_tasks = [t1]\n";
const SILENT: &str = "# near: it was tried three times\non 2026-01-12\ntask t1 created=09:00:00 attempts=3\n\n\
    # near: somebody works on it\non 2026-01-12\nworker w1 created=09:00:00 beat=09:50:10\n\
    task t1 status=In_Progress created=09:40:00 worker=w1 started=09:49:00 updated=09:49:00\n";

/// A folder with the question and its cases.
fn own(bench: &Bench, sql: &str, fires: &str, silent: &str) -> PathBuf {
    let theme = bench.path("questions");
    let cases = theme.join("task_waits");
    fs::create_dir_all(&cases).expect("a folder");
    fs::write(theme.join("task_waits.sql"), sql).expect("a file");
    fs::write(cases.join("fires.txt"), fires).expect("a file");
    fs::write(cases.join("silent.txt"), silent).expect("a file");
    theme
}

/// Runs `query` where no snapshot is asked.
fn query(bench: &Bench, args: &[&str]) -> crate::support::run::Ran {
    crate::support::run::backstory(&bench.path("config"), &[&["query"], args].concat())
}

#[test]
fn a_question_of_ones_own_is_held_to_the_same_rules() {
    let bench = Bench::new();
    let checked = |sql: &str, fires: &str, silent: &str| {
        let file = own(&bench, sql, fires, silent).join("task_waits.sql");
        let ran = query(&bench, &["check", file.to_str().expect("UTF-8"), "--mutate"]);
        (ran.code, ran.stdout + &ran.stderr)
    };
    let (code, said) = checked(OWN, FIRES, SILENT);
    assert_eq!(code, 1, "{said}");
    let unnoticed: Vec<&str> =
        said.lines().filter(|line| line.contains("no case notices")).collect();
    assert_eq!(unnoticed.len(), 1, "every row of a task's state has its task: {said}");
    assert!(unnoticed[0].contains("join -> left join"), "{said}");
    let excused = OWN
        .replace("join tasks on", "-- equivalent: join, every state is of a task\njoin tasks on");
    let (code, said) = checked(&excused, FIRES, SILENT);
    assert!(code == 0 && said.contains("in order; 3 of 3 cases"), "{said}");
    for (sql, fires, silent, part) in [
        (OWN.replace("< $attempts_max", "< 3"), FIRES, SILENT, "where does 3 come from?"),
        (OWN.replace("'probable'", "'sure'"), FIRES, SILENT, "unknown verdict `sure`"),
        (OWN.replace("lost_worker_s", "lost"), FIRES, SILENT, "lost_worker_s"),
        (OWN.replace("'task' as", "'frog' as"), FIRES, SILENT, "no kind of subject"),
        (OWN.replace("is null", "is not null"), FIRES, SILENT, "something should be"),
        (OWN.to_string(), FIRES, FIRES, "nothing should be"),
        (OWN.to_string(), "", SILENT, "it has no case in"),
        (OWN.to_string(), "# x\non 2026-01-12\nfrog\n", SILENT, "what is `frog`?"),
        (OWN.replace("\"task_waits\"", "\"other\""), FIRES, SILENT, "file and id must agree"),
        (OWN.replace("from queued", "from nowhere"), FIRES, SILENT, "nowhere"),
        (OWN.replace("[\"task_states\"", "[\"frogs\""), FIRES, SILENT, "which is no table"),
        (OWN.replace("severity  =", "sverity ="), FIRES, SILENT, "unknown field `sverity`"),
        ("select 1\n".to_string(), FIRES, SILENT, "it must begin with lines of `--! key"),
        (OWN.to_string(), "# x\non 2026-01-12\n\nlog 25:00:00 gpu INFO a\n", SILENT, "line 4, in"),
        (OWN.to_string(), "# x\non 2026-99-99\n", SILENT, "line 2, in case `x`"),
    ] {
        let (code, said) = checked(&sql, fires, silent);
        assert!(code == 1 && said.contains(part), "{code}: `{part}` is not in: {said}");
    }
    let none = query(&bench, &["check", "/nowhere/frog.sql"]);
    assert_eq!(none.code, 2, "{}", none.stderr);
}

#[test]
fn a_question_without_cases_is_asked_of_no_rows() {
    let bench = Bench::new();
    let file = bench.path("task_waits.sql");
    let path = file.to_str().expect("UTF-8");
    let checked = |sql: &str, more: &[&str]| {
        fs::write(&file, sql).expect("a file");
        let ran = query(&bench, &[&["check", path], more].concat());
        assert_eq!(ran.code, 1, "it has no case: {}{}", ran.stdout, ran.stderr);
        ran.stdout
    };
    assert_eq!(checked(OWN, &[]).lines().count(), 3, "only its cases are missing");
    let endless = "with recursive n as (select 1 as n union all select n + 1 from n)\n\
        select 'task' as subject_kind, max(n)::varchar as subject_id from n";
    let endless = format!("{}{endless}", &OWN[..OWN.find("with queued").expect("SQL")]);
    for (sql, part) in [
        (OWN.replace("order by happened_at", "order happened_at"), "not valid SQL"),
        (OWN.replace("from queued", "from nowhere"), "nowhere"),
        (OWN.replace("tasks.attempts,", "tasks.frogs,"), "frogs"),
        (OWN.replace("as lost_worker_s", "as lost"), "must return lost_worker_s"),
        (OWN.replace("[\"subject_id\"]", "[\"frog\"]"), "without the column `frog` of its grain"),
        (OWN.replace("[\"task_states\"", "[\"frogs\""), "it reads `frogs`, which is no table"),
        (format!("{OWN};\nselect 1"), "2 statements were given"),
        (format!("{}drop table tasks", &OWN[..OWN.find("with").expect("SQL")]), "refused"),
        (endless.replace("attempts_max = 3", ""), "was stopped after 1 s"),
    ] {
        let said = checked(&sql, &["--timeout", "1"]);
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
    fs::write(&file, OWN).expect("a file");
    let ours = bench.path("task_missing_generation.sql");
    let sql = catalogue::all().expect("good headers");
    let sql =
        sql.iter().find(|query| query.header.id == "task_missing_generation").expect("a query");
    fs::write(&ours, &sql.sql).expect("a file");
    let ours = ours.to_str().expect("UTF-8");
    let said = query(&bench, &["check", ours, path, "--format", "json"]);
    assert_eq!(said.code, 1, "{}", said.stderr);
    let said: Value = serde_json::from_str(&said.stdout).expect("one document");
    let files = said["files"].as_array().expect("a list");
    assert_eq!((files.len(), &files[1]["path"]), (2, &Value::from(path)));
    let problems = files[0]["problems"].to_string();
    assert!(problems.contains("is that of a query of backstory's own"), "{problems}");
}

#[test]
fn nobody_waits_for_a_pipe() {
    let bench = Bench::new();
    bench.replayed(&case(KILLED), "s");
    let dir = own(&bench, OWN, FIRES, SILENT);
    let pipe = dir.join("pipe.sql");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo starts");
    assert!(made.success());
    let listed = query(&bench, &["list", "--queries", dir.to_str().expect("UTF-8")]).ok();
    assert!(listed.contains("task_waits") && !listed.contains("pipe"), "{listed}");
    let ran = query(&bench, &["check", pipe.to_str().expect("UTF-8")]);
    assert!(ran.code == 2 && ran.stderr.contains("not a regular file"), "{}", ran.stderr);
}

#[test]
fn a_question_of_ones_own_is_asked_beside_ours() {
    let bench = Bench::new();
    bench.replayed(&case(KILLED), "s");
    let dir = own(&bench, OWN, FIRES, SILENT);
    let dir = dir.to_str().expect("UTF-8");
    let args = ["--queries", dir, "--only", "task_waits", "--format", "json"];
    let said: Value = serde_json::from_str(&bench.run("findings", "s", &args).ok()).expect("JSON");
    let found = said["findings"].as_array().expect("a list");
    assert_eq!(found.len(), 1, "t32 was put back and waits: {said}");
    let listed = query(&bench, &["list", "--queries", dir, "--format", "csv"]).ok();
    assert!(listed.contains("task_waits,questions,low,A task waits"), "{listed}");
    fs::copy(Path::new(dir).join("task_waits.sql"), Path::new(dir).join("task_waits2.sql"))
        .expect("a copy");
    let twice = bench.run("findings", "s", &["--queries", dir]);
    assert!(twice.code == 2 && twice.stderr.contains("file and id must agree"), "{}", twice.stderr);
    // a file that is not needed is not in the way
    fs::write(Path::new(dir).join("broken.sql"), "select 1\n").expect("a file");
    let broken = bench.run("findings", "s", &["--queries", dir]);
    assert!(
        broken.code == 5 && broken.stderr.contains("`findings --only ID`"),
        "{}",
        broken.stderr
    );
    bench.run("findings", "s", &args).ok();
    bench.run("findings", "s", &["--queries", dir, "--only", KILLED]).ok();
    assert_eq!(bench.run("findings", "s", &["--queries", dir, "--only", "broken"]).code, 5);
    let known = bench.path("known.toml");
    let of_ours = "[[suppress]]\nquery = \"task_waits\"\nsubject = \"*\"\nreason = \"r\"\nowner = \"o\"\n\
        expires = 2027-03-01\n";
    fs::write(&known, of_ours).expect("a file");
    let known = known.to_str().expect("UTF-8");
    let said = bench.run("findings", "s", &[&args[..], &["--suppress", known]].concat()).ok();
    let said: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(said["suppressed"].as_array().expect("a list").len(), 1, "{said}");
    let none = bench.run("findings", "s", &["--queries", "/nowhere"]);
    assert!(none.code == 2 && none.stderr.contains("/nowhere"), "{}", none.stderr);
}

/// Runs a form of `query` on a snapshot.
fn asked(bench: &Bench, form: &[&str], more: &[&str]) -> crate::support::run::Ran {
    let dir = bench.path("s");
    let at = ["--snapshot", dir.to_str().expect("UTF-8")];
    query(bench, &[form, &at, more].concat())
}

#[test]
fn parameters_of_ones_own_stand_in_for_the_headers() {
    let bench = Bench::new();
    bench.replayed(&case(KILLED), "s");
    let verdicts = |more: &[&str]| {
        let said = asked(&bench, &["run", KILLED], &[&["--format", "json"], more].concat()).ok();
        let said: Value = serde_json::from_str(&said).expect("JSON");
        let found = said["findings"].as_array().expect("a list").clone();
        found.iter().filter(|finding| finding["columns"]["rule"] == "ssh").count()
    };
    assert_eq!(verdicts(&[]), 3);
    assert_eq!(verdicts(&["--param", "beat_s=15"]), 1, "two last beats are older than 15 s");
    for (param, part) in [
        ("beats_s=15", "has no parameter `beats_s`"),
        ("beat_s", "not NAME=VALUE"),
        ("beat_s=soon", "cannot be `soon`"),
        ("beat_s=nan", "is a whole number"),
        ("beat_s=inf", "is a whole number"),
        ("beat_s=1e999", "is a whole number"),
        ("beat_s=15.5", "is a whole number"),
        ("beat_s=-5", "is a whole number from 0 on"),
    ] {
        let ran = asked(&bench, &["run", KILLED], &["--param", param]);
        assert!(ran.code == 2 && ran.stderr.contains(part), "{}", ran.stderr);
    }
    let twice = ["--param", "beat_s=15", "--param", "beat_s=16"];
    let twice = asked(&bench, &["run", KILLED], &twice);
    assert!(
        twice.code == 2 && twice.stderr.contains("`beat_s` is given twice"),
        "{}",
        twice.stderr
    );
    // a decimal stays one, and is a number
    let own = own(&bench, &OWN.replace("attempts_max = 3", "attempts_max = 3.0"), FIRES, SILENT);
    let own = own.join("task_waits.sql").display().to_string();
    for (value, code) in [("2.5", 0), ("-1", 0), ("nan", 2), ("inf", 2), ("1e999", 2)] {
        let ran = asked(&bench, &["run", &own], &["--param", &format!("attempts_max={value}")]);
        assert_eq!(ran.code, code, "{value}: {}", ran.stderr);
    }
}

#[test]
fn an_id_that_no_query_has_is_told_what_was_meant() {
    let bench = Bench::new();
    bench.replayed(&case(KILLED), "s");
    let mistyped = "worker_kiled_while_healthy";
    for ran in [
        asked(&bench, &["run", mistyped], &[]),
        asked(&bench, &["explain", mistyped, "x"], &[]),
        query(&bench, &["show", mistyped]),
        bench.run("findings", "s", &["--only", mistyped]),
    ] {
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("did you mean `{KILLED}`?")), "{}", ran.stderr);
        assert!(ran.stderr.contains("`backstory query list`"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("task_missing_generation"), "not all of them: {}", ran.stderr);
    }
    let frog = query(&bench, &["show", "frog"]);
    assert!(frog.code == 2 && !frog.stderr.contains("did you mean"), "{}", frog.stderr);
}

#[test]
fn why_a_question_did_not_fire_is_told_with_values() {
    let bench = Bench::new();
    bench.replayed(&case(KILLED), "s");
    let dir = own(&bench, OWN, FIRES, SILENT);
    let file = dir.join("task_waits.sql");
    let file = file.to_str().expect("UTF-8");
    let task = |n: u32| format!("00000000-0000-4000-8000-{n:012}");
    let told = |task: &str, more: &[&str]| asked(&bench, &["explain", file, task], more).ok();
    let waits = told(&task(32), &[]);
    assert!(
        waits.contains("is among the results") && waits.contains("summary = it waits"),
        "{waits}"
    );
    let done = told(&task(21), &[]);
    assert!(done.contains("is NOT among the results"), "{done}");
    let failed: Vec<&str> = done.lines().filter(|line| line.contains("FAILS")).collect();
    assert_eq!(failed.len(), 1, "it was queued once, and left: {done}");
    assert!(failed[0].contains("left_at is null"), "{done}");
    assert!(done.contains("left_at = 2026-01-05"), "the value is shown: {done}");
    let json: Value = serde_json::from_str(&told(&task(21), &["--format", "json"])).expect("JSON");
    assert_eq!(json["fired"], false);
    assert_eq!(json["steps"][0]["conditions"][1]["holds"], false);
    let excused = OWN.replace("is null\n", "is null -- equivalent: is null, so it is\n");
    let dir = own(&bench, &excused, FIRES, SILENT);
    let file = dir.join("task_waits.sql");
    let commented = asked(&bench, &["explain", file.to_str().expect("UTF-8"), &task(21)], &[]).ok();
    assert_eq!(commented, done, "a comment is no part of a condition");
}

#[test]
fn what_is_explained_must_be_there_and_of_the_questions_kind() {
    let bench = Bench::new();
    bench.replayed(&case(KILLED), "s");
    let worker = |n: u32| format!("gpu-20260105_090000-aaaaaaa{n}");
    let explained = |query: &str, id: &str| asked(&bench, &["explain", query, id], &[]);
    let whole = explained(KILLED, &worker(1)).ok();
    assert!(whole.starts_with(&format!("worker {} is among", worker(1))), "{whole}");
    for (query, id, parts) in [
        (KILLED, "gpu-frog", ["nothing here has the id `gpu-frog`", "did you mean"]),
        (KILLED, "gpu-2026", ["`gpu-2026` begins several ids", &worker(2)]),
        ("task_missing_generation", &worker(1), ["is about tasks", "another thing: worker"]),
        (KILLED, "00000000-0000-4000-8000-000000000021", ["is about workers", "thing: task"]),
        (KILLED, "00000000-0000-4000-8000-000000000", ["nothing here has the id", "did you mean"]),
    ] {
        let ran = explained(query, id);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{query} {id}: {}", ran.stderr);
        for part in parts {
            assert!(ran.stderr.contains(part), "`{part}` is not in: {}", ran.stderr);
        }
    }
    // the beginning of an id is enough where it begins no other
    let only = explained("task_missing_generation", "00000000-0000-4000-8000-00000000007").ok();
    assert!(only.starts_with("task 00000000-0000-4000-8000-000000000071 is NOT among"), "{only}");
    for id in bench.sql("s", "select run_id, source_id from runs").remove(0) {
        assert!(explained("run_restarted", &id).ok().contains("is NOT among"), "{id}");
    }
    let worker = explained("pod_orphaned", &worker(1)).ok();
    assert!(worker.contains("is NOT among"), "a pod without an id goes by its worker: {worker}");
}

/// A step that is kept by worker, in a question about tasks.
const BY_WORKER: &str = "\nwith lives as (\n    select worker_id, min(entered_at) as since from worker_states group by worker_id\n),\n\
    queued as (\n    select task_id, worker_id, claimed_at from task_attempts where outcome = 'complete'\n)\n";

#[test]
fn a_step_that_is_kept_by_another_id_is_followed() {
    let bench = Bench::new();
    bench.replayed(&case(KILLED), "s");
    let head = &OWN[..OWN.find("with queued").expect("SQL")];
    let sql = format!(
        "{head}{BY_WORKER}select 'task' as subject_kind, queued.task_id as subject_id, since as happened_at,\n\
         'probable' as verdict, 'it waits' as summary, ['tasks:' || queued.task_id] as evidence,\n\
         [queued.task_id] as affected_tasks, cast(null as double) as lost_worker_s\n\
         from queued join lives using (worker_id) where $attempts_max > 0\n"
    );
    let file = own(&bench, &sql, FIRES, SILENT).join("task_waits.sql");
    let told =
        |task: &str| asked(&bench, &["explain", file.to_str().expect("UTF-8"), task], &[]).ok();
    let said = told("00000000-0000-4000-8000-000000000031");
    let worker = "gpu-20260105_090000-aaaaaaa3";
    assert!(said.contains(&format!("lives, by its worker_id {worker}:")), "{said}");
    let said = told("00000000-0000-4000-8000-000000000032");
    assert!(said.contains("lives: kept by worker_id, and not by task"), "{said}");
}

#[test]
fn one_question_is_shown_with_its_sql() {
    let bench = Bench::new();
    let said = query(&bench, &["show", KILLED]).ok();
    for part in ["harmless?", "parameters   act_sure_s = 60", "with reinstated as (", "O1, O25"] {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
    let json: Value =
        serde_json::from_str(&query(&bench, &["show", KILLED, "--format", "json"]).ok())
            .expect("JSON");
    assert_eq!((json["id"].as_str(), json["theme"].as_str()), (Some(KILLED), Some("workers")));
}

/// The query files of the repository.
fn files() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
    let files = sql_files(Path::new("queries")).into_iter();
    files.map(|file| root.join(file).display().to_string()).collect()
}

#[test]
fn no_change_of_a_query_goes_unnoticed() {
    let mut files = files();
    assert_eq!(files.len(), catalogue::all().expect("good headers").len());
    // the longest takes longer than many others together: begun last, it would leave the other cores idle
    let length = |file: &String| fs::metadata(file).expect("a query file").len();
    files.sort_by_key(|file| Reverse(length(file)));
    let check = |file: &String| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backstory"));
        let args = ["query", "check", "--mutate", "--cases", "tests/queries", file];
        let command = command.current_dir(env!("CARGO_MANIFEST_DIR"));
        let ran = command.args(args).output().expect("it starts");
        (!ran.status.success()).then(|| {
            let said = String::from_utf8_lossy(&ran.stdout).into_owned();
            said + &String::from_utf8_lossy(&ran.stderr)
        })
    };
    let wrong: Vec<String> = files.par_iter().filter_map(check).collect();
    assert!(wrong.is_empty(), "{} of {} queries:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

#[test]
fn a_question_that_breaks_takes_no_other_answer_with_it() {
    let bench = Bench::new();
    bench.replayed(&case(KILLED), "s");
    // of each task that waits, evidence that no snapshot has
    let broken = OWN
        .replace("[queued.entered_event_id]", "['nothing:nowhere']")
        .replace("where state = 'queued' and left_at is null", "where entered_at is not null");
    let dir = own(&bench, &broken, FIRES, SILENT);
    let dir = dir.to_str().expect("UTF-8");
    let alone = bench.run("findings", "s", &["--format", "json"]).ok();
    let alone: serde_json::Value = serde_json::from_str(&alone).expect("JSON");
    let ran = bench.run("findings", "s", &["--queries", dir, "--format", "json"]);
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert!(ran.stderr.contains("task_waits"), "{}", ran.stderr);
    let made: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(made["failed"][0]["query"], "task_waits", "{made}");
    assert!(!alone["findings"].as_array().expect("findings").is_empty());
    assert_eq!((&made["findings"], &alone["failed"]), (&alone["findings"], &serde_json::json!([])));
    let text = bench.run("findings", "s", &["--queries", dir]);
    assert_eq!(text.code, 5);
    assert!(text.stdout.contains("NOT ANSWERED: task_waits"), "{}", text.stdout);
    let junit = bench.run("findings", "s", &["--queries", dir, "--format", "junit"]);
    assert!(junit.stdout.contains(" errors=\"1\""), "{}", junit.stdout);
}
