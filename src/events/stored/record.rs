//! One event as bytes: a head of fixed length, then its evidence, and what no number stands for.

use std::io;
use std::sync::Arc;

use uuid::Uuid;

use crate::events::stored::bytes::{Bytes, broken, put_text};
use crate::events::stored::fields;
use crate::events::stored::shelf::{Hand, Shelf};
use crate::model::attribute::Attributes;
use crate::model::column::Column;
use crate::model::cycle::Cycle;
use crate::model::event::{
    Basis, Clock, Event, Evidence, Further, RowNumber, RowNumbers, SourceKey,
};
use crate::model::id::{EventId, PodId, RowKey, RunId, TaskId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::shared::shared;
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::spool::stored::Stored;

/// Bytes that every event has: their number never depends on what it says.
const HEAD_BYTES: usize = 69;

/// Instead of a number: there is none.
const NONE: u32 = 0;
/// Instead of a number: it stands behind the head.
const HERE: u32 = 1;
/// The first number.
const FIRST: u32 = 2;

/// Whether there is a cycle.
const HAS_CYCLE: u8 = 1;
/// Whether there is evidence against it.
const IS_CONTRADICTED: u8 = 2;
/// Whether it is not known to have happened just then.
const HAS_BOUNDS: u8 = 4;

impl Stored for Event {
    type Shelf = Shelf;
    type Hand = Hand;

    fn put(&self, shelf: &Shelf, hand: &mut Hand, to: &mut Vec<u8>) -> io::Result<()> {
        to.extend_from_slice(&self.at.0.to_le_bytes());
        to.extend_from_slice(self.id.0.as_bytes());
        let bounds = [self.earliest, self.latest];
        let has_bounds = bounds != [self.at; 2];
        let flag = |is_so, flag| if is_so { flag } else { 0 };
        let flags = flag(self.cycle.is_some(), HAS_CYCLE)
            | flag(self.contradicted_by().is_some(), IS_CONTRADICTED)
            | flag(has_bounds, HAS_BOUNDS);
        let (kind, basis, clock) = (self.kind.rank(), self.basis as u8, self.clock as u8);
        to.extend_from_slice(&[kind, basis, clock, self.ordinal, flags]);
        let confirmed = u32::try_from(self.confirmed_by().len()).map_err(io::Error::other)?;
        let texts = [
            self.worker.as_ref().map(WorkerId::shared),
            self.task.as_ref().map(TaskId::shared),
            self.run.as_ref().map(RunId::shared),
            self.pod.as_deref().map(PodId::shared),
            self.call_site.as_ref(),
        ];
        let of_texts = texts.map(|text| text.map_or(NONE, |text| put(hand.text(shelf, text))));
        let (source, known) = (hand.source(shelf, &self.source), hand.known(&self.attributes));
        let rows = [self.rows.worker, self.rows.task].map(put_row);
        let others = [rows[0], rows[1], put(source), confirmed, put(known)];
        of_texts.iter().chain(&others).for_each(|n| to.extend_from_slice(&n.to_le_bytes()));
        // the last of the head is set once the bytes of the fields are known
        let fields_end = to.len();

        let bounds = bounds.iter().filter(|_| has_bounds).map(|at| at.0);
        bounds
            .chain(self.cycle.map(Cycle::number))
            .for_each(|n| to.extend_from_slice(&n.to_le_bytes()));
        for (text, number) in texts.iter().zip(of_texts) {
            if let Some(text) = text.filter(|_| number == HERE) {
                put_text(text, to)?;
            }
        }
        if source.is_none() {
            put_text(&self.source.0, to)?;
            put_text(&self.source.1, to)?;
        }
        self.pieces().try_for_each(|(piece, _)| put_evidence(piece, to))?;
        if known.is_none() {
            let start = to.len();
            fields::put(&self.attributes, shelf, hand, to)?;
            if let Some(number) = hand.fields(shelf, &self.attributes, &to[start..]) {
                to.truncate(start);
                to[fields_end - size_of::<u32>()..fields_end]
                    .copy_from_slice(&put(Some(number)).to_le_bytes());
            }
        }
        Ok(())
    }

    fn shelved(hand: &mut Hand) -> usize {
        std::mem::take(&mut hand.shelved)
    }

    fn take(shelf: &Shelf, from: &[u8]) -> io::Result<Self> {
        let (head, tail) = from.split_first_chunk::<HEAD_BYTES>().ok_or_else(broken)?;
        let (mut head, mut tail) = (Bytes(head), Bytes(tail));
        let at = head.i64()?;
        let id = EventId(Uuid::from_bytes(head.take()?));
        let [kind, basis, clock, ordinal, flags] = head.take()?;
        let has = |flag| flags & flag != 0;
        let (earliest, latest) =
            if has(HAS_BOUNDS) { (tail.i64()?, tail.i64()?) } else { (at, at) };
        let cycle = if has(HAS_CYCLE) { Cycle::of(tail.i64()?) } else { None };
        let mut text = || take_text(head.u32()?, shelf, &mut tail);
        let (worker, task, run) = (text()?, text()?, text()?);
        let (pod, call_site) = (text()?, text()?);
        let rows = RowNumbers { worker: take_row(head.u32()?), task: take_row(head.u32()?) };
        let source = take_source(head.u32()?, shelf, &mut tail)?;
        let (confirmed, fields) = (head.u32()?, head.u32()?);
        let evidence = take_evidence(&mut tail)?;
        let further = match (confirmed, has(IS_CONTRADICTED)) {
            (0, false) => None,
            (confirmed, contradicted) => {
                Some(Box::new(take_further(confirmed, contradicted, &mut tail)?))
            }
        };
        // they stand last: their bytes have no length before them
        let attributes = take_fields(fields, shelf, &mut tail)?;
        Ok(Self {
            at: Micros(at),
            kind: EventKind::ALL.get(usize::from(kind)).ok_or_else(broken)?.0,
            basis: *Basis::ALL.get(usize::from(basis)).ok_or_else(broken)?,
            clock: *Clock::ALL.get(usize::from(clock)).ok_or_else(broken)?,
            ordinal,
            rows,
            worker: worker.map(WorkerId::of_shared),
            task: task.map(TaskId::of_shared),
            run: run.map(RunId::of_shared),
            cycle,
            source,
            pod: pod.map(PodId::of_shared).map(Box::new),
            earliest: Micros(earliest),
            latest: Micros(latest),
            id,
            evidence,
            further,
            call_site,
            lists: !attributes.listed.is_empty(),
            attributes,
        })
    }
}

/// The number of a row as it is put: after that of none.
fn put_row(row: Option<RowNumber>) -> u32 {
    row.map_or(NONE, |row| row.place() + 1)
}

fn take_row(number: u32) -> Option<RowNumber> {
    number.checked_sub(1).and_then(RowNumber::of)
}

/// A number as it is put.
fn put(number: Option<u32>) -> u32 {
    number.map_or(HERE, |number| FIRST + number)
}

#[inline]
fn take_text(number: u32, shelf: &Shelf, tail: &mut Bytes<'_>) -> io::Result<Option<Arc<str>>> {
    Ok(match number {
        NONE => None,
        HERE => Some(shared(tail.text()?)),
        FIRST.. => Some(shelf.texts.get(number - FIRST).ok_or_else(broken)?.clone()),
    })
}

fn take_source(number: u32, shelf: &Shelf, tail: &mut Bytes<'_>) -> io::Result<SourceKey> {
    match number {
        NONE | HERE => Ok(Arc::new((shared(tail.text()?), shared(tail.text()?)))),
        FIRST.. => shelf.sources.get(number - FIRST).cloned().ok_or_else(broken),
    }
}

fn take_fields(number: u32, shelf: &Shelf, tail: &mut Bytes<'_>) -> io::Result<Arc<Attributes>> {
    match number {
        NONE | HERE => fields::take(tail, shelf).map(Arc::new),
        FIRST.. => shelf.fields.get(number - FIRST).cloned().ok_or_else(broken),
    }
}

/// Tells how a key stands there.
const IS_UUID: u8 = 0;
const IS_TEXT: u8 = 1;

fn put_evidence(piece: &Evidence, to: &mut Vec<u8>) -> io::Result<()> {
    to.extend_from_slice(&[piece.table as u8, piece.column as u8]);
    match &piece.key {
        RowKey::Uuid(uuid) => {
            to.push(IS_UUID);
            to.extend_from_slice(uuid.as_bytes());
            Ok(())
        }
        RowKey::Text(text) => {
            to.push(IS_TEXT);
            put_text(text, to)
        }
    }
}

fn take_further(confirmed: u32, contradicted: bool, from: &mut Bytes<'_>) -> io::Result<Further> {
    let confirmed_by = (0..confirmed).map(|_| take_evidence(from)).collect::<io::Result<_>>()?;
    let contradicted_by = if contradicted { Some(take_evidence(from)?) } else { None };
    Ok(Further { confirmed_by, contradicted_by })
}

#[inline]
fn take_evidence(from: &mut Bytes<'_>) -> io::Result<Evidence> {
    let table = *Table::ALL.get(usize::from(from.byte()?)).ok_or_else(broken)?;
    let column = *Column::ALL.get(usize::from(from.byte()?)).ok_or_else(broken)?;
    let key = match from.byte()? {
        IS_UUID => RowKey::Uuid(Uuid::from_bytes(from.take()?)),
        IS_TEXT => RowKey::Text(shared(from.text()?)),
        _ => return Err(broken()),
    };
    Ok(Evidence { table, key, column })
}
