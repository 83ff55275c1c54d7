//! `user:password@address` without a scheme, as proxies, SSH targets and copied command lines have it.

use std::net::Ipv4Addr;

use crate::redact::mask::{Mask, begins_with_marker};
use crate::redact::scan::{is_name, is_secretish, name_start, run};

/// Longer than any password of a machine.
const PASSWORD_BYTES_MAX: usize = 128;
/// `255.255.255.255`
const ADDRESS_BYTES_MAX: usize = 15;
/// Longer than any user name and password in a URL whose signs are escaped.
const ESCAPED_CHARS_MAX: usize = 512;
/// Longer than any name of a machine.
const HOST_BYTES_MAX: usize = 256;

/// The password before the `@` at `at`. Behind it an address has to stand, or a machine and its port: `a:b@c.example` is
/// a name of mail, too, unless no such name ends as the password does.
pub(super) fn password(text: &str, at: usize) -> Option<Mask> {
    let bytes = text.as_bytes();
    if bytes[at] == b'%' {
        return escaped(text, at);
    }
    let odd = bytes[..at].last().is_some_and(|b| matches!(b, b'=' | b')' | b']' | b'}' | b'/'));
    let sure = begins_with_address(&bytes[at + 1..]) || odd;
    if !sure && !is_bare(&text[at + 1..]) {
        return None;
    }
    let of_password =
        |b: &&u8| !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b'`' | b'\\' | b',');
    let back = bytes[..at].iter().rev().take(PASSWORD_BYTES_MAX).take_while(of_password).count();
    let from = text.ceil_char_boundary(at - back);
    let piece = &bytes[from..at];
    let colon = from + piece.iter().position(|b| *b == b':')?;
    let (start, end) = (colon + 1, at);
    // a time is no user, and what has a scheme is looked at there
    let user = name_start(bytes, colon);
    let has_user = bytes[user.max(from)..colon].iter().any(u8::is_ascii_alphabetic);
    let has_scheme = text[colon..end].starts_with("://");
    let hidden = begins_with_marker(&text[start..end]);
    let found = has_user && start < end && !has_scheme && !hidden;
    let found = found && (sure || is_secretish(&text[start..end]));
    found.then_some(Mask { start, end, kind: "password" })
}

/// Whether a text begins with a name of one word, as machines of one network call each other, and not with one of mail.
fn is_bare(host: &str) -> bool {
    let bytes = host.as_bytes();
    let name = run(&bytes[..bytes.len().min(HOST_BYTES_MAX)], 0, is_name);
    let has_domain = bytes.get(name) == Some(&b'.')
        && bytes.get(name + 1).is_some_and(u8::is_ascii_alphanumeric);
    bytes.first().is_some_and(u8::is_ascii_alphabetic) && !has_domain
}

/// The password before an `@` that is written `%40`, or `%2540`, in a URL that is written so from its slashes on.
fn escaped(text: &str, at: usize) -> Option<Mask> {
    let percent = if text[at..].starts_with("%25") { "%25" } else { "%" };
    let of_url = |c: &char| !c.is_whitespace() && !matches!(c, '"' | '\'' | '`' | '\\' | '&');
    let near = text[..at].chars().rev().take(ESCAPED_CHARS_MAX).take_while(of_url);
    let from = at - near.map(char::len_utf8).sum::<usize>();
    // letters of other cases keep their length
    let url = text[from..at].to_ascii_uppercase();
    let slashes = ["//".to_string(), format!("{percent}2F{percent}2F")];
    let user = slashes.iter().filter_map(|of| Some(url.rfind(of.as_str())? + of.len())).max()?;
    let colon = format!("{percent}3A");
    let start = from + user + url[user..].find(&colon)? + colon.len();
    let found = start < at && !begins_with_marker(&text[start..at]);
    found.then_some(Mask { start, end: at, kind: "password" })
}

/// An IPv4 address, one of IPv6 in brackets, this machine, or a name before a port.
fn begins_with_address(host: &[u8]) -> bool {
    let near = &host[..host.len().min(ADDRESS_BYTES_MAX + 1)];
    let length = run(near, 0, |b| b.is_ascii_digit() || b == b'.');
    let dotted = str::from_utf8(&near[..length]).unwrap_or_default().trim_end_matches('.');
    let local = b"localhost";
    let is_local = host.get(..local.len()).is_some_and(|name| name.eq_ignore_ascii_case(local));
    let name = run(&host[..host.len().min(HOST_BYTES_MAX)], 0, is_name);
    let has_port =
        host.get(name) == Some(&b':') && host.get(name + 1).is_some_and(u8::is_ascii_digit);
    let has_port = name > 0 && has_port;
    dotted.parse::<Ipv4Addr>().is_ok() || host.first() == Some(&b'[') || is_local || has_port
}

#[cfg(test)]
mod tests {
    use crate::redact::tests::redact;

    #[test]
    fn passwords_before_addresses_are_masked() {
        for text in [
            "{'https': 'user1:S@203.0.113.7:8080'}",
            "ssh target root:S@213.173.108.5:22",
            "root:S@10.0.0.5.",
            "proxy=ann:S@localhost:3128",
            "ann:S@[2001:db8::1]:22",
            "a user:S@1.2.3.4, b root:S@5.6.7.8",
            "dsn=postgres:S@db/postgres ssh root:S@pod-a1b2 -p 3",
            "redis default:S@redis:6379; postgres:S/x9==@db.example.com",
            "scp root:Kq9x/S@10.1.2.3",
        ] {
            // the addresses are hidden as well
            let want = text.replace("Kq9x/S", "S").replace("S/x9==", "S");
            let want = redact(&want.replace('S', "<redacted:password>"));
            assert_eq!(redact(&text.replace('S', "PRXYb1:c2")), want, "{text}");
        }
    }

    #[test]
    fn passwords_of_escaped_urls_are_masked() {
        for text in [
            "postgres%3A%2F%2Fpostgres%3AS%40db%3A5432%2Fx",
            "u=https%3a//u%3aS%40db&x=1",
            "https%253A%252F%252Fu%253AS%2540host.example.com",
        ] {
            let said = redact(&text.replace('S', "PRXYb1"));
            assert!(said.contains("<redacted:password>") && !said.contains("PRXYb1"), "{said}");
        }
        assert_eq!(redact("u%3Ax%40b https%3A%2F%2Fu%40b"), "u%3Ax%40b https%3A%2F%2Fu%40b");
    }

    #[test]
    fn a_password_of_digits_is_masked() {
        assert!(!redact("root:84736251@213.173.105.4:22").contains("84736251"));
    }

    #[test]
    fn what_has_no_password_stays() {
        for text in [
            "root@10.0.0.5:22 ssh: root@10.0.0.5",
            "at 12:30@10.0.0.5",
            "celery@localhost: ready",
            "x:y@host.example a:b@c",
            "a:b @10.0.0.5 a:b@1.2.3",
        ] {
            assert!(!redact(text).contains("<redacted"), "{text}");
        }
    }
}
