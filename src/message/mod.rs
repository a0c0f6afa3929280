//! HTTP/1.x messages as bytes, without a socket: what the recorder, the verifier, the extractor and replay
//! share.
//!
//! [`head`] parses heads and keeps every field as it was sent; [`framing`] tells a recorder where a response
//! ends while its bytes arrive; [`chunked`] takes the chunked transfer coding off; [`payload`] splits the
//! block of a record into head, body and payload in one pass; [`coding`] undoes content codings;
//! [`sniff`] tells what a payload is; [`redirect`] resolves `Location`; [`upload`] tells where
//! the body of a request ends. Nothing here fails on odd input:
//! each gives what it has, and findings. Memory does not grow with the input.

pub mod body;
pub mod chunked;
pub mod coding;
pub mod framing;
pub mod head;
mod length;
pub mod payload;
pub mod redirect;
mod scanner;
pub mod sniff;
pub mod upload;
