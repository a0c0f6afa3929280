//! The payload of a block, to be read: head off, transfer coding off, content coding kept or undone.

use super::coding::{self, Decoded};
use super::payload::{Context, Head, Part, Payload};
use std::io::{self, Read};

/// Block bytes taken at once.
const STEP: usize = 32 * 1024;

/// Reads the payload out of an HTTP block.
#[derive(Debug)]
pub struct Body<R> {
    block: R,
    message: Option<Payload>,
    head: Option<Head>,
    ready: Vec<u8>,
    at: usize,
}

impl<R: Read> Body<R> {
    /// Over a block; `message` says whether it is a request's or a response's.
    ///
    /// # Errors
    /// What the block's reader says.
    pub fn new(block: R, message: Payload) -> io::Result<Self> {
        let mut body = Self { block, message: Some(message), head: None, ready: Vec::new(), at: 0 };
        while body.message.as_ref().is_some_and(|m| m.head().is_none()) && body.step()? {}
        if body.head.is_none() {
            body.head = body.message.as_ref().and_then(|m| m.head().cloned());
        }
        Ok(body)
    }

    /// The head, where the block has one.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// A field of the head.
    pub fn field(&self, name: &str) -> Option<String> {
        match self.head.as_ref()? {
            Head::Request(head) => head.fields.text(name),
            Head::Response(head) => head.fields.text(name),
        }
    }

    /// The members of a field that is a list, from all fields of that name.
    fn list(&self, name: &str) -> Vec<String> {
        let text = |member: &[u8]| String::from_utf8_lossy(member).into_owned();
        match self.head.as_ref() {
            Some(Head::Request(head)) => head.fields.list(name).map(text).collect(),
            Some(Head::Response(head)) => head.fields.list(name).map(text).collect(),
            None => Vec::new(),
        }
    }

    /// Takes in more of the block; false at its end.
    fn step(&mut self) -> io::Result<bool> {
        let Some(message) = &mut self.message else { return Ok(false) };
        let mut buffer = [0; STEP];
        let n = loop {
            match self.block.read(&mut buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        let ready = &mut self.ready;
        let mut sink = |part: Part<'_>| {
            if let Part::Payload(bytes) = part {
                ready.extend_from_slice(bytes);
            }
        };
        if n > 0 {
            message.push(buffer.get(..n).unwrap_or_default(), &mut sink);
            return Ok(true);
        }
        if let Some(message) = self.message.take() {
            let end = message.finish(&Context { truncated: true, method: None }, &mut sink);
            self.head = self.head.take().or(end.head);
        }
        Ok(false)
    }
}

impl<'a, R: Read + Send + 'a> Body<R> {
    /// The payload with the content codings that its head names undone; at most `limit` bytes a layer.
    pub fn decoded(self, limit: u64) -> Decoded<'a> {
        // Several fields of one name are one list (RFC 9110 §5.3).
        let codings = self.list("Content-Encoding").join(",");
        coding::decode(&codings, self, limit)
    }
}

impl<R: Read> Read for Body<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.at == self.ready.len() {
            self.ready.clear();
            self.at = 0;
            if !self.step()? && self.ready.is_empty() {
                return Ok(0);
            }
        }
        let bytes = self.ready.get(self.at..).unwrap_or_default();
        let n = bytes.len().min(buf.len());
        if let (Some(from), Some(to)) = (bytes.get(..n), buf.get_mut(..n)) {
            to.copy_from_slice(from);
        }
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Write;

    #[test]
    fn transfer_and_content_codings_come_off() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"hello world").unwrap();
        let gz = gz.finish().unwrap();
        let (a, b) = gz.split_at(7);
        let mut block =
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for part in [a, b] {
            block.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
            block.extend_from_slice(part);
            block.extend_from_slice(b"\r\n");
        }
        block.extend_from_slice(b"0\r\n\r\n");
        let body = Body::new(block.as_slice(), Payload::response()).unwrap();
        assert_eq!(body.field("content-encoding").as_deref(), Some("gzip"));
        let mut text = String::new();
        body.decoded(1 << 20).read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello world");
    }

    #[test]
    fn a_block_without_a_body_or_a_head_ends_quietly() {
        for block in ["", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b"] {
            let mut text = Vec::new();
            Body::new(block.as_bytes(), Payload::response()).unwrap().read_to_end(&mut text).unwrap();
            assert!(text.is_empty(), "{block:?}");
        }
    }
}
