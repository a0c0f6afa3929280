//! Small inputs to begin with, made here so that no binary file has to be kept.

use data_encoding::BASE64;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use fonds::digest::{Algorithm, Hasher, sha256};
use fonds::manifest::envelope::{Consistency, Inclusion};
use fonds::manifest::proof::Plan;
use fonds::manifest::{Hash, Tree, leaf_hash, write_checkpoint};
use fonds::package::datapackage::{Datapackage, Digest, PROFILE, Resource, WACZ_VERSION};
use fonds::package::layout::CHECKPOINT;
use fonds::package::prove::{FORMAT, LINES, RECORDS, VERSION, proof_name};
use std::io::{Cursor, Write};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

const RESPONSE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nServer: a\r\nTransfer-Encoding: chunked\r\n\r\n\
     1b;x=y\r\n<!DOCTYPE html><p>Text.</p>\r\n0\r\nTrailer: t\r\n\r\n";
const PLAIN: &str = "HTTP/1.0 404 Not Found\r\nServer: b\r\nContent-Length: 5\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nnone\n";
const REQUEST: &str = "POST /search HTTP/1.1\r\nHost: example.com\r\nContent-Type: application/x-www-form-urlencoded\r\n\
     Content-Length: 7\r\n\r\nq=a&p=2";
const LOG: &str = include_str!("seeds/manifest.jsonl");
const INDEX: &str = include_str!("../../../src/cdxj/vectors.cdxj");
const PAGES: &str = "{\"format\":\"json-pages-1.0\",\"id\":\"pages\",\"title\":\"All Pages\"}\n\
     {\"id\":\"1\",\"url\":\"http://example.com/\",\"ts\":\"2026-11-22T12:00:00Z\",\"title\":\"A \\\"page\\\"\"}\n";
const PAGE: &str = include_str!("seeds/page.html");
const STYLE: &str = "@charset \"utf-8\";@import 'a.css' screen;@import url( \"b.css\" );\n/* url(no) */\n\
     @font-face { src: url(f.woff2) format('woff2'), local(x) }\n\
     p { background: url(a\\).png) ; content: \"url(no)\" } @media print { a { cursor: image-set('c.png' 1x, url(d.png) 2x) } }\n\
     <!-- --> q { background: url( //other.example/e.png#part ) url(data:image/png;base64,AA) }";

/// One record as a tool with SHA-1 digests writes it, uncompressed.
pub fn record(kind: &str, n: u32, extra: &str, block: &[u8], payload: Option<&[u8]>) -> Vec<u8> {
    let sha1 = |bytes: &[u8]| {
        let mut hasher = Hasher::new(Algorithm::Sha1);
        hasher.update(bytes);
        hasher.finish()
    };
    let payload = payload.map(|p| format!("WARC-Payload-Digest: {}\r\n", sha1(p))).unwrap_or_default();
    let head = format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:0000000{n}-1111-4222-8333-444444444444>\r\n\
         WARC-Date: 2024-03-01T12:00:00Z\r\n{extra}WARC-Block-Digest: {}\r\n{payload}Content-Length: {}\r\n\r\n",
        sha1(block),
        block.len()
    );
    [head.as_bytes(), block, b"\r\n\r\n"].concat()
}

