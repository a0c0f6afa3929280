//! What is written in lines and in JSON: what was understood is written back, and means the same.

use fonds::cdxj;
use fonds::crawl::robots::Robots;
use fonds::digest::{Algorithm, Digest, Hasher};
use fonds::manifest::{self, Body, Withheld, read_checkpoint};
use fonds::message::head::{HeadLimits, ResponseHead};
use fonds::package::{datapackage as descriptor, pages as list};
use fonds::vouch::auth::SignedData;
use fonds::vouch::stamp::Token;
use fonds::vouch::{Roots, SshKey, SshSignature};
use fonds::wire::{Jar, Request};
use url::Url;

/// Index lines.
pub fn cdxj(data: &[u8]) {
    let mut last = None;
    for line in cdxj::Lines::new(data) {
        let line = line.expect("memory is read");
        assert!(last.replace(line.offset).is_none_or(|before| before < line.offset));
        assert!(line.offset < data.len() as u64 && (line.entry.is_some() || !line.findings.is_empty()));
        let Some(entry) = line.entry else { continue };
        let text = entry.line();
        assert!(!text.contains('\n'), "{text:?}");
        let (again, _) = cdxj::parse(text.as_bytes());
        assert_eq!(again, Some(entry), "{text:?}");
    }
    if let Some(time) = std::str::from_utf8(data).ok().and_then(cdxj::timestamp) {
        assert!(time.len() == 14 && time.bytes().all(|b| b.is_ascii_digit()), "{time:?}");
    }
}

/// datapackage.json and datapackage-digest.json.
pub fn datapackage(data: &[u8]) {
    let (package, findings) = descriptor::parse(data);
    assert!(package.is_some() || !findings.is_empty(), "silence");
    if let Some(package) = package {
        let (again, _) = descriptor::parse(&package.to_json());
        assert_eq!(again, Some(package));
    }
    let (digest, findings) = descriptor::parse_digest(data);
    assert!(digest.is_some() || !findings.is_empty(), "silence");
    if let Some(digest) = digest {
        assert_eq!(descriptor::parse_digest(&digest.to_json()).0, Some(digest));
    }
}

/// pages.jsonl.
pub fn pages(data: &[u8]) {
    let mut last = None;
    for line in list::Lines::new(data) {
        let line = line.expect("memory is read");
        assert!(last.replace(line.offset).is_none_or(|before| before < line.offset));
        assert!(line.offset < data.len() as u64);
        let Some(page) = line.page else { continue };
        let text = list::header("x") + &page.line();
        let again = list::Lines::new(text.as_bytes()).nth(1).expect("a line").expect("memory is read");
        assert_eq!(again.page, Some(page), "{text:?}");
    }
}

/// The provenance log: the lines are the file.
pub fn manifest(data: &[u8]) {
    let mut lines = manifest::Lines::new(data);
    let mut tree = manifest::Tree::default();
    let mut joined = Vec::new();
    while let Some(line) = lines.next_line().expect("memory is read") {
        assert_eq!(line.offset, joined.len() as u64);
        joined.extend_from_slice(&line.bytes);
        if line.ended {
            joined.push(b'\n');
        }
        tree.push(manifest::leaf_hash(&line.bytes));
        match line.entry {
            Ok(manifest::Entry { seq, body: Body::Withheld, .. }) => {
                let again = Withheld { seq, leaf: line.leaf() }.line();
                assert_eq!(again.as_bytes(), line.bytes);
            }
            Ok(entry) if !matches!(entry.body, Body::Unknown) => {
                let text = serde_json::to_vec(&entry).expect("an entry is JSON");
                assert_eq!(serde_json::from_slice::<manifest::Entry>(&text).ok(), Some(entry));
            }
            Ok(_) => {}
            Err(reason) => assert!(!reason.contains('\n'), "{reason:?}"),
        }
    }
    assert_eq!(joined, data);
    tree.root();
}

/// Only what the authority signed is believed, whatever was altered around it.
pub fn stamp(data: &[u8]) {
    let Ok(token) = Token::parse(data) else { return };
    assert!(token.info.earliest() <= token.info.time && token.info.time <= token.info.latest());
    let roots = Roots::from_pem(include_bytes!("seeds/root.pem")).expect("a root");
    if token.verify(b"stamped\n", &roots).is_ok() {
        let genuine = super::seeds::stamps();
        let mut genuine = genuine.iter().map(|response| Token::parse(response).expect("a seed").info);
        assert!(genuine.any(|info| info == token.info), "{:?}", token.info);
    }
}

