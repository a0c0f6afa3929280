//! What became of each target, written down: an exchange as its records, a failure as evidence.

use super::plan::Captured;
use super::prepare::{IDS, Means, Planned, Prepared, Source, fitting, prepare_failure};
use super::{Archive, Error, Target};
use crate::manifest::{self, Count};
use crate::warc::WriteError;
use crate::wire::record::{PageNotes, Referent};
use crate::wire::{Attempt, Connection, DigestForm, Exchange, Failure, Lookup, Stage, Tls, Verdict};
use crate::world::{millis, new_urns};
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
    /// Captures that are planned and not committed.
    ahead: usize,
}

impl<'a> Ledger<'a> {
    /// `chains` are those that have their record already.
    pub(crate) fn new(archive: &'a mut Archive, chains: HashSet<String>, digest: DigestForm) -> Self {
        Self { archive, connections: HashMap::new(), lookups: HashMap::new(), chains, digest, ahead: 0 }
    }

    pub(crate) fn counts(&self) -> Count {
        self.archive.counts()
    }

    pub(crate) fn workroom(&self) -> PathBuf {
        self.archive.workroom()
    }

    /// What went wrong with an anchor.
    pub(crate) fn anchor(&mut self) -> Result<Option<String>, Error> {
        self.archive.anchor()
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
        let planned = self.plan_exchange(target, Arc::new(exchange.clone()), seed, challenge, None)?;
        let prepared = planned.prepare().map_err(|error| self.failed(error))?;
        self.commit(prepared).map(|captured| captured.record)
    }

    /// Takes for an exchange what only this thread can give. It is to be prepared, on any thread, and committed. While
    /// [`Ledger::wants_rotation`], nothing more should be planned until all that was is committed.
    ///
    /// With a referent, which must hold the same payload, the response becomes a revisit where it can.
    pub(crate) fn plan_exchange(
        &mut self,
        target: &Target,
        exchange: Arc<Exchange>,
        seed: Option<&str>,
        challenge: bool,
        referent: Option<Referent>,
    ) -> Result<Planned, Error> {
        let connection = &exchange.connection;
        let means = self.means(connection.lookup.as_ref(), connection.tls.as_ref())?;
        let source = Source::of(target, seed, challenge);
        let referent = fitting(referent, &exchange);
        self.ahead += 1;
        Ok(Planned { exchange, source, means, referent, page: PageNotes::default() })
    }

    /// True where the open WARC has its size and waits for what was planned to be committed.
    pub(crate) fn wants_rotation(&self) -> bool {
        self.archive.wants_rotation()
    }

    /// Appends a capture: its records first, then all of its lines at once.
    pub(crate) fn commit(&mut self, prepared: Prepared) -> Result<Captured, Error> {
        self.ahead = self.ahead.saturating_sub(1);
        let connection = self.begin(&prepared)?;
        let Prepared { records, failure, captured, .. } = prepared;
        self.archive.append(records, connection)?;
        self.end(failure, captured)
    }

    /// The same, with big blocks compressed and written on another thread meanwhile. It is to be awaited to its end.
    pub(crate) async fn commit_aside(&mut self, prepared: Prepared) -> Result<Captured, Error> {
        if !prepared.is_big() {
            return self.commit(prepared);
        }
        self.ahead = self.ahead.saturating_sub(1);
        let connection = self.begin(&prepared)?;
        let Prepared { records, failure, captured, .. } = prepared;
        self.archive.append_aside(records, connection).await?;
        self.end(failure, captured)
    }

    fn begin(&mut self, prepared: &Prepared) -> Result<Option<u64>, Error> {
        self.archive.begin()?;
        prepared.connection.as_ref().map(|connection| self.connection(connection)).transpose()
    }

    fn end(&mut self, failure: Option<manifest::Failure>, captured: Captured) -> Result<Captured, Error> {
        match failure {
            Some(failure) => self.archive.failure(failure)?,
            None => self.archive.captured(),
        }
        self.archive.commit()?;
        Ok(captured)
    }

    /// A fetch that gave nothing: a metadata record and a log entry.
    pub(crate) fn failure(
        &mut self,
        target: &Target,
        failure: &Failure,
        seed: Option<&str>,
    ) -> Result<(), Error> {
        let means = self.means(failure.lookup.as_ref(), failure.tls.as_ref())?;
        let (source, line) = (Source::of(target, seed, false), log_failure(target, failure, seed));
        self.ahead += 1;
        let prepared = prepare_failure(target, failure, &source, means, line);
        let prepared = prepared.map_err(|error| self.failed(error))?;
        self.commit(prepared).map(drop)
    }

    /// What a new capture's records are made with, in a new WARC if it is time for one.
    fn means(&mut self, lookup: Option<&Arc<Lookup>>, tls: Option<&Tls>) -> Result<Means, Error> {
        if self.ahead == 0 && self.archive.wants_rotation() {
            self.archive.rotate()?;
        }
        let ids = new_urns(self.archive.world(), IDS).map_err(Error::at(&self.workroom()))?;
        Ok(Means {
            warcinfo: self.archive.warcinfo_id(),
            digest: self.digest,
            compression: self.archive.compression(),
            ids,
            lookup: self.new_lookup(lookup),
            chain: self.is_new_chain(tls),
        })
    }

    pub(super) fn failed(&self, error: WriteError) -> Error {
        self.archive.write_error(error, "")
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

    /// The lookup, if it has no record yet; however many connections share it, it gets one.
    fn new_lookup(&mut self, lookup: Option<&Arc<Lookup>>) -> Option<Arc<Lookup>> {
        let lookup = lookup?;
        let key = Arc::as_ptr(lookup) as usize;
        let known = self.lookups.get(&key).and_then(Weak::upgrade);
        if known.is_some_and(|known| Arc::ptr_eq(&known, lookup)) {
            return None;
        }
        if self.lookups.len() >= REMEMBERED {
            self.lookups.retain(|_, known| known.strong_count() > 0);
        }
        self.lookups.insert(key, Arc::downgrade(lookup));
        Some(Arc::clone(lookup))
    }

    /// True for a session whose chain has no record yet.
    fn is_new_chain(&mut self, tls: Option<&Tls>) -> bool {
        tls.is_some_and(|tls| !tls.chain.is_empty() && self.chains.insert(chain_key(tls)))
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

fn chain_key(tls: &Tls) -> String {
    tls.chain.iter().map(|certificate| certificate.sha256.as_str()).collect::<Vec<_>>().join(" ")
}

fn log_failure(target: &Target, failure: &Failure, seed: Option<&str>) -> manifest::Failure {
    manifest::Failure {
        url: target.url.to_string(),
        seed: seed.map(str::to_owned),
        stage: failure.stage.as_str().to_owned(),
        error: failure.error.clone(),
        attempts: u32::try_from(failure.attempts.len().max(1)).unwrap_or(u32::MAX),
        started: Some(millis(failure.started)),
        ended: Some(millis(failure.ended)),
        tried: failure.attempts.iter().map(log_try).collect(),
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
