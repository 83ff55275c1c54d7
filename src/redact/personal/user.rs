//! Ids of accounts, by the word before them: `User {uuid}:`, `user: {uuid}`, `user_id={id}`.

use crate::model::token::is_token;
use crate::redact::personal::clue::key_class;
use crate::redact::personal::key::Class;
use crate::redact::personal::uuid;
use crate::redact::scan::{after_spaces, begins_word, run};

/// Separators between two words.
const SEPARATORS_MAX: usize = 8;
/// Words between the name and the id: `User(id=UUID('...'))`, `user with id ...`.
const WORDS: &[&str] = &["id", "uuid", "with", "is"];
const WORDS_MAX: usize = 5;
/// Words of SQL between the name of a column of ids and the id: `user_id::text = ANY('{...}')`, `user_id NOT IN ('...')`.
const OPERATORS: &[&str] = &["any", "array", "distinct", "from", "in", "not", "text"];
/// Operators of PostgREST: `users?id=eq.{uuid}`, `user_id=in.({uuid})`, `or=(user_id.eq.{uuid},...)`.
const FILTERS: &[&str] = &["eq.", "neq.", "in.(", ".eq.", ".neq.", ".in.("];
/// Ids in one list.
const LIST_MAX: usize = 10_000;

/// The ids after the word that ends at `end`.
pub(super) fn find(text: &str, end: usize) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut at, named) = after_name(bytes, end);
    // `Task claimed successfully (user): {task}`: a word of the sentence before it
    if !named && bytes.get(end) == Some(&b')') {
        return Vec::new();
    }
    // `user-{uuid}`
    let dash = matches!(bytes.get(at), Some(b'-' | b'_')) && uuid::begins(bytes, at + 1);
    at += usize::from(dash);
    let mut joined = at > end;
    let (mut colon, mut below) = (false, false);
    for _ in 0..WORDS_MAX {
        let length = run(bytes, at, is_separator).min(SEPARATORS_MAX);
        let separators = &text[at..at + length];
        joined |= length > 0;
        colon |= separators.contains([':', '=']);
        below |= separators.contains(['{', '?']);
        at += length;
        // the letter of an escaped line end
        let escaped = separators.ends_with('\\') && matches!(bytes.get(at), Some(b'n' | b't'));
        at += usize::from(escaped && uuid::begins(bytes, at + 1));
        if filter(text, at).is_some() {
            break;
        }
        let operators = OPERATORS.iter().filter(|_| named);
        let mut words = WORDS.iter().chain(operators);
        let Some(word) = words.find(|word| is_word(bytes, at, word)) else { break };
        at += word.len();
    }
    if let Some(operator) = filter(text, at).filter(|_| below || colon || named) {
        at += operator.len();
        at += run(bytes, at, |b| b == b'"').min(1);
        joined = true;
    }
    let mut found = Vec::new();
    while joined && uuid::begins(bytes, at) && found.len() < LIST_MAX {
        found.push((at, at + uuid::BYTES));
        at = next(bytes, at + uuid::BYTES);
    }
    // `'user_id': 77` in a literal: a number or a name of Python's, of which a token would make neither
    let scalar = is_quote(bytes.get(after_name(bytes, end).0)) && !is_quote(bytes.get(at - 1));
    if found.is_empty() && named && colon && !scalar && !below {
        found.extend(bare(text, at));
    }
    found
}

fn filter(text: &str, at: usize) -> Option<&'static str> {
    FILTERS.iter().copied().find(|operator| text[at..].starts_with(operator))
}

/// Where the next id of a list may begin: `{uuid}, {uuid}`, `UUID('{uuid}'), UUID('{uuid}')`.
fn next(bytes: &[u8], at: usize) -> usize {
    let separator = |b: u8| matches!(b, b'"' | b'\'' | b'\\' | b',' | b' ');
    let call = at + run(bytes, at, |b| separator(b) || b == b')').min(SEPARATORS_MAX);
    let called = bytes[call..].strip_prefix(b"UUID(").map(|rest| bytes.len() - rest.len());
    let plain = at + run(bytes, at, separator).min(SEPARATORS_MAX);
    called.map_or(plain, |called| called + run(bytes, called, separator).min(SEPARATORS_MAX))
}

/// Whether the word at `start..end` begins the name of a key in quotes whose value is an account's id,
/// in whatever literal it stands, or an object of theirs.
pub(super) fn is_key(text: &str, start: usize, end: usize) -> bool {
    let (name_end, named) = after_name(text.as_bytes(), end);
    match key_class(text, start, name_end) {
        Some(Class::Person) => named,
        Some(Class::Owner) => opens(text.as_bytes(), name_end),
        _ => false,
    }
}

/// Whether an object stands behind the key whose name ends at `end`, or a list of them: `"user": {"id": ...`.
fn opens(bytes: &[u8], end: usize) -> bool {
    let sign = |b: u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'\\' | b':' | b'[');
    bytes.get(end + run(bytes, end, sign).min(SEPARATORS_MAX)) == Some(&b'{')
}

fn is_separator(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b":='\"`\\/()[]{}<>#?!".contains(&byte)
}

