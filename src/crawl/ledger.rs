//! What became of each target, written down: an exchange as its records, a failure as evidence.

use super::plan::Captured;
use super::{Archive, Context, Error, Target};
use crate::manifest::{self, Count, Http, Times};
use crate::wire::record::{Origin, RecordDraft, chain_draft, dns_draft, exchange_drafts, failure_draft};
use crate::wire::{Attempt, Connection, DigestForm, Exchange, Failure, Lookup, Stage, Tls, Verdict};
use crate::world::{millis, new_urn};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use url::Url;

/// Connections remembered before those that are gone are forgotten.
const REMEMBERED: usize = 1024;

/// Writes fates into the archive.
pub(crate) struct Ledger<'a> {
    archive: &'a mut Archive,
    /// The log entry of each connection, by its address in memory while it lives.
    connections: HashMap<usize, (Weak<Connection>, u64)>,
    /// Lookups that have their record, likewise.
    lookups: HashMap<usize, Weak<Lookup>>,
    /// Certificate chains that have their record, by the hashes of their certificates.
    chains: HashSet<String>,
    /// What goes into the records' fields.
    digest: DigestForm,
}

impl<'a> Ledger<'a> {
    /// `chains` are those that have their record already.
    pub(crate) fn new(archive: &'a mut Archive, chains: HashSet<String>, digest: DigestForm) -> Self {
        Self { archive, connections: HashMap::new(), lookups: HashMap::new(), chains, digest }
    }

    pub(crate) fn counts(&self) -> Count {
        self.archive.counts()
    }

    pub(crate) fn workroom(&self) -> PathBuf {
        self.archive.workroom()
    }

    pub(crate) fn skip(&mut self, url: &str, reason: &str) -> Result<(), Error> {
        self.archive.skip(url.to_owned(), reason)
    }

    /// Response, request and notes; gives the response's id. `challenge` is for an answer that asked for a login and got it.
    pub(crate) fn exchange(
        &mut self,
        target: &Target,
        exchange: &Exchange,
        seed: Option<&str>,
        challenge: bool,
    ) -> Result<String, Error> {
        self.archive.begin()?;
        let connection = self.connection(&exchange.connection)?;
        let warcinfo = self.archive.warcinfo_id();
        let via = target.via.as_ref().map(Url::as_str);
        let hops = hops(target);
        let hops = hops.as_deref();
        let origin = Origin { warcinfo_id: Some(&warcinfo), via, hops, digest: self.digest };
        self.lookup(exchange.connection.lookup.as_ref(), &origin)?;
        let mut ids = self.ids(4)?;
        let mut next = || ids.pop().unwrap_or_default();
        let mut drafts = exchange_drafts(exchange, &origin, &mut next);
        let chain = self.new_chain(exchange.connection.tls.as_ref());
        let chain = chain
            .and_then(|tls| tie_chain(&mut drafts, tls, &exchange.url, exchange.started, &origin, &mut next));
        let response = drafts.first().and_then(|d| d.field("WARC-Record-ID")).unwrap_or_default().to_owned();
        for draft in drafts.iter().chain(&chain) {
            let context = context(draft, target, exchange, Some(connection), seed, challenge);
            self.write(draft, context)?;
        }
        self.archive.captured();
        self.archive.commit()?;
        Ok(crate::warc::bare_uri(&response).to_owned())
    }

    /// A fetch that gave nothing: a metadata record and a log entry.
    pub(crate) fn failure(
        &mut self,
        target: &Target,
        failure: &Failure,
        seed: Option<&str>,
    ) -> Result<(), Error> {
        let warcinfo = self.archive.warcinfo_id();
        let via = target.via.as_ref().map(Url::as_str);
        let hops = hops(target);
        let hops = hops.as_deref();
        let origin = Origin { warcinfo_id: Some(&warcinfo), via, hops, digest: self.digest };
        self.archive.begin()?;
        self.lookup(failure.lookup.as_ref(), &origin)?;
        let mut ids = self.ids(2)?;
        let mut next = || ids.pop().unwrap_or_default();
        let mut drafts = vec![failure_draft(failure, &origin, &mut next)];
        let chain = self.new_chain(failure.tls.as_ref());
        let chain = chain
            .and_then(|tls| tie_chain(&mut drafts, tls, &target.url, failure.started, &origin, &mut next));
        for draft in drafts.iter().chain(&chain) {
            let (via, seed) = (via.map(str::to_owned), seed.map(str::to_owned));
            self.write(draft, Context { via, seed, ..Context::default() })?;
        }
        self.log_failure(target, failure, seed)?;
        self.archive.commit()
    }

