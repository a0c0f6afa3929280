//! Reading at any place by range requests, ahead of the reader.

use std::io::{self, Read, Seek, SeekFrom};
use std::time::Duration;

use reqwest::StatusCode;

use super::{Body, Client, Error, Identity, Remote, content_range, unreachable_by};
use crate::input::section::resolve;

/// Bytes asked for after a jump; doubled with every request that goes on from the last.
const SMALLEST: u64 = 64 << 10;
/// Most bytes asked for at once, and held.
const LARGEST: u64 = 8 << 20;
/// Waits before a request that failed on the way is tried again.
const AGAIN: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(2)];

/// A remote file, read by ranges. Each answer must be of the file that was opened.
#[derive(Debug)]
pub struct Ranges {
    client: Client,
    url: String,
    identity: Identity,
    position: u64,
    held: Vec<u8>,
    held_at: u64,
    ahead: u64,
}

impl Ranges {
    pub(super) fn new(remote: &Remote) -> Self {
        let identity = match &remote.body {
            Body::Ranges(identity) => identity.clone(),
            Body::Stream(_) => Identity::default(),
        };
        Self {
            client: remote.client.clone(),
            url: remote.url.clone(),
            identity,
            position: 0,
            held: remote.head.clone(),
            held_at: 0,
            ahead: SMALLEST,
        }
    }

    fn held_from(&self, position: u64) -> Option<&[u8]> {
        let skip = usize::try_from(position.checked_sub(self.held_at)?).ok()?;
        self.held.get(skip..).filter(|held| !held.is_empty())
    }

    fn fetch(&mut self) -> Result<(), Error> {
        let goes_on = self.position == self.held_at + self.held.len() as u64;
        self.ahead = if goes_on { (self.ahead * 2).min(LARGEST) } else { SMALLEST };
        let last = self.position.saturating_add(self.ahead).min(self.identity.length) - 1;
        let mut waits = AGAIN.iter();
        self.held = loop {
            match self.request(self.position, last) {
                Err(error) if is_passing(&error) => match waits.next() {
                    Some(wait) => std::thread::sleep(*wait),
                    None => return Err(error),
                },
                other => break other?,
            }
        };
        self.held_at = self.position;
        Ok(())
    }

    fn request(&self, first: u64, last: u64) -> Result<Vec<u8>, Error> {
        let changed = |what| Error::Changed { url: self.url.clone(), what };
        let response = self.client.get(&self.url, Some((first, last)))?;
        match response.status() {
            StatusCode::PARTIAL_CONTENT => {}
            StatusCode::OK => return Err(changed("the server no longer sends ranges")),
            StatusCode::RANGE_NOT_SATISFIABLE => return Err(changed("it is shorter")),
            status => return Err(Error::Status { url: self.url.clone(), status }),
        }
        let Some((Some(at), length)) = content_range(&response) else {
            return Err(changed("the server no longer says which range it sends"));
        };
        if let Some(what) = self.identity.difference(&Identity::of(&response, length)) {
            return Err(changed(what));
        }
        if at != first {
            return Err(changed("the server sends another range than it was asked for"));
        }
        let (wanted, mut bytes) = (last + 1 - first, Vec::new());
        response.take(wanted).read_to_end(&mut bytes).map_err(|error| unreachable_by(&self.url, &error))?;
        match bytes.is_empty() {
            true => Err(unreachable_by(&self.url, &io::Error::from(io::ErrorKind::UnexpectedEof))),
            false => Ok(bytes),
        }
    }
}

/// What may be gone when one tries again.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::Unreachable { .. } => true,
        Error::Status { status, .. } => status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS,
        Error::Setup(_) | Error::Long { .. } | Error::Changed { .. } => false,
    }
}

impl Read for Ranges {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.identity.length || buffer.is_empty() {
            return Ok(0);
        }
        if self.held_from(self.position).is_none() {
            self.fetch()?;
        }
        let read = self.held_from(self.position).unwrap_or_default().read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Ranges {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = resolve(to, self.position, self.identity.length)?;
        Ok(self.position)
    }
}
