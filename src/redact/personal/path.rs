//! Paths: what is a person's becomes tokens, `tasks/<task id>` and the suffix stay.

use std::borrow::Cow;

use crate::model::token::{TokenKind, is_token};
use crate::redact::personal::stamp::Stamp;
use crate::redact::personal::uuid;

/// Suffixes of media and of model weights that a person made.
const MEDIA: &[&str] = &[
    "png",
    "jpg",
    "jpeg",
    "webp",
    "gif",
    "bmp",
    "tif",
    "tiff",
    "heic",
    "avif",
    "mp4",
    "mov",
    "webm",
    "mkv",
    "avi",
    "m4v",
    "mp3",
    "wav",
    "m4a",
    "flac",
    "ogg",
    "safetensors",
];
/// Folders of the storage that say nothing about anybody.
const FOLDERS: &[&str] = &[
    "tasks",
    "thumbnails",
    "thumbnail",
    "thumb",
    "uploads",
    "images",
    "videos",
    "outputs",
    "temp",
    "image_uploads",
    "storage",
    "v1",
    "object",
    "public",
    "sign",
    "authenticated",
    "upload",
    "render",
    "image",
];

/// Whether a suffix is one of media.
pub(super) fn is_media(suffix: &str) -> bool {
    MEDIA.iter().any(|known| suffix.eq_ignore_ascii_case(known))
}

/// Whether a file's name has the suffix of media.
pub(super) fn has_media_suffix(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, suffix)| !stem.is_empty() && is_media(suffix))
}

/// How much of a path's middle is a person's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Folders {
    /// A path of a program's: folders stay, but for whose home it is.
    Kept,
    /// A path in the storage or at a stranger's: folders become tokens.
    Hidden,
}

/// A path in the place of the one given; `None` when nothing of it is personal.
pub(super) fn shape(stamp: &Stamp, path: &str, folders: Folders) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    let absolute = path.starts_with('/') || matches!(parts[0], "." | ".." | "~");
    let stored = path.contains("image_uploads/")
        || path.contains("/object/")
        || (!absolute && (parts.get(1) == Some(&"tasks") || uuid::is(parts[0])));
    let mut after_bucket = stored && !absolute && !FOLDERS.contains(&parts[0]);
    let mut changed = false;
    let mut out: Vec<Cow<'_, str>> = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", |at| parts[at]);
        let last = at + 1 == parts.len();
        let in_home = matches!(before, "home" | "Users" | "users");
        let shown = if part.is_empty() || is_token(part) || part.starts_with("<redacted:") {
            None
        } else if last && !in_home {
            file(stamp, part, stored || folders == Folders::Hidden)
        } else if before == "tasks" && uuid::is(part) {
            None
        } else if in_home || (after_bucket && *part != "tasks") {
            // in a sentence, a first folder without `tasks` behind it may be anybody's
            let guessed = folders == Folders::Kept && at == 0 && parts.get(1) != Some(&"tasks");
            let kind = if guessed { TokenKind::File } else { TokenKind::User };
            Some(stamp.token(kind, part))
        } else if FOLDERS.contains(part) {
            None
        } else if stored && uuid::is(part) {
            Some(stamp.token(TokenKind::User, part))
        } else if folders == Folders::Hidden && !absolute {
            Some(stamp.token(TokenKind::File, part))
        } else {
            None
        };
        after_bucket = *part == "image_uploads";
        changed |= shown.is_some();
        out.push(shown.map_or(Cow::Borrowed(part), Cow::Owned));
    }
    changed.then(|| out.join("/"))
}

/// A file's name; `whole` where it is a person's even without a suffix of media.
pub(super) fn file(stamp: &Stamp, name: &str, whole: bool) -> Option<String> {
    if is_token(name) || uuid::is(name) {
        return None;
    }
    if let Some((stem, suffix)) = name.rsplit_once('.')
        && !stem.is_empty()
    {
        let short = (1..=5).contains(&suffix.len());
        let suffixed = short && suffix.bytes().all(|b| b.is_ascii_alphanumeric());
        if is_media(suffix) || (whole && suffixed) {
            let hidden = is_token(stem);
            let stem = || stamp.token(TokenKind::File, &unescaped(stem));
            return (!hidden).then(|| format!("{}.{suffix}", stem()));
        }
    }
    whole.then(|| stamp.token(TokenKind::File, &unescaped(name)))
}

/// `%20` and the like taken back, so that a name in a URL and elsewhere is one.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = |b: &u8| char::from(*b).to_digit(16);
        match (first, after) {
            (b'%', [high, low, more @ ..]) if hex(high).is_some() && hex(low).is_some() => {
                let value = hex(high).unwrap_or(0) * 16 + hex(low).unwrap_or(0);
                out.push(u8::try_from(value).unwrap_or(b'%'));
                rest = more;
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// Where the path around `at` begins and ends: to the next space, quote, bracket or comma. In quotes
/// a path may hold spaces.
pub(super) fn around(text: &str, at: usize, end: usize) -> (usize, usize) {
    let bytes = text.as_bytes();
    let part = |b: &u8| {
        !b.is_ascii_whitespace()
            && !matches!(
                b,
                b'"' | b'\''
                    | b'`'
                    | b'<'
                    | b'>'
                    | b'|'
                    | b','
                    | b';'
                    | b'('
                    | b')'
                    | b'['
                    | b']'
                    | b'{'
                    | b'}'
                    | b'='
            )
    };
    let from = at - bytes[..at].iter().rev().take(PATH_BYTES_MAX).take_while(|b| part(b)).count();
    let to = end + bytes[end..].iter().take(PATH_BYTES_MAX).take_while(|b| part(b)).count();
    // a quote of a string in a string has its backslashes before it
    let slashes = bytes[from..to].iter().rev().take_while(|b| **b == b'\\').count();
    let escaped = matches!(bytes.get(to), Some(b'"' | b'\'')) && to - slashes >= end;
    let to = if escaped { to - slashes } else { to };
    let slashes = if escaped { slashes } else { 0 };
    let (from, to) = (up(text, from), down(text, to));
    if let Some(quote @ (b'"' | b'\'')) = bytes.get(to + slashes) {
        let back = bytes[..from].iter().rev().take(PATH_BYTES_MAX);
        let length = back.take_while(|b| *b != quote && **b != b'\n').count();
        let begin = from - length;
        if begin > 0 && bytes[begin - 1] == *quote && length > 0 {
            return (up(text, begin), to);
        }
    }
    (from, to)
}

/// Longer than any path.
const PATH_BYTES_MAX: usize = 1_024;

fn up(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

fn down(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