/// SSH signatures, SSH keys and wacz-auth objects: what holds is one that was made, over what it was made over.
pub fn signature(data: &[u8]) {
    if let Ok(signature) = SshSignature::parse(data) {
        assert!(signature.is_by(&signature.key()) && !signature.verifies(b"something else\n"));
        if signature.verifies(b"signed\n") {
            let genuine = super::seeds::signatures();
            let mut genuine = genuine.iter().filter_map(|seed| SshSignature::parse(seed).ok());
            assert!(genuine.any(|made| made.is_by(&signature.key())));
        }
    }
    if let Some(Ok(key)) = std::str::from_utf8(data).ok().and_then(SshKey::parse) {
        assert!(!key.to_string().contains('\n'));
    }
    let value = serde_json::from_slice(data).ok();
    if let Some(Ok(signed)) = value.as_ref().map(SignedData::parse)
        && signed.check().is_ok()
    {
        let hashes = super::seeds::signatures();
        assert!(
            hashes.iter().any(|seed| String::from_utf8_lossy(seed).contains(&signed.hash)),
            "{}",
            signed.hash
        );
    }
}

/// A checkpoint that was understood is written back as it stood.
pub fn checkpoint(data: &[u8]) {
    if let Some(checkpoint) = read_checkpoint(data) {
        let text = checkpoint.to_bytes();
        assert_eq!(read_checkpoint(&text).map(|again| again.to_bytes()), Some(text.clone()));
        assert!(data.starts_with(&text), "{:?}", String::from_utf8_lossy(&text));
    }
}

/// A key never breaks an index line.
pub fn surt(data: &[u8]) {
    let url = String::from_utf8_lossy(data);
    let key = fonds::surt::key(&url);
    assert!(
        !key.is_empty() && !key.contains(|c: char| c.is_ascii_whitespace() || c.is_ascii_control()),
        "{key:?}"
    );
    assert!(key.len() <= 3 * url.len() + 64, "{} bytes of {}", key.len(), url.len());
}

/// Labelled digests in all their spellings.
pub fn digest(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(digest) = Digest::parse(&text) else { return };
    assert_eq!(digest.bytes().len(), digest.algorithm().output_len());
    assert_eq!(Digest::parse(&digest.to_string()), Ok(digest.clone()));
    let algorithm = Algorithm::from_label(digest.algorithm().label());
    assert_eq!(algorithm, Some(digest.algorithm()));
    let mut hasher = Hasher::new(digest.algorithm());
    hasher.update(data);
    assert_eq!(hasher.finish().bytes().len(), digest.bytes().len());
}

/// A cookie file, and the same lines as fields of a response: what is kept can be sent, and comes back from a file.
pub fn cookies(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let url = Url::parse("https://www.example.com/dir/page").expect("a URL");
    let set = Jar::default();
    for line in text.lines() {
        let head = format!("HTTP/1.1 200 OK\r\nSet-Cookie: {line}\r\n\r\n");
        set.take(&url, &ResponseHead::parse(head.as_bytes(), &HeadLimits::default()).0);
    }
    let ends = ["max-age", "expires"].iter().any(|word| text.to_ascii_lowercase().contains(word));
    for jar in [Some(set).filter(|_| !ends), Jar::from_netscape(&text, 0).ok()].into_iter().flatten() {
        if let Some(cookies) = jar.header(&url) {
            let request = Request::builder("GET", &url).build().expect("a request");
            assert!(request.with_cookies(&cookies).is_ok(), "{cookies:?}");
        }
        let file = jar.to_netscape();
        let again = Jar::from_netscape(&file, 0).expect("our own file");
        let (known, found) = (jar.header(&url).unwrap_or_default(), again.header(&url).unwrap_or_default());
        let sorted = |text: &str| {
            let mut pairs: Vec<String> = text.split("; ").map(str::to_owned).collect();
            pairs.sort();
            pairs
        };
        assert_eq!((jar.len(), sorted(&known)), (again.len(), sorted(&found)), "{file:?}");
    }
}

/// Rules for crawlers: every verdict cites a line that is there, and nothing bars the file itself.
pub fn robots(data: &[u8]) {
    let robots = Robots::of_response(Some(200), data, "Mozilla/5.0 (compatible; fonds/0.1.0)");
    let lines = data.split(|byte| matches!(byte, b'\n' | b'\r')).count();
    let text = String::from_utf8_lossy(data);
    let file = Url::parse("https://example.com/robots.txt").expect("a URL");
    for path in text.split([':', ' ', '\n', '\r']).take(20).chain(["/", "/a"]) {
        let Ok(url) = file.join(path) else { continue };
        let verdict = robots.verdict(&url);
        assert_eq!(verdict, robots.verdict(&url), "the same twice");
        assert!(verdict.allowed || verdict.rule.is_some(), "{url}: no word why");
        let line =
            verdict.rule.and_then(|rule| rule.rsplit_once("(line ")?.1.strip_suffix(')')?.parse().ok());
        assert!(line.is_none_or(|line| (1..=lines).contains(&line)), "{url}: {line:?}");
    }
    assert!(robots.verdict(&file).allowed);
    let sitemaps = robots.sitemaps(&file);
    assert!(sitemaps.iter().all(|url| matches!(url.scheme(), "http" | "https") && url.fragment().is_none()));
}
