//! Checkpoint, signatures and time-stamps altered, exchanged, removed; roots and authorities that are none.

use super::bed::{Bed, CHECKPOINT, STAMP};
use super::{Attack, attack};
use crate::common::cli::fonds;
use crate::common::tsa::{self, Authority, CA, Ca, Shape};

fn checkpoint(bed: &Bed<'_>, change: impl FnOnce(&mut Vec<String>)) {
    bed.lines(CHECKPOINT, change);
    bed.reseal();
}

fn stamp(bed: &Bed<'_>, bytes: Vec<u8>) {
    bed.write(STAMP, bytes);
    bed.reseal();
}

/// A time-stamp by an authority with a flaw, whose root's name is that of the trusted one.
fn flawed(bed: &Bed<'_>, shape: Shape) {
    let authority = Authority::new(&shape);
    let (note, time) = (bed.read(CHECKPOINT), jiff::Timestamp::now().strftime("%Y%m%d%H%M%SZ").to_string());
    // In place of the trusted root, so that only the flaw itself can tell.
    std::fs::copy(authority.root(), bed.room("root.pem")).unwrap();
    stamp(bed, authority.forge(&tsa::info(&note, &time), &["-cades"]));
}

fn without_signatures(lines: &mut Vec<String>) {
    lines.truncate(3);
}

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        attack("the checkpoint's size altered", "manifest-root", 2, |bed| {
            checkpoint(bed, |lines| lines[1] = format!("{}", lines[1].parse::<u64>().unwrap() + 1));
        }),
        attack("the checkpoint's root altered", "manifest-root", 2, |bed| {
            checkpoint(bed, |lines| {
                let other = if lines[2].starts_with('A') { "B" } else { "A" };
                lines[2].replace_range(..1, other);
            });
        }),
        attack("the checkpoint's origin altered", "log-origin", 2, |bed| {
            checkpoint(bed, |lines| lines[0].push('0'));
        }),
        attack("a line more in the checkpoint", "checkpoint-invalid", 2, |bed| {
            checkpoint(bed, |lines| lines.insert(3, "more".to_owned()));
        }),
        attack("the checkpoint of another archive", "manifest-root", 2, |bed| {
            bed.take(CHECKPOINT);
            bed.reseal();
        }),
        attack("the checkpoint removed", "checkpoint-invalid", 2, |bed| {
            bed.remove(CHECKPOINT);
            bed.reseal();
        }),
        attack("the signature removed", "stamp-imprint", 3, |bed| checkpoint(bed, without_signatures)),
        attack("signature and stamp removed", "", 3, |bed| {
            bed.remove(STAMP);
            checkpoint(bed, without_signatures);
        }),
        attack("the stamp removed", "", 4, |bed| {
            bed.remove(STAMP);
            bed.reseal();
        }),
        attack("the signature of another archive, under its name", "stamp-imprint", 3, |bed| {
            let theirs = bed.scene.other.text(CHECKPOINT);
            let theirs = theirs.lines().last().unwrap().to_owned();
            checkpoint(bed, |lines| lines[4] = theirs);
        }),
        attack("a signature of something else by the key", "signature-bad", 3, |bed| {
            let lines = b"fonds/other\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n".to_vec();
            let key = bed.scene.key("own.key");
            let run = crate::common::cli::fonds_reading(lines, &["sign", "-", "--key", &key]).expect(0);
            let line = run.text().trim().to_owned();
            checkpoint(bed, |lines| lines[4] = line);
        }),
        attack("the signature altered", "signature-bad", 3, |bed| {
            checkpoint(bed, |lines| {
                let at = lines[4].len() - 10;
                let other = if &lines[4][at..=at] == "A" { "B" } else { "A" };
                lines[4].replace_range(at..=at, other);
            });
        }),
        attack("the signature's name altered", "stamp-imprint", 3, |bed| {
            checkpoint(bed, |lines| lines[4] = lines[4].replace("example.org", "example.net"));
        }),
        attack("the signature cut", "signature-bad", 3, |bed| {
            checkpoint(bed, |lines| lines[4].truncate(60));
        }),
        attack("signed by another key of the same name", "stamp-imprint", 3, |bed| {
            checkpoint(bed, without_signatures);
            let key = bed.scene.key("other.key");
            fonds(["sign", bed.root.to_str().unwrap(), "--key", &key]).expect(0);
        }),
        attack("the stamp of another archive", "stamp-imprint", 4, |bed| {
            bed.take(STAMP);
            bed.reseal();
        }),
        attack("a stamp by an authority that nobody named", "stamp-untrusted", 4, |bed| {
            let response = bed.scene.other_authority.over(&bed.read(CHECKPOINT));
            stamp(bed, response);
        }),
        attack("a stamp over something else by the authority", "stamp-imprint", 4, |bed| {
            let response = bed.scene.authority.over(b"something else");
            stamp(bed, response);
        }),
        attack("a byte of the stamp altered", "stamp-signature", 4, |bed| {
            let mut response = bed.read(STAMP);
            let last = response.len() - 1;
            response[last] ^= 1;
            stamp(bed, response);
        }),
        attack("the stamp cut", "stamp-invalid", 4, |bed| {
            let response = bed.read(STAMP);
            stamp(bed, response[..response.len() - 9].to_vec());
        }),
        attack("a stamp that is none", "stamp-invalid", 4, |bed| stamp(bed, b"trust me".to_vec())),
        attack("a refusal in place of a stamp", "stamp-refused", 4, |bed| {
            stamp(bed, tsa::der(0x30, &[&tsa::der(0x30, &[&tsa::der(2, &[&[2]])])]));
        }),
        attack("a stamp by one who signs himself", "stamp-untrusted", 4, |bed| {
            flawed(bed, Shape { self_signed: true, ..Shape::default() });
        }),
        attack("a stamp by an authority under a CA without CA bit", "stamp-untrusted", 4, |bed| {
            flawed(bed, Shape { root: Ca { ca: false, ..CA }, ..Shape::default() });
        }),
        attack("a stamp by a certificate for code", "stamp-eku", 4, |bed| {
            flawed(bed, Shape { usages: vec![tsa::CODE_SIGNING], ..Shape::default() });
        }),
        attack("a stamp by a certificate that is not only for stamps", "stamp-eku", 4, |bed| {
            flawed(bed, Shape { usages: vec![tsa::STAMPING, tsa::CODE_SIGNING], ..Shape::default() });
        }),
        attack("a stamp by a certificate that has expired", "stamp-expired", 4, |bed| {
            flawed(bed, Shape { valid: (2001, 2002), ..Shape::default() });
        }),
        attack("a checkpoint of an earlier state that is none", "checkpoint-earlier", 2, |bed| {
            bed.write("provenance/checkpoint-3", bed.scene.other.read(CHECKPOINT));
            bed.reseal();
        }),
        attack("an SSH signature that is none", "sshsig-invalid", 3, |bed| {
            bed.write("provenance/checkpoint.sshsig", "trust me");
            bed.reseal();
        }),
    ]
}
