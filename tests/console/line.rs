//! Helper: a line to the server that can be cut without a word, as by a switch that loses its power.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Accepts connections and forwards their bytes, except while it is cut: then it accepts, and forwards nothing, without an end of any
/// connection. A connection of before or during a cut never goes on.
pub(crate) struct Line {
    pub(crate) address: String,
    /// Odd while the line is cut.
    cuts: Arc<AtomicUsize>,
}

impl Line {
    /// A line to a server.
    pub(crate) fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let cuts = Arc::new(AtomicUsize::new(0));
        let (server, seen) = (server.to_owned(), cuts.clone());
        // It ends with the process.
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, now) = (client.unwrap(), seen.load(Ordering::SeqCst));
                let Some(server) = now.is_multiple_of(2).then(|| TcpStream::connect(&server).ok()).flatten() else {
                    thread::spawn(move || keep(&client));
                    continue;
                };
                let (back, there) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let (seen_back, seen) = (seen.clone(), seen.clone());
                thread::spawn(move || forward(client, there, now, &seen));
                thread::spawn(move || forward(server, back, now, &seen_back));
            }
        });
        Self { address, cuts }
    }

    pub(crate) fn cut(&self) {
        assert_eq!(self.cuts.fetch_add(1, Ordering::SeqCst) % 2, 0, "it is cut once");
    }

    pub(crate) fn mend(&self) {
        assert_eq!(self.cuts.fetch_add(1, Ordering::SeqCst) % 2, 1, "it is mended after a cut");
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, made_at: usize, cuts: &AtomicUsize) {
    let mut bytes = [0; 16 << 10];
    loop {
        let count = from.read(&mut bytes).unwrap_or_default();
        if cuts.load(Ordering::SeqCst) != made_at {
            keep(&to);
        }
        if count == 0 || to.write_all(&bytes[..count]).is_err() {
            // The other side may have ended it already.
            let _ = to.shutdown(Shutdown::Both);
            return;
        }
    }
}

/// Keeps a connection open.
fn keep(_: &TcpStream) {
    loop {
        thread::park();
    }
}
