//! fonds captures web pages into WARC, proves what it captured, and gets the clean article text back
//! out of any WARC.
//!
//! The rooms stand on floors; each imports only from floors below its own (see ARCHITECTURE.md):
//! [`finding`] and [`digest`] carry everything; [`message`] knows HTTP/1.x as bytes; [`warc`], [`surt`]
//! and [`cdxj`] know the archive's formats; [`manifest`], [`vouch`], [`wire`] and [`input`] keep the log, sign it, talk to
//! servers and open inputs; [`package`], [`extract`] and [`verify`] stand on those; [`crawl`] decides
//! what to capture, [`relay`] captures what others fetch; [`selftest`] tries the recorder on a server that misbehaves. Nothing in this
//! library prints, reads the environment or exits.

pub mod cdxj;
pub mod crawl;
pub mod digest;
pub mod disk;
pub mod extract;
pub mod finding;
pub mod index;
pub mod input;
pub mod manifest;
pub mod mend;
pub mod message;
pub mod package;
pub mod records;
pub mod relay;
pub mod selftest;
pub mod surt;
pub mod verify;
pub mod vouch;
pub mod warc;
pub mod wire;
pub mod world;
mod xhtml;
