//! Why there was no TLS connection, as far as someone can do something about it.

use std::error::Error;
use std::io;

use rustls::CertificateError;

/// What stood in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFailure {
    /// The server speaks no TLS.
    NotOffered,
    /// Nobody we trust vouches for its certificate.
    UnknownAuthority,
    /// The certificate that is trusted as an authority is the server's own.
    OwnAuthority,
    /// The certificate is for another name.
    OtherName,
    /// It has expired, or does not hold yet.
    OutOfDate,
    /// The server wants another client certificate than it got.
    WeRefused,
    /// Anything else.
    Other,
}

/// What a failed connection says of TLS, with the words for it; `None` where TLS was not what failed: a
/// connection that broke during the handshake is one that broke.
pub(super) fn of(err: &tokio_postgres::Error) -> Option<(TlsFailure, String)> {
    let cause = err.source()?;
    if let Some(io) = cause.downcast_ref::<io::Error>() {
        let inner = io.get_ref()?;
        // a name that cannot be one of a certificate comes as an error of its own
        let Some(tls) = inner.downcast_ref::<rustls::Error>() else {
            return is_handshake(err).then(|| (TlsFailure::Other, io.to_string()));
        };
        return Some((kind(tls), tls.to_string()));
    }
    let words = cause.to_string();
    let failure = if words == "server does not support TLS" {
        TlsFailure::NotOffered
    } else {
        TlsFailure::Other
    };
    is_handshake(err).then_some((failure, words))
}

/// The driver keeps the kind of its errors to itself, but not the first words.
fn is_handshake(err: &tokio_postgres::Error) -> bool {
    err.to_string().starts_with("error performing TLS handshake")
}

fn kind(err: &rustls::Error) -> TlsFailure {
    let rustls::Error::InvalidCertificate(why) = err else {
        let refused = matches!(err, rustls::Error::AlertReceived(_));
        return if refused { TlsFailure::WeRefused } else { TlsFailure::Other };
    };
    let is_other_name = matches!(
        why,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
    );
    let is_out_of_date = matches!(
        why,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
    );
    if *why == CertificateError::UnknownIssuer {
        TlsFailure::UnknownAuthority
    } else if is_other_name {
        TlsFailure::OtherName
    } else if is_out_of_date {
        TlsFailure::OutOfDate
    } else if err.to_string().contains("CaUsedAsEndEntity") {
        TlsFailure::OwnAuthority
    } else {
        TlsFailure::Other
    }
}
