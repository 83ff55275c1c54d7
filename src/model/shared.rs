//! Texts read back from files, one piece of memory each: the same few ids stand in many events beside each
//! other.

use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHasher;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// Texts that are remembered by a thread: an older one gives way.
const PLACES: usize = 4096;

/// The same of pairs, of which there are few.
const PAIRS: usize = 256;

type Pair = Arc<(Arc<str>, Arc<str>)>;

thread_local! {
    static KNOWN_PAIRS: RefCell<Vec<Option<Pair>>> = RefCell::new(vec![None; PAIRS]);
    static KNOWN: RefCell<Vec<Option<Arc<str>>>> = RefCell::new(vec![None; PLACES]);
}

/// The text, where it is remembered; else a new one.
pub(crate) fn shared(text: &str) -> Arc<str> {
    let mut hasher = FxHasher::default();
    text.hash(&mut hasher);
    // the upper bits of this hash are the better ones
    let place = (hasher.finish() >> 40) as usize % PLACES;
    KNOWN.with_borrow_mut(|known| match &known[place] {
        Some(kept) if **kept == *text => kept.clone(),
        Some(_) | None => known[place].insert(text.into()).clone(),
    })
}

/// Reads a text, or none.
pub(super) fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Arc<str>>, D::Error> {
    Ok(<Option<&str>>::deserialize(from)?.map(shared))
}

/// Reads a text that hardly repeats.
pub(super) fn single<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<str>, D::Error> {
    <&str>::deserialize(from).map(Arc::from)
}

/// Reads two texts that stand together.
pub(super) fn pair<'de, D: Deserializer<'de>>(from: D) -> Result<Pair, D::Error> {
    let (one, other) = <(&str, &str)>::deserialize(from)?;
    let mut hasher = FxHasher::default();
    (one, other).hash(&mut hasher);
    let place = (hasher.finish() >> 40) as usize % PAIRS;
    Ok(KNOWN_PAIRS.with_borrow_mut(|known| match &known[place] {
        Some(kept) if *kept.0 == *one && *kept.1 == *other => kept.clone(),
        Some(_) | None => known[place].insert(Arc::new((shared(one), shared(other)))).clone(),
    }))
}

/// Reads a text.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<str>, D::Error> {
    struct Text;
    impl Visitor<'_> for Text {
        type Value = Arc<str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Arc<str>, E> {
            Ok(shared(text))
        }
    }
    from.deserialize_str(Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shared_and_never_another() {
        let texts: Vec<String> = (0..3 * PLACES).map(|n| format!("task-{n}")).collect();
        for text in &texts {
            let (one, two) = (shared(text), shared(text));
            assert_eq!(&*one, text);
            assert!(Arc::ptr_eq(&one, &two));
        }
        for text in &texts {
            assert_eq!(&*shared(text), text);
        }
    }
}