/// The records of a small WARC with SHA-1 digests: warcinfo, request, response in chunks, response with a length, revisit,
/// metadata.
pub fn records() -> Vec<Vec<u8>> {
    let info = "WARC-Warcinfo-ID: <urn:uuid:00000001-1111-4222-8333-444444444444>\r\n";
    let http = |kind: &str, uri: &str, more: &str| {
        format!(
            "WARC-Target-URI: {uri}\r\nWARC-IP-Address: 192.0.2.1\r\n{more}{info}Content-Type: application/http; msgtype={kind}\r\n"
        )
    };
    let body = |text: &'static str| text.split_once("\r\n\r\n").expect("a head").1.as_bytes();
    let concurrent =
        |n: u32| format!("WARC-Concurrent-To: <urn:uuid:0000000{n}-1111-4222-8333-444444444444>\r\n");
    let page = "http://example.com/search";
    let refers = "WARC-Profile: http://netpreserve.org/warc/1.0/revisit/identical-payload-digest\r\n\
        WARC-Refers-To: <urn:uuid:00000004-1111-4222-8333-444444444444>\r\n\
        WARC-Refers-To-Target-URI: http://example.com/missing\r\nWARC-Refers-To-Date: 2024-03-01T12:00:00Z\r\n";
    let head = PLAIN.strip_suffix("none\n").expect("its body");
    vec![
        record(
            "warcinfo",
            1,
            "WARC-Filename: a.warc.gz\r\nContent-Type: application/warc-fields\r\n",
            b"software: byhand/1.0\r\nformat: WARC File Format 1.0\r\n",
            None,
        ),
        record("request", 2, &http("request", page, &concurrent(3)), REQUEST.as_bytes(), Some(body(REQUEST))),
        record(
            "response",
            3,
            &http("response", page, &concurrent(2)),
            RESPONSE.as_bytes(),
            Some(b"<!DOCTYPE html><p>Text.</p>"),
        ),
        record(
            "response",
            4,
            &http("response", "http://example.com/missing", ""),
            PLAIN.as_bytes(),
            Some(body(PLAIN)),
        ),
        record(
            "revisit",
            5,
            &http("response", "http://example.com/again", refers),
            head.as_bytes(),
            Some(b"none\n"),
        ),
        record(
            "metadata",
            6,
            &format!(
                "WARC-Target-URI: http://example.com/missing\r\n{}{info}Content-Type: application/warc-fields\r\n",
                concurrent(4)
            ),
            b"via: http://example.com/\r\nhopsFromSeed: L\r\n",
            None,
        ),
    ]
}

/// One gzip member.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(content).expect("memory is written");
    encoder.finish().expect("memory is written")
}

fn zstd_frame(content: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).expect("a level");
    encoder.include_checksum(true).expect("an option");
    encoder.include_contentsize(true).expect("an option");
    encoder.set_pledged_src_size(Some(content.len() as u64)).expect("a size");
    encoder.write_all(content).expect("memory is written");
    encoder.finish().expect("memory is written")
}

fn each(records: &[Vec<u8>], store: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    records.iter().flat_map(|record| store(record)).collect()
}

/// WARC and ARC, in every container, whole and in the shapes that damage has.
pub fn archives() -> Vec<Vec<u8>> {
    let records = records();
    let plain = records.concat();
    let packed = each(&records, gzip);
    let frames = each(&records, zstd_frame);
    let (front, back) = plain.split_at(plain.len() / 2);
    let arc = b"filedesc://a.arc 0.0.0.0 20080430204825 text/plain 76\n1 0 InternetArchive\n\
        URL IP-address Archive-date Content-type Archive-length\n\ndns:example.org 192.0.2.1 20080430204825 text/dns 5\nhello\n\
        http://example.org/a 192.0.2.1 20080430204826 text/html 21\nHTTP/1.0 200 OK\r\n\r\nhi\n"
        .to_vec();
    let arc2 = b"filedesc://a.arc 0 20080430204825 text/plain 200 - - 0 a.arc 20\n2 0 InternetArchive\n\n\
        http://a/ 192.0.2.1 20080430204826 text/html 302 fac069150613fe55599cc7fa88aa089d /b 85 a.arc 22\nHTTP/1.0 302 F\r\n\r\nhi12\n"
        .to_vec();
    let mut beheaded = packed.clone();
    beheaded.iter_mut().take(2).for_each(|byte| *byte ^= 0x55);
    let dictionary =
        [&0x184d_2a5d_u32.to_le_bytes()[..], &24_u32.to_le_bytes(), b"WARC-Type: response\r\n123"].concat();
    vec![
        plain.clone(),
        packed.clone(),
        frames.clone(),
        [dictionary, frames].concat(),
        gzip(&plain),
        [gzip(front), gzip(back)].concat(),
        [gzip(b""), packed.clone(), vec![0; 9]].concat(),
        [gzip(&records[0]), b"junk between".to_vec(), gzip(&records[3])].concat(),
        String::from_utf8_lossy(&plain).replace("\r\n", "\n").into_bytes(),
        [&records[0][..], b"\r\n\r\njunk", &records[3]].concat(),
        [&records[3][..40], &records[0]].concat(),
        beheaded,
        String::from_utf8_lossy(&plain).replace("\r\n", "\r\r\n").into_bytes(),
        gzip(&arc),
        arc2,
        arc,
    ]
}

