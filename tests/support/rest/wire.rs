//! HTTP/1.1 by hand: requests without a body, answers that can break.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::authority::Pair;
use crate::support::rest::{Fault, State};

pub(super) type Tls = Arc<ServerConfig>;

/// A server of this certificate.
pub(super) fn tls(pair: &Pair) -> Tls {
    let chain = CertificateDer::pem_file_iter(&pair.certificate).expect("a PEM file");
    let chain = chain.map(|certificate| certificate.expect("a certificate")).collect();
    let key = PrivateKeyDer::from_pem_file(&pair.key).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key);
    Arc::new(config.expect("a server"))
}

/// Answers the requests of one connection until it ends.
pub(super) fn talk(stream: TcpStream, tls: Option<&Tls>, state: &State) -> io::Result<()> {
    let raw = stream.try_clone()?;
    match tls {
        None => answer_all(stream, &raw, state),
        Some(config) => {
            let connection = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
            answer_all(StreamOwned::new(connection, stream), &raw, state)
        }
    }
}

fn answer_all(mut stream: impl Read + Write, raw: &TcpStream, state: &State) -> io::Result<()> {
    while let Some(head) = head(&mut stream)? {
        let (first, headers) = head.split_once("\r\n").unwrap_or((&head, ""));
        let mut words = first.split(' ');
        let method = words.next().unwrap_or_default();
        let target = words.next().unwrap_or_default();
        let (reply, fault) = state.answer(method, target, headers);
        let mut body = reply.body.into_bytes();
        if matches!(fault, Some(Fault::Half)) {
            body.truncate(body.len() / 2);
        }
        let mut more = reply.headers;
        if headers.to_lowercase().contains("gzip") && method == "GET" {
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(&body)?;
            body = packed.finish()?;
            more += "Content-Encoding: gzip\r\n";
        }
        let length = if method == "HEAD" {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        write!(stream, "HTTP/1.1 {} Said\r\n{more}{length}\r\n", reply.status)?;
        if method != "HEAD" {
            let sent = match fault {
                Some(Fault::Cut(bytes)) => &body[..bytes.min(body.len() - 1)],
                _ => &body,
            };
            stream.write_all(sent)?;
        }
        stream.flush()?;
        if matches!(fault, Some(Fault::Cut(_))) {
            return raw.shutdown(Shutdown::Both);
        }
    }
    Ok(())
}

/// Request line and headers; `None` where the other end hangs up.
fn head(stream: &mut impl Read) -> io::Result<Option<String>> {
    let (mut bytes, mut one) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n") {
        if stream.read(&mut one)? == 0 {
            return Ok(None);
        }
        bytes.push(one[0]);
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
