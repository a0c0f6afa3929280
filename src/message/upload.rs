//! Where the body of a request ends (RFC 9112 §6.3), for whoever passes it on.

use super::chunked::{ChunkState, Dechunk};
use super::head::RequestHead;
use super::length::{Declared, declared};
use crate::finding::rules;

/// Follows the body of one request while its bytes arrive; holds none of them.
///
/// Unlike a response, a request whose length can be read in two ways is no matter for tolerance: what one server takes for
/// a body is another request to the next (RFC 9112 §11.2).
#[derive(Debug)]
pub struct Upload {
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Length(u64),
    Chunked(Dechunk),
    Done,
}

/// A length that cannot be relied on, or chunks that break their syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UploadError(&'static str);

impl Upload {
    /// By what the head declares.
    ///
    /// # Errors
    /// Where the declarations are wrong, or contradict each other.
    pub fn of(head: &RequestHead) -> Result<Self, UploadError> {
        let (declared, findings) = declared(&head.fields, &head.version);
        let harmless = [&rules::HTTP_LENGTH_REPEATED, &rules::HTTP_TE_IDENTITY];
        let bad = findings.iter().find(|finding| !harmless.iter().any(|rule| rule.code == finding.code));
        if bad.is_some() {
            return Err(UploadError("where the body ends is not clear from the head"));
        }
        Ok(Self {
            stage: match declared {
                Declared::Length(0) | Declared::Open => Stage::Done,
                Declared::Length(length) => Stage::Length(length),
                Declared::Chunked => Stage::Chunked(Dechunk::new()),
            },
        })
    }

    /// True where nothing more belongs to it.
    pub fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    /// How many of these bytes belong to it; fewer than all only where it is then done.
    ///
    /// # Errors
    /// When its chunks break their syntax.
    pub fn take(&mut self, bytes: &[u8]) -> Result<usize, UploadError> {
        match &mut self.stage {
            Stage::Done => Ok(0),
            Stage::Length(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= taken as u64;
                if *left == 0 {
                    self.stage = Stage::Done;
                }
                Ok(taken)
            }
            Stage::Chunked(dechunk) => {
                let taken = dechunk.push(bytes, &mut |_| {});
                match dechunk.state() {
                    ChunkState::Done => self.stage = Stage::Done,
                    ChunkState::Plain | ChunkState::Broken => {
                        return Err(UploadError("the chunks of the body break their syntax"));
                    }
                    _ => {}
                }
                Ok(taken)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::head::HeadLimits;
    use super::*;

    fn of(fields: &str) -> Result<Upload, UploadError> {
        let head = format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n");
        Upload::of(&RequestHead::parse(head.as_bytes(), &HeadLimits::default()).0)
    }

    #[test]
    fn the_next_request_is_no_part_of_the_body() {
        for (fields, body) in [
            ("Content-Length: 5", "hello"),
            ("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\nX: y\r\n\r\n"),
            ("A: b", ""),
        ] {
            let sent = format!("{body}GET / HTTP/1.1");
            let mut upload = of(fields).unwrap();
            let mut taken = 0;
            for byte in sent.as_bytes().chunks(1) {
                assert_eq!(upload.is_done(), taken == body.len(), "{fields}");
                taken += upload.take(byte).unwrap();
            }
            assert_eq!(taken, body.len(), "{fields}");
        }
    }

    #[test]
    fn a_length_that_can_be_read_in_two_ways_is_refused() {
        for fields in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: -5",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: x",
        ] {
            assert!(of(fields).is_err(), "{fields}");
        }
        assert!(of("Transfer-Encoding: chunked").unwrap().take(b"zz\r\n").is_err());
    }
}
