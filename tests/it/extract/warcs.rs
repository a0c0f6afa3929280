//! WARCs made by hand, record by record.

use crate::common::collection::gzip;
use fonds::digest::{Algorithm, Hasher};

/// A record to be: its fields without Content-Length, and its block.
#[derive(Clone)]
pub(super) struct Record {
    pub fields: Vec<(String, String)>,
    pub block: Vec<u8>,
}

impl Record {
    pub(super) fn new(kind: &str, id: &str, url: &str, date: &str, block: impl AsRef<[u8]>) -> Self {
        let record = Self { fields: Vec::new(), block: block.as_ref().to_vec() };
        record
            .with("WARC-Type", kind)
            .with("WARC-Record-ID", &format!("<urn:test:{id}>"))
            .with("WARC-Target-URI", url)
            .with("WARC-Date", date)
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"WARC/1.1\r\n".to_vec();
        for (name, value) in &self.fields {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", self.block.len()).as_bytes());
        [&bytes[..], &self.block, b"\r\n\r\n"].concat()
    }
}

/// How records are put into a file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Plain,
    /// A gzip member a record.
    Gzip,
    /// All records in one member, as should not be.
    OneMember,
}

pub(super) const FORMS: [Form; 3] = [Form::Plain, Form::Gzip, Form::OneMember];

pub(super) fn warc(records: &[Record], form: Form) -> Vec<u8> {
    let all = records.iter().map(Record::bytes);
    match form {
        Form::Plain => all.collect::<Vec<_>>().concat(),
        Form::Gzip => all.map(|bytes| gzip(&bytes)).collect::<Vec<_>>().concat(),
        Form::OneMember => gzip(&all.collect::<Vec<_>>().concat()),
    }
}

pub(super) fn sha1(bytes: &[u8]) -> String {
    let mut hasher = Hasher::new(Algorithm::Sha1);
    hasher.update(bytes);
    hasher.finish().to_string()
}

/// A page that says which one it is.
pub(super) fn html(name: &str) -> String {
    let paragraph = format!(
        "This is the article called {name}, and it has a paragraph that is long enough to be one, with commas, and so on. "
    )
    .repeat(4);
    format!(
        "<!DOCTYPE html><html lang=en><head><title>Article {name}</title></head><body><article><h1>Article {name}</h1>\
         <p>{paragraph}</p><p>{paragraph}</p></article></body></html>"
    )
}

/// A response with any fields and body.
pub(super) fn response(id: &str, url: &str, date: &str, fields: &str, body: impl AsRef<[u8]>) -> Record {
    let body = body.as_ref();
    let block = [format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes(), body].concat();
    Record::new("response", id, url, date, block)
        .with("Content-Type", "application/http; msgtype=response")
        .with("WARC-Payload-Digest", &sha1(body))
}

/// A response with a page.
pub(super) fn page(id: &str, url: &str, date: &str, body: &str) -> Record {
    response(id, url, date, "Content-Type: text/html; charset=utf-8\r\n", body)
}
