//! Items on their way out of a sequence.

use crate::spool::share::Share;

/// Items that go elsewhere: each is no longer held here.
pub struct Leaving<T> {
    items: std::vec::IntoIter<Box<T>>,
    share: Share,
    each: usize,
}

impl<T> Leaving<T> {
    /// All of a sequence that holds so much.
    pub(super) fn of(items: Vec<Box<T>>, share: Share) -> Self {
        Self { each: share.of_one(items.len()), items: items.into_iter(), share }
    }
}

impl<T> Iterator for Leaving<T> {
    type Item = Box<T>;

    fn next(&mut self) -> Option<Box<T>> {
        let item = self.items.next()?;
        self.share.give(self.each);
        Some(item)
    }
}
