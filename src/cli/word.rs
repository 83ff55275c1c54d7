//! A word that is looked for in a list of words.

use crate::cli::fault::{Fault, FaultKind};
use crate::model::alike::alike;

/// Words that are named where none is like the one that was written.
const NAMED_MAX: usize = 20;

/// The known word that one means, in any case of letters, as a sort of state may be written; another is refused.
pub(super) fn known(what: &str, word: &str, all: &[String]) -> Result<String, Fault> {
    let plain = word.trim().to_lowercase().replace([' ', '-'], "_");
    let meant = all.iter().find(|known| *known == word);
    let meant = meant.or_else(|| all.iter().find(|known| known.to_lowercase() == plain));
    match meant {
        Some(known) => Ok(known.clone()),
        None => refuse_unknown(what, word, all).map(|()| word.to_string()),
    }
}

/// Refuses a word that is none of the known ones: what it chooses would be nothing, and look like an answer.
pub(super) fn refuse_unknown(what: &str, word: &str, known: &[String]) -> Result<(), Fault> {
    if known.iter().any(|known| known == word) {
        return Ok(());
    }
    let fault = Fault::new(FaultKind::Usage, format!("there is no {what} `{word}`"));
    let like = alike(word, known.iter().map(String::as_str));
    Err(match (&like[..], known) {
        ([], []) => fault.hint(format!("there is no {what} here at all")),
        ([], known) => {
            let more = known.len().saturating_sub(NAMED_MAX);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            let named = known.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>();
            fault.hint(format!("there are: {}{more}", named.join(", ")))
        }
        ([..], _) => fault.hint(format!("did you mean `{}`?", like.join("` or `"))),
    })
}
