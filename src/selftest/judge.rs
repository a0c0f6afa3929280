//! What became of a case: the record in the file beside the server's own copy.

use super::Status;
use super::cases::{Case, Expected, whole};
use super::certificates::Flaw;
use crate::finding::Finding;
use crate::message::framing::Truncated;
use crate::message::payload::{Context, Part, Payload};
use crate::wire::{Exchange, Failure, Stage, Verdict};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// What the recorder made of a fetch.
pub(super) struct Came {
    /// WARC-Record-ID of the first record written.
    pub(super) id: Option<String>,
    pub(super) exchange: Result<Facts, Box<Failure>>,
    /// The server's own copy.
    pub(super) sent: Vec<u8>,
}

/// What the recorder says of an exchange.
pub(super) struct Facts {
    truncated: Option<Truncated>,
    surplus: u64,
    codes: Vec<&'static str>,
    refused: bool,
}

impl Facts {
    pub(super) fn of(exchange: &Exchange) -> Self {
        let tls = exchange.connection.tls.as_ref();
        Self {
            truncated: exchange.truncated,
            surplus: exchange.surplus,
            codes: exchange.findings.iter().map(|finding| finding.code).collect(),
            refused: tls.is_some_and(|tls| matches!(tls.verdict, Verdict::Refused(_))),
        }
    }
}

/// The response record as the file has it.
pub(super) struct Stored {
    pub(super) bytes: Vec<u8>,
    pub(super) truncated: Option<String>,
    pub(super) payload: Option<String>,
}

/// Bad certificates: refused, and recorded all the same where that is asked for.
pub(super) const CERTIFICATES: [(&str, Flaw, bool); 6] = [
    ("certificate-expired", Flaw::Expired, false),
    ("certificate-self-signed", Flaw::SelfSigned, false),
    ("certificate-wrong-host", Flaw::WrongHost, false),
    ("certificate-expired-recorded", Flaw::Expired, true),
    ("certificate-self-signed-recorded", Flaw::SelfSigned, true),
    ("certificate-wrong-host-recorded", Flaw::WrongHost, true),
];

