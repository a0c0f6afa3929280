//! What became of each target, written down: an exchange as its records, a failure as evidence.

use super::plan::Captured;
use super::{Archive, Context, Error, Target};
use crate::manifest::{self, Count, Http, Times};
use crate::wire::record::{Origin, RecordDraft, chain_draft, exchange_drafts, failure_draft};
use crate::wire::{Connection, Exchange, Failure, Stage, Tls, Verdict};
use crate::world::{millis, new_urn};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use url::Url;

/// Connections remembered before those that are gone are forgotten.
const REMEMBERED: usize = 1024;

/// Writes fates into the archive.
pub(super) struct Ledger<'a> {
    archive: &'a mut Archive,
    /// The log entry of each connection, by its address in memory while it lives.
    connections: HashMap<usize, (Weak<Connection>, u64)>,
    /// Certificate chains that have their record, by the hashes of their certificates.
    chains: HashSet<String>,
}

impl<'a> Ledger<'a> {
    /// `chains` are those that have their record already.
    pub(super) fn new(archive: &'a mut Archive, chains: HashSet<String>) -> Self {
        Self { archive, connections: HashMap::new(), chains }
    }

    pub(super) fn counts(&self) -> Count {
        self.archive.counts()
    }

    pub(super) fn workroom(&self) -> PathBuf {
        self.archive.workroom()
    }

    pub(super) fn skip(&mut self, url: &str, reason: &str) -> Result<(), Error> {
        self.archive.skip(url.to_owned(), reason)
    }

    /// Response, request and notes; gives the response's id.
    pub(super) fn exchange(
        &mut self,
        target: &Target,
        exchange: &Exchange,
        seed: Option<&str>,
    ) -> Result<String, Error> {
        self.archive.begin()?;
        let connection = self.connection(&exchange.connection)?;
        let warcinfo = self.archive.warcinfo_id();
        let via = target.via.as_ref().map(Url::as_str);
        let hops = hops(target);
        let origin = Origin { warcinfo_id: Some(&warcinfo), via, hops: hops.as_deref(), ..Origin::default() };
        let mut ids = self.ids(4)?;
        let mut next = || ids.pop().unwrap_or_default();
        let mut drafts = exchange_drafts(exchange, &origin, &mut next);
        let chain = exchange.connection.tls.as_ref().filter(|tls| self.chains.insert(chain_key(tls)));
        let chain = chain.and_then(|tls| tie_chain(&mut drafts, tls, exchange, &origin, &mut next));
        let response = drafts.first().and_then(|d| d.field("WARC-Record-ID")).unwrap_or_default().to_owned();
        for draft in drafts.iter().chain(&chain) {
            let context = context(draft, target, exchange, Some(connection), seed);
            self.write(draft, context)?;
        }
        self.archive.captured();
        self.archive.commit()?;
        Ok(crate::warc::bare_uri(&response).to_owned())
    }

    /// A fetch that gave nothing: a metadata record and a log entry.
    pub(super) fn failure(
        &mut self,
        target: &Target,
        failure: &Failure,
        seed: Option<&str>,
    ) -> Result<(), Error> {
        let warcinfo = self.archive.warcinfo_id();
        let via = target.via.as_ref().map(Url::as_str);
        let hops = hops(target);
        let origin = Origin { warcinfo_id: Some(&warcinfo), via, hops: hops.as_deref(), ..Origin::default() };
        let mut ids = self.ids(1)?;
        self.archive.begin()?;
        let draft = failure_draft(failure, &origin, &mut || ids.pop().unwrap_or_default());
        let context =
            Context { via: via.map(str::to_owned), seed: seed.map(str::to_owned), ..Context::default() };
        self.write(&draft, context)?;
        let attempts = u32::try_from(failure.attempts.len().max(1)).unwrap_or(u32::MAX);
        self.log_failure(target, failure.stage, &failure.error, attempts, seed)?;
        self.archive.commit()
    }

    /// A target given up by a rule; what was exchanged for it has its own records.
    pub(super) fn refusal(&mut self, target: &Target, error: &str, seed: Option<&str>) -> Result<(), Error> {
        self.log_failure(target, Stage::Policy, error, 1, seed)
    }

    pub(super) fn page(&mut self, url: &Url, title: Option<&str>, captured: &Captured) -> Result<(), Error> {
        let title = title.map(str::trim).filter(|t| !t.is_empty()).unwrap_or(url.as_str());
        self.archive.page(url.as_str(), &captured.date, title, &captured.record)
    }

    fn log_failure(
        &mut self,
        target: &Target,
        stage: Stage,
        error: &str,
        attempts: u32,
        seed: Option<&str>,
    ) -> Result<(), Error> {
        self.archive.failure(manifest::Failure {
            url: target.url.to_string(),
            seed: seed.map(str::to_owned),
            stage: stage.as_str().to_owned(),
            error: error.to_owned(),
            attempts,
        })
    }

