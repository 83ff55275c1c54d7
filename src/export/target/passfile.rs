//! `.pgpass`: passwords by host, port, database and user, in a file that nobody else may read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;

use crate::export::target::settings::Settings;
use crate::export::target::{hosts, port};

/// Where libpq looks for a socket unless it is told; `.pgpass` says `localhost` for it.
const SOCKET_DIRS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// The password that the user keeps in a file, that of the first host that has one.
pub(super) fn remembered(
    settings: &Settings<'_>,
    config: &Config,
    notes: &mut Vec<String>,
) -> Option<String> {
    let path = settings.get("passfile").map(PathBuf::from);
    let path = path.or_else(|| settings.at_home(".pgpass"))?;
    let user = config.get_user().map(str::to_string).or_else(|| settings.login())?;
    let database = config.get_dbname().unwrap_or(&user);
    for host in hosts(config) {
        let host = if SOCKET_DIRS.contains(&host.as_str()) { "localhost" } else { &host };
        match find(&path, Place { host, port: port(config), database, user: &user }) {
            Entry::Password(password) => return Some(password),
            Entry::Nothing => {}
            Entry::Ignored(why) => {
                notes.push(format!("{} is not used: {why}", path.display()));
                return None;
            }
        }
    }
    None
}

/// What is looked for.
#[derive(Clone, Copy)]
struct Place<'a> {
    host: &'a str,
    port: u16,
    database: &'a str,
    user: &'a str,
}

/// What the file says.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    Password(String),
    Nothing,
    /// It is not read, and why.
    Ignored(&'static str),
}

/// The password of the first line that fits. A file that others may read is not, as libpq has it.
fn find(path: &Path, place: Place<'_>) -> Entry {
    let Ok(about) = fs::metadata(path) else { return Entry::Nothing };
    if !about.is_file() {
        return Entry::Ignored("it is no plain file");
    }
    if about.permissions().mode() & 0o077 != 0 {
        return Entry::Ignored("others may read it (chmod 0600)");
    }
    let Ok(bytes) = fs::read(path) else { return Entry::Ignored("it cannot be read") };
    let text = String::from_utf8_lossy(&bytes);
    text.lines().find_map(|line| password(line, place)).map_or(Entry::Nothing, Entry::Password)
}

/// The password of a line, if it fits.
fn password(line: &str, place: Place<'_>) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let port = place.port.to_string();
    let mut rest = line;
    for wanted in [place.host, port.as_str(), place.database, place.user] {
        let (field, after) = field(rest)?;
        if &rest[..rest.len() - after.len() - 1] != "*" && field != wanted {
            return None;
        }
        rest = after;
    }
    Some(unescaped(rest))
}

/// A field up to its colon, and what follows that.
fn field(text: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            ':' if !escaped => return Some((unescaped(&text[..at]), &text[at + 1..])),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    None
}

/// A backslash stands before what is meant as it is.
fn unescaped(text: &str) -> String {
    let (mut out, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str, port: u16) -> Place<'_> {
        Place { host, port, database: "prod", user: "ann" }
    }

    #[test]
    fn the_first_line_that_fits_is_taken() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("pgpass");
        assert_eq!(find(&path, at("db", 1)), Entry::Nothing);
        let text = "# db:*:*:*:comment\n\nshort:line\ndb:5432:prod:bob:bobs\ndb:5432:prod:ann:a\\:b\\\\c:d e\n\
                    *:77:*:ann:any\n::1:1:prod:ann:no\n\\:\\:1:1:prod:ann:six\nstar:\\*:*:*:literal\n";
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("a mode");
        assert!(matches!(find(&path, at("db", 5_432)), Entry::Ignored(_)));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
        let found = |host: &str, port| find(&path, at(host, port));
        let password = |text: &str| Entry::Password(text.to_string());
        assert_eq!(found("db", 5_432), password("a:b\\c:d e"));
        assert_eq!(found("elsewhere", 77), password("any"));
        assert_eq!(found("::1", 1), password("six"));
        assert_eq!(found("star", 9), Entry::Nothing);
        assert_eq!(found("db", 5_433), Entry::Nothing);
        assert!(matches!(find(dir.path(), at("db", 1)), Entry::Ignored(_)));
    }
}
