//! Values of headers that go on to the end of their line: credentials behind a scheme, cookies with all their pairs.

use crate::redact::mask::is_marker;
use crate::redact::named::{self, is_chosen, is_scheme};
use crate::redact::pair::{bare_end, begins_pair, near};
use crate::redact::quoted::{self, Quoted, closing_slashes, is_quote};
use crate::redact::scan::{after_spaces, is_name, is_word, run};

/// Longer than any line of headers.
const LINE_BYTES_MAX: usize = 16 << 10;
/// A credential with letters and digits.
const CREDENTIAL_BYTES_MIN: usize = 6;
/// One of digits only: no state of HTTP, no date.
const NUMBER_BYTES_MIN: usize = 16;

/// A name and the value behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// Where the name begins.
    pub(super) name: usize,
    /// Where the value begins.
    pub(super) from: usize,
    /// Whether a colon joins them, so that the value has the line for itself.
    pub(super) colon: bool,
}

/// The cookies of a header, when what stands there are cookies.
pub(super) fn cookies(text: &str, header: Header) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    // `$Version=1; ...`
    let from = header.from + usize::from(bytes.get(header.from) == Some(&b'$'));
    let flag = from + run(bytes, from, is_name);
    let flagged =
        bytes.get(flag) == Some(&b';') && begins_pair(bytes, after_spaces(bytes, flag + 1));
    let pairs = begins_pair(bytes, from) || flagged;
    pairs.then(|| (header.from, line_end(text, header)))
}

/// What stands behind the scheme of an `Authorization`: `Key 1b2c:3d4e`, `Digest username="x", response="y"`. A
/// single word behind a scheme that is known has no end but its own.
pub(super) fn credentials(text: &str, header: Header) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let length = run(bytes, header.from, is_word);
    let scheme = &text[header.from..header.from + length];
    let at = after_spaces(bytes, header.from + length);
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || at == header.from + length {
        return None;
    }
    let name = run(bytes, at, is_name);
    if (header.colon || is_scheme(scheme)) && bytes.get(at + name) == Some(&b'=') {
        let value = at + name + 1;
        let slashes = run(bytes, value, |b| b == b'\\');
        let quoted = bytes.get(value + slashes).is_some_and(|b| is_quote(*b));
        if name > 0 && (quoted || is_credential(near(text, value, false))) {
            return Some((at, line_end(text, Header { from: at, ..header })));
        }
    }
    if is_scheme(scheme) {
        return None;
    }
    if let Some(quoted) = quoted(text, at) {
        let secret = is_quoted_credential(text, quoted, false);
        return secret.then_some((quoted.from, quoted.end));
    }
    if !is_credential(near(text, at, false)) {
        return None;
    }
    if header.colon {
        return Some((at, line_end(text, Header { from: at, ..header })));
    }
    let words = scheme.bytes().all(|b| b.is_ascii_alphabetic()) && !begins_pair(bytes, at);
    words.then(|| (header.from, bare_end(text, at, false)))
}

/// The credential in quotes of its own that opens at `at`, perhaps behind the quote that closes the header:
/// `"Authorization: Bearer "'x'`. Where its quotes do not close, it ends with its word.
pub(super) fn quoted(text: &str, at: usize) -> Option<Quoted> {
    let bytes = text.as_bytes();
    // `Bearer ['x']`
    let at = at + run(bytes, at, |b| matches!(b, b'[' | b'('));
    let slashes = run(bytes, at, |b| b == b'\\');
    let quote = bytes.get(at + slashes).filter(|b| is_quote(**b));
    let next = bytes.get(at + slashes + 1).filter(|b| is_quote(**b));
    let closes = quote.zip(next).is_some_and(|(quote, next)| quote != next);
    let found = quoted::string(text, if closes { at + slashes + 1 } else { at })?;
    let word = found.from + run(&bytes[..found.end], found.from, |b| !b.is_ascii_whitespace());
    Some(Quoted { end: word, ..found })
}

/// Whether such a literal is a credential, behind a scheme that is known or behind any word.
pub(super) fn is_quoted_credential(text: &str, quoted: Quoted, known: bool) -> bool {
    let value = &text[quoted.from..quoted.end];
    // in quotes that go on or do not close, as often a sentence follows
    let whole = text.as_bytes().get(quoted.end).is_none_or(|b| is_quote(*b) || *b == b'\\');
    let begins = value.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let told = known && whole && named::is_credential(value);
    begins && !is_marker(value) && (told || is_credential(value))
}

