//! Captures on their way to the archive: planned on the run's thread, prepared on any, committed on the run's again.
//!
//! A [`Planned`] has been given what must come from one place (ids, the warcinfo's id, which connection's facts are new);
//! [`Planned::prepare`] is pure work: drafts, members, hashes, lines. What is [`Prepared`] the ledger appends.

use super::Target;
use super::plan::Captured;
use crate::cdxj::{Capture, Entry};
use crate::manifest::{self, Bytes, Http, Links, Record, Times, Warc};
use crate::warc::{Compression, Packed, RecordType, WriteError, Writer, Written, pack};
use crate::wire::record::{
    Block, Origin, PageNotes, RecordDraft, Referent, can_revisit, chain_draft, date, dns_draft,
    exchange_drafts, failure_draft,
};
use crate::wire::{Connection, DigestForm, Exchange, Failure, Lookup, Tls};
use crate::world::millis;
use jiff::Timestamp;
use std::sync::Arc;
use url::Url;

/// Ids that a capture may need: response, request, notes, chain, lookup.
pub(super) const IDS: usize = 5;
/// Bytes of notes on a page that a revisit is made for; with more, its payload is stored again.
const NOTES: usize = 1 << 20;

/// What records are made with, besides what they are about.
pub(super) struct Means {
    /// WARC-Record-ID of the warcinfo record, in angle brackets.
    pub(super) warcinfo: String,
    pub(super) digest: DigestForm,
    pub(super) compression: Compression,
    /// At least [`IDS`].
    pub(super) ids: Vec<String>,
    /// The lookup, if it has no record yet.
    pub(super) lookup: Option<Arc<Lookup>>,
    /// True where the connection's certificate chain has no record yet.
    pub(super) chain: bool,
}

/// Where a target comes from, as records and log tell it.
pub(super) struct Source {
    via: Option<String>,
    hops: Option<String>,
    seed: Option<String>,
    challenge: bool,
}

impl Source {
    pub(super) fn of(target: &Target, seed: Option<&str>, challenge: bool) -> Self {
        let via = target.via.as_ref().map(Url::to_string);
        Self {
            via,
            hops: Some(target.hops()).filter(|hops| !hops.is_empty()),
            seed: seed.map(str::to_owned),
            challenge,
        }
    }
}

/// An exchange that is to be written down.
pub(crate) struct Planned {
    pub(super) exchange: Arc<Exchange>,
    pub(super) source: Source,
    pub(super) means: Means,
    pub(super) referent: Option<Referent>,
    pub(super) page: PageNotes,
}

/// A capture, ready to be appended. Every one that was planned is to be committed, best in the order planned: a
/// connection's facts are with the first of its exchanges.
pub(crate) struct Prepared {
    pub(super) connection: Option<Arc<Connection>>,
    pub(super) records: Vec<Ready>,
    /// The log's line for a fetch that gave nothing.
    pub(super) failure: Option<manifest::Failure>,
    pub(super) captured: Captured,
}

/// A record, ready to be appended.
pub(super) struct Ready {
    content: Content,
    /// Its log line, but for hash and connection.
    record: Record,
    on_connection: bool,
    /// Its index line, but for the place.
    entry: Option<Entry>,
}

enum Content {
    Packed(Packed),
    /// Too big for memory: packed as it is written.
    Waits {
        fields: Vec<(&'static str, String)>,
        block: Block,
    },
}

impl Planned {
    /// True where the response will be stored as a revisit.
    pub(crate) fn is_revisit(&self) -> bool {
        self.referent.is_some()
    }

    /// Where it will be found.
    pub(crate) fn captured(&self) -> Captured {
        let record = self.means.ids.first().map(|id| crate::warc::bare_uri(id).to_owned());
        Captured { record: record.unwrap_or_default(), date: date(self.exchange.started) }
    }

