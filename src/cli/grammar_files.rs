//! The user's own grammar files: those of the configuration, and those named with `--grammar`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::fault::{Fault, FaultKind};
use crate::export::key::config_dir;
use crate::grammar::error::GrammarError;
use crate::grammar::matcher::Grammar;

/// The grammar compiled in, with every file of the user.
pub(super) fn grammar(named: &[PathBuf]) -> Result<Grammar, Fault> {
    Grammar::with(&borrowed(&texts(named)?)).map_err(fault)
}

/// The digest of that grammar, without reading what its files say.
pub(super) fn digest(named: &[PathBuf]) -> Result<String, Fault> {
    Ok(Grammar::digest_with(&borrowed(&texts(named)?)))
}

/// The user's files, by name and text.
fn texts(named: &[PathBuf]) -> Result<Vec<(String, String)>, Fault> {
    let mut texts = Vec::new();
    for path in configured()?.iter().chain(named) {
        texts.push((path.display().to_string(), read(path)?));
    }
    Ok(texts)
}

fn borrowed(texts: &[(String, String)]) -> Vec<(&str, &str)> {
    texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}

/// `*.toml` in `backstory/grammar` of the user's configuration, sorted.
fn configured() -> Result<Vec<PathBuf>, Fault> {
    let Some(folder) = config_dir().map(|config| config.join("grammar")) else {
        return Ok(Vec::new());
    };
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => return Err(unreadable(&folder, &err)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|err| unreadable(&folder, &err))?.path();
        if path.extension().is_some_and(|suffix| suffix == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The text of a grammar file.
pub(super) fn read(path: &Path) -> Result<String, Fault> {
    fs::read_to_string(path).map_err(|err| unreadable(path, &err))
}

fn unreadable(path: &Path, err: &io::Error) -> Fault {
    let text = format!("cannot read {}: {err}", path.display());
    Fault::new(FaultKind::Usage, io::Error::other(text)).hint("check the path and its permissions")
}

fn fault(err: GrammarError) -> Fault {
    Fault::new(FaultKind::Usage, err).hint("`backstory grammar check FILE` names all that is wrong")
}
