//! A sequence piece by piece: while one piece is worked on, another thread reads the next.

use crate::spool::lent::Lent;
use crate::spool::sorted::Piece;

/// Items in a piece: so many that a thread that slept is awake long before the other has done with one (of a
/// thousand it had done, and nothing was shared), and so few that two of events are 3 MB.
pub(super) const PIECE_ITEMS: usize = 8_192;

/// Gives all items away, in their order.
pub fn in_pieces<'a, T: Piece + 'a>(
    mut items: impl Iterator<Item = Lent<'a, T>> + Send,
    mut with: impl FnMut(&[Lent<'a, T>]) + Send,
) {
    let mut read = || items.by_ref().take(PIECE_ITEMS).collect::<Vec<_>>();
    let mut piece = read();
    while !piece.is_empty() {
        (piece, ()) = rayon::join(&mut read, || with(&piece));
    }
}
