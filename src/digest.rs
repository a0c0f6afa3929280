//! Labelled digests, as WARC-Block-Digest, CDXJ and datapackage.json write them.
