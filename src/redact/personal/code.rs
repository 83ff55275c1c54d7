//! Lines of a program that a traceback quotes: `for prompt in prompts:` names nothing that a person wrote, and what
//! follows is the error.

use crate::redact::scan::run;

/// Longer than a line of a program, and than the line before it that names its file.
const LINE_BYTES_MAX: usize = 512;

/// Whether the line around `at` is one that Python's traceback quotes: the line before it names a file and a line there,
/// and it stands further in. Where the program's text is not at hand, the error follows that line.
pub(super) fn is_quoted(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let Some(line) = begin(bytes, at) else { return false };
    let before = line - ending(&bytes[..line]);
    let Some(named) = begin(bytes, before) else { return false };
    let margin = |from: usize| run(bytes, from, |b| b == b' ' || b == b'\t');
    if margin(line) <= margin(named) {
        return false;
    }
    let file = &bytes[named + margin(named)..before];
    let names = file.strip_prefix(b"File ").is_some_and(|rest| matches!(rest, [b'"' | b'\\', ..]));
    names && file.windows(b", line ".len()).any(|there| there == b", line ")
}

/// Where the line begins in which `at` stands, behind a line end or what is written for it; `None` for one that is longer
/// than those that are looked at.
fn begin(bytes: &[u8], at: usize) -> Option<usize> {
    let near = at.saturating_sub(LINE_BYTES_MAX);
    (near..at + 1).rev().find(|at| ending(&bytes[..*at]) > 0).or((near == 0).then_some(0))
}

/// The length of the line end with which a text ends.
fn ending(bytes: &[u8]) -> usize {
    match bytes {
        [.., b'\r', b'\n'] | [.., b'\\', b'n'] => 2,
        [.., b'\n'] => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use crate::redact::tests::redact;

    #[test]
    fn a_traceback_keeps_its_lines_and_its_error() {
        for line in [
            "for prompt in prompts:",
            "for i, prompt in enumerate(prompts):",
            "if not prompt:",
            "if not caption:",
            "if not user_id:",
            "def encode(self, prompt: str, negative_prompt: str = None):",
            "return {prompt: self.encode(prompt) for prompt in prompts}",
        ] {
            for end in ["\n", "\r\n", "\\n"] {
                let text = format!(
                    "Traceback (most recent call last):{end}  File \"x.py\", line 3, in f{end}    {line}{end}\
                     ValueError: CUDA out of memory{end}"
                );
                assert_eq!(redact(&text), text);
            }
        }
        let text = "File \"x.py\", line 3, in f\n    f(prompt)\nValueError\nPrompt: a cat";
        assert!(!redact(text).contains("a cat"));
        for file in ["x.pyx", "<string>", "<frozen runpy>"] {
            let text = format!("  File \"{file}\", line 3, in f\nValueError: bad prompt: a cat");
            assert!(!redact(&text).contains("a cat"), "{file}");
        }
        let text = "in File x\nprompt: a cat";
        assert!(!redact(text).contains("a cat"));
    }
}
