//! A certificate authority for an afternoon, made by the `openssl` program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files of an authority and of a server it vouches for.
pub(crate) struct Authority {
    pub(crate) ca: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

const NEW_KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/// An authority in `dir` that vouches for `localhost` and no other name; `None` without `openssl`.
pub(crate) fn for_localhost(dir: &Path) -> Option<Authority> {
    Command::new("openssl").arg("version").output().ok()?;
    let file = |name: &str| dir.join(name).display().to_string();
    let (ca, ca_key) = (file("ca.pem"), file("ca.key"));
    let (certificate, key, request) = (file("server.pem"), file("server.key"), file("request"));
    fs::write(dir.join("names"), "subjectAltName=DNS:localhost\n").expect("a file");
    let authority = ["req", "-x509", "-subj", "/CN=test authority", "-days", "2"];
    openssl(&[&authority, &NEW_KEY, &["-keyout", &ca_key, "-out", &ca]]);
    let asked = ["req", "-subj", "/CN=localhost"];
    openssl(&[&asked, &NEW_KEY, &["-keyout", &key, "-out", &request]]);
    let granted = ["x509", "-req", "-days", "2", "-CAcreateserial", "-in", &request];
    let by = ["-CA", &ca, "-CAkey", &ca_key, "-extfile", &file("names"), "-out", &certificate];
    openssl(&[&granted, &by]);
    Some(Authority { ca: ca.into(), certificate: certificate.into(), key: key.into() })
}

fn openssl(args: &[&[&str]]) {
    let out = Command::new("openssl").args(args.concat()).output().expect("openssl runs");
    assert!(out.status.success(), "openssl: {}", String::from_utf8_lossy(&out.stderr));
}
