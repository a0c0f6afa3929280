//! A recording proxy: what any program fetches through it is carried out by the wire and written down.
//!
//! [`run`] takes connections from clients (`visit`), plain requests in absolute form or tunnels by CONNECT, in which it
//! answers the TLS handshake itself with a certificate of its own [`Authority`]. Each request goes to its origin as the
//! client wrote it, over `wire`, and the response goes back as it comes, byte for byte (`ask`): nothing waits for a whole
//! body, and neither side is read faster than the other takes. Finished exchanges queue for one writer on a thread of its
//! own (`book`), which keeps them by the crawler's ledger: the collection is of the same kind as a crawl's.
//!
//! What fonds itself has to say to a client (`answer`) is never recorded: of an origin that cannot be reached the record is
//! the failure, not the 502.

mod answer;
mod ask;
mod authority;
mod book;
mod guest;
mod visit;

pub use authority::{Authority, AuthorityError};

use self::book::Fate;
use self::visit::Visit;
use crate::crawl::{Archive, Error, Event, Stop, Summary};
use crate::wire::Client;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Clients served at a time; more wait until one leaves.
const CLIENTS: usize = 256;
/// Exchanges that wait to be written; beyond them, clients wait.
const WAITING: usize = 16;
/// After everything was told to stop at once.
const LAST: Duration = Duration::from_secs(5);

/// When to stop.
#[derive(Clone, Debug)]
pub struct Signals {
    /// Becomes true when no more requests are taken; those under way are finished.
    pub stop: Stop,
    /// Becomes true when those are to end, too. The client's own stop signal ends the exchanges; it should be the same.
    pub abort: Stop,
}

/// What is left of a run.
#[derive(Debug)]
pub struct Ran {
    /// The archive, to be sealed.
    pub archive: Archive,
    /// What was done, or why it could not go on; what was written before is valid.
    pub outcome: Result<Summary, Error>,
}

/// What all visits share.
struct House {
    client: Client,
    authority: Arc<Authority>,
    fates: mpsc::Sender<Fate>,
    signals: Signals,
    own: SocketAddr,
}

/// Serves clients of `listener` until told to stop. `on_event` is called on the thread that writes.
///
/// # Errors
/// When the listener says not even its own address. What goes wrong later is in [`Ran::outcome`].
pub async fn run(
    listener: TcpListener,
    client: Client,
    authority: Arc<Authority>,
    archive: Archive,
    signals: Signals,
    on_event: impl FnMut(Event<'_>) + Send + 'static,
) -> std::io::Result<Ran> {
    let own = listener.local_addr()?;
    let (fates, waiting) = mpsc::channel(WAITING);
    let writer = tokio::task::spawn_blocking(move || book::keep(archive, waiting, on_event));
    let abort = signals.abort.clone();
    let house = Arc::new(House { client, authority, fates, signals, own });
    serve(listener, house).await;
    let mut ran = match writer.await {
        Ok(ran) => ran,
        Err(error) => return Err(std::io::Error::other(error)),
    };
    if let Ok(summary) = &mut ran.outcome {
        summary.interrupted = *abort.borrow();
    }
    Ok(ran)
}

async fn serve(listener: TcpListener, house: Arc<House>) {
    let mut guests = JoinSet::new();
    let mut stop = house.signals.stop.clone();
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            () = house.fates.closed() => break,
            Some(_) = guests.join_next() => {}
            accepted = listener.accept(), if guests.len() < CLIENTS => match accepted {
                Ok((stream, _)) => {
                    let visit = Visit::new(house.clone());
                    guests.spawn(visit.run(stream));
                }
                // Most often there are too many open files for now.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
        }
    }
    drop(listener);
    let mut abort = house.signals.abort.clone();
    let all_gone = async { while guests.join_next().await.is_some() {} };
    let patience = async {
        tokio::select! {
            // Without a sender nobody will ever say so.
            Ok(_) = abort.wait_for(|abort| *abort) => {}
            () = house.fates.closed() => {}
            else => std::future::pending().await,
        }
        tokio::time::sleep(LAST).await;
    };
    tokio::select! {
        () = all_gone => {}
        () = patience => {}
    }
    house.client.close_kept();
}