    fn ids(&self, count: usize) -> Result<Vec<String>, Error> {
        let ids: std::io::Result<Vec<String>> = (0..count).map(|_| new_urn(self.archive.world())).collect();
        ids.map_err(Error::at(&self.workroom()))
    }

    fn write(&mut self, draft: &RecordDraft, context: Context) -> Result<(), Error> {
        let fields: Vec<(&str, String)> = draft
            .fields
            .iter()
            .filter(|(name, _)| *name != "Content-Length")
            .map(|(n, v)| (*n, v.clone()))
            .collect();
        let mut block = draft.block.reader();
        self.archive.record(draft.record_type.clone(), &fields, &mut *block, draft.block.len(), context)
    }

    /// The log's entry for a connection, written at its first exchange.
    fn connection(&mut self, connection: &Arc<Connection>) -> Result<u64, Error> {
        let key = Arc::as_ptr(connection) as usize;
        if let Some((known, seq)) = self.connections.get(&key)
            && known.upgrade().is_some_and(|known| Arc::ptr_eq(&known, connection))
        {
            return Ok(*seq);
        }
        let seq = self.archive.connection(log_connection(connection))?;
        if self.connections.len() >= REMEMBERED {
            self.connections.retain(|_, (known, _)| known.strong_count() > 0);
        }
        self.connections.insert(key, (Arc::downgrade(connection), seq));
        Ok(seq)
    }
}

/// The chain's record is concurrent to the response, and the response to it.
fn tie_chain(
    drafts: &mut [RecordDraft],
    tls: &Tls,
    exchange: &Exchange,
    origin: &Origin<'_>,
    ids: &mut dyn FnMut() -> String,
) -> Option<RecordDraft> {
    let response = drafts.first_mut()?;
    let id = response.field("WARC-Record-ID")?.to_owned();
    let chain = chain_draft(tls, &exchange.url, exchange.started, &[id], origin, ids)?;
    let chain_id = chain.field("WARC-Record-ID")?.to_owned();
    let after = response.fields.iter().rposition(|(name, _)| *name == "WARC-Concurrent-To")?;
    response.fields.insert(after + 1, ("WARC-Concurrent-To", chain_id));
    Some(chain)
}

fn chain_key(tls: &Tls) -> String {
    tls.chain.iter().map(|certificate| certificate.sha256.as_str()).collect::<Vec<_>>().join(" ")
}

/// Heritrix's letters: R for a redirect, E for what a page embeds.
fn hops(target: &Target) -> Option<String> {
    let path = "E".repeat(target.depth as usize) + &"R".repeat(target.chain.len());
    (!path.is_empty()).then_some(path)
}

fn context(
    draft: &RecordDraft,
    target: &Target,
    exchange: &Exchange,
    connection: Option<u64>,
    seed: Option<&str>,
) -> Context {
    let head = exchange.head.as_ref();
    let content_type = head.and_then(|head| head.fields.text("Content-Type"));
    let is_response = draft.record_type == crate::warc::RecordType::Response;
    let http = Http {
        method: exchange.method.clone(),
        status: head.and_then(|head| head.status).filter(|_| is_response),
        mime: content_type.clone().filter(|_| is_response),
        truncated: exchange.truncated.map(|t| t.as_str().to_owned()).filter(|_| is_response),
        challenge: false,
    };
    let times = Times {
        sent: millis(exchange.started),
        first_byte: Some(millis(exchange.first_byte)),
        end: millis(exchange.ended),
        server_date: head.and_then(|head| head.fields.text("Date")),
    };
    let facts =
        matches!(draft.record_type, crate::warc::RecordType::Response | crate::warc::RecordType::Request);
    Context {
        http: facts.then_some(http),
        connection,
        times: is_response.then_some(times),
        via: target.via.as_ref().map(Url::to_string),
        seed: seed.map(str::to_owned),
        content_type: content_type.filter(|_| is_response),
    }
}

fn log_connection(connection: &Connection) -> manifest::Connection {
    let tls = connection.tls.as_ref();
    manifest::Connection {
        host: connection.host.clone(),
        port: connection.port,
        dns: connection.dns_answers.iter().map(ToString::to_string).collect(),
        peer: connection.peer.to_string(),
        protocols: connection.protocols.clone(),
        cipher: tls.map(|t| t.cipher_suite.clone()),
        key_exchange: tls.map(|t| t.kx_group.clone()).filter(|group| !group.is_empty()),
        sni: tls.and_then(|t| t.sni.clone()),
        chain: tls.map(|t| t.chain.iter().map(|c| c.sha256.clone()).collect()).unwrap_or_default(),
        verdict: tls.map(|t| match &t.verdict {
            Verdict::Unverified => "unverified".to_owned(),
            Verdict::Trusted => "trusted".to_owned(),
            Verdict::Refused(reason) => format!("refused: {reason}"),
        }),
        roots: tls.map(|t| t.roots.clone()),
    }
}
