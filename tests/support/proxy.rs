//! A network between a program and a server, in which things happen at a chosen byte.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// What becomes of a connection.
pub(crate) enum Fate {
    /// It ends when the server has sent so many bytes.
    CutFromServer(u64),
    /// It ends when the client has sent so many bytes.
    CutFromClient(u64),
    /// When the server has sent so many bytes this is done; then it goes on.
    Pause(u64, Box<dyn FnOnce() + Send>),
    /// The server is not asked: this is the answer.
    Answer(Vec<u8>),
}

/// A port of its own in front of a server's.
pub(crate) struct Proxy {
    port: u16,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    from_server: AtomicU64,
    from_client: AtomicU64,
}

impl Proxy {
    /// The first connections meet these fates, in this order; those after them pass.
    pub(crate) fn new(server: u16, fates: Vec<Fate>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let counts = Arc::new(Counts::default());
        let shared = counts.clone();
        let mut fates = fates.into_iter();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (fate, shared) = (fates.next(), shared.clone());
                thread::spawn(move || serve(client, server, fate, &shared));
            }
        });
        Self { port, counts }
    }

    /// The same database through it.
    pub(crate) fn through(&self, url: &str, server: u16) -> String {
        url.replace(&format!(":{server}/"), &format!(":{}/", self.port))
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// Bytes from the server, and from the client.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let load = |count: &AtomicU64| count.load(Ordering::SeqCst);
        (load(&self.counts.from_server), load(&self.counts.from_client))
    }
}

/// A pause that tells when it has begun, and lasts until its other end is dropped.
pub(crate) fn hold(bytes: u64) -> (Fate, Receiver<()>, Sender<()>) {
    let (begun, has_begun) = channel();
    let (end, ended) = channel::<()>();
    let pause = move || {
        begun.send(()).ok();
        ended.recv().ok();
    };
    (Fate::Pause(bytes, Box::new(pause)), has_begun, end)
}

/// The server's last word to a client that it does not let in.
pub(crate) fn refusal(code: &str) -> Fate {
    refusal_saying(code, "secret words of the server")
}

/// The same, saying this.
pub(crate) fn refusal_saying(code: &str, words: &str) -> Fate {
    let fields = format!("SFATAL\0VFATAL\0C{code}\0M{words}\0\0");
    let length = u32::try_from(fields.len() + 4).expect("a short message");
    let mut answer = vec![b'E'];
    answer.extend(length.to_be_bytes());
    answer.extend(fields.as_bytes());
    Fate::Answer(answer)
}

fn serve(
    mut client: TcpStream,
    server: u16,
    fate: Option<Fate>,
    counts: &Counts,
) -> io::Result<()> {
    if let Some(Fate::Answer(answer)) = fate {
        // it answers who has asked
        client.read_exact(&mut [0; 8])?;
        client.write_all(&answer)?;
        client.shutdown(Shutdown::Write)?;
        // a socket closed over unread bytes would take the answer back
        return io::copy(&mut client, &mut io::sink()).map(drop);
    }
    let server = TcpStream::connect(("127.0.0.1", server))?;
    let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
    let (up, down) = match fate {
        Some(Fate::CutFromClient(bytes)) => (Some((bytes, None)), None),
        Some(Fate::CutFromServer(bytes)) => (None, Some((bytes, None))),
        Some(Fate::Pause(bytes, action)) => (None, Some((bytes, Some(action)))),
        Some(Fate::Answer(_)) | None => (None, None),
    };
    thread::scope(|scope| {
        scope.spawn(|| pump(from_client, to_server, up, &counts.from_client));
        pump(server, client, down, &counts.from_server);
    });
    Ok(())
}

type Event = (u64, Option<Box<dyn FnOnce() + Send>>);

/// Passes bytes on until one end closes, or the event comes that ends it.
fn pump(mut from: TcpStream, mut to: TcpStream, mut event: Option<Event>, passed: &AtomicU64) {
    let mut buffer = vec![0; 16 << 10];
    let mut own = 0;
    loop {
        if let Some((_, action)) = event.take_if(|(at, _)| *at == own) {
            let Some(action) = action else { break };
            action();
        }
        let left = event.as_ref().map_or(u64::MAX, |(at, _)| at - own);
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let Ok(read) = from.read(&mut buffer[..room]) else { break };
        if read == 0 || to.write_all(&buffer[..read]).is_err() {
            break;
        }
        own += read as u64;
        passed.fetch_add(read as u64, Ordering::SeqCst);
    }
    drop((from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)));
}