/// Whether a word is no word of prose, no place and no number.
fn is_credential(word: &str) -> bool {
    let place = word.contains("://") || word.starts_with(['/', '~', '.', '<']);
    let digit = word.bytes().any(|b| b.is_ascii_digit());
    let letter = word.bytes().any(|b| b.is_ascii_alphabetic());
    let random = digit && letter && word.len() >= CREDENTIAL_BYTES_MIN;
    !place && (random || (digit && word.len() >= NUMBER_BYTES_MIN) || is_chosen(word))
}

/// Where the line ends, or the string around it. A value may have quotes of its own: `a="b"; c={"d":1}`.
fn line_end(text: &str, header: Header) -> usize {
    let limit = text.floor_char_boundary(header.from + LINE_BYTES_MAX);
    let bytes = &text.as_bytes()[..limit];
    let around = opening(bytes, header.name);
    let mut at = header.from;
    while let Some(byte) = bytes.get(at) {
        let slashes = run(bytes, at, |b| b == b'\\');
        let next = bytes.get(at + slashes).copied().unwrap_or_default();
        if matches!(byte, b'\n' | b'\r') || (slashes > 0 && matches!(next, b'n' | b'r')) {
            break;
        }
        if is_quote(next) {
            // quotes of the value's own come in pairs, behind more backslashes than the one around it
            let inner = around.is_none_or(|(_, before)| slashes > before);
            let own = if inner { own_end(bytes, at, slashes) } else { None };
            let closes = around.is_none_or(|(quote, before)| {
                quote == next && closing_slashes(slashes, before).is_some()
            });
            match own {
                Some(end) => at = end,
                None if closes => break,
                None => at += slashes + 1,
            }
        } else {
            at += slashes.max(1);
        }
    }
    let end =
        |b: u8| b.is_ascii_whitespace() || matches!(b, b',' | b';' | b'.' | b')' | b']' | b'}');
    while at > header.from && end(bytes[at - 1]) {
        at -= 1;
    }
    at
}

/// The quote directly before a header's name, with the backslashes before it: it closes behind the value.
fn opening(bytes: &[u8], name: usize) -> Option<(u8, usize)> {
    let (quote, before) = bytes[..name].split_last()?;
    let slashes = before.iter().rev().take(64).take_while(|b| **b == b'\\').count();
    is_quote(*quote).then_some((*quote, slashes))
}

/// Where a part of the value in quotes of its own ends, that opens at `at`; or an apostrophe in a word.
fn own_end(bytes: &[u8], at: usize, slashes: usize) -> Option<usize> {
    let mark = &bytes[at..=at + slashes];
    let after = at + mark.len();
    let before = at.checked_sub(1).map_or(b' ', |before| bytes[before]);
    let goes_on = bytes.get(after).is_some_and(u8::is_ascii_alphanumeric);
    if before.is_ascii_alphanumeric() && goes_on {
        return Some(after);
    }
    if !matches!(before, b'=' | b'{' | b'[' | b'(' | b',' | b':' | b';' | b' ') {
        return None;
    }
    let line = run(bytes, after, |b| b != b'\n' && b != b'\r');
    let closing = bytes[after..after + line].windows(mark.len()).position(|there| there == mark);
    closing.map(|closing| after + closing + mark.len())
}

#[cfg(test)]
mod tests {
    use crate::redact::tests::{kinds, redact};

    #[test]
    fn what_stands_behind_any_scheme_is_masked() {
        for (text, want) in [
            ("Authorization: Key 1b2c-3d:4e5f x1", "Authorization: Key <redacted:authorization>"),
            (
                "> authorization: key 1b2c3d4e\n> x",
                "> authorization: key <redacted:authorization>\n> x",
            ),
            (
                r"authorization: SSWS 1b2c3d4e\r\nx",
                r"authorization: SSWS <redacted:authorization>\r\nx",
            ),
            (
                "curl -H \"Authorization: Key 1b2c3d4e\" https://fal.run/x",
                "curl -H \"Authorization: Key <redacted:authorization>\" https://fal.run/~file~",
            ),
            (
                r#"sent \"Proxy-Authorization: GenieKey 1b2c3d4e\", \"x\""#,
                r#"sent \"Proxy-Authorization: GenieKey <redacted:authorization>\", \"x\""#,
            ),
            ("Authorization=Key 1b2c3d4e x", "Authorization=<redacted:authorization> x"),
            (
                "Authorization: Digest username=\"b\", realm=\"r@h\", response=\"9\"",
                "Authorization: Digest <redacted:authorization>",
            ),
            (
                r#"-H "Authorization: Digest username=\"b\", response=\"9\"" -v"#,
                r#"-H "Authorization: Digest <redacted:authorization>" -v"#,
            ),
            ("Authorization: Token token=\"ab\"", "Authorization: Token <redacted:authorization>"),
            (
                "Authorization: AWS4-HMAC-SHA256 Credential=AB12CD34/x, Signature=ab",
                "Authorization: AWS4-HMAC-SHA256 <redacted:authorization>",
            ),
        ] {
            assert_eq!(kinds(text), want, "{text}");
        }
    }