    /// What the payload leads to, and its title: kept with a revisit, whose payload is elsewhere. Where there is too much of
    /// it, the capture is stored whole after all.
    pub(crate) fn note_page(&mut self, page: PageNotes) {
        if page.len() > NOTES {
            self.referent = None;
        } else {
            self.page = page;
        }
    }

    /// Bytes of memory that it holds, about; preparing it takes up to three times as much for a moment.
    pub(crate) fn bytes(&self) -> usize {
        let response = &self.exchange.response;
        let held = if response.is_on_disk() { 0 } else { response.len() };
        usize::try_from(held).unwrap_or(usize::MAX).saturating_add(self.page.len() + 4096)
    }

    /// The work, for any thread.
    ///
    /// # Errors
    /// A field that cannot be written, or what reading a spooled block says.
    pub(crate) fn prepare(mut self) -> Result<Prepared, WriteError> {
        let exchange = Arc::clone(&self.exchange);
        let (ids, lookup) = (std::mem::take(&mut self.means.ids), self.means.lookup.take());
        let mut ids = ids.into_iter();
        let mut next = || ids.next().unwrap_or_default();
        let origin = self.origin();
        let mut drafts = exchange_drafts(&exchange, &origin, &mut next);
        let tls = exchange.connection.tls.as_ref().filter(|_| self.means.chain);
        let chain = tls
            .and_then(|tls| tie_chain(&mut drafts, tls, &exchange.url, exchange.started, &origin, &mut next));
        let record = first_id(&drafts);
        drafts.extend(chain);
        let lookup = lookup.and_then(|lookup| dns_draft(&lookup, &plain(&origin), &mut next));
        let told = |draft: &RecordDraft| self.told(&draft.record_type);
        let records = ready(lookup, drafts, told, self.means.compression)?;
        let captured = Captured { record, date: date(exchange.started) };
        let connection = Some(Arc::clone(&exchange.connection));
        Ok(Prepared { connection, records, failure: None, captured })
    }

    fn origin(&self) -> Origin<'_> {
        let page = Some(&self.page).filter(|page| self.is_revisit() && !page.is_empty());
        Origin { referent: self.referent.as_ref(), page, ..origin(&self.means, &self.source) }
    }

    fn told(&self, record_type: &RecordType) -> Told {
        let (exchange, source) = (&self.exchange, &self.source);
        let head = exchange.head.as_ref();
        let content_type = head.and_then(|head| head.fields.text("Content-Type"));
        let is_response = matches!(record_type, RecordType::Response | RecordType::Revisit);
        let http = Http {
            method: exchange.method.clone(),
            status: head.and_then(|head| head.status).filter(|_| is_response),
            mime: content_type.filter(|_| is_response),
            truncated: exchange.truncated.map(|t| t.as_str().to_owned()).filter(|_| is_response),
            reconstructed: exchange.reconstructed.map(str::to_owned),
            challenge: source.challenge,
        };
        let times = || Times {
            sent: millis(exchange.started),
            first_byte: Some(millis(exchange.first_byte)),
            end: millis(exchange.ended),
            server_date: head.and_then(|head| head.fields.text("Date")),
        };
        Told {
            http: (is_response || *record_type == RecordType::Request).then_some(http),
            on_connection: true,
            times: is_response.then(times),
            via: source.via.clone(),
            seed: source.seed.clone(),
        }
    }
}

/// A lookup's record comes before those of the capture that it was made for.
fn ready(
    lookup: Option<RecordDraft>,
    drafts: Vec<RecordDraft>,
    told: impl Fn(&RecordDraft) -> Told,
    compression: Compression,
) -> Result<Vec<Ready>, WriteError> {
    let lookup = lookup.into_iter().map(|draft| (draft, Told::default()));
    let drafts = drafts.into_iter().map(|draft| {
        let told = told(&draft);
        (draft, told)
    });
    lookup.chain(drafts).map(|(draft, told)| Ready::new(draft, told, compression)).collect()
}

