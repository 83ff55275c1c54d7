//! Redaction hides nothing that the grammar reads.

use backstory::grammar::matcher::Grammar;
use backstory::redact::Redactor;
use backstory::redact::policy::Policy;

#[test]
fn every_sample_of_the_grammar_is_read_the_same_after_redaction() {
    let grammar = Grammar::built_in().expect("the built-in grammar is valid");
    let mut read = 0;
    for policy in [Policy::Standard, Policy::Strict] {
        let redactor = Redactor::new(policy, &[7; 32]);
        for entry in grammar.entries() {
            let Some(sample) = &entry.sample else { continue };
            let redacted = redactor.text(sample);
            let before = grammar.classify(&entry.source, sample).expect("a sample is known");
            let after = grammar.classify(&entry.source, &redacted);
            let after = after.unwrap_or_else(|| panic!("{}: {redacted} is unknown", entry.id));
            assert_eq!(before.entry.id, after.entry.id, "{sample} became {redacted}");
            for (held, kept) in before.fields.iter().zip(&after.fields) {
                let same = held == kept || kept.2.contains('~');
                assert!(same, "{}: {held:?} became {kept:?}", entry.id);
            }
            read += 1;
        }
    }
    assert!(read > 200, "only {read} samples");
}
