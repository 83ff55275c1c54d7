//! Verified TLS: chain and host name, against a file of authorities or the machine's own store.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::export::error::ExportError;
use crate::export::target::Identity;

/// The one way we speak TLS. There is no switch that leaves the verification out.
pub(super) fn connector(
    authorities: Option<&Path>,
    identity: Option<&Identity>,
) -> Result<MakeRustlsConnect, ExportError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(authorities)?);
    let refused = |detail: String| unusable(authorities, detail);
    // Named, because two providers in one program would make rustls panic when it has to guess.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|err| refused(err.to_string()))?
        .with_root_certificates(roots);
    let config = match identity {
        Some(identity) => {
            let (chain, key) = identity.read()?;
            let told = |err: rustls::Error| identity.refused(&err.to_string());
            config.with_client_auth_cert(chain, key).map_err(told)?
        }
        None => config.with_no_client_auth(),
    };
    Ok(MakeRustlsConnect::new(config))
}

fn unusable(authorities: Option<&Path>, detail: String) -> ExportError {
    match authorities {
        Some(path) => ExportError::Authorities { path: path.to_path_buf(), detail },
        None => ExportError::TrustStore { detail },
    }
}

/// The certificates of whom we trust: of a file, each of which has to be one, or of the machine, of which those
/// that rustls cannot read are left out, as every TLS client does.
pub(super) fn certificates(
    authorities: Option<&Path>,
) -> Result<Vec<CertificateDer<'static>>, ExportError> {
    let found = match authorities {
        Some(path) => from_file(path).map_err(|detail| unusable(authorities, detail))?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.iter().cloned());
    if roots.is_empty() {
        return Err(unusable(authorities, "it holds no certificate".to_string()));
    }
    Ok(found)
}

fn from_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let (mut found, mut roots) = (Vec::new(), RootCertStore::empty());
    for certificate in CertificateDer::pem_file_iter(path).map_err(|err| err.to_string())? {
        let certificate = certificate.map_err(|err| err.to_string())?;
        roots.add(certificate.clone()).map_err(|err| err.to_string())?;
        found.push(certificate);
    }
    Ok(found)
}
