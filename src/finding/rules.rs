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

    // --- digests (verify)

    // --- manifest, index, pages (manifest, verify)

    // --- package and WACZ (package)
    INDEX_LINE Error 0 "index-line" "CDXJ 0.1.0" "A line of the index cannot be read, or lacks a field that it must have.";
    INDEX_ORDER Error 0 "index-order" "CDXJ 0.1.0" "The index is not sorted bytewise, so look-ups miss.";
}