/// What is written down of a fetch that gave nothing.
pub(super) fn prepare_failure(
    target: &Target,
    failure: &Failure,
    source: &Source,
    means: Means,
    line: manifest::Failure,
) -> Result<Prepared, WriteError> {
    let origin = origin(&means, source);
    let mut ids = means.ids.iter().cloned();
    let mut next = || ids.next().unwrap_or_default();
    let mut drafts = vec![failure_draft(failure, &origin, &mut next)];
    let tls = failure.tls.as_ref().filter(|_| means.chain);
    let chain =
        tls.and_then(|tls| tie_chain(&mut drafts, tls, &target.url, failure.started, &origin, &mut next));
    let record = first_id(&drafts);
    drafts.extend(chain);
    let lookup = means.lookup.as_ref().and_then(|lookup| dns_draft(lookup, &plain(&origin), &mut next));
    let told =
        |_: &RecordDraft| Told { via: source.via.clone(), seed: source.seed.clone(), ..Told::default() };
    let records = ready(lookup, drafts, told, means.compression)?;
    let captured = Captured { record, date: date(failure.started) };
    Ok(Prepared { connection: None, records, failure: Some(line), captured })
}

impl Prepared {
    /// True where a block is so big that it is compressed while it is written: best not on the run's thread.
    pub(crate) fn is_big(&self) -> bool {
        self.records.iter().any(|record| matches!(record.content, Content::Waits { .. }))
    }
}

/// What a record's log line says besides what stands in its fields.
#[derive(Default)]
struct Told {
    http: Option<Http>,
    on_connection: bool,
    times: Option<Times>,
    via: Option<String>,
    seed: Option<String>,
}

impl Ready {
    fn new(draft: RecordDraft, told: Told, compression: Compression) -> Result<Self, WriteError> {
        let RecordDraft { record_type, mut fields, block } = draft;
        fields.retain(|(name, _)| *name != "Content-Length");
        let entry = index_entry(record_type, &fields, told.http.as_ref());
        let on_connection = told.on_connection;
        let record = log_record(&fields, told);
        let content = match &block {
            Block::Spooled(spooled) if spooled.is_on_disk() => Content::Waits { fields, block },
            _ => Content::Packed(pack(&fields, &mut *block.reader(), block.len(), compression)?),
        };
        Ok(Self { content, record, on_connection, entry })
    }

