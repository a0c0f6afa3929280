//! Clock and randomness, through one small trait, so that a test can pin both.

use jiff::Timestamp;
use std::io;

/// What a run takes from outside besides the network and the disk.
pub trait World: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Fills a buffer with random bytes.
    ///
    /// # Errors
    /// What the operating system says.
    fn random(&self, buffer: &mut [u8]) -> io::Result<()>;
}

/// The system's clock and randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl World for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn random(&self, buffer: &mut [u8]) -> io::Result<()> {
        getrandom::fill(buffer).map_err(|e| io::Error::other(e.to_string()))
    }
}

/// A fresh `urn:uuid:` of version 4.
///
/// # Errors
/// What [`World::random`] says.
pub fn new_urn(world: &dyn World) -> io::Result<String> {
    let mut bytes = [0; 16];
    world.random(&mut bytes)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().urn().to_string())
}

/// So many of them, for one question to the world.
///
/// # Errors
/// What [`World::random`] says.
pub fn new_urns(world: &dyn World, count: usize) -> io::Result<Vec<String>> {
    let mut bytes = vec![[0; 16]; count];
    world.random(bytes.as_flattened_mut())?;
    let urn = |bytes| uuid::Builder::from_random_bytes(bytes).into_uuid().urn().to_string();
    Ok(bytes.into_iter().map(urn).collect())
}

/// RFC 3339 in UTC to the millisecond, as WARC-Date and the log write it.
pub fn millis(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// `YYYYMMDDhhmmss` in UTC, as CDXJ and file names write it.
pub fn timestamp14(time: Timestamp) -> String {
    time.strftime("%Y%m%d%H%M%S").to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn times_are_written_in_full() {
        let time = Timestamp::from_millisecond(1_798_000_000_005).unwrap();
        assert_eq!(millis(time), "2026-12-23T04:26:40.005Z");
        assert_eq!(millis(Timestamp::from_second(0).unwrap()), "1970-01-01T00:00:00.000Z");
        assert_eq!(timestamp14(time), "20261223042640");
    }

    #[test]
    fn urns_are_version_4_and_differ() {
        let (a, b) = (new_urn(&System).unwrap(), new_urn(&System).unwrap());
        assert!(a.starts_with("urn:uuid:") && a.len() == 45 && a.as_bytes().get(23) == Some(&b'4'), "{a}");
        assert_ne!(a, b);
    }
}
