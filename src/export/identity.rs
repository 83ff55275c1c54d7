//! A client certificate and its key, as the server may ask for them.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::export::error::ExportError;
use crate::export::target::Identity;

impl Identity {
    /// The chain and the key. A key that others may read is refused, as libpq refuses it.
    pub(super) fn read(
        &self,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), ExportError> {
        let refused = |detail: String| unusable(&self.certificate, detail);
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|err| refused(err.to_string()))?;
        if chain.is_empty() {
            return Err(refused("it holds no certificate".to_string()));
        }
        let refused = |detail: String| unusable(&self.key, detail);
        let about = fs::metadata(&self.key).map_err(|err| refused(err.to_string()))?;
        if !about.is_file() {
            return Err(refused("it is no plain file".to_string()));
        }
        if others_may_read(about.uid(), about.permissions().mode()) {
            return Err(refused("others may read this key".to_string()));
        }
        let text = fs::read(&self.key).map_err(|err| refused(err.to_string()))?;
        if String::from_utf8_lossy(&text).contains("ENCRYPTED") {
            return Err(refused(
                "it is encrypted, and keys with a passphrase are not supported".to_string(),
            ));
        }
        let key = PrivateKeyDer::from_pem_slice(&text)
            .map_err(|_| refused("it holds no private key in PEM".to_string()))?;
        Ok((chain, key))
    }

    /// The pair cannot be used together.
    pub(super) fn refused(&self, detail: &str) -> ExportError {
        unusable(&self.certificate, detail.to_string())
    }
}

fn unusable(path: &Path, detail: String) -> ExportError {
    ExportError::Identity { path: path.to_path_buf(), detail }
}

/// A key of root's may be lent to a group for reading; any other is its owner's alone.
fn others_may_read(owner: u32, mode: u32) -> bool {
    let forbidden = if owner == 0 { 0o037 } else { 0o077 };
    mode & forbidden != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_its_owners_alone() {
        for (owner, mode, others) in [
            (7, 0o600, false),
            (7, 0o640, true),
            (7, 0o604, true),
            (0, 0o640, false),
            (0, 0o644, true),
        ] {
            assert_eq!(others_may_read(owner, 0o100_000 | mode), others, "{owner} {mode:o}");
        }
    }
}
