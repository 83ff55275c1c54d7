//! What is personal and what is not, position by position; what must hold for any text.

use std::sync::LazyLock;

use proptest::prelude::*;

use crate::model::token::{end, without_digits};
use crate::redact::Redactor;
use crate::redact::any_text::{json_of, skeleton};
use crate::redact::policy::Policy;
use crate::redact::role::Role;

const USER: &str = "8ed10ffe-1111-4222-8333-944455556666";
const TASK: &str = "11111111-2222-4333-8444-555555555555";

const ROLES: [Role; 10] = [
    Role::Plain,
    Role::Prose,
    Role::Parameters,
    Role::Details,
    Role::Location,
    Role::Output,
    Role::Person,
    Role::Owner,
    Role::Project,
    Role::Private,
];

/// Made once: its search costs more to build than all the texts of a test to read.
fn redactor(policy: Policy) -> &'static Redactor {
    static STANDARD: LazyLock<Redactor> =
        LazyLock::new(|| Redactor::new(Policy::Standard, &[7; 32]));
    static STRICT: LazyLock<Redactor> = LazyLock::new(|| Redactor::new(Policy::Strict, &[7; 32]));
    if policy == Policy::Strict { &STRICT } else { &STANDARD }
}

/// After redaction, with `U` and `T` for the user and the task, and tokens as their kinds.
fn kinds(role: Role, text: &str) -> String {
    let text = text.replace("{U}", USER).replace("{T}", TASK);
    let redactor = redactor(Policy::Standard);
    let got = redactor.value(role, &text).into_owned();
    assert_eq!(redactor.value(role, &got), got, "redacting twice changes nothing");
    let (mut out, mut at) = (String::new(), 0);
    while let Some(char) = got[at..].chars().next() {
        let token = end(&got, at);
        out.push_str(match token {
            Some(_) => got[at..].split('-').next().unwrap_or_default(),
            None => &got[at..at + char.len_utf8()],
        });
        out.push_str(if token.is_some() { "~" } else { "" });
        at = token.unwrap_or(at + char.len_utf8());
    }
    out.replace(USER, "{U}").replace(TASK, "{T}")
}

#[test]
fn a_column_of_somebody_is_hidden_where_it_is_an_id() {
    assert!(kinds(Role::Owner, USER).starts_with("~user"));
    assert_eq!(kinds(Role::Owner, "service"), "service");
    assert_eq!(kinds(Role::Owner, ""), "");
}

