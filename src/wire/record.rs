//! Exchanges and failures as drafts of WARC records: fields in a fixed order, blocks to be read.
//!
//! A draft holds all a writer needs and nothing it must invent: ids, dates, digests and lengths are in it.

mod notes;

pub use self::notes::PageNotes;

use self::notes::Notes;
use super::exchange::Exchange;
use super::facts::{Certificate, Connection, Failure, Lookup, Tls};
use super::spool::Spooled;
use super::sums::{DigestForm, Sums};
use crate::message::framing::Truncated;
use ::warc::{RecordType, TruncatedType};
use jiff::Timestamp;
use std::io::{self, Cursor, Read};
use std::net::IpAddr;
use url::Url;

/// A WARC record that is not yet written.
#[derive(Clone, Debug)]
pub struct RecordDraft {
    /// Its type, also the first of the fields.
    pub record_type: RecordType,
    /// All named fields in the order to be written, `WARC-Type` first, `Content-Length` last.
    pub fields: Vec<(&'static str, String)>,
    /// Its block.
    pub block: Block,
}

/// The block of a draft.
#[derive(Clone, Debug)]
pub enum Block {
    /// As it came over the wire.
    Spooled(Spooled),
    /// Small, and in memory.
    Bytes(Vec<u8>),
}

impl Block {
    /// Bytes in it.
    pub fn len(&self) -> u64 {
        match self {
            Self::Spooled(spooled) => spooled.len(),
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// True for an empty one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A reader from the front.
    pub fn reader(&self) -> Box<dyn Read + Send + '_> {
        match self {
            Self::Spooled(spooled) => Box::new(spooled.reader()),
            Self::Bytes(bytes) => Box::new(Cursor::new(bytes)),
        }
    }

    /// The whole of it, for blocks known to be small.
    ///
    /// # Errors
    /// Those of the temporary file.
    pub fn to_vec(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader().read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl RecordDraft {
    /// The first value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// What the crawler knows and the exchange does not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin<'a> {
    /// `WARC-Record-ID` of the warcinfo record of the file, with its angle brackets.
    pub warcinfo_id: Option<&'a str>,
    /// The URL that led here.
    pub via: Option<&'a str>,
    /// The path of hops from the seed, in Heritrix's letters (`L` link, `E` embed, `R` redirect …).
    pub hops: Option<&'a str>,
    /// The digest that goes into the fields.
    pub digest: DigestForm,
    /// The record that holds the same payload: the response becomes a revisit of it, where it can ([`can_revisit`]).
    pub referent: Option<&'a Referent>,
    /// What the payload is called and leads to, where the capture does not hold it.
    pub page: Option<&'a PageNotes>,
}

/// A record with a payload, as a revisit names it (WARC/1.1 §6.7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referent {
    /// Its WARC-Record-ID without angle brackets, where it is known.
    pub id: Option<String>,
    /// Its WARC-Target-URI.
    pub uri: String,
    /// Its WARC-Date.
    pub date: String,
}

/// The profile of a revisit whose payload is the referent's (WARC/1.1 §6.7.2).
pub const IDENTICAL_PAYLOAD: &str = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";

/// Whether the response may be a revisit: it came whole, has a head, and a payload that is worth a reference.
pub fn can_revisit(exchange: &Exchange) -> bool {
    let has_head = exchange.head.is_some() && exchange.body_start.is_some();
    has_head && exchange.truncated.is_none() && exchange.payload_len > 0
}

/// Where record ids come from: each call gives a new URI, `urn:uuid:…`, without angle brackets.
pub type Ids<'a> = dyn FnMut() -> String + 'a;

/// Random ids (RFC 9562 §5.4).
pub fn random_id() -> String {
    uuid::Uuid::new_v4().urn().to_string()
}

/// The records of an exchange: response (or revisit), request and, where there is something to say, metadata; tied to each
/// other both ways, with one date.
pub fn exchange_drafts(exchange: &Exchange, origin: &Origin<'_>, ids: &mut Ids<'_>) -> Vec<RecordDraft> {
    let target = target_uri(&exchange.url);
    let notes = exchange_notes(exchange, origin);
    let count = if notes.is_empty() { 2 } else { 3 };
    let all: Vec<String> = (0..count).map(|_| format!("<{}>", ids())).collect();
    let common = Common { target: &target, date: date(exchange.started), origin, all: &all };
    let referent = origin.referent.filter(|_| can_revisit(exchange));
    let first = referent.and_then(|referent| common.revisit(exchange, referent));
    let mut drafts = vec![first.unwrap_or_else(|| common.response(exchange)), common.request(exchange)];
    if !notes.is_empty() {
        drafts.push(common.metadata(2, notes));
    }
    drafts
}

/// The metadata record of a fetch that gave nothing.
pub fn failure_draft(failure: &Failure, origin: &Origin<'_>, ids: &mut Ids<'_>) -> RecordDraft {
    let all = [format!("<{}>", ids())];
    let target = Url::parse(&failure.url).map_or_else(|_| failure.url.clone(), |url| target_uri(&url));
    let common = Common { target: &target, date: date(failure.started), origin, all: &all };
    let mut notes = Notes::default();
    notes.origin(origin);
    notes.add("fetchStage", failure.stage.as_str());
    notes.add("fetchError", &failure.error);
    notes.attempts(&failure.attempts);
    notes.add("fetchEnded", &date(failure.ended));
    match &failure.connection {
        Some(connection) => notes.connection(connection),
        None => notes.lookup(failure.lookup.as_deref()),
    }
    for line in failure.proxy_answer.iter().flat_map(|answer| answer.split(|byte| *byte == b'\n')) {
        if !line.trim_ascii().is_empty() {
            notes.add("proxyAnswer", &String::from_utf8_lossy(line));
        }
    }
    if let Some(tls) = &failure.tls {
        notes.tls(tls);
    }
    common.metadata(0, notes.0)
}

/// The certificate chain of a connection as a metadata record (`application/pem-certificate-chain`, RFC 8555
/// §9.1), tied to the records given (ids with their angle brackets). `None` without a chain.
pub fn chain_draft(
    tls: &Tls,
    url: &Url,
    at: Timestamp,
    concurrent_to: &[String],
    origin: &Origin<'_>,
    ids: &mut Ids<'_>,
) -> Option<RecordDraft> {
    if tls.chain.is_empty() {
        return None;
    }
    let mut all = vec![format!("<{}>", ids())];
    all.extend_from_slice(concurrent_to);
    let target = target_uri(url);
    let common = Common { target: &target, date: date(at), origin, all: &all };
    let block: String = tls.chain.iter().map(pem).collect();
    Some(common.bytes(0, RecordType::Metadata, "application/pem-certificate-chain", block.into_bytes()))
}

/// A lookup as a `dns:` record (`text/dns`, RFC 4027): the addresses in the order given, without the lifetimes that
/// the system's resolver does not tell. `None` where nothing was looked up.
pub fn dns_draft(lookup: &Lookup, origin: &Origin<'_>, ids: &mut Ids<'_>) -> Option<RecordDraft> {
    if lookup.given || lookup.answers.is_empty() {
        return None;
    }
    let all = [format!("<{}>", ids())];
    let target = format!("dns:{}", lookup.host);
    let common = Common { target: &target, date: date(lookup.at), origin, all: &all };
    let line = |address: &IpAddr| {
        let kind = if address.is_ipv4() { "A" } else { "AAAA" };
        format!("{}. IN {kind} {address}\r\n", lookup.host.trim_end_matches('.'))
    };
    let block: String = lookup.answers.iter().map(line).collect();
    Some(common.bytes(0, RecordType::Response, "text/dns", block.into_bytes()))
}

/// A date as it stands in `WARC-Date`: UTC, to the millisecond (WARC/1.1 §5.4).
pub fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The vocabulary's word for a truncation.
pub fn truncated_type(truncated: Truncated) -> TruncatedType {
    match truncated {
        Truncated::Length => TruncatedType::Length,
        Truncated::Time => TruncatedType::Time,
        Truncated::Disconnect => TruncatedType::Disconnect,
        Truncated::Unspecified => TruncatedType::Unspecified,
    }
}

/// The URL as `WARC-Target-URI`: what was fetched, so without fragment, user name and password.
fn target_uri(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    // Both fail only on URLs that cannot have them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// What the records of one event share.
struct Common<'a> {
    target: &'a str,
    date: String,
    origin: &'a Origin<'a>,
    /// Every record's id, in its angle brackets.
    all: &'a [String],
}

type Extra = Vec<(&'static str, String)>;

impl Common<'_> {
    fn response(&self, exchange: &Exchange) -> RecordDraft {
        let mut extra = wire_fields(&exchange.connection);
        extra.push(("WARC-Block-Digest", exchange.block.labelled(self.origin.digest)));
        extra.push(("WARC-Payload-Digest", exchange.payload.labelled(self.origin.digest)));
        extra
            .extend(exchange.identified_type.map(|media| ("WARC-Identified-Payload-Type", media.to_owned())));
        extra.extend(exchange.truncated.map(|why| ("WARC-Truncated", truncated_type(why).to_string())));
        let block = Block::Spooled(exchange.response.clone());
        self.draft(0, RecordType::Response, "application/http; msgtype=response", block, extra)
    }

    /// `None` where the head cannot be read back: then the response is stored whole.
    fn revisit(&self, exchange: &Exchange, referent: &Referent) -> Option<RecordDraft> {
        let form = self.origin.digest;
        let mut head = Vec::new();
        exchange.response.reader().take(exchange.body_start?).read_to_end(&mut head).ok()?;
        let mut extra = wire_fields(&exchange.connection);
        extra.push(("WARC-Profile", IDENTICAL_PAYLOAD.to_owned()));
        extra.extend(referent.id.as_ref().map(|id| ("WARC-Refers-To", format!("<{id}>"))));
        extra.push(("WARC-Refers-To-Target-URI", referent.uri.clone()));
        extra.push(("WARC-Refers-To-Date", referent.date.clone()));
        extra.push(("WARC-Block-Digest", Sums::of(&head, form).labelled(form)));
        extra.push(("WARC-Payload-Digest", exchange.payload.labelled(form)));
        extra.push(("WARC-Truncated", TruncatedType::Length.to_string()));
        let media = "application/http; msgtype=response";
        Some(self.draft(0, RecordType::Revisit, media, Block::Bytes(head), extra))
    }

    fn request(&self, exchange: &Exchange) -> RecordDraft {
        let (request, form) = (&exchange.request, self.origin.digest);
        let mut extra = wire_fields(&exchange.connection);
        extra.push(("WARC-Block-Digest", request.block().labelled(form)));
        extra.extend(request.payload().map(|sums| ("WARC-Payload-Digest", sums.labelled(form))));
        let block = Block::Spooled(request.spooled().clone());
        self.draft(1, RecordType::Request, "application/http; msgtype=request", block, extra)
    }

    fn metadata(&self, index: usize, notes: Vec<u8>) -> RecordDraft {
        self.bytes(index, RecordType::Metadata, "application/warc-fields", notes)
    }

    fn bytes(&self, index: usize, record_type: RecordType, media: &str, bytes: Vec<u8>) -> RecordDraft {
        let digest = Sums::of(&bytes, self.origin.digest).labelled(self.origin.digest);
        self.draft(index, record_type, media, Block::Bytes(bytes), vec![("WARC-Block-Digest", digest)])
    }

    fn draft(
        &self,
        index: usize,
        record_type: RecordType,
        media: &str,
        block: Block,
        extra: Extra,
    ) -> RecordDraft {
        let id = self.all.get(index).cloned().unwrap_or_default();
        let mut fields = vec![
            ("WARC-Type", record_type.to_string()),
            ("WARC-Record-ID", id),
            ("WARC-Date", self.date.clone()),
            ("WARC-Target-URI", self.target.to_owned()),
        ];
        let others = self.all.iter().enumerate().filter(|(other, _)| *other != index);
        fields.extend(others.map(|(_, id)| ("WARC-Concurrent-To", id.clone())));
        fields.extend(extra);
        fields.extend(self.origin.warcinfo_id.map(|id| ("WARC-Warcinfo-ID", id.to_owned())));
        fields.push(("Content-Type", media.to_owned()));
        fields.push(("Content-Length", block.len().to_string()));
        RecordDraft { record_type, fields, block }
    }
}

fn wire_fields(connection: &Connection) -> Extra {
    // An IPv4 address mapped into IPv6 is written as what it is (RFC 5952 §5).
    let origin = connection.origin().map(|address| address.to_canonical().to_string());
    let mut fields: Extra = origin.map(|address| ("WARC-IP-Address", address)).into_iter().collect();
    fields.extend(connection.protocols.iter().map(|protocol| ("WARC-Protocol", protocol.clone())));
    let cipher = connection.tls.as_ref().map(|tls| tls.cipher_suite.clone());
    fields.extend(cipher.filter(|cipher| !cipher.is_empty()).map(|cipher| ("WARC-Cipher-Suite", cipher)));
    fields
}

fn exchange_notes(exchange: &Exchange, origin: &Origin<'_>) -> Vec<u8> {
    let mut notes = Notes::default();
    notes.origin(origin);
    notes.attempts(&exchange.attempts);
    for finding in &exchange.findings {
        notes.add("finding", &format!("{}: {}", finding.code, finding.message));
    }
    if let Some(page) = origin.page {
        notes.page(page);
    }
    if notes.0.is_empty() {
        return notes.0;
    }
    notes.add("fetchTimeMs", &exchange.elapsed_ms.to_string());
    notes.connection(&exchange.connection);
    notes.0
}

/// RFC 7468 §5.
fn pem(certificate: &Certificate) -> String {
    let base64 = data_encoding::BASE64.encode(&certificate.der);
    let lines: Vec<String> =
        base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
