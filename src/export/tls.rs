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
    let roots = authorities.map_or_else(|| Ok(from_machine()), from_file)?;
    let refused = |detail: String| match authorities {
        Some(path) => ExportError::Authorities { path: path.to_path_buf(), detail },
        None => ExportError::TrustStore { detail },
    };
    if roots.is_empty() {
        return Err(refused("it holds no certificate".to_string()));
    }
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

fn from_file(path: &Path) -> Result<RootCertStore, ExportError> {
    let refused = |detail: String| ExportError::Authorities { path: path.to_path_buf(), detail };
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|err| refused(err.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|err| refused(err.to_string()))?;
        roots.add(certificate).map_err(|err| refused(err.to_string()))?;
    }
    Ok(roots)
}

/// Certificates of the machine that rustls cannot read are left out, as every TLS client does.
fn from_machine() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}
