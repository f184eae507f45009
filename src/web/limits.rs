//! Limits of connections: their number, and how long a client may leave an answer unread.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum_server::accept::Accept;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

use crate::engine::clock::Clock;

/// The longest time in which a client reads nothing of an answer that waits for it.
const UNREAD_MAX: Duration = Duration::from_secs(30);

/// Accepts connections up to a number, and closes those above it.
#[derive(Clone)]
pub(super) struct Limited<A> {
    inner: A,
    free: Arc<Semaphore>,
    clock: Arc<dyn Clock>,
}

impl<A> Limited<A> {
    /// At most that many connections of `inner` at a time.
    pub(super) fn new(inner: A, most: usize, clock: Arc<dyn Clock>) -> Self {
        Self { inner, free: Arc::new(Semaphore::new(most)), clock }
    }
}

type Accepting<T, S> = Pin<Box<dyn Future<Output = io::Result<(T, S)>> + Send>>;

impl<A, S> Accept<TcpStream, S> for Limited<A>
where
    A: Accept<TcpStream, S>,
    A::Future: Send + 'static,
    S: 'static,
{
    type Stream = Watched<A::Stream>;
    type Service = A::Service;
    type Future = Accepting<Self::Stream, Self::Service>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        // A small answer is sent at once.
        let accepting = stream.set_nodelay(true).map(|()| self.inner.accept(stream, service));
        self.watched(async move { accepting?.await })
    }
}

impl<A, S> Accept<UnixStream, S> for Limited<A>
where
    A: Accept<UnixStream, S>,
    A::Future: Send + 'static,
    S: 'static,
{
    type Stream = Watched<A::Stream>;
    type Service = A::Service;
    type Future = Accepting<Self::Stream, Self::Service>;

    fn accept(&self, stream: UnixStream, service: S) -> Self::Future {
        self.watched(self.inner.accept(stream, service))
    }
}

impl<A> Limited<A> {
    fn watched<T, S>(
        &self,
        accepting: impl Future<Output = io::Result<(T, S)>> + Send + 'static,
    ) -> Accepting<Watched<T>, S> {
        let permit = self.free.clone().try_acquire_owned();
        let clock = self.clock.clone();
        Box::pin(async move {
            let permit = permit.map_err(|_| io::Error::other("too many connections"))?;
            let (stream, service) = accepting.await?;
            Ok((Watched { stream, clock, unread: None, _permit: permit }, service))
        })
    }
}

type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A connection that is one of the limited number, and that fails when its client leaves an answer unread.
pub(super) struct Watched<T> {
    stream: T,
    clock: Arc<dyn Clock>,
    /// Ends when the client has read nothing for too long. `None` while nothing waits to be read.
    unread: Option<Sleep>,
    _permit: OwnedSemaphorePermit,
}

impl<T> Watched<T> {
    /// Fails instead of waiting any longer for the client.
    fn limited<R>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if written.is_ready() {
            self.unread = None;
            return written;
        }
        let clock = self.clock.clone();
        let sleep = self.unread.get_or_insert_with(|| Box::pin(async move { clock.sleep(UNREAD_MAX).await }));
        sleep.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.limited(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.limited(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.limited(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.stream).poll_shutdown(context);
        self.limited(context, ended)
    }
}