    /// A target given up by a rule; what was exchanged for it has its own records.
    pub(crate) fn refusal(&mut self, target: &Target, error: &str, seed: Option<&str>) -> Result<(), Error> {
        let now = self.archive.world().now();
        let failure = Failure {
            url: target.url.to_string(),
            stage: Stage::Policy,
            error: error.to_owned(),
            attempts: Vec::new(),
            started: now,
            ended: now,
            lookup: None,
            proxy_answer: None,
            connection: None,
            tls: None,
            storage: None,
        };
        self.failure(target, &failure, seed)
    }

    pub(crate) fn page(&mut self, url: &Url, title: Option<&str>, captured: &Captured) -> Result<(), Error> {
        let title = title.map(str::trim).filter(|t| !t.is_empty()).unwrap_or(url.as_str());
        self.archive.page(url.as_str(), &captured.date, title, &captured.record)
    }

    fn log_failure(&mut self, target: &Target, failure: &Failure, seed: Option<&str>) -> Result<(), Error> {
        self.archive.failure(manifest::Failure {
            url: target.url.to_string(),
            seed: seed.map(str::to_owned),
            stage: failure.stage.as_str().to_owned(),
            error: failure.error.clone(),
            attempts: u32::try_from(failure.attempts.len().max(1)).unwrap_or(u32::MAX),
            started: Some(millis(failure.started)),
            ended: Some(millis(failure.ended)),
            tried: failure.attempts.iter().map(log_try).collect(),
        })
    }

    /// The record of a lookup, written once however many connections share it.
    fn lookup(&mut self, lookup: Option<&Arc<Lookup>>, origin: &Origin<'_>) -> Result<(), Error> {
        let Some(lookup) = lookup else { return Ok(()) };
        let key = Arc::as_ptr(lookup) as usize;
        let known = self.lookups.get(&key).and_then(Weak::upgrade);
        if known.is_some_and(|known| Arc::ptr_eq(&known, lookup)) {
            return Ok(());
        }
        let mut ids = self.ids(1)?;
        let origin = Origin { via: None, hops: None, ..*origin };
        if let Some(draft) = dns_draft(lookup, &origin, &mut || ids.pop().unwrap_or_default()) {
            let content_type = draft.field("Content-Type").map(str::to_owned);
            self.write(&draft, Context { content_type, ..Context::default() })?;
        }
        if self.lookups.len() >= REMEMBERED {
            self.lookups.retain(|_, known| known.strong_count() > 0);
        }
        self.lookups.insert(key, Arc::downgrade(lookup));
        Ok(())
    }

    /// The session, if its chain has no record yet.
    fn new_chain<'t>(&mut self, tls: Option<&'t Tls>) -> Option<&'t Tls> {
        tls.filter(|tls| !tls.chain.is_empty() && self.chains.insert(chain_key(tls)))
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
    challenge: bool,
) -> Context {
    let head = exchange.head.as_ref();
    let content_type = head.and_then(|head| head.fields.text("Content-Type"));
    let is_response = draft.record_type == crate::warc::RecordType::Response;
    let http = Http {
        method: exchange.method.clone(),
        status: head.and_then(|head| head.status).filter(|_| is_response),
        mime: content_type.clone().filter(|_| is_response),
        truncated: exchange.truncated.map(|t| t.as_str().to_owned()).filter(|_| is_response),
        reconstructed: exchange.reconstructed.map(str::to_owned),
        challenge,
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

fn log_try(attempt: &Attempt) -> manifest::Try {
    manifest::Try {
        stage: attempt.stage.as_str().to_owned(),
        peer: attempt.peer.map(|peer| peer.to_string()),
        error: attempt.error.clone(),
        ms: attempt.elapsed_ms,
    }
}

fn log_connection(connection: &Connection) -> manifest::Connection {
    let tls = connection.tls.as_ref();
    let lookup = connection.lookup.as_ref().filter(|lookup| !lookup.given);
    manifest::Connection {
        host: connection.host.clone(),
        port: connection.port,
        dns: lookup.map(|l| l.answers.iter().map(ToString::to_string).collect()).unwrap_or_default(),
        peer: connection.peer.to_string(),
        proxy: connection.via.as_ref().map(|via| via.proxy.clone()),
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
