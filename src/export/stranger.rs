//! Who answers in a server's place: another protocol is told by what it says.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// How long a listener is given to say something; it is asked only when connecting has failed, or takes long.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Of what it says, so much is told.
const BYTES_MAX: usize = 80;
/// `SSLRequest`: a PostgreSQL server, and a pooler, answers at once, by one byte or by an error.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// Ends a line for those who wait for one before they complain.
const END_OF_LINE: &[u8] = b"\r\n\r\n";
/// An error message is no longer.
const ERROR_BYTES_MAX: u32 = 1 << 16;

/// What the first host of a configuration says, where that is nothing a PostgreSQL server would say.
pub(super) async fn words(config: &Config) -> Option<String> {
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let stream = match (config.get_hostaddrs().first(), config.get_hosts().first()) {
        (Some(address), _) => timeout(ANSWER_WITHIN, TcpStream::connect((*address, port))).await,
        (None, Some(Host::Tcp(name))) => {
            timeout(ANSWER_WITHIN, TcpStream::connect((name.as_str(), port))).await
        }
        // a socket of PostgreSQL's name in a directory that was named has nobody else behind it
        (None, Some(Host::Unix(_)) | None) => return None,
    };
    let stream = stream.ok()?.ok()?;
    for question in [&SSL_REQUEST[..], END_OF_LINE] {
        // one that has said all it wants and gone is still heard
        drop(timeout(ANSWER_WITHIN, send(&stream, question)).await);
        if let Ok(Ok(said)) = timeout(ANSWER_WITHIN, heard(&stream)).await {
            return (!said.is_empty() && is_strange(&said)).then(|| told(&said));
        }
    }
    None
}

async fn send(stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.writable().await?;
    // a few bytes into an empty buffer go as one
    stream.try_write(bytes).map(drop)
}

/// The first bytes that come; none where the connection ends first.
async fn heard(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut buffer = [0; BYTES_MAX + 1];
    loop {
        stream.readable().await?;
        match stream.try_read(&mut buffer) {
            Ok(read) => return Ok(buffer[..read].to_vec()),
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
            Err(err) => return Err(err),
        }
    }
}

/// Whether no PostgreSQL server would answer that: it says `S` or `N` and waits, or `E` and an error.
fn is_strange(said: &[u8]) -> bool {
    match said {
        [b'S' | b'N'] => false,
        [b'E', a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]) > ERROR_BYTES_MAX,
        [..] => true,
    }
}

/// The beginning, in characters that a terminal only shows.
fn told(said: &[u8]) -> String {
    let cut = if said.len() > BYTES_MAX { "..." } else { "" };
    let shown = said[..said.len().min(BYTES_MAX)].trim_ascii_end();
    format!("{}{cut}", shown.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_of_ours_is_no_stranger() {
        for ours in [&b"S"[..], b"N", b"E\0\0\0\x54SFATAL\0"] {
            assert!(!is_strange(ours), "{}", ours.escape_ascii());
        }
        for strange in
            [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"HTTP/1.1 400", b"ERROR\r\n", b"J\0\0\0\n8.0"]
        {
            assert!(is_strange(strange), "{}", strange.escape_ascii());
        }
    }

    #[test]
    fn what_is_told_is_short_and_harms_no_terminal() {
        assert_eq!(told(b"HTTP/1.1 400 Bad\r\n"), "HTTP/1.1 400 Bad");
        assert_eq!(told(b"a\x1b[31mb\xff"), r"a\x1b[31mb\xff");
        assert_eq!(told(&[b'x'; BYTES_MAX + 1]), format!("{}...", "x".repeat(BYTES_MAX)));
    }
}
