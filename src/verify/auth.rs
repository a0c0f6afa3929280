//! The wacz-auth signature of a datapackage, by anyone's tool. Who made it is claimed, unless the user named the key or the
//! domain, and of a domain the roots as well.

use super::Options;
use super::ladder::Evidence;
use crate::finding::{Finding, rules};
use crate::package::{Package, layout};
use crate::vouch::auth::{Identity, SignedData};
use crate::vouch::stamp::Problem;
use jiff::{SignedDuration, Timestamp};
use std::io;

/// Between a signature's own date and the time-stamp over it; authsign allows as much.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(10);

/// Checks that of a package, where it has one. True where somebody signed whom the user named.
pub(super) fn check(
    package: &Package,
    options: &Options,
    evidence: &mut Evidence,
) -> io::Result<(bool, Vec<Finding>)> {
    let audit = package.audit_form()?;
    let signed = audit.digest.and_then(|digest| digest.signed_data);
    let Some(signed) = signed else { return Ok((false, Vec::new())) };
    let Some(datapackage) = package.small(layout::DATAPACKAGE)? else { return Ok((false, Vec::new())) };
    let own = format!("sha256:{}", crate::digest::sha256(&datapackage).value());
    let (held, findings) = match judge(&signed, &own, options) {
        Ok(judged) => tell(judged, evidence),
        Err(problem) => (false, vec![Finding::new(problem.rule, format!("wacz-auth: {}", problem.words))]),
    };
    let name = package.member_name(layout::DATAPACKAGE_DIGEST);
    Ok((held, findings.into_iter().map(|finding| finding.in_file(&name)).collect()))
}

enum Judged {
    Named { who: String, late: bool },
    Claimed { who: String, why: Option<Problem>, late: bool },
}

fn judge(value: &serde_json::Value, own: &str, options: &Options) -> Result<Judged, Problem> {
    let signed = SignedData::parse(value)?;
    if signed.hash != own {
        let words = "it is over another datapackage.json".to_owned();
        return Err(Problem { rule: &rules::AUTH_HASH, words });
    }
    signed.check()?;
    if let Some(key) = signed.key() {
        let (who, late) = (key.to_string(), false);
        return Ok(match options.auth_keys.contains(key) {
            true => Judged::Named { who, late },
            false => Judged::Claimed { who, why: None, late },
        });
    }
    let domain = signed.domain().unwrap_or_default().to_owned();
    match signed.identity(&options.roots) {
        Some(Ok(identity)) => Ok(known(&identity, &signed, options)),
        Some(Err(problem)) if is_unnamed(&problem) => {
            Ok(Judged::Claimed { who: domain, why: Some(problem), late: false })
        }
        Some(Err(problem)) => Err(problem),
        None => Ok(Judged::Claimed { who: domain, why: None, late: false }),
    }
}

/// A root that nobody named is no flaw.
fn is_unnamed(problem: &Problem) -> bool {
    [rules::AUTH_UNTRUSTED.code, rules::STAMP_UNTRUSTED.code].contains(&problem.rule.code)
}

fn known(identity: &Identity, signed: &SignedData, options: &Options) -> Judged {
    let created: Option<Timestamp> = signed.created.parse().ok();
    let late = created.is_none_or(|created| created.duration_since(identity.time).abs() > TOLERANCE);
    let Identity { domain, time, root, stamp_root } = identity;
    let who = format!("{domain} at {time} (certificate by {root}, time-stamp by {stamp_root})");
    match options.domains.contains(domain) {
        true => Judged::Named { who, late },
        false => Judged::Claimed { who, why: None, late },
    }
}

fn tell(judged: Judged, evidence: &mut Evidence) -> (bool, Vec<Finding>) {
    let (held, who, why, late) = match judged {
        Judged::Named { who, late } => (true, who, None, late),
        Judged::Claimed { who, why, late } => (false, who, why, late),
    };
    let mut findings = Vec::new();
    if late {
        let message =
            format!("wacz-auth: its own date is more than ten minutes from the time-stamp, of {who}");
        findings.push(Finding::new(&rules::AUTH_CLOCK, message));
    }
    if held {
        evidence.signers.insert(who);
    } else {
        let why = why.map(|problem| format!("; {}", problem.words)).unwrap_or_default();
        let message = format!("the datapackage is signed (wacz-auth) by {who}, as it says{why}");
        findings.push(Finding::new(&rules::SIGNATURE_CLAIMED, message));
        evidence.claimed.insert(who);
    }
    (held, findings)
}
