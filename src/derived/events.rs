//! Events into rows: what happened, with all its evidence and all whom it touches.

use std::path::Path;

use crate::derived::by_kind::{ByKind, FEW_KINDS, MANY_KINDS};
use crate::derived::fields::Known;
use crate::derived::rows::{Cell, Rows, int, text, time, word};
use crate::derived::table_file::TableFile;
use crate::derived::timelines::{Written, create};
use crate::model::cycle::Cycle;
use crate::model::event::{Event, Evidence, Role};
use crate::model::id::EventId;
use crate::replay::{Item, Replayed};
use crate::snapshot::error::SnapshotError;

const EVENTS: &str = "events";
const EVIDENCE: &str = "event_evidence";
const OBJECTS: &str = "event_objects";

/// The tables that are written here.
pub(super) const TABLES: [&str; 3] = [EVENTS, EVIDENCE, OBJECTS];

/// Writes them.
///
/// # Errors
/// The first table that could not be written.
pub(super) fn write(replayed: &Replayed, folder: &Path) -> Result<Written, SnapshotError> {
    // most questions ask for a few kinds of events, and for the evidence beside the row that an event has itself
    let mut known = Known::new();
    let row = |rows: &mut Rows, event: &Item<'_, Event>| push(rows, event, &mut known);
    let mut events = ByKind::new(create(folder, EVENTS)?, MANY_KINDS, row);
    let mut evidence = ByKind::new(create(folder, EVIDENCE)?, FEW_KINDS, push_evidence);
    let mut objects = create(folder, OBJECTS)?;
    replayed.each_piece(|piece| {
        rayon::join(
            || {
                for event in piece {
                    events.push(event.kind.name(), event.item(), event.text_len());
                }
            },
            || {
                for event in piece {
                    for (piece, role) in event.pieces() {
                        let text = piece.key.text_len();
                        evidence.push(role.name(), (event.id, piece.clone(), role), text);
                    }
                }
                piece.iter().for_each(|event| push_objects(&mut objects, event));
            },
        );
    });
    let (events, (evidence, objects)) =
        rayon::join(|| events.finish(), || rayon::join(|| evidence.finish(), || objects.finish()));
    Ok(Written::from([(EVENTS, events?), (EVIDENCE, evidence?), (OBJECTS, objects?)]))
}

fn push(events: &mut Rows, event: &Event, known: &mut Known) {
    let (sort, id) = event.about();
    let (clock, of) = event.clock.name(&event.source.1);
    let arrived = event.source.0.is_empty().then_some(event.latest);
    events.push([
        word(event.id),
        Cell::Time(event.at),
        Cell::Time(event.earliest),
        Cell::Time(event.latest),
        word(sort),
        word(id),
        word(event.kind.name()),
        text(event.worker.as_ref()),
        text(event.task.as_ref()),
        text(event.pod.as_deref()),
        text(event.run.as_ref()),
        int(event.cycle.map(Cycle::number)),
        word(known.json(&event.attributes)),
        word(event.basis.name()),
        Cell::Joined(clock, of),
        word(event.evidence.table),
        word(&event.evidence.key),
        word(event.evidence.column.name()),
        time(arrived),
        text(event.call_site.as_ref()),
        text(logged_by(&event.source.0)),
        text(logged_by(&event.source.1)),
    ]);
}

/// Who wrote the line of an event; no line, no name.
fn logged_by(name: &str) -> Option<&str> {
    Some(name).filter(|name| !name.is_empty())
}

fn push_evidence(rows: &mut Rows, (event, piece, role): &(EventId, Evidence, Role)) {
    rows.push([
        word(event),
        word(piece.table),
        word(&piece.key),
        word(piece.column.name()),
        word(role.name()),
    ]);
}

fn push_objects(objects: &mut TableFile, event: &Event) {
    let subject = std::iter::once((event.about(), "subject"));
    let touched = event.touches().map(|touched| (touched, "touched"));
    for ((sort, id), role) in subject.chain(touched) {
        objects.push([word(event.id), word(sort), word(id), word(role)]);
    }
}
