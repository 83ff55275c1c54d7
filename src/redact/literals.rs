//! Every place in a text where one of a fixed list of literals stands, whatever its case.
//!
//! Hardly any three bytes of a log line are the last ones of a literal. So three bytes at a time are looked up in
//! a table of 32 KiB, and only where they may end a literal is one compared. An automaton over these few hundred
//! literals asks for a state after each byte, from a table that no first cache holds: four times the time.

use rustc_hash::FxHashMap;

/// Bits of the class of a byte.
const CLASS_BITS: u32 = 6;
/// The class that all bytes share for which no other is left: they end more than they should, and are compared.
const CLASS_MAX: u8 = (1 << CLASS_BITS) - 1;
/// Three classes in a row.
const THREE: u32 = (1 << (3 * CLASS_BITS)) - 1;
/// Words of 64 bits, one bit for each three classes.
const WORDS: usize = 1 << (3 * CLASS_BITS - 6);

/// A literal in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// Its number in the list.
    pub(super) literal: usize,
    /// Where it begins.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
}

/// The literals, ready to be found.
#[derive(Debug)]
pub(super) struct Literals {
    literals: Vec<Vec<u8>>,
    /// Of every byte; 0: no literal has it.
    classes: [u8; 256],
    /// Whether a literal may end after three such classes.
    ends: Box<[u64; WORDS]>,
    /// Which ones may, long ones first.
    ending: FxHashMap<u32, Vec<usize>>,
}

impl Literals {
    /// Of literals none of which is empty.
    pub(super) fn new(literals: impl Iterator<Item = String>) -> Self {
        let literals: Vec<Vec<u8>> =
            literals.map(|literal| literal.to_ascii_lowercase().into_bytes()).collect();
        let classes = classes(&literals);
        let mut ends = Box::new([0; WORDS]);
        let mut ending: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
        for (number, literal) in literals.iter().enumerate() {
            for key in keys(literal, &classes) {
                ends[(key >> 6) as usize] |= 1 << (key & 63);
                ending.entry(key).or_default().push(number);
            }
        }
        for list in ending.values_mut() {
            list.sort_by_key(|number| (std::cmp::Reverse(literals[*number].len()), *number));
        }
        Self { literals, classes, ends, ending }
    }

    /// Every literal of a text, overlapping ones too, by where they end; of those that end together the longest
    /// first.
    pub(super) fn hits<'t>(&'t self, text: &'t str) -> Hits<'t> {
        Hits { all: self, bytes: text.as_bytes(), at: 0, key: 0, here: &[] }
    }

    /// Where a literal begins that ends here.
    fn start(&self, number: usize, before: &[u8]) -> Option<usize> {
        let literal = &self.literals[number];
        let start = before.len().checked_sub(literal.len())?;
        before[start..].eq_ignore_ascii_case(literal).then_some(start)
    }
}

/// A search on its way.
pub(super) struct Hits<'t> {
    all: &'t Literals,
    bytes: &'t [u8],
    /// Where the look has come to.
    at: usize,
    /// The classes of the three bytes before it.
    key: u32,
    /// Literals that may end there and were not compared yet.
    here: &'t [usize],
}

impl Iterator for Hits<'_> {
    type Item = Hit;

    fn next(&mut self) -> Option<Hit> {
        loop {
            while let Some((literal, rest)) = self.here.split_first() {
                self.here = rest;
                if let Some(start) = self.all.start(*literal, &self.bytes[..self.at]) {
                    return Some(Hit { literal: *literal, start, end: self.at });
                }
            }
            self.step()?;
        }
    }
}

impl<'t> Hits<'t> {
    /// To where a literal may end next; `None` where none may any more.
    fn step(&mut self) -> Option<()> {
        let mut key = self.key;
        let length = self.bytes[self.at..].iter().position(|byte| {
            key = followed(key, self.all.classes[usize::from(*byte)]);
            self.all.ends[(key >> 6) as usize] >> (key & 63) & 1 == 1
        })?;
        (self.key, self.at) = (key, self.at + length + 1);
        self.here = self.all.ending.get(&key).map_or(&[], Vec::as_slice);
        Some(())
    }
}

