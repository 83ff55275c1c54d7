//! The strict total order of DESIGN section 5, for events and for the rows that confirm them.

use std::cmp::Ordering;
use std::io;
use std::sync::Arc;

use crate::events::listing::Listing;
use crate::events::log_event::Confirmation;
use crate::model::attribute::{Attribute, Attributes};
use crate::model::event::{Basis, Clock, Event, Evidence, Further, RowNumbers};
use crate::model::id::EventId;
use crate::model::kind::EventKind;
use crate::model::time::Micros;
use crate::spool::keyed::Keyed;
use crate::spool::sorted::{Piece, Sorted};
use crate::spool::stored::{Stored, put_whole, take_whole};

/// Events, in the total order or on their way into it.
pub type Events = Sorted<Event>;

/// What nearly always decides the order of events, and beside it what is asked of nearly all of them: each
/// event stands elsewhere in memory.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// When it happened.
    pub at: Micros,
    /// What happened.
    pub kind: EventKind,
    /// How it is known; decides nothing.
    pub basis: Basis,
    /// Whose clock tells; decides nothing.
    pub clock: Clock,
    /// Whether its fields list workers or tasks; decides nothing.
    pub lists: bool,
    /// The rows of those it names; decides nothing.
    pub rows: RowNumbers,
    /// Its name; decides nothing.
    pub id: EventId,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.kind).cmp(&(other.at, other.kind))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

impl Piece for Event {
    type Key = Head;
    type Name = (Micros, EventId);

    fn key(&self) -> Head {
        let Self { at, kind, basis, clock, lists, rows, id, .. } = *self;
        Head { at, kind, basis, clock, lists, rows, id }
    }

    fn tie(&self, other: &Self) -> Ordering {
        // rows that say so at one time are mostly of one source, and its text stands elsewhere in memory
        let (one, same) = (&self.source, Arc::ptr_eq(&self.source, &other.source));
        let source = || if same { Ordering::Equal } else { one.1.cmp(&other.source.1) };
        let table = self.evidence.table.cmp(&other.evidence.table);
        let row = table.then_with(source).then_with(|| self.evidence.key.cmp(&other.evidence.key));
        row.then_with(|| (self.ordinal, self.id).cmp(&(other.ordinal, other.id)))
    }

    /// A row that two captures hold gives its events once.
    fn name(&self) -> Option<Self::Name> {
        Some((self.at, self.id))
    }

    fn weight(&self) -> usize {
        let pieces = |further: &Further| {
            let pieces = further.confirmed_by.capacity() * size_of::<Evidence>();
            size_of::<Further>() + pieces + 2 * PIECE
        };
        let further = self.further.as_deref().map_or(0, pieces);
        // rows that say the same share their fields, and what was read last is remembered beside
        let shared = Arc::strong_count(&self.attributes).saturating_sub(1).max(1);
        size_of::<Keyed<Self>>()
            + size_of::<Self>()
            + PIECE
            + further
            + weight(&self.attributes) / shared
    }
}

/// What a piece of memory costs beside what is in it: two counts, and the allocator's own.
const PIECE: usize = 32;

/// With texts that are not remembered elsewhere; names of fields are.
fn weight(attributes: &Attributes) -> usize {
    let of = |value: &Attribute| match value {
        Attribute::Int(_) | Attribute::Num(_) | Attribute::Bool(_) => 0,
        Attribute::Text(text) => text.len() + PIECE,
        Attribute::List(items) => items.iter().map(|item| item.len() + 2 * PIECE).sum(),
    };
    let field = |(_, value): (&str, &Attribute)| size_of::<(Arc<str>, Attribute)>() + of(value);
    let listed = attributes.listed.iter().map(|subject| subject.id().len() + 2 * PIECE);
    2 * PIECE + attributes.iter().map(field).sum::<usize>() + listed.sum::<usize>()
}

impl Stored for Confirmation {
    type Shelf = ();
    type Hand = ();

    fn put(&self, (): &(), (): &mut (), to: &mut Vec<u8>) -> io::Result<()> {
        put_whole(self, to)
    }

    fn take((): &(), from: &[u8]) -> io::Result<Self> {
        take_whole(from)
    }
}

impl Piece for Confirmation {
    type Key = Micros;
    type Name = ();

    fn key(&self) -> Micros {
        self.at
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.evidence.key.cmp(&other.evidence.key)
    }

    /// Each row counts.
    fn name(&self) -> Option<()> {
        None
    }

    fn weight(&self) -> usize {
        size_of::<Self>() + self.otherwise.as_ref().map_or(0, |event| event.weight())
    }
}

impl Stored for Listing {
    type Shelf = ();
    type Hand = ();

    fn put(&self, (): &(), (): &mut (), to: &mut Vec<u8>) -> io::Result<()> {
        put_whole(self, to)
    }

    fn take((): &(), from: &[u8]) -> io::Result<Self> {
        take_whole(from)
    }
}

impl Piece for Listing {
    type Key = Micros;
    type Name = ();

    fn key(&self) -> Micros {
        self.line
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.event.evidence.key.cmp(&other.event.evidence.key)
    }

    /// Each line counts.
    fn name(&self) -> Option<()> {
        None
    }

    fn weight(&self) -> usize {
        size_of::<Micros>() + self.event.weight()
    }
}
