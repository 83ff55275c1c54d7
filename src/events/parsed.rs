//! What log rows say, before anything else is known.

use std::sync::Arc;

use crate::events::listing::Listing;
use crate::events::log_event::Confirmation;
use crate::events::ordered::Events;
use crate::events::sender::Senders;
use crate::events::short_ids::ShortIds;
use crate::events::unknown::UnknownMessages;
use crate::spool::Spool;
use crate::spool::sorted::Sorted;

/// What some log rows said.
pub(super) struct Parsed {
    pub(super) events: Events,
    pub(super) confirmations: Sorted<Confirmation>,
    /// Lines of lists, whose tasks the rows of tasks tell.
    pub(super) listings: Sorted<Listing>,
    pub(super) senders: Senders,
    pub(super) unknown: UnknownMessages,
    /// Rows whose text a checkpoint told.
    pub(super) known: u64,
}

impl Parsed {
    /// Nothing yet.
    pub(super) fn new(spool: &Arc<Spool>) -> Self {
        Self {
            events: Events::new(spool),
            confirmations: Sorted::new(spool),
            listings: Sorted::new(spool),
            senders: Senders::default(),
            unknown: UnknownMessages::new(),
            known: 0,
        }
    }

    /// What other rows said.
    pub(super) fn take(&mut self, other: Self) {
        self.known += other.known;
        if self.senders.is_empty() {
            // there is nothing to put it beside
            let known = self.known;
            *self = Self { known, ..other };
            return;
        }
        rayon::join(
            || {
                self.events.append(other.events);
                self.confirmations.append(other.confirmations);
                self.listings.append(other.listings);
                let unknown = other.unknown.gathered();
                unknown.into_iter().for_each(|gathered| self.unknown.merge(gathered.clone()));
            },
            || other.senders.told().into_iter().for_each(|told| self.senders.add(told)),
        );
    }

    /// Finds the tasks of lists.
    pub(super) fn resolve(&mut self, short_ids: &ShortIds) {
        let none = self.listings.beside();
        for listing in std::mem::replace(&mut self.listings, none) {
            let (event, is_said) = listing.item.resolve(short_ids);
            let tally = self.senders.tally(&event.source);
            if is_said {
                tally.became_events += 1;
                self.events.push_boxed(event);
            } else {
                tally.said_nothing += 1;
            }
        }
    }
}