    /// One that tells of nothing but itself.
    pub(super) fn of_block(
        record_type: RecordType,
        fields: Vec<(&'static str, String)>,
        block: Vec<u8>,
        compression: Compression,
    ) -> Result<Self, WriteError> {
        let draft = RecordDraft { record_type, fields, block: Block::Bytes(block) };
        Self::new(draft, Told::default(), compression)
    }

    /// Its lines, now that it is written.
    pub(super) fn place(
        self,
        written: &Written,
        connection: Option<u64>,
        filename: &str,
    ) -> (Record, Option<Entry>) {
        let Self { mut record, on_connection, entry, .. } = self;
        record.bytes.length = written.length;
        record.bytes.sha256 = written.sha256.value();
        record.connection = connection.filter(|_| on_connection);
        let place = |entry| Entry {
            offset: written.offset,
            length: written.stored,
            filename: filename.to_owned(),
            ..entry
        };
        (record, entry.map(place))
    }
}

/// Appends all of them in their order, those that were packed in one go. What was written before an error is to be cut off.
pub(super) fn write_all(writer: &mut Writer, records: &[Ready]) -> Result<Vec<Written>, WriteError> {
    let mut written = Vec::with_capacity(records.len());
    let is_packed = |record: &Ready| matches!(record.content, Content::Packed(_));
    for run in records.chunk_by(|a, b| is_packed(a) && is_packed(b)) {
        let packed: Vec<&Packed> = run.iter().filter_map(Ready::packed).collect();
        if !packed.is_empty() {
            written.extend(writer.write_packed(&packed)?);
        }
        for record in run {
            if let Content::Waits { fields, block } = &record.content {
                written.push(writer.write(fields, &mut *block.reader(), block.len())?);
            }
        }
    }
    Ok(written)
}

impl Ready {
    fn packed(&self) -> Option<&Packed> {
        match &self.content {
            Content::Packed(packed) => Some(packed),
            Content::Waits { .. } => None,
        }
    }
}

fn index_entry(record_type: RecordType, fields: &[(&str, String)], http: Option<&Http>) -> Option<Entry> {
    let get = |name: &str| field(fields, name);
    // Of an HTTP message the message says it, of other blocks the record. A response need not be one: a lookup's is none.
    let content_type = match http {
        Some(http) => http.mime.as_deref(),
        None => get("Content-Type"),
    };
    let capture = Capture {
        record_type,
        target_uri: get("WARC-Target-URI").unwrap_or_default(),
        date: get("WARC-Date").unwrap_or_default(),
        status: http.and_then(|http| http.status),
        content_type,
        payload_digest: get("WARC-Payload-Digest"),
        filename: "",
        offset: 0,
        length: 0,
    };
    capture.entry()
}

fn log_record(fields: &[(&str, String)], told: Told) -> Record {
    let get = |name: &str| field(fields, name).map(str::to_owned);
    let bare = |value: &str| crate::warc::bare_uri(value).to_owned();
    let all = fields.iter().filter(|(n, _)| *n == "WARC-Concurrent-To").map(|(_, v)| bare(v)).collect();
    Record {
        warc: Warc {
            id: field(fields, "WARC-Record-ID").map(bare).unwrap_or_default(),
            record_type: get("WARC-Type").unwrap_or_default(),
            target_uri: get("WARC-Target-URI"),
            date: get("WARC-Date").unwrap_or_default(),
        },
        bytes: Bytes {
            length: 0,
            sha256: String::new(),
            block: get("WARC-Block-Digest").unwrap_or_default(),
            payload: get("WARC-Payload-Digest"),
        },
        http: told.http,
        links: Links {
            concurrent_to: all,
            refers_to: field(fields, "WARC-Refers-To").map(bare),
            via: told.via,
            seed: told.seed,
        },
        connection: None,
        times: told.times,
    }
}

fn field<'f>(fields: &'f [(&str, String)], name: &str) -> Option<&'f str> {
    fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

fn first_id(drafts: &[RecordDraft]) -> String {
    let id = drafts.first().and_then(|draft| draft.field("WARC-Record-ID")).unwrap_or_default();
    crate::warc::bare_uri(id).to_owned()
}

fn origin<'a>(means: &'a Means, source: &'a Source) -> Origin<'a> {
    Origin {
        warcinfo_id: Some(&means.warcinfo),
        via: source.via.as_deref(),
        hops: source.hops.as_deref(),
        digest: means.digest,
        ..Origin::default()
    }
}

/// Of what does not come from anywhere.
fn plain<'a>(origin: &Origin<'a>) -> Origin<'a> {
    Origin { via: None, hops: None, ..*origin }
}

/// The chain's record is concurrent to the first draft, and that to it.
fn tie_chain(
    drafts: &mut [RecordDraft],
    tls: &Tls,
    url: &Url,
    at: Timestamp,
    origin: &Origin<'_>,
    ids: &mut dyn FnMut() -> String,
) -> Option<RecordDraft> {
    let first = drafts.first_mut()?;
    let id = first.field("WARC-Record-ID")?.to_owned();
    let chain = chain_draft(tls, url, at, &[id], origin, ids)?;
    let chain_id = chain.field("WARC-Record-ID")?.to_owned();
    let before = ["WARC-Concurrent-To", "WARC-Target-URI"];
    let after = first.fields.iter().rposition(|(name, _)| before.contains(name))?;
    first.fields.insert(after + 1, ("WARC-Concurrent-To", chain_id));
    Some(chain)
}

/// The referent, where the response can be a revisit of it.
pub(super) fn fitting(referent: Option<Referent>, exchange: &Exchange) -> Option<Referent> {
    referent.filter(|_| can_revisit(exchange))
}