/// The key of three classes without the first, and with the next.
fn followed(key: u32, class: u8) -> u32 {
    (key << CLASS_BITS | u32::from(class)) & THREE
}

/// A class for each byte of a literal, the same for both cases of a letter.
fn classes(literals: &[Vec<u8>]) -> [u8; 256] {
    let (mut classes, mut last) = ([0; 256], 0);
    for byte in literals.iter().flatten() {
        if classes[usize::from(*byte)] == 0 {
            last = CLASS_MAX.min(last + 1);
            classes[usize::from(*byte)] = last;
            classes[usize::from(byte.to_ascii_uppercase())] = last;
        }
    }
    classes
}

/// The keys after which a literal may end: its last three classes, and where it has fewer any before them.
fn keys(literal: &[u8], classes: &[u8; 256]) -> Vec<u32> {
    let class = |byte: &u8| classes[usize::from(*byte)];
    let tail = &literal[literal.len().saturating_sub(3)..];
    let mut keys = vec![0];
    for _ in tail.len()..3 {
        let any = |key| (0..=CLASS_MAX).map(move |class| followed(key, class));
        keys = keys.into_iter().flat_map(any).collect();
    }
    keys.into_iter().map(|key| tail.iter().map(class).fold(key, followed)).collect()
}

#[cfg(test)]
mod tests {
    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    use super::*;
    use crate::redact::hint::HINTS;
    use crate::redact::personal::clue;

    fn ours() -> Vec<String> {
        HINTS.iter().map(|(literal, _)| (*literal).to_string()).chain(clue::literals()).collect()
    }

    fn found(literals: &[String], text: &str) -> Vec<Hit> {
        Literals::new(literals.iter().cloned()).hits(text).collect()
    }

    /// The same by an automaton.
    fn by_automaton(literals: &[String], text: &str) -> Vec<Hit> {
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(literals);
        let hit = |hit: aho_corasick::Match| Hit {
            literal: hit.pattern().as_usize(),
            start: hit.start(),
            end: hit.end(),
        };
        automaton.expect("short literals").find_overlapping_iter(text).map(hit).collect()
    }

    #[test]
    fn every_literal_of_ours_is_found_alone_and_in_a_sentence() {
        let all = ours();
        for (number, literal) in all.iter().enumerate() {
            for text in [literal.clone(), format!("So {} it", literal.to_uppercase())] {
                let hits = found(&all, &text);
                assert!(hits.iter().any(|hit| hit.literal == number), "{literal} in {text}");
                assert_eq!(hits, by_automaton(&all, &text), "{text}");
            }
        }
        assert_eq!(found(&all, ""), []);
    }

    #[test]
    fn more_kinds_of_bytes_than_classes_are_still_told_apart() {
        let all: Vec<String> = (b' '..b'~').map(|byte| format!("{}x", char::from(byte))).collect();
        let text: String = (b' '..b'~').flat_map(|byte| [char::from(byte), 'x', 'X']).collect();
        assert_eq!(found(&all, &text), by_automaton(&all, &text));
        assert!(found(&all, &text).len() > 90);
    }

    /// Texts of parts of our literals, which nearly match, between bytes of any kind.
    fn texts() -> impl Strategy<Value = String> {
        let all = ours();
        let part = (0..all.len(), any::<(u8, u8, bool)>()).prop_map(move |(at, (from, to, up))| {
            let literal = &all[at];
            let (from, to) =
                (usize::from(from) % literal.len(), usize::from(to) % (literal.len() + 1));
            let part = literal[from.min(to)..from.max(to)].to_string();
            if up { part.to_uppercase() } else { part }
        });
        let piece = prop_oneof![3 => part, 1 => "\\PC{0,3}", 1 => "[0-9]\\.[0-9]"];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn the_hits_are_those_of_an_automaton_in_its_order(text in texts()) {
            let all = ours();
            prop_assert_eq!(found(&all, &text), by_automaton(&all, &text));
        }

        #[test]
        fn of_any_literals_too(
            all in proptest::collection::vec("[a-cA-C.ü]{1,4}", 1..6),
            text in "[a-cA-C.üx]{0,30}",
        ) {
            prop_assert_eq!(found(&all, &text), by_automaton(&all, &text));
        }
    }
}
