//! The listener, the limits of connections, and the orderly end.

use std::{
    net::{SocketAddr, TcpListener},
    os::unix::net::SocketAddr as UnixSocketAddr,
    path::Path,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use axum_server::{Address, Handle, accept::DefaultAcceptor, tls_rustls::RustlsAcceptor};
use tokio::sync::watch;

use super::{
    api, client,
    context::{CALLS_MAX, Settings, Web},
    error::ServerError,
    idle::Connection,
    limits::Limited,
    os_user::WithOsUser,
    socket::Socket,
    tls::Certificate,
};
use crate::engine::{Engine, events};

/// The longest time for the headers of a request, and for which a connection of HTTP/1 without a request is kept.
const HEADERS_WITHIN: Duration = Duration::from_secs(20);
/// The longest time for the handshake of TLS, and after it for the first request of a connection.
const FIRST_WITHIN: Duration = Duration::from_secs(10);
/// The most bytes of a request's headers, and of what is read ahead.
const HEADER_BYTES_MAX: u32 = 16 << 10;
/// The most headers of a request.
const HEADERS_MAX: usize = 64;
/// The most requests at a time on a connection of HTTP/2.
const STREAMS_MAX: u32 = 16;
/// How often a silent client of HTTP/2 is asked whether it is there.
const ASKED_EVERY: Duration = Duration::from_secs(20);
/// The most connections through the socket at a time.
const SOCKET_CONNECTIONS_MAX: usize = 64;
/// How often requests without the proof of an account are written down.
const TOLD_EVERY: Duration = Duration::from_mins(1);
/// The longest time that requests get to end when the server is told to stop.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// A server that has its address, and answers from [`run`](Self::run) on.
pub struct Server {
    settings: Settings,
    listener: TcpListener,
    address: SocketAddr,
    certificate: Option<Certificate>,
    socket: Option<Socket>,
}

impl Server {
    /// Reads the certificate and listens.
    pub async fn bind(settings: Settings) -> Result<Self, ServerError> {
        let certificate = match &settings.tls {
            Some(files) => Some(Certificate::read(files.clone()).await?),
            None => None,
        };
        let refused = |source| ServerError::Listen { address: settings.listen, source };
        let listener = TcpListener::bind(settings.listen).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let socket = settings.socket.as_ref().map(Socket::bind).transpose()?.flatten();
        Ok(Self { settings, listener, address, certificate, socket })
    }

    /// The address for people and programs.
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The socket for commands on the same machine, if there is one.
    pub fn socket(&self) -> Option<&Path> {
        self.socket.as_ref().map(Socket::path)
    }

    /// Answers until `stop` is true. Then no request begins, and those that are answered have ten seconds to end. The writer of
    /// `engine` has the audit chain of the server.
    pub async fn run(self, engine: Engine, mut stop: watch::Receiver<bool>) -> Result<(), ServerError> {
        let Self { settings, listener, address, certificate, socket } = self;
        let refused = |source| ServerError::Listen { address, source };
        let (clock, connections, proxies) =
            (engine.clock.clone(), settings.connections, settings.trusted_proxies.clone());
        let web = Arc::new(Web::new(engine, settings, stop.clone()));
        let service = api::router(web.clone(), Router::new()).into_make_service_with_connect_info::<Connection>();
        let handle = Handle::new();
        let at_socket = Handle::new();
        let server = limited(axum_server::from_tcp(listener).map_err(refused)?.handle(handle.clone()));
        let config = certificate.as_ref().map(Certificate::config);
        let following = certificate.map(|certificate| tokio::spawn(certificate.follow(clock.clone())));

        let counting = tokio::spawn(tidy_each_minute(web.clone(), stop.clone()));
        let own = web.clone();
        let reading = tokio::spawn(async move { events::read_for_all(&own.engine).await });
        let own = web.clone();
        let projecting = tokio::spawn(async move { own.projector.read_for_all(&own.engine).await });

        let serving = async {
            match config {
                None => {
                    server
                        .acceptor(Limited::new(DefaultAcceptor, connections, &proxies, clock.clone()))
                        .serve(service)
                        .await
                }
                Some(config) => {
                    let tls = RustlsAcceptor::new(config).handshake_timeout(FIRST_WITHIN);
                    server.acceptor(Limited::new(tls, connections, &proxies, clock.clone())).serve(service).await
                }
            }
        };
        let serving_socket = serve_socket(socket.as_ref(), web.clone(), at_socket.clone());
        let stopping = async {
            // Fails if the sender is gone, which is an end too.
            let _ = stop.wait_for(|stop| *stop).await;
            handle.graceful_shutdown(Some(DRAIN_MAX));
            at_socket.graceful_shutdown(Some(DRAIN_MAX));
        };
        let (ended, ended_socket, ()) = tokio::join!(serving, serving_socket, stopping);
        following.inspect(tokio::task::JoinHandle::abort);
        // Fails if it panicked.
        let _ = counting.await;
        reading.abort();
        projecting.abort();
        web.tell_unproved().await;
        // An act goes on when its connection has ended.
        let all_done = async {
            let _ = web.calls.acquire_many(CALLS_MAX).await;
            web.engine.session_uses.saved().await;
        };
        tokio::select! {
            () = all_done => {}
            () = clock.sleep(DRAIN_MAX) => {}
        }
        ended.map_err(refused).and(ended_socket)
    }
}

/// Answers at the socket: what the server answers, and what only the command line asks.
async fn serve_socket(
    socket: Option<&Socket>,
    web: Arc<Web>,
    handle: Handle<UnixSocketAddr>,
) -> Result<(), ServerError> {
    let Some(socket) = socket else { return Ok(()) };
    let refused = |source| ServerError::Socket { path: socket.path().to_owned(), source };
    let server = axum_server::from_unix(socket.listener().map_err(refused)?).map_err(refused)?.handle(handle);
    let most = web.settings.connections.min(SOCKET_CONNECTIONS_MAX);
    let acceptor = Limited::new(WithOsUser::named_by(socket.os_user()), most, &[], web.engine.clock.clone());
    let service = api::router(web, client::router()).into_make_service();
    // HTTP/1 alone: an idle connection of HTTP/2 would have no time limit here.
    limited(server).http1_only().acceptor(acceptor).serve(service).await.map_err(refused)
}

/// Writes down the requests without the proof of an account, and deletes old answers, until `stop` is true.
async fn tidy_each_minute(web: Arc<Web>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = web.engine.clock.sleep(TOLD_EVERY) => {}
            // Fails if the sender is gone, which is an end too.
            _ = stop.wait_for(|stop| *stop) => return,
        }
        web.tell_unproved().await;
        web.delete_old_answers().await;
    }
}

/// With the limits of requests.
fn limited<A: Address>(server: axum_server::Server<A>) -> axum_server::Server<A> {
    let mut server = server.first_request_timeout(FIRST_WITHIN);
    let http = server.http_builder();
    http.http1().header_read_timeout(HEADERS_WITHIN).max_buf_size(HEADER_BYTES_MAX as usize).max_headers(HEADERS_MAX);
    http.http2()
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_BYTES_MAX)
        .keep_alive_interval(ASKED_EVERY)
        .keep_alive_timeout(ASKED_EVERY);
    server
}
