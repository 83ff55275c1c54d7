//! PostgreSQL's CSV, record by record: an unquoted empty field is NULL, a quoted one is a text.
//!
//! Memory is bounded by the longest record, and that by [`RECORD_BYTES_MAX`].

use std::io::{self, BufRead};

/// A record longer than this is not kept: PostgreSQL's largest log rows are far below it.
pub const RECORD_BYTES_MAX: usize = 256 << 20;

/// Why a record could not be read. Says nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRecord {
    /// `abc"def`
    #[error("a quote inside an unquoted field")]
    QuoteInside,
    /// `"abc"def`
    #[error("text after a closing quote")]
    AfterQuote,
    /// The file ends inside quotes.
    #[error("the quote opened in this record is never closed; nothing after it was read")]
    Unterminated,
    /// Bytes that are no UTF-8.
    #[error("invalid UTF-8")]
    NotUtf8,
    /// Longer than [`RECORD_BYTES_MAX`].
    #[error("longer than {} MiB", RECORD_BYTES_MAX >> 20)]
    TooLong,
}

/// One record: the fields' text end to end, quotes removed.
#[derive(Debug, Default)]
pub struct Record {
    text: String,
    ends: Vec<(usize, bool)>,
}

impl Record {
    /// How many fields it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no field at all, which no record that was read has.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The field at a position; `None` when it is NULL.
    pub fn field(&self, at: usize) -> Option<&str> {
        let start = if at == 0 { 0 } else { self.ends[at - 1].0 };
        let (end, quoted) = self.ends[at];
        if start == end && !quoted { None } else { Some(&self.text[start..end]) }
    }
}

/// Where in a record the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    FieldStart,
    Unquoted,
    Quoted,
    /// After a quote inside quotes: a doubled quote, or the end of the field.
    QuoteSeen,
    /// After that quote and a carriage return: only a line feed may follow.
    ReturnSeen,
    /// The record is bad; its line is skipped.
    Skip,
}

/// Reads records one after the other.
pub struct CsvReader<R> {
    input: R,
    next_line: u64,
    line: u64,
    bytes: Vec<u8>,
    state: State,
    bad: Option<BadRecord>,
    record: Record,
}

impl<R: BufRead> CsvReader<R> {
    /// Starts at line 1.
    pub fn new(input: R) -> Self {
        Self {
            input,
            next_line: 1,
            line: 1,
            bytes: Vec::new(),
            state: State::FieldStart,
            bad: None,
            record: Record::default(),
        }
    }

    /// The line on which the last record began.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The next record, or what is wrong with it; `None` at the end. Blank lines hold no record.
    pub fn read(&mut self) -> io::Result<Option<Result<&Record, BadRecord>>> {
        loop {
            self.start_record();
            if !self.fill_record()? {
                return Ok(None);
            }
            let blank = self.bytes.is_empty() && self.record.ends == [(0, false)];
            if !blank || self.bad.is_some() {
                break;
            }
        }
        if let Some(bad) = self.bad {
            return Ok(Some(Err(bad)));
        }
        match String::from_utf8(std::mem::take(&mut self.bytes)) {
            Ok(text) if self.record.ends.iter().all(|(end, _)| text.is_char_boundary(*end)) => {
                self.record.text = text;
                Ok(Some(Ok(&self.record)))
            }
            Ok(_) | Err(_) => Ok(Some(Err(BadRecord::NotUtf8))),
        }
    }

    fn start_record(&mut self) {
        self.line = self.next_line;
        if self.bytes.is_empty() {
            self.bytes = std::mem::take(&mut self.record.text).into_bytes();
        }
        self.bytes.clear();
        self.record.ends.clear();
        self.state = State::FieldStart;
        self.bad = None;
    }

    /// Reads up to the end of a record; false when there is none left.
    fn fill_record(&mut self) -> io::Result<bool> {
        let mut seen = false;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(err) if err.kind() == io::ErrorKind::Interrupted => continue,
                Err(err) => return Err(err),
            };
            if chunk.is_empty() {
                if seen {
                    self.end_of_input();
                }
                return Ok(seen);
            }
            seen = true;
            let mut parser = Parser {
                bytes: &mut self.bytes,
                ends: &mut self.record.ends,
                state: &mut self.state,
                bad: &mut self.bad,
            };
            let (used, complete) = parser.feed(chunk);
            self.next_line += chunk[..used].iter().filter(|b| **b == b'\n').count() as u64;
            self.input.consume(used);
            if complete {
                return Ok(true);
            }
        }
    }

    /// A last record without a line feed.
    fn end_of_input(&mut self) {
        match self.state {
            State::Quoted => self.bad = Some(BadRecord::Unterminated),
            State::ReturnSeen | State::QuoteSeen => self.record.ends.push((self.bytes.len(), true)),
            State::FieldStart | State::Unquoted => {
                self.record.ends.push((self.bytes.len(), false));
            }
            State::Skip => {}
        }
    }
}

/// The record in the making, apart from the input so that both can be borrowed.
struct Parser<'a> {
    bytes: &'a mut Vec<u8>,
    ends: &'a mut Vec<(usize, bool)>,
    state: &'a mut State,
    bad: &'a mut Option<BadRecord>,
}

