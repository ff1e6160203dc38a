//! Listening: accepting connections within their limits, until the listener ends.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use icpy_protocol::error::{Error, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

use super::stay::stay;
use super::{Door, connection, platform};
use crate::config::HttpConfig;
use crate::keeper::Descriptor;

/// How long accepting rests when the system has no more descriptors.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// A socket that listens.
#[derive(Debug)]
pub(super) struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listener {
    pub(super) async fn bind(address: SocketAddr) -> Result<Self> {
        let failed = |error: io::Error| Error::unavailable(format!("cannot listen at `{address}`: {error}"));
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Goes on with a socket of the program before.
    pub(super) fn adopt(descriptor: Descriptor, address: SocketAddr) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::from_std(platform::adopt(descriptor)?)?, address })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same socket, to be left to the next program.
    pub(super) fn share(&self) -> Result<Option<Descriptor>> {
        platform::share(&self.listener).map_err(|error| Error::unavailable(format!("cannot share a socket: {error}")))
    }

    /// Accepts clients until the listener ends.
    pub(super) async fn serve(self, door: Arc<Door>) {
        let routes = super::routes::all(&door);
        loop {
            let accepted = tokio::select! {
                () = door.stop.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, from)) => match door.connections.enter(from.ip()) {
                    Some(place) => {
                        let serving = stay(connection::serve(stream, from, Arc::clone(&door), routes.clone()));
                        door.tasks.spawn(async move {
                            serving.await;
                            drop(place);
                        });
                    }
                    None => refuse(&stream, from),
                },
                Err(error) => {
                    tracing::error!(%error, "cannot accept a connection for HTTP");
                    sleep_until(Instant::now() + ACCEPT_REST).await;
                }
            }
        }
    }
}

/// Tells a client that there is no room, without waiting for it.
fn refuse(stream: &TcpStream, from: SocketAddr) {
    let answer =
        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let _ = stream.try_write(answer);
    tracing::warn!(%from, "a connection was refused: there are too many");
}

/// The connections that there are.
#[derive(Debug)]
pub(super) struct Connections {
    counts: Arc<Mutex<Counts>>,
    max: usize,
    per_address_max: usize,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection's place. Dropping it makes room.
#[derive(Debug)]
pub(super) struct Place {
    counts: Arc<Mutex<Counts>>,
    from: IpAddr,
}

impl Connections {
    pub(super) fn new(config: &HttpConfig) -> Self {
        let (max, per_address_max) = (config.connections_max, config.connections_per_address_max);
        Self { counts: Arc::default(), max, per_address_max }
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.counts.lock().unwrap_or_else(PoisonError::into_inner).all).unwrap_or(u32::MAX)
    }

    fn enter(&self, from: IpAddr) -> Option<Place> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = counts.by_address.get(&from).copied().unwrap_or(0);
        if counts.all >= self.max || of_address >= self.per_address_max {
            return None;
        }
        counts.all += 1;
        counts.by_address.insert(from, of_address + 1);
        Some(Place { counts: Arc::clone(&self.counts), from })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all -= 1;
        let left = counts.by_address.get(&self.from).map_or(0, |count| count - 1);
        match left {
            0 => counts.by_address.remove(&self.from),
            left => counts.by_address.insert(self.from, left),
        };
    }
}
