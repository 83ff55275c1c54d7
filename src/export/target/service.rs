//! libpq's service file: connection settings under a name.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::export::target::TargetError;
use crate::export::target::options::Options;

/// Where packages of libpq look for the file of the whole machine, unless `PGSYSCONFDIR` says it.
const SYSTEM: [&str; 2] = ["/etc/postgresql-common", "/etc/sysconfig/pgsql"];
const SYSTEM_FILE: &str = "pg_service.conf";

/// The settings of a service: from the user's file if it is there, else from the machine's.
pub(super) fn find(
    name: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Options, TargetError> {
    let own = env("PGSERVICEFILE").map(PathBuf::from);
    let must_be_there = own.clone();
    let own = own.or_else(|| env("HOME").map(|home| Path::new(&home).join(".pg_service.conf")));
    let system = match env("PGSYSCONFDIR") {
        Some(dir) => vec![dir],
        None => SYSTEM.map(str::to_string).to_vec(),
    };
    let system = system.into_iter().map(|dir| Path::new(&dir).join(SYSTEM_FILE));
    for path in own.into_iter().chain(system) {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(err)
                if err.kind() == ErrorKind::NotFound && must_be_there.as_ref() != Some(&path) =>
            {
                continue;
            }
            Err(err) => return Err(TargetError::ServiceFile { path, why: err.kind().to_string() }),
        };
        let in_line = |(line, why): (usize, TargetError)| {
            let why = format!("line {line}: {why}");
            TargetError::ServiceFile { path: path.clone(), why }
        };
        if let Some(found) = section(&text, name).map_err(in_line)? {
            return Ok(found);
        }
    }
    Err(TargetError::NoService(name.to_string()))
}

/// The lines below `[name]`, the first of that name; an error is told with its line.
fn section(text: &str, name: &str) -> Result<Option<Options>, (usize, TargetError)> {
    let mut found: Option<Options> = None;
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            if found.is_some() {
                break;
            }
            found = (header == name).then(Options::default);
            continue;
        }
        let Some(options) = &mut found else { continue };
        let (key, value) = line.split_once('=').ok_or((n + 1, TargetError::Malformed))?;
        if key == "service" {
            return Err((n + 1, TargetError::Unsupported("service")));
        }
        options.take(key, value).map_err(|why| (n + 1, why))?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# ours\n\n[one]\nhost=a\n  port=1 \npassword=it's = #1\n[two]\nhost=b\nhost=c\n\
                        [one]\nhost=late\n[bad]\nhost\n[odd]\nhots=x\n";

    #[test]
    fn a_section_ends_at_the_next_and_values_are_taken_as_they_stand() {
        let of = |name: &str| section(TEXT, name);
        let one = of("one").expect("good lines").expect("a section");
        assert_eq!((one.get("host"), one.get("port")), (Some("a"), Some("1")));
        assert_eq!(one.get("password"), Some("it's = #1"));
        let two = of("two").expect("good lines").expect("a section");
        assert_eq!((two.get("host"), two.get("port")), (Some("b"), None));
        assert!(of("three").expect("good lines").is_none());
        assert_eq!(of("bad").err(), Some((13, TargetError::Malformed)));
        assert_eq!(of("odd").err(), Some((15, TargetError::UnknownOption(Some("host")))));
    }
}