impl Parser<'_> {
    /// Takes bytes up to the end of the record: how many, and whether the record is complete.
    fn feed(&mut self, chunk: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while at < chunk.len() {
            let rest = &chunk[at..];
            match *self.state {
                State::FieldStart if rest[0] == b'"' => {
                    *self.state = State::Quoted;
                    at += 1;
                }
                State::FieldStart | State::Unquoted => {
                    *self.state = State::Unquoted;
                    let run = run_until(rest, |b| matches!(b, b',' | b'\n' | b'"'));
                    self.keep(&rest[..run]);
                    at += run;
                    if run < rest.len() {
                        at += 1;
                        if self.end_unquoted(rest[run]) {
                            return (at, true);
                        }
                    }
                }
                State::Quoted => {
                    let run = run_until(rest, |b| b == b'"');
                    self.keep(&rest[..run]);
                    at += run;
                    if run < rest.len() {
                        at += 1;
                        *self.state = State::QuoteSeen;
                    }
                }
                State::QuoteSeen | State::ReturnSeen => {
                    at += 1;
                    if self.after_quote(rest[0]) {
                        return (at, true);
                    }
                }
                State::Skip => {
                    let run = run_until(rest, |b| b == b'\n');
                    at += run;
                    if run < rest.len() {
                        return (at + 1, true);
                    }
                }
            }
        }
        (at, false)
    }

    /// The byte that ends an unquoted run; true when it ends the record.
    fn end_unquoted(&mut self, byte: u8) -> bool {
        if byte == b'"' {
            self.fail(BadRecord::QuoteInside);
            return false;
        }
        let start = self.ends.last().map_or(0, |(end, _)| *end);
        if byte == b'\n' && self.bytes.len() > start && self.bytes.last() == Some(&b'\r') {
            self.bytes.pop();
        }
        self.end_field(false);
        byte == b'\n'
    }

    /// The byte after a closing quote; true when it ends the record.
    fn after_quote(&mut self, byte: u8) -> bool {
        match (byte, *self.state) {
            (b'\n', _) => {
                self.end_field(true);
                return true;
            }
            (b'"', State::QuoteSeen) => {
                self.keep(b"\"");
                *self.state = State::Quoted;
            }
            (b',', State::QuoteSeen) => self.end_field(true),
            (b'\r', State::QuoteSeen) => *self.state = State::ReturnSeen,
            (_, _) => self.fail(BadRecord::AfterQuote),
        }
        false
    }

    fn end_field(&mut self, quoted: bool) {
        self.ends.push((self.bytes.len(), quoted));
        *self.state = State::FieldStart;
    }

    fn keep(&mut self, run: &[u8]) {
        if self.bytes.len() + run.len() > RECORD_BYTES_MAX {
            *self.bad = Some(BadRecord::TooLong);
        } else {
            self.bytes.extend_from_slice(run);
        }
    }

    fn fail(&mut self, bad: BadRecord) {
        *self.bad = Some(bad);
        *self.state = State::Skip;
    }
}

fn run_until(bytes: &[u8], stop: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|b| stop(*b)).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Fields = Vec<Option<String>>;

    fn read_all(input: &[u8]) -> Vec<(u64, Result<Fields, BadRecord>)> {
        let mut reader = CsvReader::new(io::BufReader::with_capacity(3, input));
        let mut all = Vec::new();
        while let Some(record) = reader.read().expect("a slice has no IO errors") {
            let fields = record.map(|record| {
                (0..record.len()).map(|at| record.field(at).map(str::to_string)).collect()
            });
            all.push((reader.line(), fields));
        }
        all
    }

    fn row(fields: &[Option<&str>]) -> Result<Fields, BadRecord> {
        Ok(fields.iter().map(|field| field.map(str::to_string)).collect())
    }

    #[test]
    fn null_is_not_the_empty_text() {
        assert_eq!(read_all(b",\"\",x\n"), [(1, row(&[None, Some(""), Some("x")]))]);
        assert_eq!(read_all(b"x,"), [(1, row(&[Some("x"), None]))]);
    }

    #[test]
    fn quotes_lines_and_returns_are_content_inside_quotes() {
        assert_eq!(
            read_all(b"a,\"b\r\n\"\"c\"\",\"\r\nd,e\r\n\r\n\nf,g"),
            [
                (1, row(&[Some("a"), Some("b\r\n\"c\",")])),
                (3, row(&[Some("d"), Some("e")])),
                (6, row(&[Some("f"), Some("g")])),
            ]
        );
    }

    #[test]
    fn a_bad_record_does_not_take_its_neighbours_along() {
        assert_eq!(
            read_all(b"a\"b,c\n\"a\"b,c\n\xff\n\"\xc3\",\"\xa9\"\nok\n\"open\nmore\n"),
            [
                (1, Err(BadRecord::QuoteInside)),
                (2, Err(BadRecord::AfterQuote)),
                (3, Err(BadRecord::NotUtf8)),
                (4, Err(BadRecord::NotUtf8)),
                (5, row(&[Some("ok")])),
                (6, Err(BadRecord::Unterminated)),
            ]
        );
    }

    #[test]
    fn an_empty_file_has_no_record() {
        assert_eq!(read_all(b""), []);
        assert_eq!(read_all(b"\n\n"), []);
    }
}
