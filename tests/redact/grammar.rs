//! Redaction hides nothing that the grammar reads.

use backstory::grammar::matcher::Grammar;
use backstory::redact::Redactor;
use backstory::redact::policy::Policy;

#[test]
fn every_sample_of_the_grammar_is_read_the_same_after_redaction() {
    let grammar = Grammar::built_in().expect("the built-in grammar is valid");
    let (mut read, mut lost) = (0, Vec::new());
    for policy in [Policy::Standard, Policy::Strict] {
        let redactor = Redactor::new(policy, &[7; 32]);
        let samples = grammar.entries().flat_map(|entry| {
            entry.samples.iter().map(move |sample| (entry, sample.line.as_str()))
        });
        for (entry, sample) in samples {
            let redacted = redactor.text(sample);
            let before = grammar.classify(&entry.source, sample).expect("a sample is known");
            let after = grammar.classify(&entry.source, &redacted);
            read += 1;
            let Some(after) = after.filter(|after| after.entry.id == before.entry.id) else {
                lost.push(format!("{}: {sample} became {redacted}", entry.id));
                continue;
            };
            for (held, kept) in before.fields().zip(after.fields()) {
                let hidden = kept.2.contains('~') || kept.2.contains("<redacted:");
                if held != kept && !hidden {
                    lost.push(format!("{}: {held:?} became {kept:?}", entry.id));
                }
            }
        }
    }
    assert!(lost.is_empty(), "{} lost:\n{}", lost.len(), lost.join("\n"));
    assert!(read > 2_000, "only {read} samples");
}
