//! A certificate authority for an afternoon.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};

/// An authority, whose certificate is a file.
pub(crate) struct Authority {
    pub(crate) ca: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    dir: PathBuf,
}

/// The files of a certificate and its key, which only their owner may read.
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    /// A new one, with its files in `dir` under this name.
    pub(crate) fn new(dir: &Path, name: &str) -> Self {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let ca = dir.join(format!("{name}.pem"));
        fs::write(&ca, params.self_signed(&key).expect("a certificate").pem()).expect("a file");
        write_key(&dir.join(format!("{name}.key")), &key);
        Self { ca, issuer: Issuer::new(params, key), dir: dir.to_path_buf() }
    }

    /// Its own certificate and key.
    pub(crate) fn own(&self) -> Pair {
        Pair { certificate: self.ca.clone(), key: self.ca.with_extension("key") }
    }

    /// A server called `localhost` and nothing else.
    pub(crate) fn localhost(&self) -> Pair {
        self.pair("server", params("localhost"))
    }

    /// The same, whose certificate was good until some years ago.
    pub(crate) fn expired_localhost(&self) -> Pair {
        let mut params = params("localhost");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.pair("expired", params)
    }

    /// A client of that name.
    pub(crate) fn client(&self, name: &str) -> Pair {
        let mut params = named(name);
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        self.pair(name, params)
    }

    fn pair(&self, file: &str, params: CertificateParams) -> Pair {
        let key = KeyPair::generate().expect("a key");
        let signed = params.signed_by(&key, &self.issuer).expect("a certificate");
        let place = |kind: &str| self.dir.join(format!("{file}.{kind}"));
        let pair = Pair { certificate: place("crt"), key: place("key") };
        fs::write(&pair.certificate, signed.pem()).expect("a file");
        write_key(&pair.key, &key);
        pair
    }
}

fn params(host: &str) -> CertificateParams {
    CertificateParams::new(vec![host.to_string()]).expect("a name")
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn write_key(path: &Path, key: &KeyPair) {
    fs::write(path, key.serialize_pem()).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a private file");
}
