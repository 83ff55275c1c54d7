//! URLs by shape: scheme, host, bucket, `tasks/<task id>` and the suffix stay.

use crate::model::token::{TokenKind, is_token};
use crate::redact::personal::address::is_nobody;
use crate::redact::personal::path::{self, Folders};
use crate::redact::personal::stamp::Stamp;
use crate::redact::personal::uuid;
use crate::redact::scan::{ends_escape, run};

/// Schemes whose rest is a place with files; others (`postgres`, `redis`) name a server.
const SCHEMES: &[&str] = &["http", "https", "ftp", "s3", "gs", "blob", "ws", "wss"];
/// First folders of the URLs that programs call.
const SERVICE: &[&str] =
    &["api", "functions", "rest", "auth", "realtime", "graphql", "v1", "v2", "v3", "health"];
/// Longer than any URL; what follows is looked at on its own.
const URL_BYTES_MAX: usize = 16 << 10;
/// A number in a query that long is a measure and not a name.
const NUMBER_DIGITS_MAX: usize = 6;

/// The URL whose `://` stands at `start..end`, and what replaces it.
pub(super) fn find(
    stamp: &Stamp,
    text: &str,
    start: usize,
    end: usize,
    escaped: bool,
) -> Option<(usize, usize, String)> {
    let from = scheme_start(text, start);
    if !is_place(&text[from..start]) {
        return None;
    }
    let to = url_end(text, end, escaped);
    let url = &text[from..to];
    let shaped = if escaped { shape(stamp, &url.replace("\\/", "/")) } else { shape(stamp, url) };
    shaped.map(|shaped| (from, to, shaped))
}

/// Where the scheme begins that ends at `end`: behind what is no letter, or an escape whose letter reads as its first
/// (`\nhttps`); one of the web behind whatever is glued to it.
fn scheme_start(text: &str, end: usize) -> usize {
    let bytes = text.as_bytes();
    let word = run_back(&bytes[..end]);
    let start = end - word;
    if is_place(&text[start..end]) {
        return start;
    }
    let known = SCHEMES.iter().chain([&"file"]);
    let glued = known.filter(|scheme| {
        let at = end.checked_sub(scheme.len()).filter(|at| *at > start);
        at.is_some_and(|at| {
            let web = scheme.starts_with("http");
            bytes[at..end].eq_ignore_ascii_case(scheme.as_bytes())
                && (web || ends_escape(&bytes[..at]))
        })
    });
    glued.map(|scheme| end - scheme.len()).min().unwrap_or(start)
}

/// Letters and digits at the end, of a scheme and of an escape before it.
fn run_back(before: &[u8]) -> usize {
    before.iter().rev().take(12).take_while(|b| b.is_ascii_alphanumeric()).count()
}

/// Whether what follows a scheme is a place with files; of others (`postgres`, `redis`) the secrets
/// are masked, and the rest names a server.
fn is_place(scheme: &str) -> bool {
    let known = |known: &&str| scheme.eq_ignore_ascii_case(known);
    SCHEMES.iter().any(known) || scheme.eq_ignore_ascii_case("file")
}

/// Where the URL ends whose authority begins at `from`: before a space, a quote, or another URL, and
/// before the full stop of its sentence.
fn url_end(text: &str, from: usize, escaped: bool) -> usize {
    let bytes = text.as_bytes();
    let limit = bytes.len().min(from + URL_BYTES_MAX);
    let mut to = from;
    while to < limit {
        match bytes[to] {
            b'<' if bytes[to..].starts_with(b"<redacted:") => {
                to += run(bytes, to, |b| b != b'>');
            }
            b'\\' if escaped && bytes.get(to + 1) == Some(&b'/') => to += 1,
            b':' if bytes[to..].starts_with(b"://") || bytes[to..].starts_with(b":\\/\\/") => {
                to = scheme_start(text, to).max(from);
                break;
            }
            b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | b'|' | b'^' | b'{' | b'}' => break,
            byte if byte.is_ascii_whitespace() => break,
            _ => {}
        }
        to += 1;
    }
    to = to.min(bytes.len());
    let stop = |b: u8| matches!(b, b'.' | b',' | b';' | b':' | b'!' | b'?' | b')' | b']');
    while to > from && stop(bytes[to - 1]) {
        to -= 1;
    }
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    to
}

/// The URL after redaction; `None` when nothing of it is personal.
pub(super) fn shape(stamp: &Stamp, url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    if scheme.eq_ignore_ascii_case("file") {
        return path::shape(stamp, rest, Folders::Kept).map(|path| format!("{scheme}://{path}"));
    }
    if !is_place(scheme) {
        return None;
    }
    let cut = |at: Option<usize>| at.unwrap_or(rest.len());
    let authority = &rest[..cut(rest.find(['/', '?', '#']))];
    let tail = &rest[authority.len()..];
    let path = &tail[..tail.find(['?', '#']).unwrap_or(tail.len())];
    let extra = &tail[path.len()..];
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let mut out = String::with_capacity(url.len() + url.len() / 2);
    out.extend([scheme, "://"]);
    if !user.is_empty() {
        let (name, password) = user.split_once(':').map_or((user, None), |(n, p)| (n, Some(p)));
        out.push_str(&hidden(stamp, TokenKind::User, name));
        if let Some(password) = password {
            out.push(':');
            out.push_str(&hidden(stamp, TokenKind::Text, password));
        }
        out.push('@');
    }
    named(stamp, host, &mut out);
    folders(stamp, host, path, &mut out);
    query(stamp, extra, path.ends_with("/users"), &mut out);
    (out != url).then_some(out)
}

