//! Hostile messages and files: the matcher finds what its regular expressions find, the reader of Python
//! reprs and the loader of grammar files end in a value or an error.
#![no_main]

use std::sync::LazyLock;

use backstory::grammar::matcher::Grammar;
use backstory::grammar::{entry, head, python};

static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| Grammar::built_in().expect("it is valid"));

libfuzzer_sys::fuzz_target!(|text: &str| {
    let line = head::head(text);
    for entry in GRAMMAR.entries() {
        assert_eq!(entry.pattern.find(line), entry.pattern.find_by_regex(line), "{}", entry.template);
        entry.pattern.fits_up_to(line);
    }
    drop(python::parse(text));
    drop(entry::parse("fuzz.toml", text));
});
