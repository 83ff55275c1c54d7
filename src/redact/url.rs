//! Passwords in connection URLs, signatures in signed ones. Scheme, host and path stay.

use crate::model::token;
use crate::redact::mask::{Mask, begins_with_marker};
use crate::redact::pair::{bare_end, near};
use crate::redact::scan::{is_secretish, name_start, run};

/// Longer than any user name and password in a URL.
const USER_INFO_BYTES_MAX: usize = 512;

/// `?`, `&` and `;` before a parameter of a URL that is itself the value of one.
const SIGNS: &[&[u8]] = &[b"%3F", b"%26", b"%3B"];
/// `&`, `#` and `"` behind the value of such a one.
const ENDS: &[&[u8]] = &[b"%26", b"%23", b"%22"];
/// Digits of the longest port.
const PORT_DIGITS_MAX: usize = 5;
/// Schemes of servers that ask for a password.
const SERVERS: &[&str] = &[
    "amqp://",
    "amqps://",
    "ftp://",
    "http://",
    "https://",
    "mongodb+srv://",
    "mongodb://",
    "mysql://",
    "postgres://",
    "postgresql://",
    "redis://",
    "rediss://",
    "smtp://",
    "smtps://",
];
/// Words that stand for a port, or behind the name of an image.
const PORTS: &[&str] = &["port", "latest"];

/// The password of `scheme://user:password@host`; `from` is the end of `://`.
pub(super) fn password(text: &str, from: usize) -> Option<Mask> {
    let bytes = text.as_bytes();
    let limit = bytes.len().min(from + USER_INFO_BYTES_MAX);
    let web = is_web(&text[..from]);
    let part = |b: u8| !(is_end(b) || web && b == b'/');
    let length = run(&bytes[..limit], from, part);
    let authority = &bytes[from..from + length];
    let Some(first) = authority.iter().position(|b| *b == b'@') else {
        return cut_password(text, from, from + length);
    };
    // An unescaped `@` may be part of the password, but the host ends at the next of these.
    let host = run(authority, first, |b| !matches!(b, b'/' | b'?' | b'#' | b','));
    let at = authority[..first + host].iter().rposition(|b| *b == b'@')?;
    let colon = authority[..at].iter().position(|b| *b == b':')?;
    let (start, end) = (from + colon + 1, from + at);
    let user_is_plain = authority[..colon].iter().all(|b| !matches!(b, b'/' | b'?' | b'#'));
    let hidden = start == end || begins_with_marker(&text[start..end]);
    (user_is_plain && !hidden).then_some(Mask { start, end, kind: "password" })
}

/// The password of a URL that ends before its `@`, in `from..end`: what stands behind the user and is no port.
fn cut_password(text: &str, from: usize, end: usize) -> Option<Mask> {
    let bytes = &text.as_bytes()[..end];
    let user = run(bytes, from, |b| !matches!(b, b':' | b'/' | b'?' | b'#' | b'[' | b'{' | b'$'));
    let colon = from + user;
    if bytes.get(colon) != Some(&b':') {
        return None;
    }
    let start = colon + 1;
    let mut end = start + run(bytes, start, |b| !matches!(b, b'/' | b'?' | b'#' | b','));
    let stop = |b: u8| matches!(b, b'.' | b')' | b']' | b'}' | b'>' | b';' | b':' | b'&');
    while end > start && stop(bytes[end - 1]) {
        end -= 1;
    }
    let end = text.floor_char_boundary(end);
    let value = &text[start..end];
    let digits = run(&bytes[..end], start, |b| b.is_ascii_digit());
    let is_port = (1..=PORT_DIGITS_MAX).contains(&digits)
        && !value[digits..].starts_with(|c: char| c.is_ascii_alphanumeric());
    let is_shown = value.starts_with(['{', '$', '<', ':', '*'])
        || ["%s", "%("].iter().any(|sign| value.starts_with(sign))
        || token::end(text, start).is_some();
    let is_word = PORTS.iter().any(|word| value.eq_ignore_ascii_case(word));
    // `https://example.com:timeout`: a host; `://:x`: nobody; `s3://bucket:prefix`: a place
    let host = is_web(&text[..from]) && bytes[from..colon].contains(&b'.');
    let is_doubtful = user == 0 || host || !is_server(&text[..from]);
    let is_doubtful = is_doubtful && !is_secretish(value);
    let letter = value.bytes().any(|b| b.is_ascii_alphabetic());
    let secret = letter && !is_port && !is_shown && !is_word && !is_doubtful;
    secret.then_some(Mask { start, end, kind: "password" })
}