/// The cases of bad certificates.
pub(super) fn certificates() -> impl Iterator<Item = (Case, Flaw, bool)> {
    CERTIFICATES.iter().map(|(name, flaw, insecure)| {
        let case = whole(name, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", &[]);
        let expected = if *insecure { case.expected } else { Expected::Nothing(Stage::Tls) };
        (Case { expected, ..case }, *flaw, *insecure)
    })
}

/// The case of a proxy that refuses.
pub(super) fn proxy() -> Case {
    Case { expected: Expected::Nothing(Stage::Proxy), ..whole("proxy-407", "", &[]) }
}

/// Judges a case; `findings` are what `verify` says of its record.
pub(super) fn judge(
    case: &Case,
    came: &Came,
    stored: Option<Stored>,
    findings: &[Finding],
    transport: &str,
) -> (Status, String) {
    let expected = case.over_tls.filter(|_| transport == "tls").unwrap_or(case.expected);
    let judged = match (&came.exchange, expected) {
        (Err(failure), Expected::Nothing(stage)) => nothing(failure, stage),
        (Ok(facts), Expected::Stored { .. }) => match stored {
            Some(stored) => record(case, facts, &expected, &stored, &came.sent),
            None => Err("the record is not in the file".to_owned()),
        },
        (Err(failure), _) => Err(format!("nothing was recorded: {}", failure.error)),
        (Ok(_), _) => Err("something was recorded where nothing came".to_owned()),
    };
    match judged.and_then(|said| explained(came, findings).map(|()| said)) {
        Ok(said) => said,
        Err(wrong) => (Status::Lost, wrong),
    }
}

fn nothing(failure: &Failure, stage: Stage) -> Result<(Status, String), String> {
    if failure.stage != stage {
        return Err(format!("a failure of {} was expected: {}", stage.as_str(), failure.error));
    }
    Ok((Status::Expected, format!("recorded as a failure ({}): {}", stage.as_str(), failure.error)))
}

fn record(
    case: &Case,
    facts: &Facts,
    expected: &Expected,
    stored: &Stored,
    sent: &[u8],
) -> Result<(Status, String), String> {
    let Expected::Stored { surplus, truncated, codes } = *expected else { return Err(String::new()) };
    let whole = match truncated {
        // The server went on sending.
        Some(Truncated::Length) => stored.bytes.len(),
        Some(Truncated::Time) if sent.len() > stored.bytes.len() => stored.bytes.len(),
        _ => sent.len().saturating_sub(surplus),
    };
    if sent.get(..whole) != Some(stored.bytes.as_slice()) {
        let shared = stored.bytes.iter().zip(sent).take_while(|(a, b)| a == b).count();
        return Err(format!(
            "{} bytes are stored where {whole} were sent; they differ from byte {shared} on",
            stored.bytes.len()
        ));
    }
    let marked = truncated.map(Truncated::as_str);
    if facts.truncated != truncated || stored.truncated.as_deref() != marked {
        return Err(format!("WARC-Truncated is {:?} and should be {marked:?}", stored.truncated));
    }
    if facts.surplus != surplus as u64 {
        return Err(format!("{} bytes were set aside, {surplus} were expected", facts.surplus));
    }
    if let Some(missing) = codes.iter().find(|code| !facts.codes.contains(code)) {
        return Err(format!("{missing} was not noticed"));
    }
    payload(case, stored)?;
    Ok((status(facts, truncated), detail(facts, stored, marked)))
}

/// The payload's digest is that of the payload, as the case has it and as the block gives it.
fn payload(case: &Case, stored: &Stored) -> Result<(), String> {
    let said = stored.payload.as_deref();
    let label = |sum: &[u8]| format!("sha256:{}", HEXLOWER.encode(sum));
    let again = label(&read_again(&stored.bytes, case.method, stored.truncated.is_some()));
    if said != Some(again.as_str()) {
        return Err(format!("WARC-Payload-Digest is {said:?}, the stored block's payload has {again}"));
    }
    match case.payload.as_ref().map(|payload| label(&Sha256::digest(payload))) {
        Some(right) if right != again => Err(format!("the payload is not the one that was sent: {again}")),
        _ => Ok(()),
    }
}

/// The payload as the reading side finds it in the block, in small slices.
fn read_again(block: &[u8], method: &str, truncated: bool) -> [u8; 32] {
    let (mut payload, mut sum) = (Payload::response(), Sha256::new());
    let mut sink = |part: Part<'_>| {
        if let Part::Payload(bytes) = part {
            sum.update(bytes);
        }
    };
    block.chunks(777).for_each(|piece| payload.push(piece, &mut sink));
    payload.finish(&Context { truncated, method: Some(method) }, &mut sink);
    sum.finalize().into()
}

fn status(facts: &Facts, truncated: Option<Truncated>) -> Status {
    let whole = truncated.is_none() && facts.surplus == 0;
    if whole { Status::Exact } else { Status::Expected }
}

fn detail(facts: &Facts, stored: &Stored, marked: Option<&str>) -> String {
    let mut said = format!("{} bytes", stored.bytes.len());
    if let Some(reason) = marked {
        said.push_str(&format!(", WARC-Truncated: {reason}"));
    }
    if facts.surplus > 0 {
        said.push_str(&format!(", {} bytes after it set aside", facts.surplus));
    }
    if facts.refused {
        said.push_str(", with the refused certificate");
    }
    for code in &facts.codes {
        said.push_str(", ");
        said.push_str(code);
    }
    said
}

/// `verify` may find fault with a record only where the recorder saw that the response itself was broken.
fn explained(came: &Came, findings: &[Finding]) -> Result<(), String> {
    let known = |code: &str| came.exchange.as_ref().is_ok_and(|facts| facts.codes.contains(&code));
    match findings.iter().find(|finding| !known(finding.code)) {
        Some(finding) => Err(format!("verify says {}: {}", finding.code, finding.message)),
        None => Ok(()),
    }
}
