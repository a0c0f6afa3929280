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
    GZIP_TRAILER_CRC Error 0 "gzip-crc" "RFC 1952 §2.3.1" "The CRC32 in a gzip member's trailer is not that of its content.";

    // --- record syntax and fields (warc::record, warc::fields)

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
    CODING_UNKNOWN Warning 0 "coding-unknown" "RFC 9110 §8.4" "Content-Encoding names a coding that fonds does not know.";
    CODING_LIE Warning 0 "coding-lie" "RFC 9110 §8.4" "Content-Encoding names a coding that the body is not in.";
    CODING_CUT Warning 0 "coding-cut" "RFC 9110 §8.4" "The coded content ends before its own end mark.";
    CODING_DAMAGED Warning 0 "coding-damaged" "RFC 9110 §8.4" "The coded content is damaged; what came before the damage was kept.";
    CODING_SURPLUS Info 0 "coding-surplus" "RFC 9110 §8.4" "Bytes follow the end of the coded content.";
    CODING_LIMIT Warning 0 "coding-limit" "" "The decoded content is longer than the limit; the rest was left undecoded.";

    // --- digests (verify)

    // --- manifest, index, pages (manifest, verify)

    // --- package and WACZ (package)
}
