//! What Python printed, Python can still read.

use std::io::Write;
use std::process::{Command, Stdio};

use backstory::redact::Redactor;
use backstory::redact::policy::Policy;

use crate::support::skipped;

/// Prints reprs of dicts with hostile strings; given them back, compares their shape.
const SCRIPT: &str = r#"
import ast, json, random, sys
random.seed(7)
WORDS = ["it's", 'a "b"', "back\\slash", "line\nend", "\x00\x7f", "é🦀", "a@b.example.com", "prompt: x",
         "https://h.example.com/a/b.png?c=d", "user_id=8ed10ffe-1111-4222-8333-944455556666", "/tmp/x.mp4",
         "{'prompt': 'x'}", '{"url": "y"}', "10.1.2.3", "", "plain", "Modified prompt from 'a' to 'b'"]
KEYS = ["prompt", "user_id", "url", "image", "loras", "x", "email", "it's", "orchestrator_details"]
def value(depth):
    kind = random.randrange(8 if depth else 4)
    text = "".join(random.choices(WORDS, k=random.randrange(1, 4)))
    if kind < 3: return text
    if kind == 3: return random.choice([1, 2.5, None, True, text.encode()])
    if kind == 4: return tuple(value(depth - 1) for _ in range(random.randrange(3)))
    if kind == 5: return [value(depth - 1) for _ in range(random.randrange(3))]
    return {random.choice(KEYS): value(depth - 1) for _ in range(random.randrange(4))}
def shape(x):
    if isinstance(x, dict): return ["dict"] + [shape(v) for v in x.values()]
    if isinstance(x, (list, tuple)): return [type(x).__name__] + [shape(v) for v in x]
    return type(x).__name__
made = [{"prompt": value(3), "x": value(3)} for _ in range(400)]
if sys.argv[1] == "make":
    print(json.dumps([repr(x) for x in made]))
else:
    for before, text in zip(made, json.load(sys.stdin), strict=True):
        assert shape(ast.literal_eval(text)) == shape(before), (before, text)
    print("same")
"#;

fn python(argument: &str, input: &str) -> Option<String> {
    let mut child = Command::new("python3")
        .args(["-c", SCRIPT, argument])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take().expect("a pipe");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || drop(stdin.write_all(input.as_bytes())));
        child.wait_with_output().expect("python ends")
    });
    assert!(output.status.success(), "python3 {argument} failed; see above");
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn a_python_repr_is_still_one() {
    let Some(made) = python("make", "") else {
        skipped("there is no python3 (nobody can tell whether reprs are still reprs)");
        return;
    };
    let redactor = Redactor::new(Policy::Standard, &[7; 32]);
    let reprs: Vec<String> = serde_json::from_str(&made).expect("JSON");
    let redact = |repr: &String| {
        let line = format!("Request payload: {repr}");
        let redacted = redactor.text(&line).into_owned();
        redacted.strip_prefix("Request payload: ").expect("the same head").to_string()
    };
    let redacted: Vec<String> = reprs.iter().map(redact).collect();
    assert_ne!(reprs, redacted);
    let input = serde_json::to_string(&redacted).expect("JSON");
    assert_eq!(python("compare", &input).as_deref().map(str::trim), Some("same"));
}
