//! Every rule fonds checks, as data: one place a rule. docs/findings.md is made from this table.

use super::{Rule, Severity};

macro_rules! rules {
    ($($name:ident $severity:ident $level:literal $code:literal $clause:literal $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub static $name: Rule = Rule {
                code: $code,
                severity: Severity::$severity,
                level: $level,
                clause: $clause,
                meaning: $meaning,
            };
        )*
        /// All rules, in the order of this file.
        pub static ALL: &[&Rule] = &[$(&$name),*];
    };
}

// name severity level code clause meaning
rules! {
    // --- container (warc::member)
    GZIP_HEADER Error 0 "gzip-header" "RFC 1952 §2.3" "A gzip member's header is not valid.";
    GZIP_DATA Error 0 "gzip-data" "RFC 1951" "A gzip member's compressed data cannot be inflated.";
    GZIP_TRUNCATED Error 0 "gzip-truncated" "RFC 1952 §2.3" "The file ends inside a gzip member.";
    GZIP_CRC Error 0 "gzip-crc" "RFC 1952 §2.3.1" "The CRC32 in a gzip member's trailer is not that of its content.";
    GZIP_ISIZE Error 0 "gzip-isize" "RFC 1952 §2.3.1" "The length in a gzip member's trailer is not that of its content.";
    GZIP_JUNK Error 0 "gzip-junk" "RFC 1952 §2.2" "Bytes between or after the gzip members are no gzip member.";
    GZIP_GAP Error 0 "gzip-gap" "" "A stretch of the file could not be read; reading went on at the next record, or the rest is lost.";
    MEMBER_EMPTY Warning 0 "member-empty" "WARC/1.1 Annex D" "A gzip member without content stands in the file.";
    MEMBER_SHARED Warning 0 "member-shared" "WARC/1.1 Annex D" "Several records lie in one gzip member, so that none can be read alone.";
    RECORD_SPANS_MEMBERS Warning 0 "record-spans-members" "WARC/1.1 Annex D" "A record lies in several gzip members.";
    FORMAT_UNSUPPORTED Error 0 "format-unsupported" "" "The input is of a format that is not read here.";

    // --- record syntax and fields (warc::reader, warc::head)
    NOT_WARC Error 0 "not-warc" "WARC/1.1 §4" "The input holds no WARC record.";
    JUNK Error 0 "junk" "WARC/1.1 §4" "Bytes belong to no record.";
    NEWLINES_EXTRA Warning 0 "newlines-extra" "WARC/1.1 §4" "More line ends than the two that end a record.";
    SEPARATOR Error 0 "separator" "WARC/1.1 §4" "A record is not ended by CR LF CR LF where its Content-Length leads.";
    BLOCK_CUT Error 0 "block-cut" "WARC/1.1 §5.3" "A block is shorter than its Content-Length.";
    HEAD_UNFINISHED Error 0 "head-unfinished" "WARC/1.1 §4" "A record's head does not end, or is longer than the limit.";
    HEAD_BARE_LF Error 0 "head-bare-lf" "WARC/1.1 §4" "Header lines end in LF instead of CR LF.";
    HEAD_FOLDED Warning 0 "head-folded" "WARC/1.1 §4" "A header field is folded over several lines.";
    HEAD_NOT_UTF8 Error 0 "head-not-utf8" "WARC/1.1 §4" "A header field is not UTF-8 (a warning before WARC/1.1).";
    HEAD_NO_COLON Error 0 "head-no-colon" "WARC/1.1 §4" "A header line has no colon.";
    HEAD_BAD_NAME Error 0 "head-bad-name" "WARC/1.1 §4" "A header field's name is not a token.";
    VERSION_DRAFT Warning 0 "version-draft" "WARC/1.1 §4" "The record follows a draft from before the standard.";
    VERSION_UNKNOWN Error 0 "version-unknown" "WARC/1.1 §4" "The version line names no version that is known.";
    LENGTH_MISSING Error 0 "content-length-missing" "WARC/1.1 §5.3" "A record has no Content-Length.";
    LENGTH_INVALID Error 0 "content-length-invalid" "WARC/1.1 §5.3" "Content-Length is not a number of octets.";

    // --- HTTP messages (message)

    // --- digests (verify)

    // --- manifest, index, pages (manifest, verify)

    // --- package and WACZ (package)
}
