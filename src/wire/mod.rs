//! The only code that opens sockets for capture: it keeps the bytes first and parses later.
//!
//! A [`Client`] takes a [`Request`] whose head is written byte for byte by us, finds or opens a connection
//! ([`Connector`]: DNS, TCP, TLS, each fact kept), and runs one exchange: bytes written and bytes read are kept
//! at the plaintext side of TLS, `message::framing` says when the response is over, and blocks spool to disk
//! while their digests are computed. The outcome is an [`Exchange`] or, where not a byte came back, a
//! [`Failure`], which is evidence too. [`record`] turns either into drafts of WARC records.
//!
//! [`Client::fetch`] puts around it what one URL may take: cookies from a [`Jar`], and a second exchange where the server
//! asks for the [`Login`]. What the user would not tell everybody goes to [`Origins`] that the user named, and to no other.
//! [`Client::relay`] runs an exchange that somebody else takes part in while it lasts ([`Live`]): the recording proxy's way.
//! A [`Proxy`] may stand in between; HTTP/2, on request, gives a reconstruction that says so.
//!
//! Redirects, robots, scope and politeness are the crawler's; nothing here decides what to fetch.

mod auth;
mod client;
mod connect;
mod cookies;
mod exchange;
mod facts;
mod http2;
mod incoming;
mod live;
mod lookup;
mod origins;
mod outgoing;
mod proxy;
pub mod record;
mod relayed;
mod request;
mod spool;
mod stream;
mod sums;
mod talk;
mod tls;

pub use auth::Login;
pub use client::{Client, ClientOptions, Fetched};
pub use connect::Connector;
pub use cookies::{CookieFileError, Jar};
pub use exchange::{Exchange, Limits};
pub use facts::{Attempt, Certificate, Connection, Failure, Lookup, Stage, Tls, Verdict, Via};
pub use live::{Live, Party, Relayed, Tunnel};
pub use origins::Origins;
pub use outgoing::WireBytes;
pub use proxy::{Proxy, ProxyError};
pub use request::{Request, RequestBuilder, RequestError};
pub use spool::{SpoolOptions, SpoolReader, Spooled};
pub use sums::{DigestForm, Sums};
pub use tls::{Identity, Trust, TrustError, certificates};

use jiff::Timestamp;
use std::sync::Arc;

/// Where the time of day comes from, so that tests can pin it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The clock of the system.
pub fn system_clock() -> Clock {
    Arc::new(Timestamp::now)
}
