//! Fields of an event as bytes: their names are few, and stand as numbers.

use std::io;
use std::sync::Arc;

use crate::events::stored::bytes::{Bytes, broken, put_text};
use crate::events::stored::shelf::{Hand, Shelf};
use crate::model::attribute::{Attribute, Attributes};
use crate::model::event::Subject;
use crate::model::id::{PodId, RunId, TaskId, WorkerId};
use crate::model::shared::shared;

/// Tells what a value is, or of what sort who is listed.
const INT: u8 = 0;
const NUM: u8 = 1;
const BOOL: u8 = 2;
const TEXT: u8 = 3;
const LIST: u8 = 4;
const WORKER: u8 = 0;
const TASK: u8 = 1;
const POD: u8 = 2;
const RUN: u8 = 3;

/// Instead of the number of a name: it stands here.
const HERE: u32 = u32::MAX;

/// Adds all of them.
pub(super) fn put(
    fields: &Attributes,
    shelf: &Shelf,
    hand: &mut Hand,
    to: &mut Vec<u8>,
) -> io::Result<()> {
    put_count(fields.fields().len(), to)?;
    for (name, value) in fields.fields() {
        put_name(hand.text(shelf, name), name, to)?;
        put_value(value, to)?;
    }
    put_count(fields.listed.len(), to)?;
    fields.listed.iter().try_for_each(|subject| {
        let (sort, id) = match subject {
            Subject::Worker(id) => (WORKER, id.shared()),
            Subject::Task(id) => (TASK, id.shared()),
            Subject::Pod(id) => (POD, id.shared()),
            Subject::Run(id) => (RUN, id.shared()),
        };
        to.push(sort);
        put_name(hand.text(shelf, id), id, to)
    })
}

/// All of them.
pub(super) fn take(from: &mut Bytes<'_>, shelf: &Shelf) -> io::Result<Attributes> {
    let fields = (0..from.u32()?).map(|_| Ok((take_name(from, shelf)?, take_value(from)?)));
    let fields = fields.collect::<io::Result<_>>()?;
    let listed = (0..from.u32()?).map(|_| {
        let sort = from.byte()?;
        let id = take_name(from, shelf)?;
        Ok(match sort {
            WORKER => Subject::Worker(WorkerId::of_shared(id)),
            TASK => Subject::Task(TaskId::of_shared(id)),
            POD => Subject::Pod(PodId::of_shared(id)),
            RUN => Subject::Run(RunId::of_shared(id)),
            _ => return Err(broken()),
        })
    });
    Ok(Attributes::of_sorted(fields, listed.collect::<io::Result<_>>()?))
}

fn put_count(count: usize, to: &mut Vec<u8>) -> io::Result<()> {
    let count = u32::try_from(count).map_err(io::Error::other)?;
    to.extend_from_slice(&count.to_le_bytes());
    Ok(())
}

fn put_name(number: Option<u32>, name: &str, to: &mut Vec<u8>) -> io::Result<()> {
    to.extend_from_slice(&number.unwrap_or(HERE).to_le_bytes());
    if number.is_none() { put_text(name, to) } else { Ok(()) }
}

fn take_name(from: &mut Bytes<'_>, shelf: &Shelf) -> io::Result<Arc<str>> {
    match from.u32()? {
        HERE => from.text().map(shared),
        number => shelf.texts.get(number).cloned().ok_or_else(broken),
    }
}

fn put_value(value: &Attribute, to: &mut Vec<u8>) -> io::Result<()> {
    match value {
        Attribute::Int(n) => {
            to.push(INT);
            to.extend_from_slice(&n.to_le_bytes());
        }
        Attribute::Num(x) => {
            to.push(NUM);
            to.extend_from_slice(&x.to_le_bytes());
        }
        Attribute::Bool(b) => to.extend_from_slice(&[BOOL, u8::from(*b)]),
        Attribute::Text(text) => {
            to.push(TEXT);
            put_text(text, to)?;
        }
        Attribute::List(items) => {
            to.push(LIST);
            put_count(items.len(), to)?;
            items.iter().try_for_each(|item| put_text(item, to))?;
        }
    }
    Ok(())
}

fn take_value(from: &mut Bytes<'_>) -> io::Result<Attribute> {
    Ok(match from.byte()? {
        INT => Attribute::Int(from.i64()?),
        NUM => Attribute::Num(f64::from_le_bytes(from.take()?)),
        BOOL => Attribute::Bool(from.byte()? != 0),
        TEXT => Attribute::Text(from.text()?.into()),
        LIST => {
            let items = (0..from.u32()?).map(|_| from.text().map(Arc::from));
            Attribute::List(items.collect::<io::Result<_>>()?)
        }
        _ => return Err(broken()),
    })
}
