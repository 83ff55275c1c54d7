//! The literals that betray personal data, found in the same pass as those of secrets.

use crate::redact::personal::key::Class;
use crate::redact::personal::literal;
use crate::redact::scan::{after_spaces, name_start, run};

/// What a literal hints at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clue {
    /// `@` of a mail address, or what a URL or JSON writes for it.
    At,
    /// `://`
    Url,
    /// `:\/\/`
    EscapedUrl,
    /// A letter of ASCII that JSON hides: what it belongs to shows only when it is read.
    Escape,
    /// `prompt`
    Prompt,
    /// A word for a person, with an id behind it.
    User,
    /// `uid`, with a uuid behind it.
    Uid,
    /// The suffix of a file.
    Suffix,
    /// A part of a path in the storage.
    Stored,
    /// `/home/`
    Home,
    /// `base64,`
    Data,
    /// `storage as {file} (type: `
    Upload,
    /// What CLIP says of the words that it cuts off.
    Clip,
    /// The end of a key's name.
    Key,
    /// `digit.digit`
    Dotted,
}

/// Every literal with what it hints at, but for the dotted digits.
const LITERALS: &[(&str, Clue)] = &[
    ("@", Clue::At),
    ("%40", Clue::At),
    (r"\u0040", Clue::At),
    ("://", Clue::Url),
    (r":\/\/", Clue::EscapedUrl),
    (r"\u00", Clue::Escape),
    ("prompt", Clue::Prompt),
    ("user", Clue::User),
    ("owner", Clue::User),
    ("author", Clue::User),
    ("creator", Clue::User),
    ("created_by", Clue::User),
    ("requested_by", Clue::User),
    ("submitted_by", Clue::User),
    ("caller", Clue::User),
    ("customer", Clue::User),
    ("account", Clue::User),
    ("member", Clue::User),
    (".png", Clue::Suffix),
    (".jpg", Clue::Suffix),
    (".jpeg", Clue::Suffix),
    (".webp", Clue::Suffix),
    (".gif", Clue::Suffix),
    (".bmp", Clue::Suffix),
    (".tif", Clue::Suffix),
    (".tiff", Clue::Suffix),
    (".heic", Clue::Suffix),
    (".avif", Clue::Suffix),
    (".mp4", Clue::Suffix),
    (".mov", Clue::Suffix),
    (".webm", Clue::Suffix),
    (".mkv", Clue::Suffix),
    (".avi", Clue::Suffix),
    (".m4v", Clue::Suffix),
    (".mp3", Clue::Suffix),
    (".wav", Clue::Suffix),
    (".m4a", Clue::Suffix),
    (".flac", Clue::Suffix),
    (".ogg", Clue::Suffix),
    (".safetensors", Clue::Suffix),
    ("image_uploads/", Clue::Stored),
    ("/tasks/", Clue::Stored),
    ("/home/", Clue::Home),
    ("/users/", Clue::Home),
    (r"\users\", Clue::Home),
    (r"\documents and settings\", Clue::Home),
    ("base64,", Clue::Data),
    ("storage as ", Clue::Upload),
    ("clip can only handle", Clue::Clip),
    ("mail", Clue::Key),
    ("mails", Clue::Key),
    ("mail_address", Clue::Key),
    ("mailaddress", Clue::Key),
    ("ip_address", Clue::Key),
    ("ipaddress", Clue::Key),
    ("ip", Clue::Key),
    ("remote_addr", Clue::Key),
    ("remoteaddr", Clue::Key),
    ("forwarded_for", Clue::Key),
    ("forwarded-for", Clue::Key),
    ("forwardedfor", Clue::Key),
    ("uid", Clue::Key),
    ("uid", Clue::Uid),
    ("caption", Clue::Key),
    ("captions", Clue::Key),
    ("prompts_expanded", Clue::Key),
    ("promptsexpanded", Clue::Key),
    ("lyrics", Clue::Key),
    ("transcript", Clue::Key),
    ("username", Clue::Key),
    ("user_name", Clue::Key),
    ("full_name", Clue::Key),
    ("fullname", Clue::Key),
    ("first_name", Clue::Key),
    ("firstname", Clue::Key),
    ("last_name", Clue::Key),
    ("lastname", Clue::Key),
    ("nickname", Clue::Key),
    ("shot_name", Clue::Key),
    ("shotname", Clue::Key),
    ("project_name", Clue::Key),
    ("projectname", Clue::Key),
    ("file_name", Clue::Key),
    ("file-name", Clue::Key),
    ("filename", Clue::Key),
    ("file_names", Clue::Key),
    ("filenames", Clue::Key),
    ("user_agent", Clue::Key),
    ("user-agent", Clue::Key),
    ("useragent", Clue::Key),
    ("phone", Clue::Key),
    ("phone_number", Clue::Key),
    ("phonenumber", Clue::Key),
    ("instructions", Clue::Key),
    ("url", Clue::Key),
    ("urls", Clue::Key),
    ("uri", Clue::Key),
    ("uris", Clue::Key),
    ("path", Clue::Key),
    ("paths", Clue::Key),
    ("image", Clue::Key),
    ("images", Clue::Key),
    ("video", Clue::Key),
    ("videos", Clue::Key),
    ("audio", Clue::Key),
    ("mask", Clue::Key),
    ("thumbnail", Clue::Key),
    ("avatar", Clue::Key),
    ("lora", Clue::Key),
    ("loras", Clue::Key),
    ("location", Clue::Key),
    ("referrer", Clue::Key),
    ("title", Clue::Key),
    ("description", Clue::Key),
    ("comment", Clue::Key),
    ("comments", Clue::Key),
    ("notes", Clue::Key),
    ("bio", Clue::Key),
    ("story", Clue::Key),
    ("params", Clue::Key),
    ("parameters", Clue::Key),
    ("payload", Clue::Key),
    ("arguments", Clue::Key),
    ("orchestrator_details", Clue::Key),
    ("orchestratordetails", Clue::Key),
    ("src", Clue::Key),
    ("href", Clue::Key),
];

/// Unquoted names whose value is a person's even in a sentence.
const SURE: &[&str] = &[
    "username",
    "fullname",
    "firstname",
    "lastname",
    "nickname",
    "useragent",
    "phone",
    "phonenumber",
    "caption",
    "lyrics",
    "transcript",
];

/// Every literal for the search.
pub(crate) fn literals() -> impl Iterator<Item = String> {
    let digits = || (0..10).flat_map(|a| (0..10).map(move |b| format!("{a}.{b}")));
    LITERALS.iter().map(|(literal, _)| (*literal).to_string()).chain(digits())
}

/// What the literal of that number hints at.
pub(crate) fn of(number: usize) -> Clue {
    LITERALS.get(number).map_or(Clue::Dotted, |(_, clue)| *clue)
}

/// The class of the key whose name ends with the literal at `start..end`, when it is a key: in quotes
/// with a colon behind it, one of the names that need no quotes, or one of a request's with a literal behind it.
pub(super) fn key_class(text: &str, start: usize, end: usize) -> Option<Class> {
    let bytes = text.as_bytes();
    let slashes = run(bytes, end, |b| b == b'\\');
    let name = || &text[name_start(bytes, start)..end];
    if matches!(bytes.get(end + slashes), Some(b'"' | b'\'')) {
        let at = after_spaces(bytes, end + slashes + 1);
        let joined = matches!(bytes.get(at), Some(b':' | b'='));
        return if joined { Class::of(name()) } else { None };
    }
    let joined = slashes == 0 && matches!(bytes.get(end), Some(b':' | b'='));
    let at = after_spaces(bytes, end);
    let at = at + usize::from(matches!(bytes.get(at), Some(b':' | b'=')));
    if literal::begins(bytes, after_spaces(bytes, at)) {
        return request(name());
    }
    let plain = || name().chars().filter(|c| !matches!(c, '_' | '-' | '.')).collect::<String>();
    let sure = joined && SURE.iter().any(|known| plain().eq_ignore_ascii_case(known));
    sure.then_some(Class::Text)
}

/// The name in front of the literal at `at`, where it says that a user's request stands there: `params={...}`,
/// `Task params: {...}`, `with params {...}`, and `CLIP can only handle sequences up to 77 tokens: ['...']`.
pub(super) fn requested(text: &str, at: usize) -> Option<&str> {
    const CLIP_BYTES: usize = 60;
    let near = &text.as_bytes()[at.saturating_sub(CLIP_BYTES)..at];
    if near.ends_with(b" tokens: ") && near.windows(5).any(|word| word == b"CLIP ") {
        return Some("prompts");
    }
    let head = text[..at].trim_end_matches([' ', '\t']);
    let head = head.strip_suffix([':', '=']).unwrap_or(head).trim_end_matches([' ', '\t']);
    let head = head.trim_end_matches(['"', '\'', '\\']);
    let name = &head[name_start(head.as_bytes(), head.len())..];
    request(name).map(|_| name)
}

fn request(name: &str) -> Option<Class> {
    Class::of(name).filter(|class| matches!(class, Class::Payload | Class::Listed))
}
