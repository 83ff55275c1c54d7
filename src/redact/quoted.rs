//! Values in quotes: plain, escaped, doubled, tripled, or the arguments of a call.

use crate::redact::scan::{after_spaces, is_name, run};

/// Longer than the name of anything that is called.
const NAME_BYTES_MAX: usize = 64;
/// Longer than a value in doubled quotes.
const VALUE_BYTES_MAX: usize = 4_096;
/// Arguments of one call.
const ARGUMENTS_MAX: usize = 8;

/// A string literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quoted {
    /// Its content.
    pub(super) from: usize,
    pub(super) end: usize,
    /// Where it ends, closing quote included.
    pub(super) after: usize,
}

/// The string that opens at `at`: `'x'`, `b"x"`, `$'x'`, `\"x\"`, `""x""`, `'''x'''`.
pub(super) fn string(text: &str, at: usize) -> Option<Quoted> {
    let bytes = text.as_bytes();
    let from = opened(bytes, at)?;
    let at = at + prefix(bytes, at);
    let (slashes, quote) = (from - 1 - at, bytes[from - 1]);
    if let Some(quoted) = repeated(text, at, from) {
        return Some(quoted);
    }
    let end = string_end(bytes, from, quote, slashes);
    let own = run(bytes, end, |b| b == b'\\');
    Some(Quoted { from, end, after: bytes.len().min(end + own + 1) })
}

/// Where the content of the string begins that opens at `at`.
pub(super) fn opened(bytes: &[u8], at: usize) -> Option<usize> {
    let at = at + prefix(bytes, at);
    let quote = at + run(bytes, at, |b| b == b'\\');
    bytes.get(quote).filter(|b| is_quote(**b)).map(|_| quote + 1)
}

/// The strings that something is called with: `SecretStr('x')`, `environ.get("KEY", "x")`.
pub(super) fn call(text: &str, at: usize) -> Vec<Quoted> {
    let bytes = text.as_bytes();
    let name = name_length(bytes, at);
    if name == 0 || bytes.get(at + name) != Some(&b'(') {
        return Vec::new();
    }
    let argument = |at: usize| {
        let at = after_spaces(bytes, at);
        let keyword = name_length(bytes, at);
        let named = keyword > 0 && bytes.get(at + keyword) == Some(&b'=');
        string(text, if named { at + keyword + 1 } else { at })
    };
    let next = |last: &Quoted| {
        let comma = after_spaces(bytes, last.after);
        if bytes.get(comma) == Some(&b',') { argument(comma + 1) } else { None }
    };
    std::iter::successors(argument(at + name + 1), next).take(ARGUMENTS_MAX).collect()
}

/// Whether a byte is a quote.
pub(super) fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

fn name_length(bytes: &[u8], at: usize) -> usize {
    run(&bytes[..bytes.len().min(at + NAME_BYTES_MAX)], at, is_name)
}

/// The length of what says how a literal is meant: `b'`, `rb"`, `$'`.
fn prefix(bytes: &[u8], at: usize) -> usize {
    let sign = |b: u8| matches!(b.to_ascii_lowercase(), b'b' | b'u' | b'r' | b'f' | b'$');
    let length = run(bytes, at, sign);
    let quote = at + length + run(bytes, at + length, |b| b == b'\\');
    let opens = length <= 2 && bytes.get(quote).is_some_and(|b| is_quote(*b));
    if opens { length } else { 0 }
}

