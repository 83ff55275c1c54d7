//! Which subject of a question an id, or the beginning of one, means.

use std::time::Duration;

use crate::answers::subject::{Among, Meant, Subject, find, kinds};
use crate::cli::explain::one;
use crate::cli::fault::{Fault, FaultKind};
use crate::findings::catalogue::Query;
use crate::findings::finding::SUBJECT_KINDS;
use crate::findings::why::{found, kind_of};
use crate::read::database::Database;

/// The one thing that is meant. What the question itself found counts whatever it is; else the id must be of
/// something that the question can be about. It is looked for in `whole`: what had not happened yet by the
/// instant of `database` is an answer, too.
pub(super) fn meant(
    database: &Database,
    whole: &Database,
    query: &Query,
    id: &str,
    limit: Duration,
) -> Result<Subject, Fault> {
    let about = kind_of(query);
    let fitting = about.as_deref().map_or(SUBJECT_KINDS.to_vec(), may_be);
    let exact = kinds(whole, id, limit)?;
    if let Some(kind) = exact.iter().find(|kind| fitting.contains(&kind.as_str())) {
        return Ok(Subject { kind: kind.clone(), id: id.to_string() });
    }
    if let Some(kind) = found(database, query, id, limit)? {
        return Ok(Subject { kind, id: id.to_string() });
    }
    if let Some(kind) = exact.into_iter().next() {
        return Err(of_another_kind(query, &fitting, &Subject { kind, id: id.to_string() }));
    }
    let meant = find(whole, id, &fitting, Among::These, limit)?;
    if let Meant::None(_) = meant
        && let Meant::One(other) = find(whole, id, &SUBJECT_KINDS, Among::These, limit)?
    {
        return Err(of_another_kind(query, &fitting, &other));
    }
    one(meant, id)
}

fn of_another_kind(query: &Query, fitting: &[&str], subject: &Subject) -> Fault {
    let about: Vec<String> = fitting.iter().map(|kind| format!("{kind}s")).collect();
    let Subject { kind, id } = subject;
    let said = format!(
        "`{}` is about {}, and {id} is the id of another thing: {kind}",
        query.header.id,
        about.join(" and ")
    );
    let fault = Fault::new(FaultKind::Usage, said);
    match kind.as_str() {
        "task" | "worker" | "event" => {
            fault.hint(format!("`backstory explain {id}` tells of it by itself"))
        }
        _ => fault,
    }
}

/// The kinds of things that findings of a kind may name: a pod without a known id goes by its worker's, and a
/// run that is not known by its source's.
fn may_be(about: &str) -> Vec<&str> {
    match about {
        "pod" => vec!["pod", "worker"],
        "run" | "source" => vec!["run", "source"],
        other => vec![other],
    }
}