    #[test]
    fn credentials_in_quotes_of_their_own_are_masked() {
        for text in [
            "Authorization: Bearer 'S'",
            "Authorization: Basic 'S'",
            "authorization: Basic \"S\" x",
            "Authorization: token 'S', y",
            "Authorization: Bearer `S`",
            r#"Authorization: Bearer \"S\""#,
            "Proxy-Authorization: Basic 'S'",
            "curl -H \"Authorization: Bearer \"'S' https://x",
            r#"curl -H \"Authorization: Bearer \"'S'"#,
            "token: Bearer 'S'",
            "Authorization: Bearer b'S'",
            "Authorization: Bearer u'S'",
            "Authorization: Bearer b\"S\"",
            "Authorization: Key 'S'",
            "Authorization: Key b'S'",
            "Authorization=Bearer 'S'",
            "Authorization: Bearer 'S...",
            "Authorization: Bearer 'S and more",
            "Authorization: Key 'S!S'",
            "Authorization: Bearer ['S']",
            r#"{"m": "Authorization: Bearer 'S'", "n": "Authorization: Key \"S\""}"#,
            "sent Bearer 'S'",
            "sent Bearer \"S\"",
            r#"sent Bearer \"S\""#,
            "sent Bearer b'S'",
            "Bearer%20S",
            "Bearer%20%22S%22",
            "a=Bearer+S&x",
        ] {
            let got = redact(&text.replace('S', "Zk29LmXw4RtY8uPsQ1Vb"));
            let masked =
                got.split("<redacted:").count() == text.replace("S!S", "S").split('S').count();
            assert!(masked && !got.contains("Zk29") && !got.contains("Q1Vb"), "{text}: {got}");
        }
    }

    #[test]
    fn quotes_behind_a_scheme_that_hold_no_credential_are_left_alone() {
        for text in [
            "-H \"Authorization: Bearer \" -H 'x-count: 3'",
            r#"headers = {"Authorization: Bearer ", "x1-count-3": 5}"#,
            "Authorization: Bearer 'token' is missing",
            "Authorization: Bearer '<token>'",
            "Authorization: failed 'for user'",
            "a bearer 'token', bearer \"authentication\", bearer+token%20",
            r#"{"token_type": "bearer", "expires_in": 3600}"#,
            "Authorization: Bearer '' was sent",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn cookies_are_masked_with_all_their_pairs() {
        for (text, want) in [
            ("Cookie: prefs=\"a\"; sid=1", "Cookie: <redacted:cookie>"),
            ("Set-Cookie: sid=\"a b\"; Path=/", "Set-Cookie: <redacted:cookie>"),
            ("Cookie: a=1; b=\"c\"; d=e\nx", "Cookie: <redacted:cookie>\nx"),
            (r#"Cookie: a=1; b="c"; d=e\nx"#, r"Cookie: <redacted:cookie>\nx"),
            ("Cookie: cfg={\"a\":1}; session=2", "Cookie: <redacted:cookie>"),
            ("cookie: flag; session=2", "cookie: <redacted:cookie>"),
            ("Cookie: a=1, b=it's; c=2", "Cookie: <redacted:cookie>"),
            ("-H 'Cookie: a=\"1\"; b=2' -v", "-H 'Cookie: <redacted:cookie>' -v"),
            (
                r#"'{"m": "Cookie: a=\\"1 x\\"; b=2", "c": 1}'"#,
                r#"'{"m": "Cookie: <redacted:cookie>", "c": 1}'"#,
            ),
            ("Cookie: $Version=1; a=2", "Cookie: <redacted:cookie>"),
            (r#"{"m": "Cookie: a=1; b=2", "c"#, r#"{"m": "Cookie: <redacted:cookie>", "c"#),
        ] {
            assert_eq!(redact(text), want, "{text}");
        }
    }

    #[test]
    fn prose_about_headers_is_left_alone() {
        for text in [
            "Authorization: failed for user",
            "Authorization: error 401, HTTP 401",
            "authorization: expired on 2025-10-01 at 12:34:56",
            "Authorization: see https://docs.example.org",
            "authorization header missing, worker gpu-20251103_140000-da36e0d6",
            "cookie: disabled; using headers. Cookies: 3 found",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