fn is_quote(byte: Option<&u8>) -> bool {
    matches!(byte, Some(b'"' | b'\''))
}

/// The uuid behind `uid=` or `uid:`, where `uid` at `start..end` is a word of its own. A number there is one of Linux.
pub(super) fn uid(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let quotes = |at| run(bytes, at, |b| matches!(b, b'"' | b'\'' | b'\\')).min(SEPARATORS_MAX);
    // `auth.uid() = '...'`
    let called = bytes[end..].starts_with(b"()");
    let joint = after_spaces(bytes, if called { end + 2 } else { end + quotes(end) });
    let signs = run(bytes, joint, |b| matches!(b, b'=' | b':' | b'>' | b'!' | b'<'));
    if !begins_word(bytes, start) || !(1..=2).contains(&signs) {
        return None;
    }
    let at = after_spaces(bytes, joint + signs);
    let at = at + quotes(at);
    uuid::begins(bytes, at).then_some((at, at + uuid::BYTES))
}

/// Whether this word stands here, whole.
fn is_word(bytes: &[u8], at: usize, word: &str) -> bool {
    let head = bytes.get(at..at + word.len());
    let ends = !bytes.get(at + word.len()).is_some_and(u8::is_ascii_alphanumeric);
    ends && head.is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
}

/// `_id`, `.id`, `s`, ` ID`, ...: where the name ends, and whether it says that an id follows.
fn after_name(bytes: &[u8], end: usize) -> (usize, bool) {
    let plural = usize::from(matches!(bytes.get(end), Some(b's' | b'S')));
    // `users.id`: a table and its column
    let column = bytes.get(end + plural) == Some(&b'.');
    let joint = matches!(bytes.get(end), Some(b'_' | b'-' | b' '));
    let at = if column { end + plural + 1 } else { end + usize::from(joint) };
    let named = ["ids", "id", "uuid"].iter().find(|word| is_word(bytes, at, word));
    named.map_or((end + plural, false), |word| (at + word.len(), true))
}

/// An id of another form after `user_id=`.
fn bare(text: &str, from: usize) -> Option<(usize, usize)> {
    let length = run(text.as_bytes(), from, |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'|' | b'-' | b'_' | b'.' | b'~' | b':' | b'@')
    });
    // `b'...'`: the letter belongs to a literal, which is walked string by string
    let before = from.checked_sub(1).and_then(|at| text.as_bytes().get(at));
    if is_quote(text.as_bytes().get(from + length)) && !is_quote(before) {
        return None;
    }
    let value = text[from..from + length].trim_end_matches(['.', ':']);
    let nothing = ["none", "null", "nil", "undefined", "eq", "uuid", "missing", "required"];
    let hidden = value.is_empty() || is_token(value);
    let kept = hidden || nothing.iter().any(|word| value.eq_ignore_ascii_case(word));
    (!kept).then_some((from, from + value.len()))
}

#[cfg(test)]
mod tests {
    use crate::redact::tests::{kinds, redact};

    const ID: &str = "0f9b1c2d-3e4f-4a5b-8c6d-7e8f90a1b2c3";

    #[test]
    fn ids_in_statements_and_of_columns_are_hidden() {
        for text in [
            "where user_id = ANY('{@}')",
            "where user_id = ANY('{@,@}'::uuid[])",
            "where user_id::text = '@'",
            "where user_id IN ('@', '@')",
            "where user_id NOT IN ('@')",
            "where user_id != '@'",
            "where user_id <> '@'",
            "user.id=@",
            "where users.id = '@'",
            "uid=@",
            "uid: @, x",
            "uid = '@'",
            "GET /rest/v1/tasks?user_id=in.(@,@) 500",
            "GET /rest/v1/tasks?user_id=in.(\"@\",\"@\")",
            "tasks?or=(user_id.eq.@,owner_id.eq.@)",
            "user_id.in.(@,@)",
            "user_ids=[UUID('@'), UUID('@')]",
            "callerId=@, requested_by: @",
            "uid == '@' or uid => @",
            "auth.uid() = '@'",
            "'uid': '@'",
            "user_id = any(array['@']::uuid[])",
            "user_id IS DISTINCT FROM '@'",
        ] {
            assert_eq!(kinds(&text.replace('@', ID)), text.replace('@', "~user~"));
        }
    }

    #[test]
    fn what_is_no_id_in_a_statement_is_left_alone() {
        for text in [
            "where user_id = ANY($1) and user_id::text = $2 and user_id in (select id from x)",
            "user_id: text, owner_id: uuid",
            "uid=0(root) gid=0(root), uid: 1000",
            "the user! 0f9b1c2d, a user in 0f9b1c2d-3e4f-4a5b-8c6d-7e8f90a1b2c3",
            "guid=0f9b1c2d-3e4f-4a5b-8c6d-7e8f90a1b2c3 run_uid=0f9b1c2d-3e4f-4a5b-8c6d-7e8f90a1b2c3",
            "cannot read user.id: undefined",
            "Task claimed successfully (user): 0f9b1c2d-3e4f-4a5b-8c6d-7e8f90a1b2c3",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
