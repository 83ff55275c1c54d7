//! Numbers that one writer has asked for already, by where the thing stands in memory.

use std::sync::Arc;

/// Things that are remembered: an older one gives way.
const PLACES: usize = 1 << PLACES_BITS;
const PLACES_BITS: u32 = 12;
/// Spreads places in memory, which are multiples of something.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Things are held, so that their place in memory names them.
pub(super) struct Memo<T: ?Sized>(Vec<Option<(Arc<T>, u32)>>);

impl<T: ?Sized> Memo<T> {
    /// The number of one; asked for where it is not remembered.
    #[inline]
    pub(super) fn number(&mut self, of: &Arc<T>, ask: impl FnOnce() -> Option<u32>) -> Option<u32> {
        if self.0.is_empty() {
            self.0.resize(PLACES, None);
        }
        let address = Arc::as_ptr(of).cast::<u8>().addr() as u64;
        let place = (address.wrapping_mul(SPREAD) >> (u64::BITS - PLACES_BITS)) as usize;
        if let Some((kept, number)) = &self.0[place]
            && Arc::ptr_eq(kept, of)
        {
            return Some(*number);
        }
        let number = ask()?;
        self.0[place] = Some((of.clone(), number));
        Some(number)
    }
}

impl<T: ?Sized> Default for Memo<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}
