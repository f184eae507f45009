//! Limits of connections: their number, also of one address, and how long a client may leave an answer unread.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv6Addr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
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

/// The part of all connections that one address may have, so that it cannot take those of all others.
const SHARES: usize = 4;

/// Accepts connections up to a number, and closes those above it.
#[derive(Clone)]
pub(super) struct Limited<A> {
    inner: A,
    free: Arc<Semaphore>,
    shares: Shares,
    clock: Arc<dyn Clock>,
}

impl<A> Limited<A> {
    /// At most that many connections of `inner` at a time, and a quarter of them from one address that is no trusted proxy.
    pub(super) fn new(inner: A, most: usize, proxies: &[IpAddr], clock: Arc<dyn Clock>) -> Self {
        let shares = Shares { most: most.div_ceil(SHARES), proxies: proxies.into(), used: Arc::default() };
        Self { inner, free: Arc::new(Semaphore::new(most)), shares, clock }
    }
}

/// The connections of each address.
#[derive(Clone, Debug)]
struct Shares {
    most: usize,
    proxies: Arc<[IpAddr]>,
    used: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Shares {
    /// Counts a connection of an address until the value is dropped; `None` if the address has its share. Connections of proxies, which
    /// are those of many clients, are not counted.
    fn take(&self, address: IpAddr) -> Option<Share> {
        let address = address.to_canonical();
        if self.proxies.contains(&address) {
            return Some(Share(None));
        }
        let network = network_of(address);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = used.entry(network).or_default();
        if *connections >= self.most {
            return None;
        }
        *connections += 1;
        Some(Share(Some((self.clone(), network))))
    }
}

/// One connection of an address.
#[derive(Debug)]
struct Share(Option<(Shares, IpAddr)>);

impl Drop for Share {
    fn drop(&mut self) {
        let Some((shares, network)) = &self.0 else { return };
        let mut used = shares.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connections) = used.get_mut(network) {
            *connections -= 1;
            if *connections == 0 {
                used.remove(network);
            }
        }
    }
}

/// The address, or the 64 bits of IPv6 that stand for one network: a client has all addresses below them.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
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
        let share = stream.peer_addr().ok().and_then(|peer| self.shares.take(peer.ip()));
        // A small answer is sent at once.
        let accepting = stream.set_nodelay(true).map(|()| self.inner.accept(stream, service));
        self.watched(share, async move { accepting?.await })
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
        self.watched(Some(Share(None)), self.inner.accept(stream, service))
    }
}

impl<A> Limited<A> {
    fn watched<T, S>(
        &self,
        share: Option<Share>,
        accepting: impl Future<Output = io::Result<(T, S)>> + Send + 'static,
    ) -> Accepting<Watched<T>, S> {
        let permit = self.free.clone().try_acquire_owned();
        let clock = self.clock.clone();
        Box::pin(async move {
            let many = || io::Error::other("too many connections");
            let (permit, share) = (permit.map_err(|_| many())?, share.ok_or_else(many)?);
            let (stream, service) = accepting.await?;
            Ok((Watched { stream, clock, unread: None, _permit: permit, _share: share }, service))
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
    _share: Share,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_part_of_the_connections_and_a_proxy_as_many_as_there_are() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxies = [address("192.168.1.2")].into();
        let shares = Shares { most: 2, proxies, used: Arc::default() };
        let take = |text: &str| shares.take(address(text));
        let (first, second) = (take("192.168.1.7").unwrap(), take("::ffff:192.168.1.7").unwrap());
        assert!(take("192.168.1.7").is_none() && take("192.168.1.8").is_some());
        drop(first);
        assert!(take("192.168.1.7").is_some());
        drop(second);
        let kept: Vec<_> = (0..9).map(|_| take("192.168.1.2").unwrap()).collect();
        let network = [take("2001:db8::1").unwrap(), take("2001:db8::2").unwrap()];
        assert!(
            take("2001:db8::3").is_none() && take("2001:db8:0:1::3").is_some(),
            "a client has a whole network of IPv6"
        );
        drop((kept, network));
        assert!(shares.used.lock().unwrap().is_empty(), "nothing is kept of addresses that are gone");
    }
}
