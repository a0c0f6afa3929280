//! Asking an authority over HTTP (RFC 3161 §3.4).

use super::{LONGEST, Problem, Request, Token};
use crate::input::remote::{self, Client};
use crate::world::World;
use std::io;

/// Of a request.
pub const MEDIA_TYPE: &str = "application/timestamp-query";

/// Why an authority gave no time-stamp.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No answer, or none that is a success.
    #[error(transparent)]
    Http(#[from] remote::Error),
    /// An answer that is no time-stamp of what was asked for.
    #[error("{url} gives no time-stamp: {problem}")]
    Answer {
        /// The authority's address.
        url: String,
        /// What is wrong with what it sent.
        problem: Problem,
    },
    /// No randomness for the request.
    #[error("the system gives no randomness: {0}")]
    Random(#[from] io::Error),
}

/// Asks for a time-stamp over these bytes; gives the response as it came, and the token in it, which holds by itself. Must not be
/// called on a thread that runs an async executor.
///
/// # Errors
/// [`Refusal`].
pub fn ask(client: &Client, url: &str, bytes: &[u8], world: &dyn World) -> Result<(Vec<u8>, Token), Refusal> {
    let request = Request::new(bytes, world)?;
    let response = client.post(url, MEDIA_TYPE, request.to_der(), LONGEST as u64)?;
    match request.answered(&response) {
        Ok(token) => Ok((response, token)),
        Err(problem) => Err(Refusal::Answer { url: url.to_owned(), problem }),
    }
}
