//! The policies of a snapshot: by name, one only, and what of it depends on the key.

use std::fs;

use crate::redact::canary::Cage;
use crate::redact::evidence::{tables, write_csv};
use crate::support::files::{walk, with_core};
use crate::support::replayed::{Bench, case};
use backstory::model::token::without_digits;

fn import(bench: &Bench, snapshot: &str, more: &[&str]) -> crate::support::run::Ran {
    let from = bench.path("from");
    bench.run("import", snapshot, &[&["--from", from.to_str().expect("UTF-8")], more].concat())
}

fn filled() -> Bench {
    let bench = Bench::new();
    write_csv(&tables(&mut Cage::default()), &bench.path("from"));
    bench
}

#[test]
fn the_policy_stands_in_the_manifest_and_another_is_refused() {
    let bench = filled();
    for (policy, args) in [
        ("standard", &[][..]),
        ("strict", &["--redact", "strict"][..]),
        ("none", &["--redact", "none"][..]),
    ] {
        import(&bench, policy, args).ok();
        let path = bench.path(policy).join("manifest.json");
        let manifest = fs::read_to_string(&path).expect("a manifest");
        let named = format!("\"policy\": \"{policy}\"");
        assert!(manifest.contains(&named), "{manifest}");
        let other = if policy == "none" { "standard" } else { "none" };
        let ran = import(&bench, policy, &["--redact", other]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        let said = format!("with the redaction policy `{policy}`, but this one is `{other}`");
        assert!(ran.stderr.contains(&said) && ran.stderr.contains("hint: "), "{}", ran.stderr);
        // what an older version wrote is read, and nothing is added to it
        let older = manifest.replace(&named, "\"policy\": \"secrets\"");
        let (older, _) = older.rsplit_once(",\n  \"checksum\"").expect("a checksum");
        fs::write(&path, format!("{older}\n}}\n")).expect("writable");
        bench.run("sql", policy, &["select count(*) from tasks"]).ok();
        let ran = import(&bench, policy, args);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("is that of an older version"), "{}", ran.stderr);
    }
    let ran = import(&bench, "other", &["--redact", "secrets"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}

#[test]
fn a_value_is_one_token_wherever_it_stands() {
    let bench = Bench::new();
    let user = "8ed10ffe-1111-4222-8333-944455556666";
    let task = "11111111-2222-4333-8444-555555555555";
    let storage = "https://abc.supabase.co/storage/v1/object/public/image_uploads";
    bench_tables(&bench, user, task, storage);
    import(&bench, "a", &[]).ok();
    let rows = bench.sql("a", "select message, metadata from system_logs order by id");
    let tasks = bench.sql("a", "select params, output_location, user_id, _output_class from tasks");
    let token = &tasks[0][2];
    assert!(token.starts_with("~user-"), "{token}");
    let prompt = rows[0][0].strip_prefix("Prompt: ").expect("a prompt");
    assert_eq!(rows[1][0], format!("   • User {token}: 1 queued, 0 in progress (under limit)"));
    assert_eq!(rows[1][1], format!(r#"{{"user_id": "{token}", "text": "of {token}"}}"#));
    assert_eq!(tasks[0][0], format!(r#"{{"prompt": "{prompt}", "source_task_id": "{task}"}}"#));
    let output = &tasks[0][1];
    assert!(output.starts_with(&format!("{storage}/{token}/tasks/{task}/~file-")), "{output}");
    assert!(output.ends_with("~.mp4"), "{output}");
    assert_eq!(tasks[0][3], "storage_url");
}

fn bench_tables(bench: &Bench, user: &str, task: &str, storage: &str) {
    let from = bench.path("from");
    fs::create_dir_all(&from).expect("a folder");
    let write = |name: &str, text: String| {
        let text = with_core(name.trim_end_matches(".csv"), &text);
        fs::write(from.join(name), text).expect("a file");
    };
    write(
        "system_logs.csv",
        format!(
            "id,timestamp,source_type,source_id,message,metadata\n\
             1,2026-01-05 09:00:00+00,orchestrator_api,a,Prompt: a cat in a hat,{{}}\n\
             2,2026-01-05 09:00:01+00,orchestrator_gpu,b,\"   • User {user}: 1 queued, 0 in progress (under limit)\",\
             \"{{\"\"user_id\"\": \"\"{user}\"\", \"\"text\"\": \"\"of {user}\"\"}}\"\n"
        ),
    );
    write("workers.csv", "id,status\nw1,active\n".to_string());
    write(
        "tasks.csv",
        format!(
            "id,status,params,output_location,user_id\n\
             {task},Complete,\"{{\"\"prompt\"\": \"\"a cat in a hat\"\", \"\"source_task_id\"\": \"\"{task}\"\"}}\",\
             {storage}/{user}/tasks/{task}/my film.mp4,{user}\n"
        ),
    );
}

#[test]
fn what_is_derived_depends_on_the_key_by_its_tokens_only() {
    for from in [filled().path("from"), case("task_missing_generation")] {
        let bench = Bench::new();
        let filled = filled();
        let from = if from.is_dir() { from } else { filled.path("from") };
        let from = from.to_str().expect("UTF-8");
        let mut texts = Vec::new();
        for name in ["a", "b"] {
            let key = bench.path(&format!("{name}.key"));
            let key = key.to_str().expect("UTF-8");
            bench.run("import", name, &["--from", from, "--redact-key-file", key]).ok();
            bench.run("replay", name, &[]).ok();
            texts.push(derived(&bench, name));
        }
        assert!(texts[0].len() > 10 && texts[0].iter().any(|(_, text)| text.len() > 100));
        let keyless = |texts: &[(String, String)]| -> Vec<(String, String)> {
            let of = |(name, text): &(String, String)| {
                (name.clone(), without_digits(text, "<token>").into_owned())
            };
            texts.iter().map(of).collect()
        };
        for (a, b) in keyless(&texts[0]).iter().zip(&keyless(&texts[1])) {
            assert_eq!(a, b);
        }
    }
}

/// Every derived table as text.
fn derived(bench: &Bench, snapshot: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    walk(&bench.path(snapshot).join("derived"), &mut files);
    let tables = files.iter().filter(|path| path.extension().is_some_and(|s| s == "parquet"));
    let name = |path: &std::path::PathBuf| {
        let folder = path.parent().and_then(|folder| folder.file_name());
        folder.expect("a folder").to_string_lossy().into_owned()
    };
    let mut names: Vec<String> = tables.map(name).collect();
    names.sort();
    let text = |name: String| {
        let query = format!("select * from {name}");
        let text = bench.run("sql", snapshot, &["--format", "csv", &query]).ok();
        (name, text)
    };
    names.into_iter().map(text).collect()
}