/// The value of a parameter whose name ends in `start..end`, its `=` or `%3D` included.
pub(super) fn parameter(text: &str, start: usize, end: usize) -> Option<Mask> {
    let bytes = text.as_bytes();
    let name = name_start(bytes, start);
    let escaped =
        bytes[..name].ends_with(b"%") && SIGNS.iter().any(|sign| stands(bytes, name - 1, sign));
    // the digits of `%26` read as letters of the name
    let name = if escaped { name + 2 } else { name };
    let in_query =
        escaped || matches!(bytes[..name], [.., b'?' | b'&' | b';']) || escaped_and(&bytes[..name]);
    let short = bytes[start..end].to_ascii_lowercase().starts_with(b"sig=");
    let short = short || stands(bytes, start, b"sig%3D");
    if !in_query || (short && name != start) {
        return None;
    }
    let from = if bytes[end - 1] == b'=' { text.len() } else { end };
    let near = from + near(&text[from..], 0, true).len();
    let next = (from..near).find(|at| ENDS.iter().any(|sign| stands(bytes, *at, sign)));
    let stop = next.unwrap_or_else(|| bare_end(text, end, true));
    let hidden = stop == end || begins_with_marker(&text[end..]);
    (!hidden).then_some(Mask { start: end, end: stop, kind: "signature" })
}

/// Whether an escape stands at `at`, in either case.
fn stands(bytes: &[u8], at: usize, escape: &[u8]) -> bool {
    bytes.get(at..at + escape.len()).is_some_and(|there| there.eq_ignore_ascii_case(escape))
}

/// `\u0026`, which is how some write `&` in JSON, reads as a part of the name.
fn escaped_and(before: &[u8]) -> bool {
    before.ends_with(b"\\")
}

fn is_end(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b'|')
}

/// Whether the scheme before `://` is one whose passwords hold no slash.
fn is_web(before: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| ends(before, scheme))
}

/// Whether the scheme before `://` is one of a server that asks for a password.
fn is_server(before: &str) -> bool {
    SERVERS.iter().any(|scheme| ends(before, scheme))
}

fn ends(before: &str, scheme: &str) -> bool {
    let from = before.len().checked_sub(scheme.len());
    from.is_some_and(|from| before.as_bytes()[from..].eq_ignore_ascii_case(scheme.as_bytes()))
}

#[cfg(test)]
mod tests {
    use crate::redact::tests::redact;

    #[test]
    fn passwords_of_urls_that_are_cut_are_masked() {
        assert_eq!(redact("redis://default:letmein"), "redis://default:<redacted:password>");
        for text in [
            "dsn postgresql://postgres.abc:S...",
            "postgresql://postgres:S",
            "a redis://default:S\nnext",
            "clone https://oauth2:S (cut)",
            "mongodb://root:S..., retry",
            "https://jane.doe:S",
            "redis://:S",
            "postgresql+asyncpg://u:S",
            "(redis://default:S)",
            "'amqp://guest:S'",
            r#"{"url": "https://oauth2:S/x", "n": 1}"#,
            "redis://default:p+S%21 and",
        ] {
            let got = redact(&text.replace('S', "Zk29LmXw4RtY8uPsQ1Vb"));
            let want = text.replace("p+S%21", "S").replace('S', "<redacted:password>");
            assert_eq!(
                got.replace("/~", "/x").split("/x").next(),
                want.split("/x").next(),
                "{text}"
            );
        }
    }

    #[test]
    fn signatures_of_urls_in_urls_are_masked() {
        for (text, want) in [
            (
                "GET /proxy?url=https%3A%2F%2Fa.blob.core.windows.net%2Fc%2Fb.mp4%3Fsv%3D2022%26sp%3Dr%26sig%3Da1B2%253D 200",
                "GET /proxy?url=https%3A%2F%2Fa.blob.core.windows.net%2Fc%2Fb.mp4%3Fsv%3D2022%26sp%3Dr%26sig%3D<redacted:signature> 200",
            ),
            (
                "u=https%3a%2f%2fb%3fx-amz-credential%3da%26X-Amz-Signature%3DS1%26x%3D1&y=2",
                "u=https%3a%2f%2fb%3fx-amz-credential%3d<redacted:signature>%26X-Amz-Signature%3D<redacted:signature>%26x%3D1&y=2",
            ),
            ("u=a%3Fsig%3Da1%22%7D", "u=a%3Fsig%3D<redacted:signature>%22%7D"),
            ("u=a%3Fsig%3Da1&b=2", "u=a%3Fsig%3D<redacted:signature>&b=2"),
        ] {
            assert_eq!(redact(text), want, "{text}");
        }
        for text in ["u=a%3Fdesig%3Da1", "sig%3Da1 signature%3Da1", "x%20sig%3Da1", "a%3Fsig%3D"] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn ports_and_places_are_no_passwords() {
        for text in [
            "http://localhost:8080/x",
            "http://host:8888: refused",
            "http://{host}:{port} and http://{host}:port/x, redis://host:port",
            "redis://h:6379/0 mongodb://h1:27017,h2:27017/db",
            "http://[::1]:80",
            "url=http://a:80&x=y",
            "ws://worker:8188... and http://worker:8188) http://worker:8188\\n",
            "tcp://worker:29500, docker://nginx:latest, docker://ubuntu:22.04",
            "postgres://user:$PASSWORD redis://default:<secret> amqp://u:%s",
            "file:///C:/x jdbc:postgresql://db:5432/x std://a::b",
            "https://oauth2:<redacted:password> https://api.example.com:timeout http://:8188 x://:name",
            "s3://bucket:prefix memory://store:main chrome-extension://abc:def",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
