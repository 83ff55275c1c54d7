//! Which API, with which key, how securely: a URL, completed by the environment.

use std::net::IpAddr;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::export::rest::error::RestError;
use crate::export::rest::key::KeyClaims;

/// Where a key is looked for, in this order. Never on the command line, which every process can read.
pub const KEY_VARIABLES: [&str; 3] =
    ["BACKSTORY_REST_KEY", "SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_SERVICE_KEY"];

/// An API, ready to be asked.
#[derive(Debug)]
pub struct RestTarget {
    /// `https://host:port`, without a slash at the end.
    pub(super) origin: String,
    /// The path below which the tables are; `None`: it has to be found out.
    pub(super) path: Option<String>,
    /// Host and port, for messages.
    pub(super) place: String,
    /// Whether it is this machine.
    pub(super) near: bool,
    pub(super) key: SecretString,
    pub(super) claims: KeyClaims,
    /// File of certificate authorities; `None` for the machine's own store.
    pub(super) authorities: Option<PathBuf>,
}

impl RestTarget {
    /// Takes the URL of a project, or of its `/rest/v1`, or of a PostgREST of one's own.
    pub fn resolve(
        url: &str,
        authorities: Option<PathBuf>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, RestError> {
        let (scheme, rest) = url.trim().split_once("://").ok_or(RestError::Url("no scheme"))?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(RestError::Url("it has a user name; the key goes into the environment"));
        }
        if rest.contains(['?', '#']) {
            return Err(RestError::Url("it has a query; the key goes into the environment"));
        }
        let is_plain = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c);
        if authority.is_empty() || !rest.chars().all(is_plain) {
            return Err(RestError::Url("it names no host, or has characters that no URL has"));
        }
        let near = is_near(host(authority));
        match scheme.to_ascii_lowercase().as_str() {
            "https" => {}
            "http" if near => {}
            "http" => return Err(RestError::Plain),
            _ => return Err(RestError::Url("it begins neither with https:// nor with http://")),
        }
        let (name, key) = KEY_VARIABLES
            .into_iter()
            .find_map(|name| Some((name, env(name)?)))
            .ok_or(RestError::NoKey)?;
        let key = key.trim();
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(RestError::OddKey(name));
        }
        let path = path.trim_matches('/');
        // one spelling of one place: later captures tell by it whether it is the same
        let scheme = scheme.to_ascii_lowercase();
        let default_port = if scheme == "https" { ":443" } else { ":80" };
        let authority = authority.to_ascii_lowercase();
        let authority = authority.strip_suffix(default_port).unwrap_or(&authority);
        Ok(Self {
            origin: format!("{scheme}://{authority}"),
            path: (!path.is_empty()).then(|| format!("/{path}")),
            place: authority.to_string(),
            near,
            claims: KeyClaims::of(key),
            key: SecretString::from(key),
            authorities,
        })
    }
}

/// The host of `host:port` or `[v6]:port`.
fn host(authority: &str) -> &str {
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.split(':').next().unwrap_or_default(),
    }
}

fn is_near(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(url: &str) -> Result<RestTarget, RestError> {
        RestTarget::resolve(url, None, &|name| {
            (name == "SUPABASE_SERVICE_KEY").then(|| " sb_secret_1\n".to_string())
        })
    }

    #[test]
    fn a_project_and_its_api_are_the_same() {
        let project = resolve("https://x.supabase.co/").expect("a URL");
        assert_eq!((project.origin.as_str(), project.path), ("https://x.supabase.co", None));
        let api = resolve("HTTPS://X.supabase.co:443/rest/v1/").expect("a URL");
        assert_eq!(api.path.as_deref(), Some("/rest/v1"));
        assert_eq!(api.origin, project.origin);
        assert!(resolve("http://[::1]:3000").expect("a URL").near);
    }

    #[test]
    fn what_would_betray_the_key_is_refused() {
        assert!(matches!(resolve("http://x.supabase.co"), Err(RestError::Plain)));
        assert!(matches!(resolve("http://localhost.example.com"), Err(RestError::Plain)));
        for bad in
            ["x.supabase.co", "ftp://localhost", "https://", "https://k@x", "https://x/?apikey=k"]
        {
            assert!(matches!(resolve(bad), Err(RestError::Url(_))), "{bad}");
        }
        let keyless = RestTarget::resolve("https://x", None, &|_| None);
        assert!(matches!(keyless, Err(RestError::NoKey)));
        let odd = RestTarget::resolve("https://x", None, &|_| Some("two words".to_string()));
        assert!(matches!(odd, Err(RestError::OddKey("BACKSTORY_REST_KEY"))));
    }
}