/// What stands between a version line and a block.
pub fn heads() -> Vec<Vec<u8>> {
    let head = |record: &Vec<u8>| {
        let text = String::from_utf8_lossy(record).into_owned();
        let (head, _) = text.split_once("\r\n\r\n").expect("a head");
        head.split_once("\r\n").expect("a version line").1.as_bytes().to_vec()
    };
    let mut heads: Vec<Vec<u8>> = records().iter().map(head).collect();
    heads.push(
        b"Content-Length: 5\r\nFolded: a\r\n b\r\n\tc\r\nno colon\r\n: no name\r\ncontent-length : 5"
            .to_vec(),
    );
    heads
}

fn zip_of(parts: &[(&str, &[u8])], method: CompressionMethod, wide: bool) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method).large_file(wide);
    for (name, content) in parts {
        zip.start_file(*name, options).expect("memory is written");
        zip.write_all(content).expect("memory is written");
    }
    zip.finish().expect("memory is written").into_inner()
}

/// A WACZ whose datapackage tells the truth.
fn wacz(method: CompressionMethod) -> Vec<u8> {
    let warc = each(&records(), gzip);
    let parts: [(&str, &[u8]); 3] = [
        ("archive/a.warc.gz", &warc),
        ("indexes/index.cdxj", INDEX.as_bytes()),
        ("pages/pages.jsonl", PAGES.as_bytes()),
    ];
    let description = described(&parts).to_json();
    let digest = Digest::of(&description, None).to_json();
    let more = [("datapackage.json", &description[..]), ("datapackage-digest.json", &digest[..])];
    zip_of(&parts.into_iter().chain(more).collect::<Vec<_>>(), method, false)
}

