//! Items on their way out of a sequence.

use crate::spool::keyed::Keyed;
use crate::spool::share::Share;
use crate::spool::sorted::Piece;

/// Items that go elsewhere: each is no longer held here.
pub struct Leaving<T: Piece> {
    items: std::vec::IntoIter<Keyed<T>>,
    share: Share,
    each: usize,
}

impl<T: Piece> Leaving<T> {
    /// All of a sequence that holds so much.
    pub(super) fn of(items: Vec<Keyed<T>>, share: Share) -> Self {
        Self { each: share.of_one(items.len()), items: items.into_iter(), share }
    }
}

impl<T: Piece> Iterator for Leaving<T> {
    type Item = Keyed<T>;

    fn next(&mut self) -> Option<Keyed<T>> {
        let item = self.items.next()?;
        self.share.give(self.each);
        Some(item)
    }
}
