//! Events as they stand in files of a spool: a head of fixed length, with numbers for whatever events have in
//! common. To read one costs little more than to copy it, and passes read each of them many times.

mod bytes;
mod fields;
mod kept;
mod memo;
mod record;
pub mod shelf;

#[cfg(test)]
mod tests;
