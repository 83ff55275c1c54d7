//! 32-bit transaction ids made whole.

/// Ids below this mean "always visible", not a transaction.
pub(super) const FIRST_NORMAL: u32 = 3;

/// The full transaction id of a row's `xmin`, given the next full id the server would hand out.
///
/// `xmin` is at most 2^32 transactions behind `next`, so its age modulo 2^32 says which epoch it is
/// of. The permanent ids (frozen rows of old servers) stay as they are; so does an `xmin` that is older
/// than the first epoch can be (a row that came with pg_upgrade). A frozen row whose id has been used
/// again widens to the later of the two: whoever reads from an id on reads too much, never too little.
pub(super) fn widen(xmin: u32, next: u64) -> u64 {
    if xmin < FIRST_NORMAL {
        return u64::from(xmin);
    }
    let age = (next as u32).wrapping_sub(xmin);
    next.checked_sub(u64::from(age)).unwrap_or(u64::from(xmin))
}

#[cfg(test)]
mod tests {
    use super::widen;

    const EPOCH: u64 = 1 << 32;

    #[test]
    fn within_the_first_epoch_the_id_is_its_own() {
        assert_eq!(widen(874, 877), 874);
        assert_eq!(widen(3, u64::from(u32::MAX)), 3);
    }

    #[test]
    fn an_id_above_the_next_one_is_of_the_epoch_before() {
        assert_eq!(widen(u32::MAX, EPOCH + 3), u64::from(u32::MAX));
        assert_eq!(widen(4_000_000_000, 7 * EPOCH + 5), 6 * EPOCH + 4_000_000_000);
        assert_eq!(widen(4, 7 * EPOCH + 5), 7 * EPOCH + 4);
    }

    #[test]
    fn permanent_ids_and_ids_before_the_first_epoch_stay_raw() {
        for (xmin, next) in [(0, 900), (1, 5 * EPOCH), (2, 5 * EPOCH + 900), (1_000, 900)] {
            assert_eq!(widen(xmin, next), u64::from(xmin));
        }
    }

    #[test]
    fn the_low_half_always_survives() {
        for next in [3, 4, 900, EPOCH - 1, EPOCH, EPOCH + 1, 9 * EPOCH + 77] {
            for xmin in [3, 4, 899, 900, 901, 1 << 31, u32::MAX - 1, u32::MAX] {
                assert_eq!(widen(xmin, next) as u32, xmin, "xmin {xmin}, next {next}");
            }
        }
    }
}