/// The host, but for one that is an address: that is a token as everywhere.
fn named(stamp: &Stamp, host: &str, out: &mut String) {
    let end = if host.starts_with('[') {
        host.find(']').map_or(host.len(), |at| at + 1)
    } else {
        host.find(':').unwrap_or(host.len())
    };
    let (name, port) = host.split_at(end);
    let bare = name.trim_matches(['[', ']']);
    if bare.parse::<std::net::IpAddr>().is_ok() && !is_nobody(bare) {
        out.push_str(&stamp.token(TokenKind::Ip, bare));
        out.push_str(port);
    } else {
        out.push_str(host);
    }
}

fn hidden(stamp: &Stamp, kind: TokenKind, part: &str) -> String {
    let kept = part.is_empty() || is_token(part) || part.starts_with("<redacted:");
    if kept { part.to_string() } else { stamp.token(kind, part) }
}

fn folders(stamp: &Stamp, host: &str, path: &str, out: &mut String) {
    let inside = path.trim_start_matches('/');
    let lead = &path[..path.len() - inside.len()];
    let first = inside.split('/').next().unwrap_or_default();
    out.push_str(lead);
    let shaped = if let Some(at) = after_bucket(inside) {
        let (bucket, file) = inside.split_at(at);
        out.push_str(bucket);
        return stored(stamp, file, out);
    } else if inside.is_empty() {
        None
    } else if is_service(host, first) && !path::has_media_suffix(inside) {
        Some(service(stamp, inside))
    } else {
        path::shape(stamp, inside, Folders::Hidden)
    };
    out.push_str(shaped.as_deref().unwrap_or(inside));
}

/// `storage/v1/object/public/image_uploads/`: where the path inside the bucket begins.
fn after_bucket(path: &str) -> Option<usize> {
    let rest = path.strip_prefix("storage/v1/")?;
    let mut at = path.len() - rest.len();
    for part in rest.split('/') {
        at += part.len() + 1;
        let way = ["object", "render", "image", "public", "sign", "authenticated", "upload"];
        if !way.contains(&part) {
            break;
        }
    }
    path.get(at..).map(|_| at)
}

/// What stands behind the bucket: whose it is, then folders, then the file.
fn stored(stamp: &Stamp, path: &str, out: &mut String) {
    let (file, shaped) = match path.split_once('/') {
        None => (path, path::file(stamp, path, !path.is_empty())),
        Some(("tasks", _)) => (path, path::shape(stamp, path, Folders::Hidden)),
        Some((user, file)) => {
            out.push_str(&hidden(stamp, TokenKind::User, user));
            out.push('/');
            (file, path::shape(stamp, file, Folders::Hidden))
        }
    };
    out.push_str(shaped.as_deref().unwrap_or(file));
}

fn is_service(host: &str, first: &str) -> bool {
    let calls = ["api.", "queue.", "rest.", "localhost", "127.0.0.1"];
    calls.iter().any(|start| host.starts_with(start)) || SERVICE.contains(&first)
}

/// The path of a call: words stay, so does every id but a user's.
fn service(stamp: &Stamp, path: &str) -> String {
    let mut before = "";
    let mut out = Vec::new();
    for part in path.split('/') {
        let word = part.len() <= 48
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':'));
        let of_user = matches!(before, "user" | "users");
        let kind = if of_user { TokenKind::User } else { TokenKind::Text };
        let kept = !of_user && (word || part.is_empty());
        out.push(if kept { part.to_string() } else { hidden(stamp, kind, part) });
        before = part;
    }
    out.join("/")
}

/// `?name=value&...#...`: names stay, values become tokens, but for numbers and for ids that the
/// name does not make a user's.
fn query(stamp: &Stamp, extra: &str, of_users: bool, out: &mut String) {
    let mut rest = extra;
    while let Some(sign) = rest.chars().next() {
        out.push(sign);
        rest = &rest[sign.len_utf8()..];
        let end = rest.find(['&', '#', '?']).unwrap_or(rest.len());
        let (name, value) = match rest[..end].split_once('=') {
            Some((name, value)) => (Some(name), value),
            None => (None, &rest[..end]),
        };
        if let Some(name) = name {
            out.push_str(name);
            out.push('=');
        }
        let number = value.len() <= NUMBER_DIGITS_MAX && value.bytes().all(|b| b.is_ascii_digit());
        let id = value.rsplit_once('.').map_or(value, |(_, id)| id);
        let of_user = name.is_some_and(|name| name.to_ascii_lowercase().contains("user"));
        let whose = of_user || (of_users && name == Some("id"));
        let operator = value.starts_with("eq.") || value.starts_with("neq.");
        let state =
            operator && value.bytes().all(|b| b.is_ascii_alphabetic() || b == b'.' || b == b'_');
        let kept = number || (!of_user && (uuid::is(id) || state)) || (whose && is_token(id));
        if whose && uuid::is(id) {
            out.push_str(&value[..value.len() - id.len()]);
            out.push_str(&hidden(stamp, TokenKind::User, id));
        } else if kept {
            out.push_str(value)
        } else {
            out.push_str(&hidden(stamp, TokenKind::Text, value))
        }
        rest = &rest[end..];
    }
}