/// A proof file of the small WARC's records, a line each, in a log of a few lines more; and the texts of its proofs.
pub fn proofs() -> Vec<Vec<u8>> {
    let records = records();
    let lines: Vec<String> = (0..).zip(&records).map(|(n, record)| record_line(n, record)).collect();
    let leaves: Vec<Hash> =
        lines.iter().map(String::as_str).chain(LOG.lines()).map(|line| leaf_hash(line.as_bytes())).collect();
    let mut tree = Tree::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    let checkpoint = write_checkpoint("fonds/urn:uuid:1", &tree).expect("an origin of one line");
    let checkpoint = String::from_utf8(checkpoint).expect("text");
    let mut plan = Plan::new(tree.size()).expect("a small tree");
    (0..lines.len() as u64).for_each(|n| plan.inclusion(n).expect("a line of it"));
    plan.consistency(3).expect("more than that");
    let nodes = plan.read(leaves.iter().copied().map(Ok)).expect("all leaves");
    let proof = |index| Inclusion {
        index,
        hashes: nodes.inclusion(index).expect("planned"),
        checkpoint: checkpoint.clone(),
    };
    let proofs: Vec<(String, String)> =
        (0..lines.len() as u64).map(|n| (proof_name(n), proof(n).to_text())).collect();
    let consistency = Consistency {
        old: 3,
        hashes: nodes.consistency(3).expect("planned"),
        checkpoint: checkpoint.clone(),
    };
    let (warc, lines) =
        (each(&records, gzip), lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    let mut parts =
        vec![(RECORDS, &warc[..]), (CHECKPOINT, checkpoint.as_bytes()), (LINES, lines.as_bytes())];
    parts.extend(proofs.iter().map(|(name, text)| (name.as_str(), text.as_bytes())));
    parts.push((VERSION, FORMAT.as_bytes()));
    let texts = [proofs[1].1.clone(), consistency.to_text()].map(String::into_bytes);
    [zip_of(&parts, CompressionMethod::Stored, false)].into_iter().chain(texts).collect()
}

/// The log's line of a record.
fn record_line(n: u64, record: &[u8]) -> String {
    let bytes = &record[..record.len() - 4];
    let text = String::from_utf8_lossy(bytes).into_owned();
    let field = |name: &str| {
        let after = text.split_once(&format!("\r\n{name}: ")).map(|(_, after)| after);
        after
            .and_then(|after| after.split("\r\n").next())
            .unwrap_or_default()
            .trim_matches(['<', '>'])
            .to_owned()
    };
    format!(
        "{{\"at\":\"2024-03-01T12:00:00.000Z\",\"bytes\":{{\"block\":\"{}\",\"length\":{},\"sha256\":\"{}\"}},\"salt\":\"00\",\
         \"seq\":{n},\"type\":\"record\",\"v\":1,\"warc\":{{\"date\":\"{}\",\"id\":\"{}\",\"type\":\"{}\"}}}}",
        field("WARC-Block-Digest"),
        bytes.len(),
        sha256(bytes).value(),
        field("WARC-Date"),
        field("WARC-Record-ID"),
        field("WARC-Type")
    )
}

fn described(parts: &[(&str, &[u8])]) -> Datapackage {
    let resource = |(path, content): &(&str, &[u8])| Resource {
        name: path.rsplit('/').next().unwrap_or_default().to_owned(),
        path: (*path).to_owned(),
        hash: sha256(content).to_string(),
        bytes: content.len() as u64,
    };
    Datapackage {
        profile: Some(PROFILE.to_owned()),
        wacz_version: Some(WACZ_VERSION.to_owned()),
        title: Some("A title".to_owned()),
        created: Some("2026-11-22T12:00:00Z".to_owned()),
        resources: parts.iter().map(resource).collect(),
        ..Datapackage::default()
    }
}

/// ZIPs by another hand.
pub fn zips() -> Vec<Vec<u8>> {
    let parts: [(&str, &[u8]); 2] =
        [("archive/a.warc", b"WARC/1.1\r\n"), ("indexes/i", b"abc abc abc abc abc abc abc")];
    vec![
        zip_of(&parts, CompressionMethod::Stored, false),
        zip_of(&parts, CompressionMethod::Deflated, false),
        zip_of(&parts, CompressionMethod::Stored, true),
        zip_of(&[], CompressionMethod::Stored, false),
        wacz(CompressionMethod::Deflated),
    ]
}

/// What `verify` is given.
pub fn packages() -> Vec<Vec<u8>> {
    let mut all = archives();
    all.extend([wacz(CompressionMethod::Stored), wacz(CompressionMethod::Deflated)]);
    all
}

/// HTTP messages.
pub fn messages() -> Vec<Vec<u8>> {
    let texts = [
        RESPONSE,
        PLAIN,
        REQUEST,
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\n\
         Content-Length: 3\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabcX",
        "ICY 200 OK\r\nicy-name: a\r\n\r\nsound",
        "HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\nContent-Length: 9\nFolded: a\n b\n\n3\nabc\n0\n\n",
        "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
        "<html>no head at all</html>",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

/// Bodies in chunks.
pub fn chunked() -> Vec<Vec<u8>> {
    let texts = [
        "3\r\nabc\r\n0\r\n\r\n",
        "1;a=\"b\"\nx\n00\nT: t\r\n\nmore",
        "a \r\n0123456789\r\n3",
        "no chunks",
        "fffffffffffffffff\r\n",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

/// Content-Encoding, LF, coded content.
pub fn coded() -> Vec<Vec<u8>> {
    let text = "Some text to be coded, some text. ".repeat(9).into_bytes();
    let with = |name: &str, coded: Vec<u8>| [name.as_bytes(), b"\n", &coded].concat();
    let mut raw = DeflateEncoder::new(Vec::new(), Compression::new(6));
    raw.write_all(&text).expect("memory is written");
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::new(6));
    zlib.write_all(&text).expect("memory is written");
    vec![
        with("gzip", gzip(&text)),
        with("gzip", [gzip(&text), gzip(b"more")].concat()),
        with("deflate", raw.finish().expect("memory is written")),
        with("deflate", zlib.finish().expect("memory is written")),
        with("zstd", zstd_frame(&text)),
        with("zstd, gzip", gzip(&zstd_frame(&text))),
        // A Brotli stream of one uncompressed metablock, and one of a quick brown fox.
        with("br", b"\x0b\x02\x80hello\x03".to_vec()),
        with("gzip", gzip(&vec![b'a'; 200_000])),
        with("identity", text.clone()),
        with("unheard-of", text),
    ]
}

/// URLs, odd ones among them.
pub fn urls() -> Vec<Vec<u8>> {
    let vectors = include_str!("../../../src/surt/vectors.tsv");
    let listed = vectors.lines().filter_map(|line| line.split('\t').next());
    let odd = [
        "",
        "//host",
        "http://[::1]:8080/?",
        "http://a b/ç?%zz#x",
        "http:///",
        "?q",
        "http://1.2.3.4:99999/",
        "a:b:c@d/e",
    ];
    listed.chain(odd).map(|url| url.as_bytes().to_vec()).collect()
}

/// First bytes of many formats.
pub fn starts() -> Vec<Vec<u8>> {
    let starts: [&[u8]; 12] = [
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"\xff\xd8\xff\xe0",
        b"  \n<!DOCTYPE HTML><title>",
        b"<?xml version='1.0'?>",
        b"%PDF-1.7",
        b"RIFF\0\0\0\0WEBPVP",
        b"\0\0\0\x18ftypmp42\0\0\0\0mp41isom",
        b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x82\x84webm",
        b"\xff\xfb\x90\x64ID3",
        b"\xef\xbb\xbftext",
        b"PK\x03\x04",
    ];
    let mut all: Vec<Vec<u8>> = starts.map(<[u8]>::to_vec).to_vec();
    all.push(gzip(PAGE.as_bytes()));
    all
}

/// CDXJ files.
pub fn index_lines() -> Vec<Vec<u8>> {
    let mut all = vec![
        INDEX.as_bytes().to_vec(),
        b"!meta 0 {}\ncom,a)/ 20240101000000123 {\"url\":\"http://a.com/\",\"offset\":0,\"length\":5,\"filename\":\"f\",\"status\":200}".to_vec(),
        b"2024-03-01T12:00:00.123456789Z".to_vec(),
    ];
    all.extend(INDEX.lines().map(|line| line.as_bytes().to_vec()));
    all
}

/// datapackage.json and its digest file.
pub fn datapackages() -> Vec<Vec<u8>> {
    let package =
        described(&[("archive/a.warc.gz", b"abc"), ("pages/pages.jsonl", PAGES.as_bytes())]).to_json();
    vec![
        Digest::of(&package, Some(serde_json::json!({ "hash": "sha256:00", "created": "2026" }))).to_json(),
        package,
        br#"{"profile":"wacz","resources":[{"path":"a","hash":"md5:0","bytes":-1}],"title":3}"#.to_vec(),
    ]
}

/// pages.jsonl.
pub fn page_lists() -> Vec<Vec<u8>> {
    vec![PAGES.as_bytes().to_vec(), b"{\"url\":\"x\",\"ts\":\"y\"}\n\n[]\n{\"url\":1}".to_vec()]
}

/// Provenance logs.
pub fn logs() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = LOG.lines().map(|line| line.as_bytes().to_vec()).collect();
    all.push(LOG.as_bytes().to_vec());
    all
}

/// Checkpoints.
pub fn checkpoints() -> Vec<Vec<u8>> {
    let mut tree = Tree::default();
    LOG.lines().for_each(|line| tree.push(leaf_hash(line.as_bytes())));
    let text = write_checkpoint("fonds/urn:uuid:1", &tree).expect("an origin of one line");
    let signed = [&text[..], "\n\u{2014} key AAAAAA==\n".as_bytes()].concat();
    vec![text, signed, b"origin\n18446744073709551615\nAAAA\nextension\n".to_vec()]
}

/// Cookies, in a file and as a server sets them.
pub fn cookies() -> Vec<Vec<u8>> {
    let lines = [
        "# Netscape HTTP Cookie File\n.example.com\tTRUE\t/\tFALSE\t0\ta\t1\n",
        "#HttpOnly_www.example.com\tFALSE\t/dir\tTRUE\t4000000000\tb\ttwo words=\"2\"\n\n# note\n",
        "id=1; Domain=example.com; Path=/dir; Secure; HttpOnly; SameSite=Lax",
        "a=b;Domain=.EXAMPLE.com;Path=x\n=v\nn=\nc=\"d e\"; domain=com; path=\"/\"",
        "gone=5; Max-Age=0\nlong=6; Expires=Wed, 01 Jan 2098 00:00:00 GMT",
    ];
    lines.iter().map(|line| line.as_bytes().to_vec()).collect()
}

/// Labelled digests.
pub fn digests() -> Vec<Vec<u8>> {
    let labels = [
        "md5",
        "sha1",
        "SHA-256",
        "sha512",
        "sha512-256",
        "sha3-256",
        "blake2s",
        "blake2b",
        "blake3",
        "sha384",
        "xxh3",
        "xxh128",
    ];
    let mut all: Vec<Vec<u8>> = labels
        .iter()
        .filter_map(|label| {
            Algorithm::from_label(label).map(|algorithm| (label, Hasher::new(algorithm).finish()))
        })
        .map(|(label, digest)| format!("{label}:{}", digest.value()).into_bytes())
        .collect();
    all.push(b"sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ".to_vec());
    all.push(b"sha-256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=".to_vec());
    all
}

/// Pages of markup.
pub fn pages() -> Vec<Vec<u8>> {
    let utf16: Vec<u8> =
        "\u{feff}<p>Text of <a href=x>sixteen</a> bits.".encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        PAGE.as_bytes().to_vec(),
        utf16,
        b"<meta charset=windows-1252><base href='/b/'><p>caf\xe9 <a href='?q=\xe9#f'>x</a><svg><style>a{b:url(c)}</svg><img srcset='a 1x, b 2x'>".to_vec(),
        b"<table><tr><td><table><td>x<frameset><frame src=y></table><plaintext><a href=z>".to_vec(),
        "<div>".repeat(300).into_bytes(),
    ]
}

/// Sitemaps, their indexes, feeds, lists.
pub fn sitemaps() -> Vec<Vec<u8>> {
    let urls = "<?xml version='1.0' encoding='UTF-8'?><?xml-stylesheet href='/s.xsl'?><urlset xmlns:x='y'><url><loc> https://example.com/a?b=1&amp;c </loc><xhtml:link rel='alternate' href='/de'/><image:image><image:loc><![CDATA[/i.png]]></image:loc></image:image></url></urlset>";
    let rss = "<rss><channel><title>t</title><link>/</link><item><guid>https://example.com/1</guid><description>&lt;a href='/2'&gt;</description><enclosure url='/3'/></item></channel></rss>";
    let atom = "<feed xml:base='/b/'><link rel='self' href='f'/><entry><content type='html'><![CDATA[<img src=i>]]></content></entry></feed>";
    let index = "<sitemapindex><sitemap><loc>/1.xml</loc></sitemap></sitemapindex>";
    let wide: Vec<u8> = index.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let list = "https://example.com/1\r\n\nhttp://example.com/2#x\n";
    let mut seeds: Vec<Vec<u8>> =
        [urls, rss, atom, index, list].map(|text| text.as_bytes().to_vec()).to_vec();
    seeds.push(wide);
    seeds
}

/// Files of rules for crawlers.
pub fn robots() -> Vec<Vec<u8>> {
    [
        "User-agent: *\nDisallow: /private/ # x\nAllow: /private/*.html$\nCrawl-delay: 1.5\n\nSitemap: https://example.com/s.xml\n",
        "\u{feff}user-agent:fonds\ruser-agent: Other/1.0\r\ndisallow : /%7Ea/\u{e4}\nDissallow /b\0x\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// Style sheets and Link headers.
pub fn styles() -> Vec<Vec<u8>> {
    vec![
        STYLE.as_bytes().to_vec(),
        b"</a.css>; rel=\"preload stylesheet\"; as=style, <b.png>;rel=icon;title*=UTF-8''x , <c>; rel=next; anchor=\"#a\"".to_vec(),
        b"@charset \"shift_jis\"; a{b:url('\x83\x5c.png')}".to_vec(),
    ]
}

/// Pages made plain text.
pub fn texts() -> Vec<Vec<u8>> {
    [
        include_str!("../../../fixtures/plain-pages/wordpress-de.txt"),
        include_str!("../../../fixtures/plain-pages/discourse-en.txt"),
        include_str!("../../../fixtures/plain-pages/wordpress-zh.txt"),
        include_str!("../../../fixtures/plain-pages/prose-about-replies.txt"),
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// Responses by `openssl ts -reply`, by an EC and an RSA key under seeds/root.pem, over `stamped` and a line feed.
pub fn stamps() -> Vec<Vec<u8>> {
    let lines = include_str!("seeds/stamps.txt").lines();
    lines.map(|line| BASE64.decode(line.as_bytes()).expect("Base64")).collect()
}

/// SSH signatures by ssh-keygen over `signed` and a line feed, SSH keys, and a wacz-auth object.
pub fn signatures() -> Vec<Vec<u8>> {
    let lines = include_str!("seeds/signatures.txt").lines();
    lines.map(|line| BASE64.decode(line.as_bytes()).expect("Base64")).collect()
}