#[test]
fn people_are_found_by_their_position() {
    for (text, want) in [
        ("   • User {U}: 1 queued", "   • User ~user~: 1 queued"),
        ("| user: {U} | created: 09:57", "| user: ~user~ | created: 09:57"),
        ("User(id=UUID('{U}'))", "User(id=UUID('~user~'))"),
        ("user with id {U} of task {T}", "user with id ~user~ of task {T}"),
        ("Key (user_id)=({U}) already exists", "Key (user_id)=(~user~) already exists"),
        ("url '/rest/v1/projects?user_id=eq.{U}'", "url '/rest/v1/projects?user_id=eq.~user~'"),
        (r#"{"request": "/x?user_id=eq.{U}"}"#, r#"{"request": "/x?user_id=eq.~user~"}"#),
        ("user_id=in.({U},{U}) owner=eq.{U}", "user_id=in.(~user~,~user~) owner=eq.~user~"),
        (
            "https://abc.supabase.co/rest/v1/projects?user_id=eq.{U}&n=1",
            "https://abc.supabase.co/rest/v1/projects?user_id=eq.~user~&n=1",
        ),
        ("user_id=auth0|77, x", "user_id=~user~, x"),
        ("{'user_id': (b'77', 'x')}", "{'user_id': (b'~user~', '~user~')}"),
        ("at {U} by user {U}", "at ~user~ by user ~user~"),
        ("{'userId': '{U}', 'task_id': '{T}'}", "{'userId': '~user~', 'task_id': '{T}'}"),
        ("path {U}/tasks/{T}/a.png", "path ~user~/tasks/{T}/~file~.png"),
        ("mail <a.b@c.example.com>.", "mail <~email~>."),
        ("ssh 10.1.2.3:22 ok", "ssh ~ip~:22 ok"),
        ("http://10.1.2.3:8080/health", "http://~ip~:8080/health"),
        (r"C:\Users\jane\x", r"C:\Users\~user~\x"),
        ("ssh root@\u{1b}[1m10.1.2.3\u{1b}[0m", "ssh root@\u{1b}[1m~ip~\u{1b}[0m"),
        (r"\x1b[32m10.1.2.3\x1b[0m:22", r"\x1b[32m~ip~\x1b[0m:22"),
        (r"\u001b[32m10.1.2.3", r"\u001b[32m~ip~"),
        ("http%3A%2F%2F10.1.2.3%3A8188 to%20203.0.1.2", "http%3A%2F%2F~ip~%3A8188 to%20~ip~"),
        (r#"{"user": {"id": "{U}"}}"#, r#"{"user": {"id": "~user~"}}"#),
        (r#"{"users":[{"role":"x","id":"{U}"}]}"#, r#"{"users":[{"role":"x","id":"~user~"}]}"#),
        (
            r#"{"created_by":{"id":"{U}"},"id":"{T}"}"#,
            r#"{"created_by":{"id":"~user~"},"id":"{T}"}"#,
        ),
        ("{'owner': {'uuid': '{U}', 'task': '{T}'}", "{'owner': {'uuid': '~user~', 'task': '{T}'}"),
        (r#"cut {\"user\": {\"id\": \"{U}"#, r#"cut {\"user\": {\"id\": \"~user~"#),
        ("User `{U}`: 3 tasks", "User `~user~`: 3 tasks"),
        (r"User\t{U} user-{U}", r"User\t~user~ user-~user~"),
        ("GET /rest/v1/users?id=eq.{U}", "GET /rest/v1/users?id=eq.~user~"),
        (
            "https://abc.supabase.co/rest/v1/users?select=id&id=eq.{U}",
            "https://abc.supabase.co/rest/v1/users?select=~text~&id=eq.~user~",
        ),
        (r#"{"e": "a\u0040b.example.com"}"#, r#"{"e": "~email~"}"#),
        (
            r#"{"t":"Cloning:\nhttps://h.example/anna.png\ngs://b/anna.png\nhttps://h.example/anna.png"}"#,
            r#"{"t":"Cloning:\nhttps://h.example/~file~.png\ngs://b/~file~.png\nhttps://h.example/~file~.png"}"#,
        ),
        ("\x1b[34mhttps://h.example/anna.png", "\x1b[34mhttps://h.example/~file~.png"),
        ("url%3Dhttps://h.example/anna.png", "url%3Dhttps://h.example/~file~.png"),
        ("logs://h/anna", "logs://h/anna"),
        (r#"{"pr\u006fmpt": "a cat"}"#, r#"{"pr\u006fmpt": "~text~"}"#),
    ] {
        assert_eq!(kinds(Role::Prose, text), want, "{text}");
    }
}

#[test]
fn prompts_are_hidden_to_their_end() {
    for (text, want) in [
        ("Prompt: a cat\nuser: x", "Prompt: ~text~"),
        ("Modified prompt from 'it's' to 'so it's'", "Modified prompt from '~text~' to '~text~'"),
        ("Using prompt 'a 'b' c' now", "Using prompt '~text~' now"),
        ("f(prompt='a, b', seed=3)", "f(prompt='~text~', seed=3)"),
        ("prompt=a cat, seed=3", "prompt=~text~, seed=3"),
        ("prompt=a+cat&seed=3", "prompt=~text~&seed=3"),
        (r#"{"prompt": "a cat"#, r#"{"prompt": "~text~"#),
        (r#"x {\"prompt\": \"a \\\"b\\\"\", \"n\": 3}"#, r#"x {\"prompt\": \"~text~\", \"n\": 3}"#),
        (
            "{'prompts': ['a', ('b', {'c': 'd'})]}",
            "{'prompts': ['~text~', ('~text~', {'c': '~text~'})]}",
        ),
        (r"b'{\'prompt\': \'caf\\xc3\\xa9\'}'", r"b'{\'prompt\': \'~text~\'}'"),
    ] {
        assert_eq!(kinds(Role::Prose, text), want, "{text}");
    }
}

#[test]
fn names_of_files_end_with_their_quotes() {
    for (text, want) in [
        (
            r#"{"error": "cannot open \"/inputs/anna_x.png\""}"#,
            r#"{"error": "cannot open \"/inputs/~file~.png\""}"#,
        ),
        (r#"{"detail":"saved \"anna x.png\""}"#, r#"{"detail":"saved \"~file~.png\""}"#),
        (r#"path=\"/tmp/anna.mp4\" failed"#, r#"path=\"/tmp/~file~.mp4\" failed"#),
        (r#"in a \\\"b/anna x.png\\\""#, r#"in a \\\"b/~file~.png\\\""#),
        (r"got \'anna.png\' y", r"got \'~file~.png\' y"),
        (r#""my anna file.webp""#, r#""~file~.webp""#),
        ("“anna.png” and anna.png:12", "“~file~.png” and ~file~.png:12"),
        (r"anna.png\nnext, anna.jpg?w=1", r"~file~.png\nnext, ~file~.jpg?w=1"),
        (r"C:\inputs\anna.png", "~file~.png"),
    ] {
        assert_eq!(kinds(Role::Prose, text), want, "{text}");
        assert_eq!(kinds(Role::Details, text), want, "{text}");
    }
}

#[test]
fn documents_are_read_by_their_keys() {
    for (text, want) in [
        (
            r#"{"seed": 5, "prompt": "a", "resolution": "902x508", "tool_type": "travel-between"}"#,
            r#"{"seed": 5, "prompt": "~text~", "resolution": "902x508", "tool_type": "travel-between"}"#,
        ),
        (
            r#"{"orchestrator_details": {"run_id": "2026", "mode": "x", "n": 3, "orchestrator_task_id": "{T}"}}"#,
            r#"{"orchestrator_details": {"run_id": "2026", "mode": "~text~", "n": 3, "orchestrator_task_id": "{T}"}}"#,
        ),
        (
            r#"{"source_task_id": "{T}", "created_from": "task_completion", "note": "to Jane"}"#,
            r#"{"source_task_id": "{T}", "created_from": "task_completion", "note": "~text~"}"#,
        ),
        (
            r#"{"loras": [{"path": "https://hf.example/jane/x.safetensors", "scale": 1.0}]}"#,
            r#"{"loras": [{"path": "https://hf.example/~file~/~file~.safetensors", "scale": 1.0}]}"#,
        ),
        (
            r#"{"skip_generation": true, "based_on": null}"#,
            r#"{"skip_generation": true, "based_on": null}"#,
        ),
    ] {
        assert_eq!(kinds(Role::Parameters, text), want, "{text}");
    }
    let strict = redactor(Policy::Strict);
    let text = r#"{"seed": 5, "num_frames": 81, "x": ["a", true], "model_name": "wan", "clip_list": [{"url": "u"}]}"#;
    assert_eq!(
        without_digits(&strict.value(Role::Parameters, text), "~"),
        r#"{"seed": null, "num_frames": 81, "x": ["~", null], "model_name": "wan", "clip_list": [{"url": "~"}]}"#
    );
}

#[test]
fn requests_are_read_as_such_in_a_sentence() {
    for (text, want) in [
        ("Task params: {'note': 'to Jane', 'n': 3}", "Task params: {'note': '~text~', 'n': 3}"),
        ("params={'note': 'to Jane'}", "params={'note': '~text~'}"),
        (r#"parameters = {"note": "to Jane"}"#, r#"parameters = {"note": "~text~"}"#),
        ("Submitting with params {'note': 'to Jane'}", "Submitting with params {'note': '~text~'}"),
        ("'params': {'note': 'to Jane'}", "'params': {'note': '~text~'}"),
        ("Task(id='a', params={'note': 'to Jane'})", "Task(id='a', params={'note': '~text~'})"),
        ("orchestrator_details={'mode': 'x'}", "orchestrator_details={'mode': '~text~'}"),
        ("params: {name}, params[0] and (params)", "params: {name}, params[0] and (params)"),
        ("metrics: {'note': 'to Jane'}", "metrics: {'note': 'to Jane'}"),
        (
            "truncated because CLIP can only handle sequences up to 77 tokens: ['a cat, in a hat']",
            "truncated because CLIP can only handle sequences up to 77 tokens: ['~text~']",
        ),
        (
            r#"{"error": "prompt \"a cat\" rejected", "n": 1}"#,
            r#"{"error": "prompt \"~text~\" rejected", "n": 1}"#,
        ),
    ] {
        assert_eq!(kinds(Role::Prose, text), want, "{text}");
    }
}

#[test]
fn near_misses_are_left_alone() {
    for text in [
        "gpu-20251103_140000-da36e0d6 claimed task {T} (pod j214u4jk844syn)",
        "   1. 1a2b3c4d... | wan_2_2_i2v               | worker: gpu-20260101_000000-0a1b2c3d | started: 12:34:56",
        "Users at concurrency limit (≥5): 1",
        "🔍 EDGE_FUNCTION_DEBUG User totals: 0 queued, 0 in progress",
        "Reset stale task IDs: ['{T}', '{T}']",
        "HEADLESS: Found task of type: single_image, Project ID: {T}",
        "QUEUE: Task submitted: {T} (model: wan_2_2_vace_lightning_baseline_2_2_2, priority: 0)",
        "Cycle completed: {'workers_promoted': 0, 'tasks_reset': 0}",
        "Wavespeed API request to https://api.wavespeed.ai/api/v3/wavespeed-ai/qwen-image/edit-lora",
        "Attempting to mark task {T} complete via https://abc.supabase.co/functions/v1/complete_task",
        "GET https://abc.supabase.co/rest/v1/tasks?id=eq.{T}&status=eq.Queued&limit=10",
        "  File \"/app/gpu_orchestrator/main.py\", line 12, in users\n    raise ValueError",
        "RAM 16.33GB of 503.5GB, torch 2.5.1, driver 535.104.05, v1.2.3.4",
        "listening on 127.0.0.1:8000 and 0.0.0.0:80",
        "prompt_enhancer is on, max_prompt_length is 3, promptly",
        "VRAM: 15490/24564 MB (63.1%)",
        "mfs#eu-ro-1.runpod.net:9421  671T  507T  165T  76% /workspace",
        "git@github.com:org/repo and model@2.1",
        "File saved under outputs/{T}/frames",
        r#"{"lineno": 114, "module": "m", "funcName": "f", "pathname": "/app/m.py", "threadName": "MainThread"}"#,
        r#"{"worker_id": "gpu-1", "run_type": "api", "task_type": "t", "project_id": "{T}"}"#,
        "{'user_id': None, 'email': '', 'prompt': None}",
        "{'user_id': (True,), 'userId': 77}",
        "user: {name}, user_id={user_id}, for user in users: {users}",
        "done with user. {T} claimed; users {'task': '{T}'}, users?status=eq.x&id={T}",
        "[v1.2.3.4] \u{1b}[1m2.5.1\u{1b}[0m, x1.2.3.4, 50% 1.2",
        "no .png: found, and .png\\n",
        "",
    ] {
        let text = text.replace("{T}", TASK);
        for role in [Role::Plain, Role::Prose] {
            let redactor = redactor(Policy::Standard);
            let got = redactor.value(role, &text);
            assert_eq!(got, text, "{role:?}");
        }
    }
}

#[test]
fn tokens_depend_on_the_key_and_not_on_the_policy() {
    let text = format!("user {USER}: a@b.example.com");
    let of = |policy, key| Redactor::new(policy, &[key; 32]).text(&text).into_owned();
    assert_eq!(of(Policy::Standard, 1), of(Policy::Strict, 1));
    assert_ne!(of(Policy::Standard, 1), of(Policy::Standard, 2));
    assert_eq!(of(Policy::None, 1), text);
}

#[test]
fn hostile_repetition_stays_linear() {
    let redactor = redactor(Policy::Strict);
    for part in [
        "user: ",
        "user_id=",
        "a@b.c",
        "%40",
        "http://a/",
        "https:\\/\\/a",
        "prompt",
        "prompt: ",
        "prompt='",
        "prompt=a, ",
        "prompt \"",
        "'prompt': '",
        "\\\"prompt\\\": \\\"",
        "{'prompt': ['",
        "[[",
        "{\"a\":",
        "(('",
        "{\\\"",
        ".png",
        "/tasks/",
        "x/image_uploads/",
        "1.1.",
        "base64,A",
        "storage as ",
        "/home/",
        r"\users\",
        "\"url\": \"",
        "'path':'a/b.png',",
        "~user-0123456789abcdef~",
        "8ed10ffe-",
        "\\u00",
        "<redacted:token>",
        "https://h/?a=<redacted:token>&",
        "/x.png",
        "http://localhost/",
        ".png:",
        ".png\\",
        ".png\\\"",
        "user {",
        "\"user\": {",
        "users?id=eq.",
        "%201.1",
    ] {
        let text = part.repeat((1 << 20) / part.len());
        for role in [Role::Prose, Role::Parameters, Role::Details, Role::Output] {
            let began = std::time::Instant::now();
            let _length = redactor.value(role, &text).len();
            assert!(
                began.elapsed().as_secs() < 20,
                "{part} as {role:?} took {:?}",
                began.elapsed()
            );
        }
    }
}

/// What texts are made of.
const PIECES: &[&str] = &[
    "user",
    "_id",
    ": ",
    "=",
    "'",
    "\"",
    "\\",
    "\\\"",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ",",
    " ",
    "\n",
    "prompt",
    "Prompt: ",
    "from '",
    "' to '",
    "@",
    "a@b.example.com",
    "%40",
    "https://",
    "users?id=eq.",
    "\u{1b}[1m",
    "%20",
    "user\": {\"id\": \"",
    "”",
    "http://h/a b",
    "://",
    "/",
    "tasks/",
    "image_uploads/",
    ".png",
    "x.mp4",
    "~",
    "~user-0123456789abcdef~",
    "<redacted:token>",
    "token",
    "password",
    "{'prompt': 'x",
    "\"url\": ",
    "10.1.2.3",
    "1.2",
    "?a=b&c",
    "base64,",
    "storage as ",
    " (type:",
    "/home/jane/",
    r"\Users\jane\",
    "\\u0040",
    "\\n",
    "é",
    "b'",
    "orchestrator_details",
    "params",
    "data:",
    USER,
    TASK,
    "null",
    "true",
    "5",
];

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(PIECES).prop_map(|piece| (*piece).to_string()),
        "\\PC{0,3}",
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_can_be_redacted_twice(text in pieces()) {
        for policy in [Policy::Standard, Policy::Strict] {
            let redactor = redactor(policy);
            for role in ROLES {
                let once = redactor.value(role, &text).into_owned();
                prop_assert_eq!(&redactor.value(role, &once), &once, "{:?} of {}", role, text);
            }
        }
    }

    #[test]
    fn json_stays_json(value in json_of(pieces)) {
        let text = value.to_string();
        for role in [Role::Prose, Role::Parameters, Role::Details, Role::Output] {
            let got = redactor(Policy::Standard).value(role, &text).into_owned();
            let is_json = serde_json::from_str::<serde_json::Value>(&got).is_ok();
            prop_assert!(is_json, "{text} became {got}");
            prop_assert_eq!(skeleton(&got), skeleton(&text));
            let got = redactor(Policy::Strict).value(role, &text).into_owned();
            let is_json = serde_json::from_str::<serde_json::Value>(&got).is_ok();
            prop_assert!(is_json, "{text} became {got}");
        }
    }
}
