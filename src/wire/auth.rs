//! Authentication by name and password: Basic (RFC 7617) and Digest (RFC 7616), after the server asked for it.

use super::origins::Origins;
use super::request::Request;
use crate::message::head::ResponseHead;
use data_encoding::{BASE64, HEXLOWER};
use md5::Md5;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use url::Url;

/// A name and a password for the hosts that the user named.
///
/// They are sent to no other host, and to these only after a 401 asked for them. A host that refuses them is not
/// given them again.
pub struct Login {
    user: String,
    password: String,
    origins: Origins,
    known: Mutex<HashMap<String, Known>>,
}

/// What an origin asked for.
enum Known {
    Asks(Challenge, u32),
    /// It had them and asked again.
    Refused,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Challenge {
    Basic,
    Digest(Box<Digest>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Digest {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    hash: Hash,
    /// The algorithm as the server wrote it, if it did.
    algorithm: Option<String>,
    session: bool,
    /// With `qop=auth`, as all but the oldest servers ask.
    auth: bool,
    hides_user: bool,
    stale: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Md5,
    Sha256,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Login").field("origins", &self.origins).finish_non_exhaustive()
    }
}

impl Login {
    /// This name and password, for these origins.
    pub fn new(user: &str, password: &str, origins: Origins) -> Self {
        Self { user: user.to_owned(), password: password.to_owned(), origins, known: Mutex::default() }
    }

    /// True for a request that may be given them: to a named origin, without an `Authorization` of its own.
    pub(super) fn covers(&self, request: &Request) -> bool {
        self.origins.contains(request.url()) && request.field("Authorization").is_none()
    }

    /// The `Authorization` for an origin that asked before.
    pub(super) fn before_asked(&self, request: &Request) -> Option<String> {
        let mut known = self.lock();
        let Known::Asks(challenge, count) = known.get_mut(&key(request.url()))? else { return None };
        *count = count.saturating_add(1);
        Some(self.value(challenge, *count, request, &nonce()))
    }

    /// The `Authorization` for an origin that now asks with a 401; `sent` is what it was given and did not take. `None`
    /// where there is nothing more to say.
    pub(super) fn answer(
        &self,
        request: &Request,
        head: &ResponseHead,
        sent: Option<&str>,
    ) -> Option<String> {
        let challenge = best(head);
        let mut known = self.lock();
        let place = key(request.url());
        if sent.is_some() && !is_stale(challenge.as_ref(), sent) {
            known.insert(place, Known::Refused);
            return None;
        }
        if matches!(known.get(&place), Some(Known::Refused)) {
            return None;
        }
        let challenge = challenge?;
        let value = self.value(&challenge, 1, request, &nonce());
        known.insert(place, Known::Asks(challenge, 1));
        Some(value)
    }

    fn value(&self, challenge: &Challenge, count: u32, request: &Request, cnonce: &str) -> String {
        match challenge {
            Challenge::Basic => {
                format!("Basic {}", BASE64.encode(format!("{}:{}", self.user, self.password).as_bytes()))
            }
            Challenge::Digest(digest) => {
                digest.value(&self.user, &self.password, request.method(), request.target(), count, cnonce)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn nonce() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// True where the server wants the same once more with a newer nonce.
fn is_stale(challenge: Option<&Challenge>, sent: Option<&str>) -> bool {
    let Some(Challenge::Digest(digest)) = challenge else { return false };
    digest.stale && sent.is_some_and(|sent| !sent.contains(&quoted(&digest.nonce)))
}

/// The strongest challenge that can be met.
fn best(head: &ResponseHead) -> Option<Challenge> {
    let offered =
        head.fields.all("WWW-Authenticate").flat_map(|value| challenges(&String::from_utf8_lossy(value)));
    let rank = |challenge: &Challenge| match challenge {
        Challenge::Basic => 0,
        Challenge::Digest(digest) if digest.hash == Hash::Md5 => 1,
        Challenge::Digest(_) => 2,
    };
    offered.filter_map(|offer| offer.read()).max_by_key(rank)
}

/// A challenge as it was written.
#[derive(Debug, Default, PartialEq, Eq)]
struct Offer {
    scheme: String,
    parameters: Vec<(String, String)>,
}

impl Offer {
    fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    fn is(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    fn read(&self) -> Option<Challenge> {
        if self.scheme.eq_ignore_ascii_case("basic") {
            return Some(Challenge::Basic);
        }
        if !self.scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let algorithm = self.get("algorithm").map(str::to_owned);
        let name = algorithm.as_deref().unwrap_or("MD5").to_ascii_uppercase();
        let hash = match name.trim_end_matches("-SESS") {
            "MD5" => Hash::Md5,
            "SHA-256" => Hash::Sha256,
            _ => return None,
        };
        let auth = match self.get("qop") {
            None => false,
            Some(list) => {
                list.split(',').any(|qop| qop.trim().eq_ignore_ascii_case("auth")).then_some(true)?
            }
        };
        Some(Challenge::Digest(Box::new(Digest {
            realm: self.get("realm").unwrap_or_default().to_owned(),
            nonce: self.get("nonce")?.to_owned(),
            opaque: self.get("opaque").map(str::to_owned),
            hash,
            session: name.ends_with("-SESS"),
            algorithm,
            auth,
            hides_user: self.is("userhash"),
            stale: self.is("stale"),
        })))
    }
}

/// Challenges of one field value: schemes, each with its parameters (RFC 9110 §11.6.1). What is odd is passed over.
fn challenges(value: &str) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    let mut rest = value.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (token, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let after = after.trim_start_matches([' ', '\t']);
        match (after.strip_prefix('='), offers.last_mut()) {
            (Some(after), Some(offer)) => {
                let (text, after) = value_of(after.trim_start_matches([' ', '\t']));
                offer.parameters.push((token.to_owned(), text));
                rest = after;
            }
            (Some(after), None) => rest = after,
            (None, _) => {
                offers.push(Offer { scheme: token.to_owned(), parameters: Vec::new() });
                rest = after;
            }
        }
        rest = rest.trim_start_matches([' ', '\t', ',']);
    }
    offers
}

/// A token, or a quoted string without its quotes and backslashes; and what follows.
fn value_of(text: &str) -> (String, &str) {
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        let (token, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        return (token.to_owned(), rest);
    };
    let mut value = String::new();
    let mut chars = inside.chars();
    while let Some(char) = chars.next() {
        match char {
            '"' => break,
            '\\' => value.extend(chars.next()),
            char => value.push(char),
        }
    }
    (value, chars.as_str())
}

impl Digest {
    /// RFC 7616 §3.4.
    fn value(&self, user: &str, password: &str, method: &str, uri: &str, count: u32, cnonce: &str) -> String {
        let h = |text: String| self.hash.hex(&text);
        let mut secret = h(format!("{user}:{}:{password}", self.realm));
        if self.session {
            secret = h(format!("{secret}:{}:{cnonce}", self.nonce));
        }
        let request = h(format!("{method}:{uri}"));
        let response = match self.auth {
            true => h(format!("{secret}:{}:{count:08x}:{cnonce}:auth:{request}", self.nonce)),
            false => h(format!("{secret}:{}:{request}", self.nonce)),
        };
        let user = if self.hides_user { h(format!("{user}:{}", self.realm)) } else { user.to_owned() };
        let mut parts = vec![
            format!("username={}", quoted(&user)),
            format!("realm={}", quoted(&self.realm)),
            format!("nonce={}", quoted(&self.nonce)),
            format!("uri={}", quoted(uri)),
            format!("response=\"{response}\""),
        ];
        parts.extend(self.algorithm.as_ref().map(|name| format!("algorithm={name}")));
        parts.extend(self.opaque.as_ref().map(|opaque| format!("opaque={}", quoted(opaque))));
        if self.auth {
            parts.push(format!("qop=auth, nc={count:08x}, cnonce=\"{cnonce}\""));
        } else if self.session {
            parts.push(format!("cnonce=\"{cnonce}\""));
        }
        if self.hides_user {
            parts.push("userhash=true".to_owned());
        }
        format!("Digest {}", parts.join(", "))
    }
}

impl Hash {
    fn hex(self, text: &str) -> String {
        match self {
            Self::Md5 => HEXLOWER.encode(&Md5::digest(text)),
            Self::Sha256 => HEXLOWER.encode(&Sha256::digest(text)),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::message::head::HeadLimits;

    const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    const ASKED: &str = "realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
        nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

    fn digest(value: &str) -> Digest {
        let offers = challenges(value);
        match offers.iter().find_map(Offer::read) {
            Some(Challenge::Digest(digest)) => *digest,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_examples_of_the_rfc_come_out() {
        let cases = [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ];
        for (algorithm, response) in cases {
            let digest = digest(&format!("Digest {ASKED}, algorithm={algorithm}"));
            let value = digest.value("Mufasa", "Circle of Life", "GET", "/dir/index.html", 1, CNONCE);
            assert!(value.contains(&format!("response=\"{response}\"")), "{value}");
            assert!(
                value.contains("qop=auth, nc=00000001, cnonce=") && value.contains("opaque=\"FQhe"),
                "{value}"
            );
        }
    }

    #[test]
    fn challenges_are_told_apart_and_the_strongest_is_met() {
        let offers = challenges(
            "Negotiate, Basic realm=\"a, \\\"b\\\"\", charset=\"UTF-8\", Digest realm=x,nonce = \"n\"",
        );
        let schemes: Vec<&str> = offers.iter().map(|offer| offer.scheme.as_str()).collect();
        assert_eq!(schemes, ["Negotiate", "Basic", "Digest"]);
        assert_eq!((offers[1].get("realm"), offers[2].get("nonce")), (Some("a, \"b\""), Some("n")));
        let head = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nWWW-Authenticate: Digest nonce=1, algorithm=SHA-256\r\n\
                    WWW-Authenticate: Digest nonce=2\r\nWWW-Authenticate: Digest nonce=3, algorithm=WHAT\r\n\r\n";
        let head = ResponseHead::parse(head.as_bytes(), &HeadLimits::default()).0;
        let Some(Challenge::Digest(digest)) = best(&head) else { panic!() };
        assert_eq!((digest.nonce.as_str(), digest.hash), ("1", Hash::Sha256));
        assert!(
            challenges("Digest realm=x, qop=\"auth-int\", nonce=1").iter().find_map(Offer::read).is_none()
        );
        for odd in
            ["", ",,", "=", "Digest", "Basic realm=\"never ends", "a=b", "Digest =,=\"", "\u{e9} \"\u{e9}"]
        {
            challenges(odd);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_field_stops_the_reading(text in "[a-zA-Z =,\"\\\\\t\u{e9}0-9-]{0,60}") {
            for offer in challenges(&text) {
                proptest::prop_assert!(!offer.scheme.contains(['=', ',', ' ']));
            }
        }

        #[test]
        fn a_parameter_comes_back_as_it_was_quoted(value in "[ -~\u{e9}]{0,30}") {
            let offers = challenges(&format!("Digest a={}, b=1", quoted(&value)));
            proptest::prop_assert_eq!(offers.first().and_then(|offer| offer.get("a")), Some(value.as_str()));
        }
    }

    #[test]
    fn a_host_that_refuses_is_not_asked_again() {
        let url = Url::parse("https://h.example/x").unwrap();
        let login = Login::new("u", "p", Origins::of(std::slice::from_ref(&url)));
        let request = Request::builder("GET", &url).build().unwrap();
        let head = |fields: &str| {
            let text = format!("HTTP/1.1 401 No\r\nWWW-Authenticate: {fields}\r\n\r\n");
            ResponseHead::parse(text.as_bytes(), &HeadLimits::default()).0
        };
        assert_eq!(login.before_asked(&request), None, "nobody asked yet");
        let first = login.answer(&request, &head("Digest realm=r, nonce=1, qop=auth"), None).unwrap();
        assert!(first.contains("nc=00000001"), "{first}");
        let second = login.before_asked(&request).unwrap();
        assert!(second.contains("nc=00000002"), "{second}");
        let stale = head("Digest realm=r, nonce=2, qop=auth, stale=true");
        let third = login.answer(&request, &stale, Some(&second)).unwrap();
        assert!(third.contains("nonce=\"2\"") && third.contains("nc=00000001"), "{third}");
        assert_eq!(login.answer(&request, &head("Digest realm=r, nonce=3, qop=auth"), Some(&third)), None);
        assert_eq!(login.before_asked(&request), None);
        assert_eq!(login.answer(&request, &head("Basic realm=r"), None), None);
    }
}
