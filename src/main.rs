//! The `backstory` binary: parse, run, exit code.

fn main() {}
