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
    ZSTD_DATA Error 0 "zstd-data" "RFC 8878 §3" "A zstd frame's compressed data cannot be decoded.";
    ZSTD_TRUNCATED Error 0 "zstd-truncated" "RFC 8878 §3.1" "The file ends inside a zstd frame.";
    ZSTD_CHECKSUM Error 0 "zstd-checksum" "WARC/zstd 1.0 §3.1" "The check sum at a zstd frame's end is not that of its content.";
    ZSTD_JUNK Error 0 "zstd-junk" "RFC 8878 §3" "Bytes between or after the zstd frames are no frame.";
    ZSTD_GAP Error 0 "zstd-gap" "" "A stretch of the file could not be read as zstd; reading went on at the next record, or the rest is lost.";
    ZSTD_WINDOW Error 0 "zstd-window" "WARC/zstd 1.0 §4" "A zstd frame asks for a window larger than the 8 MiB that readers must have.";
    ZSTD_DICTIONARY Error 0 "zstd-dictionary" "WARC/zstd 1.0 §5" "The dictionary that zstd frames need is missing, too large or damaged.";
    ZSTD_NO_DICTIONARY_ID Warning 0 "zstd-dictionary-id-missing" "WARC/zstd 1.0 §5" "A zstd frame in a file with a dictionary does not name it.";
    ZSTD_NO_CHECKSUM Warning 0 "zstd-checksum-missing" "WARC/zstd 1.0 §3.1" "A zstd frame has no check sum of its content.";
    ZSTD_NO_SIZE Warning 0 "zstd-size-missing" "WARC/zstd 1.0 §3.1" "A zstd frame does not say its content's size.";
    ZSTD_SKIPPABLE Warning 0 "zstd-skippable-misplaced" "WARC/zstd 1.0 §5" "A skippable frame that is no dictionary stands first, or a dictionary later.";
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
    HEAD_CONTROL Error 0 "head-control" "WARC/1.1 §4" "A header field holds a control character, or its line a CR too many.";
    HEAD_NO_COLON Error 0 "head-no-colon" "WARC/1.1 §4" "A header line has no colon.";
    HEAD_BAD_NAME Error 0 "head-bad-name" "WARC/1.1 §4" "A header field's name is not a token.";
    VERSION_DRAFT Warning 0 "version-draft" "WARC/1.1 §4" "The record follows a draft from before the standard.";
    VERSION_CASE Warning 0 "version-case" "WARC/1.1 §4" "The version line is not in upper case.";
    VERSION_UNKNOWN Error 0 "version-unknown" "WARC/1.1 §4" "The version line names no version that is known.";
    LENGTH_MISSING Error 0 "content-length-missing" "WARC/1.1 §5.3" "A record has no Content-Length.";
    LENGTH_INVALID Error 0 "content-length-invalid" "WARC/1.1 §5.3" "Content-Length is not a number of octets.";

    ARC_DATE Warning 0 "arc-date" "ARC 1.0" "An ARC record's date is not YYYYMMDDhhmmss (an error where it is no date at all).";
    ARC_CHECKSUM Warning 1 "arc-checksum" "ARC 2.0" "The check sum on an ARC record's line is not that of the document or of its body; the format does not say of what kind it is.";
    ARC_FIELD Warning 0 "arc-field" "ARC 2.0" "Result code, location, offset or file name on an ARC record's line are not those of the record.";
    ARC_VERSION Warning 0 "arc-version-missing" "ARC 1.0" "An ARC file does not begin with its version block.";

    ID_MISSING Error 0 "record-id-missing" "WARC/1.1 §5.2" "A record has no WARC-Record-ID.";
    ID_INVALID Error 0 "record-id-invalid" "WARC/1.1 §5.2" "WARC-Record-ID is not a URI in angle brackets.";
    DATE_MISSING Error 0 "date-missing" "WARC/1.1 §5.4" "A record has no WARC-Date.";
    DATE_INVALID Error 0 "date-invalid" "WARC/1.1 §5.4" "WARC-Date is no W3C date in UTC.";
    DATE_PRECISION Warning 0 "date-precision" "WARC/1.0 §5.4" "A WARC/1.0 date is not to the second.";
    TYPE_MISSING Error 0 "type-missing" "WARC/1.1 §5.5" "A record has no WARC-Type.";
    TYPE_UNKNOWN Info 0 "type-unknown" "WARC/1.1 §5.5" "A record's type is not in the standard (a warning where it is one character off one that is).";
    FIELD_MISPLACED Warning 0 "field-misplaced" "WARC/1.1 §5" "A field stands on a record of a type that must not have it.";
    FIELD_MISSING Error 0 "field-missing" "WARC/1.1 §6" "A record lacks a field that its type must have.";
    FIELD_REPEATED Error 0 "field-repeated" "WARC/1.1 §5.1" "A field that may stand once stands more than once.";
    URI_BRACKETS Warning 0 "target-uri-brackets" "WARC/1.1 §5.14" "WARC-Target-URI stands in angle brackets.";
    URI_SPACES Error 0 "target-uri-spaces" "WARC/1.1 §5.14" "WARC-Target-URI holds white space.";
    IP_INVALID Error 0 "ip-invalid" "WARC/1.1 §5.10" "WARC-IP-Address is no IP address.";
    CONTENT_TYPE_MISSING Warning 0 "content-type-missing" "WARC/1.1 §5.6" "A record with a block has no Content-Type.";
    CONTENT_TYPE_UNUSUAL Warning 0 "content-type-unusual" "WARC/1.1 §6" "Content-Type is not the one that the record's type asks for.";
    MEDIA_TYPE Warning 0 "media-type" "WARC/1.1 §5.6, §5.19" "Content-Type or WARC-Identified-Payload-Type is no media type.";
    FIELD_MISSPELT Warning 0 "field-misspelt" "WARC/1.1 §5" "A field's name is one character off one that is defined, so that it is not read.";
    TRUNCATED_UNKNOWN Warning 0 "truncated-unknown" "WARC/1.1 §5.15" "WARC-Truncated gives a reason that the standard does not have.";
    PROFILE_UNKNOWN Info 0 "profile-unknown" "WARC/1.1 §5.18" "WARC-Profile is not known, and the record is not interpreted by it.";
    SEGMENT_NUMBER Error 0 "segment-number" "WARC/1.1 §5.20" "WARC-Segment-Number does not fit the record.";
    NO_WARCINFO Warning 0 "no-warcinfo" "WARC/1.1 §6.2" "The file does not begin with a warcinfo record.";

    // --- HTTP messages (message)
    HTTP_LF_ONLY Warning 0 "http-lf-only" "RFC 9112 §2.2" "Header lines end in LF alone.";
    HTTP_NO_COLON Warning 0 "http-no-colon" "RFC 9112 §5" "A header line has no colon and names no field.";
    HTTP_SPACE_BEFORE_COLON Warning 0 "http-space-before-colon" "RFC 9112 §5.1" "White space stands between a field name and its colon.";
    HTTP_FOLDED Warning 0 "http-folded" "RFC 9112 §5.2" "A header value is folded over several lines.";
    HTTP_8BIT Info 0 "http-8bit" "RFC 9110 §5.5" "A header holds bytes outside US-ASCII.";
    HTTP_NUL Warning 0 "http-nul" "RFC 9110 §5.5" "A header holds a NUL byte.";
    HTTP_VERSION Warning 0 "http-version" "RFC 9112 §2.3" "The protocol version of an HTTP message is not HTTP/1.0 or HTTP/1.1.";
    HTTP_ICY Warning 0 "http-icy" "" "The response begins with ICY, as SHOUTcast servers do, in place of HTTP/1.x.";
    HTTP_09 Warning 0 "http-09" "RFC 9110 §2.5" "The response has no status line and no headers: all of it is body, as in HTTP/0.9.";
    HTTP_STATUS_LINE Warning 0 "http-status-line" "RFC 9112 §4" "The status line has no three-digit status code in its place.";
    HTTP_REQUEST_LINE Warning 0 "http-request-line" "RFC 9112 §3" "The request line is not a method, a target and a version.";
    HTTP_LEADING_BYTES Warning 0 "http-leading-bytes" "RFC 9112 §2.2" "Bytes stand before the first line of an HTTP message.";
    HTTP_HEAD_LONG Warning 0 "http-head-long" "" "The header section is longer than the limit; what lies beyond was not parsed.";
    HTTP_FIELDS_MANY Warning 0 "http-fields-many" "" "There are more header fields than the limit; those beyond were not parsed.";
    HTTP_HEAD_CUT Warning 0 "http-head-cut" "RFC 9112 §8" "The message ends inside its header section.";
    HTTP_INTERIM Info 0 "http-interim" "RFC 9110 §15.2" "Interim (1xx) responses stand before the final one.";
    HTTP_LENGTH_BAD Warning 0 "http-length-bad" "RFC 9112 §6.3" "Content-Length is not a number.";
    HTTP_LENGTH_REPEATED Info 0 "http-length-repeated" "RFC 9112 §6.3" "Content-Length is given several times with one value.";
    HTTP_LENGTH_DIFFERS Warning 0 "http-length-differs" "RFC 9112 §6.3" "Content-Length is given several times with different values.";
    HTTP_LENGTH_SHORT Warning 0 "http-length-short" "RFC 9112 §8" "The body is shorter than its Content-Length says.";
    HTTP_LENGTH_OVER Warning 0 "http-length-over" "RFC 9112 §6.3" "More bytes follow the header section than Content-Length says.";
    HTTP_LENGTH_AND_TE Warning 0 "http-length-and-te" "RFC 9112 §6.3" "Both Content-Length and Transfer-Encoding are given; the latter holds.";
    HTTP_TE_OTHER Warning 0 "http-te-other" "RFC 9112 §6.1" "Transfer-Encoding names a coding other than chunked, or chunked not once and last.";
    HTTP_TE_IDENTITY Info 0 "http-te-identity" "RFC 9112 §7" "Transfer-Encoding says identity, which is no longer a coding.";
    HTTP_TE_IN_10 Info 0 "http-te-in-10" "RFC 9112 §6.1" "An HTTP/1.0 message has a Transfer-Encoding.";
    HTTP_TE_PLAIN Warning 0 "te-header-over-plain-body" "WARC/1.1 §6.3.2" "Transfer-Encoding says chunked, but the body is not in chunks.";
    HTTP_CHUNK_SIZE Warning 0 "http-chunk-size" "RFC 9112 §7.1" "A chunk size is not a hexadecimal number, or too big for any body.";
    HTTP_CHUNK_LF Warning 0 "http-chunk-lf" "RFC 9112 §7.1" "Chunk lines end in LF alone.";
    HTTP_CHUNK_DELIMITER Warning 0 "http-chunk-delimiter" "RFC 9112 §7.1" "A chunk's data is not followed by CRLF.";
    HTTP_CHUNK_CUT Warning 0 "http-chunk-cut" "RFC 9112 §8" "The body ends before its last chunk.";
    HTTP_CHUNK_END Warning 0 "http-chunk-end" "RFC 9112 §7.1" "The empty line after the last chunk is missing.";
    HTTP_CHUNK_SURPLUS Warning 0 "http-chunk-surplus" "RFC 9112 §7.1" "Bytes follow the last chunk.";
    HTTP_CHUNK_EXTENSION Info 0 "http-chunk-extension" "RFC 9112 §7.1.1" "Chunks carry extensions.";
    HTTP_TRAILERS Info 0 "http-trailers" "RFC 9112 §7.1.2" "Trailer fields follow the last chunk.";
    HTTP_BODY_FORBIDDEN Warning 0 "http-body-forbidden" "RFC 9112 §6.3" "A body follows a response that cannot have one (204, 304).";
    HTTP_CUT Warning 0 "http-cut" "RFC 9112 §8" "The connection or a limit ended the exchange before the message was whole.";
    HTTP_SURPLUS Warning 0 "http-surplus" "RFC 9112 §9.2" "Bytes that belong to no message followed the response on its connection.";
    HTTP_REQUEST_CUT Warning 0 "http-request-cut" "" "The server answered or closed before the whole request was sent.";
    TLS_UNCLEAN Info 0 "tls-unclean-close" "RFC 8446 §6.1" "The server closed the connection without a TLS close_notify.";
    TLS_UNTRUSTED Warning 0 "tls-untrusted" "RFC 5280 §6" "The server's certificate was refused, and the exchange recorded all the same, as asked.";
    HTTP2_RECONSTRUCTED Info 0 "http2-reconstructed" "RFC 9113 §8" "The exchange went over HTTP/2; its blocks were written as HTTP/1.1 and are no copy of the wire's bytes.";
    HTTP2_ABSENT Info 0 "http2-absent" "RFC 9113 §3.2" "HTTP/2 was asked for, and the server does not speak it: the exchange went over HTTP/1.1, and its bytes are the wire's.";
    HTTP2_TRAILERS Info 0 "http2-trailers" "RFC 9113 §8.1" "Trailer fields followed the body over HTTP/2, which the reconstructed block cannot hold.";
    CODING_UNKNOWN Warning 0 "coding-unknown" "RFC 9110 §8.4" "Content-Encoding names a coding that fonds does not know.";
    CODING_LIE Warning 0 "coding-lie" "RFC 9110 §8.4" "Content-Encoding names a coding that the body is not in.";
    CODING_CUT Warning 0 "coding-cut" "RFC 9110 §8.4" "The coded content ends before its own end mark.";
    CODING_DAMAGED Warning 0 "coding-damaged" "RFC 9110 §8.4" "The coded content is damaged; what came before the damage was kept.";
    CODING_SURPLUS Info 0 "coding-surplus" "RFC 9110 §8.4" "Bytes follow the end of the coded content.";
    CODING_LIMIT Warning 0 "coding-limit" "" "The decoded content is longer than the limit; the rest was left undecoded.";

    // --- digests and references (verify)
    DIGEST_MALFORMED Error 1 "digest-malformed" "WARC/1.1 §5.8" "A digest field is not label:value of the right length (a warning where another character stands for the colon, and all else fits).";
    DIGEST_UNKNOWN Info 1 "digest-unknown" "WARC/1.1 §5.8" "A digest's algorithm is not computed here; it is not checked (a warning where its label is one character off a known one).";
    BLOCK_DIGEST Error 1 "block-digest" "WARC/1.1 §5.8" "WARC-Block-Digest is not that of the block.";
    PAYLOAD_DIGEST Error 1 "payload-digest" "WARC/1.1 §5.9" "WARC-Payload-Digest is not that of the payload, in any convention.";
    PAYLOAD_DIGEST_RAW_CHUNKED Warning 1 "payload-digest-raw-chunked" "WARC/1.1 §5.9" "WARC-Payload-Digest is that of the body with its chunked coding, which the standard removes.";
    PAYLOAD_DIGEST_BLOCK Warning 1 "payload-digest-block" "WARC/1.1 §5.9" "WARC-Payload-Digest is that of the whole block.";
    PAYLOAD_DIGEST_DECODED Warning 1 "payload-digest-decoded" "WARC/1.1 §5.9" "WARC-Payload-Digest is that of the body with its content coding undone, which the standard keeps.";
    PAYLOAD_ABSENT Warning 1 "payload-digest-absent" "WARC/1.1 §5.9" "WARC-Payload-Digest stands on an empty block, which holds no payload that it could be compared with.";
    SEGMENT_GAP Error 0 "segment-gap" "WARC/1.1 §5.20, §7" "Segments of a record are missing between others.";
    SEGMENT_TOTAL Error 0 "segment-total" "WARC/1.1 §5.22" "WARC-Segment-Total-Length is not the sum of the segments, or not on the last.";
    SEGMENT_UNFINISHED Warning 0 "segment-unfinished" "WARC/1.1 §5.22, §7" "The last segment of a record is not among the inputs.";
    SEGMENT_NOT_FIRST Warning 0 "segment-not-first" "WARC/1.1 §7" "The first segment of a record does not stand first in its file, behind no more than warcinfo records.";
    SEGMENT_UNCHECKED Info 1 "segment-unchecked" "WARC/1.1 §7" "The payload digest of a record in segments could not be checked, as they were not met in their order.";
    ID_DUPLICATE_SAME Warning 0 "record-id-duplicate" "WARC/1.1 §5.2" "Two records with the same content share one WARC-Record-ID.";
    ID_DUPLICATE_OTHER Error 0 "record-id-reused" "WARC/1.1 §5.2" "Two records with different content share one WARC-Record-ID.";
    UNRESOLVED Warning 0 "unresolved-reference" "WARC/1.1 §5.7, §5.11" "A record that another refers to is not among the inputs.";
    REFERENT_GONE Error 0 "referent-gone" "WARC/1.1 §5.7" "Several records of one capture name a record that is not among the inputs, although the file they were written to is: it was taken out.";
    PARTNERS_DISAGREE Warning 0 "partners-disagree" "WARC/1.1 §5.7" "Records of one capture differ in target URI, date or IP address.";
    REFERENT_DISAGREES Warning 0 "referent-disagrees" "WARC/1.1 §5.12, §5.13" "A revisit's URI or date of its referent is not the referent's own, or a conversion's URI is not that of what it was made of.";
    REFERENT_KIND Warning 0 "referent-kind" "WARC/1.1 §5.7, §5.11, §5.16" "A field names a record of a type that it cannot mean, or the record that it stands on.";
    REVISIT_PAYLOAD Error 1 "revisit-payload" "WARC/1.1 §6.7.2" "A revisit's payload digest is not its referent's.";


    // --- manifest, index, pages (manifest, verify)
    MANIFEST_LINE Error 2 "manifest-line" "RFC 6962 §2.1" "A line of the provenance log is not the one that its leaf hash binds.";
    MANIFEST_SYNTAX Error 2 "manifest-syntax" "" "A line of the provenance log cannot be read, or is out of sequence.";
    MANIFEST_ROOT Error 2 "manifest-root" "RFC 6962 §2.1" "The provenance log does not lead to its checkpoint's size and root.";
    MANIFEST_LEAVES Error 2 "manifest-leaves" "" "The file of leaf hashes does not belong to the provenance log.";
    CHECKPOINT_INVALID Error 2 "checkpoint-invalid" "C2SP tlog-checkpoint" "The checkpoint is missing or cannot be read.";
    RECORD_ALTERED Error 2 "record-altered" "" "A record's bytes, head included, are not those that the log binds.";
    RECORD_MISSING Error 2 "record-missing" "" "A record that the log names is not in the archive.";
    RECORD_UNLISTED Error 2 "record-unlisted" "" "A record of the archive is not in the log.";
    RECORD_ORDER Error 2 "record-order" "" "Records do not stand in the log's order.";
    LINE_REMOVED Error 2 "line-withheld" "RFC 6962 §2.1" "A line of the log is withheld, and no redaction entry says so.";
    LINES_WITHHELD Info 2 "lines-withheld" "RFC 6962 §2.1" "This copy withholds lines of the log, and says so.";
    LOG_UNFINISHED Error 2 "log-unfinished" "" "The log does not end with an end entry: the run was cut, or lines are missing.";
    LOG_MISSING Error 2 "log-missing" "" "A package made by fonds has no provenance log: it was taken out.";
    LOG_ORIGIN Error 2 "log-origin" "C2SP tlog-checkpoint" "The checkpoint is of another log: its origin is not the archive that the log names.";
    CHECKPOINT_EARLIER Error 2 "checkpoint-earlier" "RFC 6962 §2.1.2" "An earlier checkpoint that the collection keeps is not of a log that this one goes on with.";
    CAPTURE_INTERRUPTED Warning 2 "capture-interrupted" "" "The run was interrupted: what is here is intact, but not all that was asked for.";
    CAPTURE_FAILURES Info 2 "capture-failures" "" "Some URLs were not captured; the log names each, and why.";
    CAPTURE_UNFINISHED Warning 2 "capture-unfinished" "" "The capture was killed, or goes on still: the collection is not sealed, and `fonds archive --resume` goes on with it. What is there was held against the log.";
    CAPTURE_TORN Info 2 "capture-torn" "" "Bytes behind the last whole capture of a run that was killed are of one that was in flight.";
    SEED_WITHOUT_FATE Error 2 "seed-without-fate" "" "The log tells neither capture nor failure of a URL that was asked for.";
    LOG_FILES Error 2 "log-files" "" "A file is not the one that the log's end entry names.";
    LOG_PACKAGE Error 2 "log-package" "" "Title, date or main page in datapackage.json are not those that the log's last entry binds.";
    PROOF_FORM Error 0 "proof-form" "" "A proof file lacks a part, holds one that has no place in it, or one that cannot be read.";
    PROOF_INCLUSION Error 2 "proof-inclusion" "RFC 9162 §2.1.3.2" "A proof does not show that its line is in the log of the checkpoint.";
    PROOF_CONSISTENCY Error 2 "proof-consistency" "RFC 9162 §2.1.4.2" "A proof does not show that the log went on with an earlier checkpoint.";
    FILE_UNBOUND Error 2 "file-unbound" "" "The package lists a file that its log does not bind: it was added after the sealing.";
    INDEX_LINE Error 2 "index-line" "CDXJ 0.1.0" "An index line cannot be read, or does not say what the record says.";
    INDEX_DANGLING Error 2 "index-dangling" "CDXJ 0.1.0" "An index line points to no record.";
    INDEX_MISSING Error 2 "index-missing" "CDXJ 0.1.0" "A record has no index line.";
    INDEX_IMPOSSIBLE Error 2 "index-impossible" "CDXJ 0.1.0" "A record cannot be indexed: no line could lead to it.";
    INDEX_ORDER Error 2 "index-order" "CDXJ 0.1.0" "Index lines are not in bytewise order.";
    PAGE_LINE Error 2 "page-line" "WACZ 1.1.1" "A page line cannot be read, or does not say what the log or its record says.";
    PAGE_MISSING Error 2 "page-missing" "WACZ 1.1.1" "A page that the log names has no line.";

    // --- signatures (vouch, verify)
    NOTE_INVALID Error 2 "note-invalid" "C2SP signed-note" "What follows the checkpoint's three lines is no list of signatures.";
    SIGNATURE_BAD Error 3 "signature-bad" "C2SP signed-note" "A signature says that it is by a key that you named, and is not over this checkpoint.";
    AUTH_FORM Error 3 "auth-form" "wacz-auth 0.1.0" "The signedData of a datapackage-digest.json lacks a field, has one too many, or one that cannot be read.";
    AUTH_HASH Error 3 "auth-hash" "wacz-auth 0.1.0" "A wacz-auth signature is over another datapackage.json.";
    AUTH_SIGNATURE Error 3 "auth-signature" "wacz-auth 0.1.0" "A wacz-auth signature does not hold.";
    AUTH_DOMAIN Error 3 "auth-domain" "RFC 6125 §6" "The certificate of a wacz-auth signature is not for the domain that it names.";
    AUTH_EXPIRED Error 3 "auth-expired" "RFC 5280 §4.1.2.5" "The certificate of a wacz-auth signature was not valid when it was time-stamped.";
    AUTH_PATH Error 3 "auth-path" "RFC 5280 §6" "The certificate path of a wacz-auth signature breaks a rule.";
    AUTH_UNTRUSTED Info 3 "auth-untrusted" "RFC 5280 §6" "The certificate of a wacz-auth signature leads to no root that you named.";
    AUTH_CLOCK Warning 3 "auth-clock" "wacz-auth 0.1.0" "The date in a wacz-auth signature is more than ten minutes from the time-stamp over it.";
    SSHSIG_INVALID Error 3 "sshsig-invalid" "SSHSIG" "An SSH signature beside a checkpoint is none, was made for something else, or is not over this checkpoint.";
    CHECKPOINT_UNSHOWN Warning 3 "checkpoint-unshown" "RFC 9162 §2.1.4" "A proof file does not show whether its log went on with a checkpoint that you hold.";
    SIGNATURE_EARLIER Info 3 "signature-earlier" "C2SP signed-note" "A key that you named vouches for an earlier state of the log, which this one went on with.";
    SIGNATURE_CLAIMED Info 3 "signature-claimed" "C2SP signed-note" "A signature is by a key that you did not name; it was not checked and proves nothing.";
    CHECKPOINT_EXPECTED Error 3 "checkpoint-inconsistent" "RFC 6962 §2.1.2" "The log does not contain the checkpoint that you hold: it was rewritten since, cut back, or is another one.";

    // --- time-stamps (vouch::stamp, verify)
    STAMP_INVALID Error 4 "stamp-invalid" "RFC 3161 §2.4.2, RFC 5652 §5" "A time-stamp cannot be read as what it should be.";
    STAMP_REFUSED Error 4 "stamp-refused" "RFC 3161 §2.4.2" "The authority's response says that it grants no time-stamp.";
    STAMP_CONTENT Error 4 "stamp-content" "RFC 3161 §2.4.2" "What was signed says that it is something else than a time-stamp.";
    STAMP_DIGEST Error 4 "stamp-digest" "RFC 5652 §11.2" "A time-stamp's content, time included, is not the one that its signed digest binds.";
    STAMP_SIGNATURE Error 4 "stamp-signature" "RFC 5652 §5.6" "A time-stamp's signature is not by the key of the certificate that it names.";
    STAMP_CERTIFICATE Error 4 "stamp-certificate" "RFC 3161 §2.4.1" "The certificate of a time-stamp's signer is not in it, or cannot be read.";
    STAMP_CERTIFICATE_ID Error 4 "stamp-certificate-id" "RFC 5816 §2.2, RFC 2634 §5.4" "A time-stamp's signed hash of its signer's certificate is missing, or of another certificate.";
    STAMP_IMPRINT Error 4 "stamp-imprint" "RFC 3161 §2.4.2" "A time-stamp is over something else than what it stands beside.";
    STAMP_EKU Error 4 "stamp-eku" "RFC 3161 §2.3" "The certificate of a time-stamp's signer, or of an authority above it, is not for time-stamps, or not for them alone.";
    STAMP_ALGORITHM Error 4 "stamp-algorithm" "" "A time-stamp uses a hash or a signature that is too weak, or that fonds cannot check.";
    STAMP_PATH Error 4 "stamp-path" "RFC 5280 §6.1" "A time-stamp's certificates lead to a root that you named, but are no valid path: one is not by an authority, or breaks its limits.";
    STAMP_EXPIRED Error 4 "stamp-expired" "RFC 5280 §6.1.3" "A certificate was not valid at the time that the time-stamp gives.";
    STAMP_UNTRUSTED Info 4 "stamp-untrusted" "RFC 5280 §6.1" "A time-stamp leads to no root that you named: its time is claimed, and proves nothing.";
    STAMP_CLOCK Warning 4 "stamp-clock" "" "The capturing machine's clock disagrees with a time-stamp: the dates of the records are as wrong.";
    STAMP_EARLY Info 4 "stamp-before-signature" "" "A signature was added after a time-stamp, which does not cover it.";
    ANCHOR_INVALID Error 4 "anchor-invalid" "" "An anchor in the log is not of a checkpoint that the log had before it.";

    // --- package and WACZ (package)
    ZIP_DIRECTORY Error 0 "zip-directory" "APPNOTE 4.3.12" "The ZIP's central directory is missing, cut or garbled.";
    ZIP_HEADERS Error 0 "zip-header-mismatch" "APPNOTE 4.3" "Two headers of the ZIP contradict each other, so that readers see different archives.";
    ZIP_BYTES Error 0 "zip-unaccounted-bytes" "" "Bytes of the ZIP belong to no entry and no header.";
    ZIP_OVERLAP Error 0 "zip-overlap" "" "Two entries of the ZIP share bytes.";
    ZIP_DUPLICATE Error 0 "zip-duplicate-entry" "" "A name stands twice in the ZIP, so that readers see different archives.";
    ZIP_METHOD Error 0 "zip-method" "WACZ 1.1.1" "An entry is encrypted, or compressed in a way that cannot be read.";
    ZIP_DATA Error 1 "zip-entry-damaged" "APPNOTE 4.4.7" "An entry's content does not have the CRC32 or size that the ZIP says, or cannot be inflated.";
    ZIP_COMMENT Info 0 "zip-comment" "" "The ZIP, or an entry, has a comment.";
    ZIP_LIMIT Error 0 "zip-limit" "" "The ZIP has more entries than fonds reads.";
    ENTRY_NAME Error 0 "entry-name-unsafe" "" "The name of an entry is absolute, leads out of the archive, or is read differently by different systems.";
    ENTRY_KIND Error 0 "entry-irregular" "" "An entry of the ZIP is a symbolic link or a device: unpacked, it could lead out of the directory.";
    PACKAGE_INCOMPLETE Error 0 "package-incomplete" "WACZ 1.1.1" "A part that every package must have is missing: a WARC, an index, or pages/pages.jsonl.";
    PACKAGE_MISPLACED Warning 0 "package-misplaced-file" "WACZ 1.1.1" "A file lies in archive/, indexes/ or pages/ that is no WARC, no index, no page list.";
    PACKAGE_DEFLATED Warning 0 "package-deflated" "WACZ 1.1.1" "A WARC or a compressed index is compressed once more by the ZIP, so that no part of it can be read alone.";
    PACKAGE_FILE Error 0 "package-irregular-file" "" "A collection directory holds a link, a device or an unreadable name, which no WACZ can hold.";
    PACKAGE_WORKROOM Warning 0 "package-workroom" "" "A collection still holds the working files of a capture.";
    PACKAGE_UNLISTED Error 1 "package-unlisted-file" "WACZ 1.1.1" "A file is not listed in datapackage.json, so nothing vouches for it.";
    PACKAGE_REWRITTEN Warning 1 "package-rewritten" "" "A package made by fonds was packed, or its digest written, by another tool; its content may be whole.";
    PACKAGE_ALTERED Error 1 "package-altered" "" "Something that fonds wrote was changed since, in a place that vouches for nothing itself: a header of the ZIP, or white space.";
    DATAPACKAGE_MISSING Error 0 "datapackage-missing" "WACZ 1.1.1" "There is no datapackage.json, or it cannot be read.";
    DATAPACKAGE_UNREADABLE Error 0 "datapackage-unreadable" "WACZ 1.1.1" "datapackage.json or its digest is no JSON of the right shape.";
    DATAPACKAGE_FORM Warning 0 "datapackage-form" "WACZ 1.1.1" "datapackage.json has an unusual profile or version.";
    DATAPACKAGE_UNPROTECTED Warning 1 "datapackage-unprotected" "WACZ 1.1.1" "There is no datapackage-digest.json.";
    DATAPACKAGE_DIGEST Error 1 "datapackage-digest" "WACZ 1.1.1" "datapackage.json does not have the hash that datapackage-digest.json gives it.";
    RESOURCE_MISSING Error 1 "resource-missing" "WACZ 1.1.1" "A file that datapackage.json lists is not there.";
    RESOURCE_HASH Error 1 "resource-hash" "WACZ 1.1.1" "A file does not have the hash that datapackage.json gives it.";
    RESOURCE_SIZE Error 1 "resource-size" "WACZ 1.1.1" "A file does not have the size that datapackage.json gives it.";
    RESOURCE_DUPLICATE Error 0 "resource-duplicate" "WACZ 1.1.1" "datapackage.json lists a file more than once.";
    RESOURCE_UNCHECKED Warning 1 "resource-hash-unknown" "" "A hash is of a kind that fonds does not know; it was not checked.";
    PAGES_HEADER Warning 0 "pages-header" "WACZ 1.1.1" "A page list does not start with a header line of a known format.";
}