/// `""x""`, `'''x'''`, where the first quote stands at `at..from` with the backslashes before it.
fn repeated(text: &str, at: usize, from: usize) -> Option<Quoted> {
    let mark = &text[at..from];
    let times = text.as_bytes()[from..].chunks(mark.len()).take(5);
    let times = 1 + times.take_while(|next| *next == mark.as_bytes()).count();
    let begins = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'$' | b'_' | b'!');
    let opens = text.as_bytes().get(at + times * mark.len()).is_some_and(begins);
    let closing = match times {
        1 => return None,
        2 if opens => mark.repeat(2),
        3 | 5 => mark.repeat(3),
        4 if opens => mark.repeat(3),
        _ => return Some(Quoted { from, end: from, after: at + times * mark.len() }),
    };
    let from = at + closing.len();
    let rest = &text.as_bytes()[from..];
    let near = &rest[..rest.len().min(VALUE_BYTES_MAX)];
    let (window, unclosed) = if times == 2 {
        let word = |b: u8| !b.is_ascii_whitespace() && !is_quote(b) && b.is_ascii();
        (run(near, 0, |b| b != b'\n'), run(near, 0, word))
    } else {
        (rest.len(), rest.len())
    };
    let is_closing = |there: &[u8]| there == closing.as_bytes();
    let end = from + rest[..window].windows(closing.len()).position(is_closing).unwrap_or(unclosed);
    Some(Quoted { from, end, after: text.len().min(end + closing.len()) })
}

/// Where the string ends that `quote` opened at `from`, when `slashes` stood before that quote: its
/// own closing quote, or that of a string around it (a cut off text).
fn string_end(bytes: &[u8], from: usize, quote: u8, slashes: usize) -> usize {
    let mut before = 0;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        // JSON in a repr: `"a\\"b"`, where no string goes on
        let goes_on = bytes.get(at + 1).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b';');
        let escaped = before >= 2 && slashes == 0 && goes_on;
        if *byte == quote
            && !escaped
            && let Some(own) = closing_slashes(before, slashes)
        {
            return at - own;
        }
        before = if *byte == b'\\' { before + 1 } else { 0 };
    }
    bytes.len()
}

/// How many of the `before` backslashes belong to a closing quote of a string that was opened with
/// `slashes`; `None` when the quote is content. Strings in strings need 0, 1, 3, 7, ... of them.
pub(super) fn closing_slashes(before: usize, slashes: usize) -> Option<usize> {
    let mut left = before;
    let mut own = 0;
    while own <= slashes {
        if left.is_multiple_of(2) {
            return Some(own);
        }
        left = (left - 1) / 2;
        own = own * 2 + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::redact::tests::redact;

    #[test]
    fn however_a_value_is_quoted() {
        for (text, want) in [
            ("f(password=SecretStr('x'))", "f(password=SecretStr('<redacted:password>'))"),
            ("f(api_key=Secret(\"x\"), y=1)", "f(api_key=Secret(\"<redacted:api_key>\"), y=1)"),
            (
                "token=get(name='a', b\"c\") d",
                "token=get(name='<redacted:token>', b\"<redacted:token>\") d",
            ),
            ("secret=b64.b64decode('x')", "secret=<redacted:secret>')"),
            ("api_key: SecretStr('x')", "api_key: SecretStr('<redacted:api_key>')"),
            ("export API_KEY=$'x' y", "export API_KEY=$'<redacted:api_key>' y"),
            ("token = \"\"\"x \"y\" \"\"\" z", "token = \"\"\"<redacted:token>\"\"\" z"),
            ("password='''x''', y", "password='''<redacted:password>''', y"),
            ("password=''x'' y", "password=''<redacted:password>'' y"),
            (
                r#"a,"{""password"": ""x"", ""n"": """", ""m"": 1}""#,
                r#"a,"{""password"": ""<redacted:password>"", ""n"": """", ""m"": 1}""#,
            ),
            (
                r#"'{"token": "a\\"b\\"; c", "d": "e\\\\", "f": 1}'"#,
                r#"'{"token": "<redacted:token>", "d": "e\\\\", "f": 1}'"#,
            ),
            (r#"token = \"\"\"x\"\"\" z"#, r#"token = \"\"\"<redacted:token>\"\"\" z"#),
        ] {
            assert_eq!(redact(text), want, "{text}");
        }
    }

    #[test]
    fn nothing_in_quotes_is_nothing() {
        for text in [
            "password='', token=\"\" secret=''''''; \"x\"",
            "<a token=\"\"/><b x=\"\">",
            r#""{""token"": """", ""x"": ""y""}""#,
            "Error getting token: HTTPError('401 Client Error'), token: KeyError('access')",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
