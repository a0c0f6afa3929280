//! One request: to its origin as the client sends it, and the response back as it comes.

use super::House;
use super::answer;
use super::book::{Asked, Fate};
use super::guest::{Both, Guest};
use crate::message::upload::Upload;
use crate::wire::{Exchange, Failure, Live, Party, Relayed, Request, Tunnel};
use bytes::{Bytes, BytesMut};
use std::convert::Infallible;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use url::Url;

/// A client that takes nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(600);
/// Bytes of further requests that are read while one is carried out.
const AHEAD: usize = 64 << 10;

/// How a client's connection is left.
pub(super) enum After {
    /// It may carry another request.
    Open(Guest),
    /// To be closed, properly.
    Over(Guest),
    /// Closed, as abruptly as the origin did.
    Gone,
}

/// What the client was given.
struct Given {
    bytes: u64,
    is_there: bool,
}

type Stream = Box<dyn Both>;

/// Carries a request out and hands its fate on.
pub(super) async fn ask(
    house: &House,
    mut guest: Guest,
    request: Request,
    mut upload: Upload,
    asked: Asked,
) -> After {
    let (live, party) = Live::pair(!upload.is_done());
    let url = request.url().clone();
    let (relayed, given) = carry(house, &mut guest, &request, &mut upload, live, party).await;
    match relayed.outcome {
        Err(failure) => failed(house, guest, &given, url, failure).await,
        Ok(exchange) => {
            let whole = exchange.truncated.is_none() && given.is_there;
            let left = (whole, relayed.persistent && upload.is_done());
            exchanged(house, exchange, asked).await;
            match (relayed.tunnel, left) {
                (Some(tunnel), _) => {
                    let protocol = request.field("Upgrade").unwrap_or_default();
                    pass(house, guest, tunnel, url, protocol).await;
                    After::Gone
                }
                (None, (true, true)) => After::Open(guest),
                (None, (true, false)) => After::Over(guest),
                (None, (false, _)) => After::Gone,
            }
        }
    }
}

async fn exchanged(house: &House, exchange: Exchange, asked: Asked) {
    house.tell(Fate::Exchanged(Box::new(exchange), asked)).await;
}

async fn failed(house: &House, mut guest: Guest, given: &Given, url: Url, failure: Box<Failure>) -> After {
    let answer = answer::failure(&failure, house.client.patience());
    house.tell(Fate::Failed(url, failure)).await;
    // After the first byte of another's answer ours would be nonsense.
    if given.bytes > 0 || !given.is_there || guest.say(&answer).await.is_err() {
        return After::Gone;
    }
    After::Over(guest)
}

/// The exchange, the client's body going up and the response coming down, all at once.
async fn carry(
    house: &House,
    guest: &mut Guest,
    request: &Request,
    upload: &mut Upload,
    live: Live,
    party: Party,
) -> (Relayed, Given) {
    let (mut reader, mut writer) = tokio::io::split(&mut guest.stream);
    let (leaves, has_left) = oneshot::channel();
    let exchange = house.client.relay(request, live);
    let up = async {
        go_up(&mut reader, &mut guest.pending, upload, party.body).await;
        // The exchange may be over already.
        let _ = leaves.send(());
        std::future::pending::<Infallible>().await
    };
    let both = async { tokio::join!(exchange, come_down(&mut writer, party.response, has_left, house)) };
    tokio::select! {
        done = both => done,
        never = up => match never {},
    }
}

/// The body, and whatever the client says after it; comes back when the client has left.
async fn go_up(
    reader: &mut ReadHalf<&mut Stream>,
    pending: &mut BytesMut,
    upload: &mut Upload,
    mut body: Option<mpsc::Sender<Bytes>>,
) {
    loop {
        let taken = match upload.take(pending) {
            Ok(taken) => pending.split_to(taken).freeze(),
            // What it sends is no longer to be made sense of.
            Err(_) => return,
        };
        if let Some(body) = body.as_ref().filter(|_| !taken.is_empty())
            && body.send(taken).await.is_err()
        {
            // The exchange is over.
            return std::future::pending().await;
        }
        if upload.is_done() {
            body = None;
            if pending.len() >= AHEAD {
                return std::future::pending().await;
            }
        }
        pending.reserve(AHEAD);
        if !matches!(reader.read_buf(pending).await, Ok(count) if count > 0) {
            return;
        }
    }
}

/// The response as it comes, until its end or until the client has left.
async fn come_down(
    writer: &mut WriteHalf<&mut Stream>,
    mut response: mpsc::Receiver<Bytes>,
    mut has_left: oneshot::Receiver<()>,
    house: &House,
) -> Given {
    let mut abort = house.signals.abort.clone();
    let mut given = Given { bytes: 0, is_there: true };
    loop {
        let bytes = tokio::select! {
            biased;
            bytes = response.recv() => bytes,
            _ = &mut has_left => return Given { is_there: false, ..given },
        };
        let Some(bytes) = bytes else { return given };
        let write = async {
            writer.write_all(&bytes).await?;
            writer.flush().await
        };
        let is_taken = tokio::select! {
            written = timeout(PATIENCE, write) => matches!(written, Ok(Ok(()))),
            _ = &mut has_left => false,
            _ = abort.wait_for(|abort| *abort) => false,
        };
        if !is_taken {
            return Given { is_there: false, ..given };
        }
        given.bytes += bytes.len() as u64;
    }
}

/// Both ways until one side closes; none of it is HTTP, and none is recorded.
async fn pass(house: &House, guest: Guest, mut tunnel: Tunnel, url: Url, protocol: &str) {
    let words = format!("passed through unrecorded: what follows the 101 is {protocol}, not HTTP");
    house.tell(Fate::Passed(url, words)).await;
    let (mut guest, mut stop) = (guest.whole(), house.signals.stop.clone());
    tokio::select! {
        // However it ends, both sides are closed.
        _ = tokio::io::copy_bidirectional(&mut guest, &mut tunnel) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}
