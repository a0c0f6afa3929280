//! Runs the cases, writes what was recorded, reads it back.

use super::cases::{Case, IDLE_LIMIT, SIZE_LIMIT, TIME_LIMIT, cases};
use super::certificates::{Certificates, Flaw};
use super::judge::{self, Came, Stored};
use super::server::{Script, Server, Step};
use super::{Outcome, Report};
use crate::digest;
use crate::finding::{Finding, Severity};
use crate::verify::{Options, Verification};
use crate::warc::{
    Compression, Limits as ReadLimits, Reader, RecordType, Source, WriteError, Writer, bare_uri,
};
use crate::wire::record::{Origin, RecordDraft, date, exchange_drafts, failure_draft, random_id};
use crate::wire::{
    Client, ClientOptions, Connector, Exchange, Failure, Limits, Proxy, Request, SpoolOptions, Trust,
};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

/// Why the cases could not be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A socket, the file, or the certificates.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A record could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A case that was run.
struct Ran {
    case: Case,
    transport: &'static str,
    came: Came,
}

/// Runs every case and writes what was recorded to `warc`, which must not exist; bodies wait in `spool`. `done` hears how
/// many of how many exchanges are over.
///
/// # Errors
/// [`Error`]; a case that fails is no error but [`super::Status::Lost`].
pub fn run(warc: &Path, spool: &Path, done: &mut dyn FnMut(usize, usize)) -> Result<Report, Error> {
    let mut book = Book::new(warc, spool)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ran = runtime.block_on(all(&mut book, done))?;
    let path = book.writer.close()?.path;
    let mut read = read_back(&path)?;
    let mut findings = verified(&path)?;
    let cases = ran.into_iter().map(|ran| judged(ran, &mut read, &mut findings)).collect();
    Ok(Report { cases })
}

fn judged(
    ran: Ran,
    read: &mut HashMap<String, Stored>,
    findings: &mut HashMap<String, Vec<Finding>>,
) -> Outcome {
    let id = ran.came.id.as_deref().unwrap_or_default();
    let findings = findings.remove(id).unwrap_or_default();
    let (status, detail) = judge::judge(&ran.case, &ran.came, read.remove(id), &findings, ran.transport);
    Outcome { name: ran.case.name.to_owned(), transport: ran.transport, status, detail }
}

/// The file being written.
struct Book<'a> {
    writer: Writer,
    warcinfo: String,
    spool: &'a Path,
}

impl<'a> Book<'a> {
    fn new(warc: &Path, spool: &'a Path) -> Result<Self, Error> {
        let mut writer = Writer::create(warc, Compression::Gzip(6))?;
        let warcinfo = format!("<{}>", random_id());
        let block =
            format!("software: fonds/{}\r\nformat: WARC File Format 1.1\r\n", env!("CARGO_PKG_VERSION"));
        let fields = [
            ("WARC-Type", "warcinfo".to_owned()),
            ("WARC-Record-ID", warcinfo.clone()),
            ("WARC-Date", date(jiff::Timestamp::now())),
            ("WARC-Filename", writer.name().trim_end_matches(".open").to_owned()),
            ("WARC-Block-Digest", digest::sha256(block.as_bytes()).to_string()),
            ("Content-Type", "application/warc-fields".to_owned()),
        ];
        writer.write(&fields, &mut block.as_bytes(), block.len() as u64)?;
        Ok(Self { writer, warcinfo, spool })
    }

    fn write(&mut self, drafts: &[RecordDraft]) -> Result<Option<String>, Error> {
        for draft in drafts {
            let fields: Vec<_> = draft.fields.iter().filter(|(name, _)| *name != "Content-Length").collect();
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            self.writer.write(&fields, &mut draft.block.reader(), draft.block.len())?;
        }
        let id = drafts.first().and_then(|draft| draft.field("WARC-Record-ID"));
        Ok(id.map(|id| bare_uri(id).to_owned()))
    }

    /// Writes what became of a fetch.
    fn take(&mut self, outcome: Result<Exchange, Box<Failure>>, sent: Vec<u8>) -> Result<Came, Error> {
        let origin = Origin { warcinfo_id: Some(&self.warcinfo.clone()), ..Origin::default() };
        let drafts = match &outcome {
            Ok(exchange) => exchange_drafts(exchange, &origin, &mut random_id),
            Err(failure) => vec![failure_draft(failure, &origin, &mut random_id)],
        };
        let id = self.write(&drafts)?;
        let exchange = outcome.map(|exchange| judge::Facts::of(&exchange));
        Ok(Came { id, exchange, sent })
    }

    fn client(&self, trust: Trust, connect: impl FnOnce(Connector) -> Connector) -> Client {
        let mut options = ClientOptions::new(SpoolOptions::in_dir(self.spool));
        options.limits =
            Limits { idle: IDLE_LIMIT, total: TIME_LIMIT, bytes: SIZE_LIMIT, ..Limits::default() };
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let connector = Connector::new(trust, Duration::from_secs(10)).resolve("localhost", vec![here]);
        Client::new(connect(connector), options)
    }
}

