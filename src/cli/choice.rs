//! Which queries a command line means.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cli::fault::{Fault, FaultKind};
use crate::findings::catalogue::{self, Query};
use crate::model::alike::alike;

/// The queries asked for, each once, or all of them.
pub(super) fn some(
    only: &[String],
    asked: &[String],
    dirs: &[PathBuf],
) -> Result<Vec<Query>, Fault> {
    let mut all = if only.is_empty() {
        catalogue::with(dirs)?
    } else {
        let ids = catalogue::ids(dirs)?;
        if let Some(id) = only.iter().find(|id| !ids.contains(id)) {
            return Err(unknown(id, &ids));
        }
        catalogue::named(only, dirs)?
    };
    let ours = catalogue::all()?;
    let themes: BTreeSet<&str> =
        all.iter().chain(&ours).map(|query| query.theme.as_str()).collect();
    if let Some(unknown) = asked.iter().find(|theme| !themes.contains(theme.as_str())) {
        let known: Vec<&str> = themes.into_iter().collect();
        return Err(Fault::new(FaultKind::Usage, format!("there is no theme `{unknown}`"))
            .hint(format!("there are: {}", known.join(", "))));
    }
    let left = |query: &Query| asked.is_empty() || asked.contains(&query.theme);
    if !all.iter().any(left) {
        let themes = asked.join("` or `");
        let said =
            format!("--theme leaves nothing to ask: no query of --only is of theme `{themes}`");
        let of = all.iter().map(|query| format!("`{}` is of `{}`", query.header.id, query.theme));
        let of: Vec<String> = of.collect();
        return Err(Fault::new(FaultKind::Usage, said).hint(of.join(", ")));
    }
    all.retain(left);
    Ok(all)
}

/// The query of an id, or of a file.
pub(super) fn one(named: &str, dirs: &[PathBuf]) -> Result<Query, Fault> {
    let path = Path::new(named);
    if path.extension().is_some_and(|of| of == "sql") {
        return Ok(Query::read(path)?);
    }
    let found = catalogue::named(&[named.to_string()], dirs)?.into_iter().next();
    match found {
        Some(query) => Ok(query),
        None => Err(unknown(named, &catalogue::ids(dirs)?)),
    }
}

/// An id that no query has.
fn unknown(id: &str, ids: &[String]) -> Fault {
    Fault::new(FaultKind::Usage, format!("there is no query `{id}`")).hint(meant_instead(id, ids))
}

/// Which ids were probably meant by one that no query has, and where all are told.
pub(super) fn meant_instead(id: &str, ids: &[String]) -> String {
    let like = alike(id, ids.iter().map(String::as_str));
    let all = "`backstory query list` lists every query, --queries DIR adds your own";
    if like.is_empty() {
        all.to_string()
    } else {
        format!("did you mean `{}`? {all}", like.join("` or `"))
    }
}
