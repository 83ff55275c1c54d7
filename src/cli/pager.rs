//! Text longer than the terminal goes through a pager.

use std::env;
use std::io::{self, Write};
use std::process::{Command, Stdio};

/// Without one named, `less`: it ends at once where all fits, keeps colours, and leaves the text there.
const LESS: [(&str, &str); 2] = [("LESS", "FRX"), ("LESSCHARSET", "utf-8")];

/// Shows a text in the pager; false where none can be started.
///
/// # Errors
/// When the pager cannot be waited for.
pub(super) fn shown(text: &[u8]) -> io::Result<bool> {
    let named = env::var("BACKSTORY_PAGER").or_else(|_| env::var("PAGER"));
    let command = named.unwrap_or_else(|_| "less".to_string());
    // as git does: `cat` and nothing at all mean none
    let mut words = command.split_whitespace();
    let Some(program) = words.next().filter(|program| *program != "cat") else { return Ok(false) };
    let mut pager = Command::new(program);
    pager.args(words).stdin(Stdio::piped());
    for (name, value) in LESS {
        if env::var_os(name).is_none() {
            pager.env(name, value);
        }
    }
    let Ok(mut running) = pager.spawn() else { return Ok(false) };
    if let Some(mut input) = running.stdin.take() {
        // who leaves the pager early has read enough
        drop(input.write_all(text));
    }
    running.wait()?;
    Ok(true)
}