async fn all(book: &mut Book<'_>, done: &mut dyn FnMut(usize, usize)) -> Result<Vec<Ran>, Error> {
    let cases = cases()?;
    let scripts: HashMap<String, Script> =
        cases.iter().map(|case| (path(case.name), case.script.clone())).collect();
    let certificates = Certificates::new(Flaw::None)?;
    let total = 2 * cases.len() + judge::CERTIFICATES.len() + 1;
    let mut ran = Vec::with_capacity(total);
    for transport in ["tcp", "tls"] {
        let server = match transport {
            "tcp" => Server::plain(scripts.clone())?,
            _ => Server::tls(scripts.clone(), &certificates)?,
        };
        let client = book.client(trust(&certificates)?, |connector| connector);
        for case in &cases {
            let outcome = fetch(&client, &server, case).await?;
            let sent = server.served(&path(case.name)).pop().map(|served| served.sent).unwrap_or_default();
            ran.push(Ran { case: case.clone(), transport, came: book.take(outcome, sent)? });
            done(ran.len(), total);
        }
    }
    for (case, flaw, insecure) in judge::certificates() {
        ran.push(bad_certificate(book, case, flaw, insecure).await?);
        done(ran.len(), total);
    }
    ran.push(refusing_proxy(book).await?);
    done(ran.len(), total);
    Ok(ran)
}

fn path(name: &str) -> String {
    format!("/{name}")
}

fn trust(certificates: &Certificates) -> Result<Trust, Error> {
    Ok(Trust::new(&[certificates.ca_pem.as_bytes()]).map_err(io::Error::other)?)
}

async fn fetch(
    client: &Client,
    server: &Server,
    case: &Case,
) -> Result<Result<Exchange, Box<Failure>>, Error> {
    let url = server.url(&path(case.name)).map_err(io::Error::other)?;
    let request = Request::builder(case.method, &url).build().map_err(io::Error::other)?;
    Ok(client.exchange(&request).await)
}

/// Refused, or with `insecure` recorded all the same.
async fn bad_certificate(book: &mut Book<'_>, case: Case, flaw: Flaw, insecure: bool) -> Result<Ran, Error> {
    let certificates = Certificates::new(flaw)?;
    // A certificate that vouches for itself is one that nobody trusts.
    let trust = if flaw == Flaw::SelfSigned {
        Trust::new(&[]).map_err(io::Error::other)?
    } else {
        trust(&certificates)?
    };
    let server = Server::tls(HashMap::from([(path(case.name), case.script.clone())]), &certificates)?;
    let client = book.client(trust.record_refused(insecure), |connector| connector);
    let outcome = fetch(&client, &server, &case).await?;
    let sent = server.served(&path(case.name)).pop().map(|served| served.sent).unwrap_or_default();
    Ok(Ran { came: book.take(outcome, sent)?, case, transport: "tls" })
}

/// A proxy that wants a password: a failure of the proxy, not the host's answer.
async fn refusing_proxy(book: &mut Book<'_>) -> Result<Ran, Error> {
    let case = judge::proxy();
    let answer = vec![Step::Send(
        b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n".to_vec(),
    )];
    let server = Server::plain(HashMap::from([("localhost:443".to_owned(), answer)]))?;
    let proxy = Proxy::parse(&format!("http://{}", server.addr)).map_err(io::Error::other)?;
    let client = book.client(Trust::new(&[]).map_err(io::Error::other)?, |connector| connector.proxy(proxy));
    let url = url::Url::parse("https://localhost/").map_err(io::Error::other)?;
    let request = Request::builder(case.method, &url).build().map_err(io::Error::other)?;
    let outcome = client.exchange(&request).await;
    Ok(Ran { came: book.take(outcome, Vec::new())?, case, transport: "tcp" })
}

/// The first record of each exchange, as the file has it.
fn read_back(path: &Path) -> Result<HashMap<String, Stored>, Error> {
    let mut reader = Reader::new(Source::Seek(Box::new(File::open(path)?)), ReadLimits::default())?;
    let mut read = HashMap::new();
    while let Some(record) = reader.next_record()? {
        let (head, mut block) = record.into_parts();
        if head.record_type() != RecordType::Response {
            continue;
        }
        let mut bytes = Vec::new();
        loop {
            let chunk = block.chunk()?;
            if chunk.is_empty() {
                break;
            }
            bytes.extend_from_slice(chunk);
        }
        block.finish()?;
        let id = head.id().unwrap_or_default().to_owned();
        let field = |name| head.fields.get(name).map(str::to_owned);
        read.insert(
            id,
            Stored { truncated: field("WARC-Truncated"), payload: field("WARC-Payload-Digest"), bytes },
        );
    }
    Ok(read)
}

/// What `verify` says of each record, but for remarks.
fn verified(path: &Path) -> Result<HashMap<String, Vec<Finding>>, Error> {
    let mut run = Verification::new(Options { closed: true, ..Options::default() });
    run.warc(&path.to_string_lossy(), Source::Seek(Box::new(File::open(path)?)))?;
    let mut findings: HashMap<String, Vec<Finding>> = HashMap::new();
    for finding in run.finish(String::new()).findings {
        if finding.severity > Severity::Info {
            let record = finding.record.clone().unwrap_or_default();
            findings.entry(record).or_default().push(finding);
        }
    }
    Ok(findings)
}
