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
    INDEX_ORDER Warning 0 "index-order" "CDXJ 0.1.0" "The index is not sorted bytewise, so look-ups miss.";
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
    PACKAGE_INCOMPLETE Error 0 "package-incomplete" "WACZ 1.1.1" "A part that every package must have is missing: a WARC, an index, or pages/pages.jsonl.";
    PACKAGE_MISPLACED Warning 0 "package-misplaced-file" "WACZ 1.1.1" "A file lies in archive/, indexes/ or pages/ that is no WARC, no index, no page list.";
    PACKAGE_DEFLATED Warning 0 "package-deflated" "WACZ 1.1.1" "A WARC or a compressed index is compressed once more by the ZIP, so that no part of it can be read alone.";
    PACKAGE_FILE Error 0 "package-irregular-file" "" "A collection directory holds a link, a device or an unreadable name, which no WACZ can hold.";
    PACKAGE_WORKROOM Warning 0 "package-workroom" "" "A collection still holds the working files of a capture.";
    PACKAGE_UNLISTED Error 1 "package-unlisted-file" "WACZ 1.1.1" "A file is not listed in datapackage.json, so nothing vouches for it.";
    PACKAGE_REWRITTEN Warning 1 "package-rewritten" "" "A package made by fonds is not byte for byte as fonds writes it, although its content may be whole.";
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
    PAGE_LINE Error 0 "page-line" "WACZ 1.1.1" "A line of a page list cannot be read, or its page has no URL or no time.";
    PAGES_HEADER Warning 0 "pages-header" "WACZ 1.1.1" "A page list does not start with a header line of a known format.";
}
