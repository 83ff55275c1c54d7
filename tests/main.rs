//! All tests of the finished program, in one binary.

mod support;

mod export;
