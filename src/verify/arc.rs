//! What a URL-record line of ARC 2.0 says beyond the five fields of ARC 1.0: result code, check sum, location, offset and
//! file name. A `-` says nothing.

use crate::digest::Digest;
use crate::finding::{Finding, rules};
use crate::message::head::ResponseHead;
use crate::warc::{ArcExtra, Head, arc_extra};

fn said(value: &str) -> Option<&str> {
    Some(value).filter(|value| !value.is_empty() && *value != "-")
}

/// The check sum, where its length tells of which kind it is: the format leaves that to the writer.
pub(super) fn checksum(head: &Head) -> Option<Digest> {
    let extra = arc_extra(head)?;
    let sum = said(&extra.checksum)?;
    ["md5", "sha1"].iter().find_map(|label| Digest::parse(&format!("{label}:{sum}")).ok())
}

/// A check sum that fits neither the document nor its body, in any way of hashing that is in use.
pub(super) fn wrong_checksum(said: &Digest) -> Finding {
    let message = format!("the check sum {} is neither that of the document nor of its body", said.value());
    Finding::new(&rules::ARC_CHECKSUM, message)
}

/// Result code and location, held against the response.
pub(super) fn check_response(head: &Head, response: &ResponseHead) -> Option<Finding> {
    let extra = arc_extra(head)?;
    let result: Option<u16> = said(&extra.result).and_then(|result| result.parse().ok());
    if let (Some(result), Some(status)) = (result.filter(|result| *result > 99), response.status)
        && result != status
    {
        return Some(differs("result code", &result.to_string(), &status.to_string()));
    }
    let location = said(&extra.location)?;
    let sent = response.fields.text("Location").unwrap_or_default();
    // A location may be written out that was sent relative to the document's own.
    (sent.is_empty() || !location.ends_with(sent.trim_start_matches(['.', '/'])))
        .then(|| differs("location", location, &sent))
}

/// Offset and file name, held against the file: the offset where it is not compressed, the name against that of the
/// version block.
pub(super) fn check_place(head: &Head, is_plain: bool, name: Option<&str>) -> Option<Finding> {
    let ArcExtra { offset, filename, .. } = arc_extra(head)?;
    let here = head.offset.to_string();
    // Writers that do not know the offset put 0.
    if is_plain && said(&offset).is_some_and(|offset| offset != here && offset != "0") {
        return Some(differs("offset", &offset, &here));
    }
    let (said, name) = (said(&filename)?, name?);
    (said != name).then(|| differs("file name", said, name))
}

fn differs(what: &str, said: &str, is: &str) -> Finding {
    Finding::new(&rules::ARC_FIELD, format!("the {what} of the URL-record line is {said:?}, not {is:?}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::digest::{Algorithm, Hasher};
    use crate::verify::{Options, Report, Verification};
    use crate::warc::Source;
    use std::io::Cursor;

    const VERSION: &str = "2 0 InternetArchive\nURL IP-address Archive-date Content-type Result-code Checksum Location Offset Filename Archive-length\n";
    const BLOCK: &str = "HTTP/1.0 302 Found\r\nLocation: /new\r\n\r\nmoved";

    fn report(bytes: &[u8]) -> Report {
        let mut run = Verification::new(Options::default());
        run.warc("a.arc", Source::Seek(Box::new(Cursor::new(bytes.to_vec())))).unwrap();
        run.finish(String::new())
    }

    fn codes(report: &Report) -> Vec<&'static str> {
        report.findings.iter().map(|f| f.code).collect()
    }

    /// An ARC 2.0 of one document, whose line has these five fields; `@` stands for its true offset.
    fn arc(fields: &str) -> String {
        let first = format!(
            "filedesc://a.arc 0.0.0.0 20080430204825 text/plain 200 - - 0 a.arc {}\n{VERSION}\n",
            VERSION.len()
        );
        let fields = fields.replace('@', &first.len().to_string());
        format!("{first}http://a/ 192.0.2.1 20080430204826 text/html {fields} {}\n{BLOCK}\n", BLOCK.len())
    }

    fn sum(algorithm: Algorithm, of: &str) -> String {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(of.as_bytes());
        hasher.finish().value()
    }

    #[test]
    fn what_the_line_says_is_held_against_the_record() {
        let (whole, body) = (sum(Algorithm::Md5, BLOCK), sum(Algorithm::Sha1, "moved"));
        let other = sum(Algorithm::Md5, "moved!");
        for (fields, matched, said) in [
            ("302 - /new @ a.arc".to_owned(), 0, None),
            (format!("302 {whole} http://a/new @ a.arc"), 1, None),
            (format!("302 {body} - @ -"), 1, None),
            ("- - - @ a.arc".to_owned(), 0, None),
            ("302 - - 0 a.arc".to_owned(), 0, None),
            ("302 adler:12 - @ a.arc".to_owned(), 0, None),
            (format!("302 {other} - @ a.arc"), 0, Some("arc-checksum")),
            ("200 - - @ a.arc".to_owned(), 0, Some("arc-field")),
            ("302 - /old @ a.arc".to_owned(), 0, Some("arc-field")),
            ("302 - - 7 a.arc".to_owned(), 0, Some("arc-field")),
            ("302 - - @ b.arc".to_owned(), 0, Some("arc-field")),
        ] {
            let report = report(arc(&fields).as_bytes());
            let found = codes(&report);
            assert_eq!(found, said.into_iter().collect::<Vec<_>>(), "{fields}: {:?}", report.findings);
            assert_eq!(report.counts.digests_matched, matched, "{fields}");
            assert_eq!(report.inputs.first().unwrap().kind, "arc");
        }
    }
}
