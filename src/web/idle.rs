//! Ends connections of HTTP/2 that have no requests. A client that answers the server's pings could keep them for ever.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    extract::{ConnectInfo, Request, State, connect_info::Connected},
    http::Version,
    middleware::Next,
    response::Response,
};
use axum_server::ConnectionShutdown;
use tokio::sync::watch;

use crate::engine::clock::Clock;

/// The longest time from a request of a connection to the next.
const IDLE_MAX: Duration = Duration::from_mins(2);

/// A connection, which each of its requests knows.
#[derive(Clone)]
pub(super) struct Connection {
    /// The address of the client, or of the proxy in between.
    pub(super) address: SocketAddr,
    /// The number of its requests.
    requests: Arc<watch::Sender<u64>>,
}

impl Connected<SocketAddr> for Connection {
    fn connect_info(address: SocketAddr) -> Self {
        Self { address, requests: Arc::new(watch::Sender::new(0)) }
    }
}

/// Notes the request. After the first one of HTTP/2, the connection is watched; HTTP/1 has a time for the headers of the next request.
pub(super) async fn noted(State(clock): State<Arc<dyn Clock>>, request: Request, next: Next) -> Response {
    let extensions = request.extensions();
    let connection = extensions.get::<ConnectInfo<Connection>>().zip(extensions.get::<ConnectionShutdown>());
    if let Some((ConnectInfo(connection), end)) = connection
        && request.version() == Version::HTTP_2
    {
        let mut is_first = false;
        connection.requests.send_modify(|requests| {
            is_first = *requests == 0;
            *requests += 1;
        });
        if is_first {
            tokio::spawn(end_when_idle(connection.requests.subscribe(), end.clone(), clock));
        }
    }
    next.run(request).await
}

/// Ends a connection when no request has begun for too long. Those that have begun are answered. Returns when the connection has ended.
async fn end_when_idle(mut requests: watch::Receiver<u64>, end: ConnectionShutdown, clock: Arc<dyn Clock>) {
    loop {
        tokio::select! {
            // Fails if the connection has ended.
            begun = requests.changed() => if begun.is_err() { return },
            () = clock.sleep(IDLE_MAX) => {
                end.graceful_shutdown();
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use axum::{Router, middleware::from_fn_with_state, routing::get};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        sync::Notify,
    };

    use super::*;
    use crate::domain::time::Timestamp;

    /// A clock whose sleeps end when the test says so.
    #[derive(Default)]
    struct HandClock {
        asked: Mutex<Vec<Duration>>,
        goes: Notify,
    }

    #[async_trait]
    impl Clock for HandClock {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }

        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }

        fn sync_to(&self, _: Timestamp, _: Timestamp) {}

        async fn sleep(&self, duration: Duration) {
            let goes = self.goes.notified();
            self.asked.lock().unwrap().push(duration);
            goes.await;
        }
    }

    const HEADERS: u8 = 1;
    const SETTINGS: u8 = 4;
    const PING: u8 = 6;
    const GOAWAY: u8 = 7;

    /// A client of HTTP/2 that answers pings.
    struct Client(TcpStream);

    impl Client {
        async fn write(&mut self, kind: u8, flags: u8, stream: u8, payload: &[u8]) {
            let length = u8::try_from(payload.len()).unwrap();
            let frame = [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat();
            self.0.write_all(&frame).await.unwrap();
        }

        /// The next frame that is no ping; `None` at the end.
        async fn read(&mut self) -> Option<u8> {
            loop {
                let mut head = [0; 9];
                self.0.read_exact(&mut head).await.ok()?;
                let mut payload = vec![0; (usize::from(head[1]) << 8) | usize::from(head[2])];
                self.0.read_exact(&mut payload).await.ok()?;
                if (head[3], head[4]) == (PING, 0) {
                    self.write(PING, 1, 0, &payload).await;
                } else {
                    return Some(head[3]);
                }
            }
        }

        /// Sends a request for `/`, and reads its answer.
        async fn get(&mut self, stream: u8) {
            // GET, http, `/` and an authority, by the static table of HPACK.
            self.write(HEADERS, 5, stream, b"\x82\x86\x84\x41\x01x").await;
            while self.read().await.unwrap() != HEADERS {}
        }
    }

    #[tokio::test]
    async fn a_connection_of_http_2_ends_when_no_request_has_begun_for_two_minutes_though_it_answers_pings() {
        let clock = Arc::new(HandClock::default());
        let layer = from_fn_with_state(clock.clone() as Arc<dyn Clock>, noted);
        let router = Router::new().route("/", get(async || "")).layer(layer);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = axum_server::from_tcp(listener).unwrap();
        let serving = tokio::spawn(server.serve(router.into_make_service_with_connect_info::<Connection>()));
        let mut client = Client(TcpStream::connect(address).await.unwrap());
        client.0.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        client.write(SETTINGS, 0, 0, &[]).await;

        for stream in [1, 3, 5] {
            client.get(stream).await;
            let waits = usize::from(stream.div_ceil(2));
            while clock.asked.lock().unwrap().len() < waits {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(*clock.asked.lock().unwrap(), [IDLE_MAX; 3], "each request begins the time anew");
        clock.goes.notify_waiters();

        let mut frames = Vec::new();
        while let Some(frame) = client.read().await {
            frames.push(frame);
        }
        assert!(frames.contains(&GOAWAY), "{frames:?}");
        serving.abort();
    }
}
