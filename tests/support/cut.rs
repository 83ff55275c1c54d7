//! A network that breaks after so many bytes.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// Listens on a port of its own and passes one connection on to `port`, until the server has sent
/// `bytes`; then both ends see the connection end.
pub(crate) fn after(bytes: u64, port: u16) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let own = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        let (client, _) = listener.accept()?;
        let server = TcpStream::connect(("127.0.0.1", port))?;
        let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
        thread::spawn(move || io::copy(&mut from_client, &mut to_server));
        let mut limited = server.try_clone()?.take(bytes);
        let mut to_client = client.try_clone()?;
        io::copy(&mut limited, &mut to_client)?;
        to_client.flush()?;
        client.shutdown(std::net::Shutdown::Both)?;
        server.shutdown(std::net::Shutdown::Both)
    });
    own
}
