//! SSH signatures over checkpoints. Each carries its key, so that one which does not hold is an error whoever made it; whom it
//! convinces is its user's to say.

use super::Options;
use super::envelopes::{Envelopes, content};
use super::ladder::Evidence;
use crate::finding::{Finding, rules};
use crate::package::{Package, layout};
use crate::vouch::{Note, SshKey, SshSignature};
use std::io;

/// Checks all of a package. True where one over its present checkpoint is by a key that the user named.
pub(super) fn check(
    package: &Package,
    options: &Options,
    evidence: &mut Evidence,
    envelopes: &Envelopes,
) -> io::Result<(bool, Vec<Finding>)> {
    let (mut held, mut findings) = (false, Vec::new());
    for member in package.members() {
        let Some((size, _)) = layout::envelope_of(&member.path, layout::SSHSIG) else { continue };
        let armored = content(package, &member.path)?.unwrap_or_default();
        let note = envelopes.note(size);
        let judged = judge(&armored, note.as_ref().map(Note::text).unwrap_or_default(), options);
        let finding = match (judged, size) {
            (Judged::Bad(why), _) => Finding::new(&rules::SSHSIG_INVALID, why),
            (Judged::Claimed(who), _) => {
                let finding = Finding::new(
                    &rules::SIGNATURE_CLAIMED,
                    format!("signed by {who}, which you did not name"),
                );
                evidence.claimed.insert(who);
                finding
            }
            (Judged::Named(who), None) => {
                held = true;
                // A time-stamp is over the checkpoint, not over what lies beside it.
                evidence.late_signature = true;
                evidence.signers.insert(who);
                continue;
            }
            (Judged::Named(who), Some(size)) => {
                let message = format!("the log's first {size} lines are vouched for by {who}");
                evidence.earlier.insert(message.clone());
                Finding::new(&rules::SIGNATURE_EARLIER, message)
            }
        };
        findings.push(finding.in_file(package.member_name(&member.path)));
    }
    Ok((held, findings))
}

enum Judged {
    Bad(String),
    Claimed(String),
    Named(String),
}

fn judge(armored: &[u8], text: &[u8], options: &Options) -> Judged {
    let signature = match SshSignature::parse(armored) {
        Ok(signature) => signature,
        Err(error) => return Judged::Bad(error.to_string()),
    };
    let named: Option<&SshKey> = options.ssh_keys.iter().find(|key| signature.is_by(key));
    match (signature.is_checkable(), signature.verifies(text), named) {
        (false, ..) => {
            Judged::Claimed(format!("{}, a kind of key that is not checked here", signature.key()))
        }
        (true, false, _) => {
            Judged::Bad(format!("the signature by {} is not over this checkpoint", signature.key()))
        }
        (true, true, None) => Judged::Claimed(signature.key().to_string()),
        (true, true, Some(key)) => Judged::Named(key.to_string()),
    }
}
