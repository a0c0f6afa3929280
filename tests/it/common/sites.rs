//! Whole sites on loopback, for crawls: any number of hosts, answers made by a closure, and a log of what was asked when.
//!
//! ```ignore
//! let sites = Sites::serve(hosts([("a.test", graph(50)), ("b.test", robots("User-agent: *\nDisallow: /", graph(5)))]));
//! archive(&out, &[&sites.url("a.test", "/")], &sites.resolve(&["a.test", "b.test"]).iter().map(…));
//! assert_eq!(sites.most_at_once("a.test"), 1);
//! ```

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What answers a request.
pub(crate) type Answer = Box<dyn Fn(&Request) -> Response + Send + Sync>;

/// The head of a request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// From `Host`, without the port.
    pub host: String,
    /// Path and query, as asked.
    pub path: String,
    /// How often this host was asked before, by any path.
    pub before: usize,
    fields: Vec<(String, String)>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Path without its query.
    pub(crate) fn bare(&self) -> &str {
        self.path.split('?').next().unwrap()
    }
}

/// What is sent back, with a Content-Length.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Time from the request to the first byte of the answer.
    pub latency: Duration,
}

impl Response {
    pub(crate) fn new(status: u16, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        let fields = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self { status, fields, body: body.as_ref().to_vec(), latency: Duration::ZERO }
    }

    pub(crate) fn html(body: impl AsRef<[u8]>) -> Self {
        Self::new(200, "text/html; charset=utf-8", body)
    }

    /// A page with this title and these links.
    pub(crate) fn page(title: &str, links: impl IntoIterator<Item = String>) -> Self {
        let links: String = links
            .into_iter()
            .map(|link| format!("<p><a href=\"{}\">to</a>", link.replace('&', "&amp;")))
            .collect();
        Self::html(format!("<!DOCTYPE html><title>{title}</title><h1>{title}</h1>{links}"))
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "text/html", "<title>Not found</title>")
    }

    pub(crate) fn moved(to: &str) -> Self {
        Self::new(302, "text/html", "").field("Location", to)
    }

    pub(crate) fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn after(self, latency: Duration) -> Self {
        Self { latency, ..self }
    }
}

/// One request and when it was served, counted from the start of the server.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub host: String,
    pub path: String,
    pub status: u16,
    /// Which connection it came by, from 0.
    pub connection: usize,
    /// When its head had arrived.
    pub arrived: Duration,
    /// When its answer began to be sent; later than everything where it is not yet.
    pub answered: Duration,
}

/// A running server; it stops with the process.
pub(crate) struct Sites {
    pub addr: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    answer: Answer,
    begin: Instant,
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
}

impl Sites {
    /// On 127.0.0.1, any port.
    pub(crate) fn serve(answer: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        Self::serve_at("127.0.0.1".parse().unwrap(), answer)
    }

    /// On any address of this machine: all of 127.0.0.0/8 on Linux.
    pub(crate) fn serve_at(
        address: IpAddr,
        answer: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Self {
        Self::serve_on((address, 0).into(), answer)
    }

    /// On this address and port; 0 for any.
    pub(crate) fn serve_on(
        address: SocketAddr,
        answer: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            answer: Box::new(answer),
            begin: Instant::now(),
            asked: Mutex::default(),
            connections: AtomicUsize::new(0),
        });
        let serving = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = serving.clone();
                // A client that hangs up has seen enough.
                std::thread::spawn(move || visit(stream.unwrap(), &shared));
            }
        });
        Self { addr, shared }
    }

    /// The URL of a path on a host; the client must be told where that is ([`Sites::resolve`]).
    pub(crate) fn url(&self, host: &str, path: &str) -> url::Url {
        url::Url::parse(&format!("http://{host}:{}{path}", self.addr.port())).unwrap()
    }

    /// Options that lead to this server for these hosts.
    pub(crate) fn resolve(&self, hosts: &[&str]) -> Vec<String> {
        hosts.iter().flat_map(|host| ["--resolve".to_owned(), format!("{host}:{}", self.addr.ip())]).collect()
    }

    /// All requests, in the order of their arrival.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    pub(crate) fn asked_of(&self, host: &str) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.host == host).collect()
    }

    /// Paths in the order asked.
    pub(crate) fn paths(&self, host: &str) -> Vec<String> {
        self.asked_of(host).into_iter().map(|asked| asked.path).collect()
    }

    /// Most requests of a host that were being answered at one time.
    pub(crate) fn most_at_once(&self, host: &str) -> usize {
        let asked = self.asked_of(host);
        let at = |time| asked.iter().filter(|one| one.arrived <= time && time < one.answered).count();
        asked.iter().map(|one| at(one.arrived)).max().unwrap_or(0)
    }

    /// Most hosts that were being asked at one time.
    pub(crate) fn most_hosts_at_once(&self) -> usize {
        let asked = self.asked();
        let at = |time| {
            let open = asked.iter().filter(|one| one.arrived <= time && time < one.answered);
            open.map(|one| one.host.as_str()).collect::<std::collections::BTreeSet<_>>().len()
        };
        asked.iter().map(|one| at(one.arrived)).max().unwrap_or(0)
    }

    /// Least time from the arrival of one request of a host to that of the next; `None` below two.
    pub(crate) fn least_gap(&self, host: &str) -> Option<Duration> {
        let asked = self.asked_of(host);
        asked.iter().zip(asked.iter().skip(1)).map(|(one, next)| next.arrived - one.arrived).min()
    }

    /// Least time from an answer of this status to the next request of its host; `None` where none followed.
    pub(crate) fn least_wait_after(&self, host: &str, status: u16) -> Option<Duration> {
        let asked = self.asked_of(host);
        let next = |one: &Asked| asked.iter().map(|other| other.arrived).find(|time| *time > one.answered);
        let waits = asked.iter().filter(|one| one.status == status);
        waits.filter_map(|one| Some(next(one)? - one.answered)).min()
    }
}

fn visit(stream: TcpStream, shared: &Shared) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let connection = shared.connections.fetch_add(1, Ordering::Relaxed);
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut out = stream;
    loop {
        let mut request = request(&mut reader)?;
        let place = shared.arrived(&mut request, connection);
        let response = (shared.answer)(&request);
        std::thread::sleep(response.latency);
        // Before it is sent: a client that has it may be faster with its next than this thread with its log.
        shared.answered(place, response.status);
        out.write_all(&bytes(&response)).ok()?;
        if request.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            return None;
        }
    }
}

impl Shared {
    /// Puts it into the log; gives its place there.
    fn arrived(&self, request: &mut Request, connection: usize) -> usize {
        let mut log = self.asked.lock().unwrap();
        request.before = log.iter().filter(|asked| asked.host == request.host).count();
        log.push(Asked {
            host: request.host.clone(),
            path: request.path.clone(),
            status: 0,
            connection,
            arrived: self.begin.elapsed(),
            answered: Duration::MAX,
        });
        log.len() - 1
    }

    fn answered(&self, place: usize, status: u16) {
        let mut log = self.asked.lock().unwrap();
        let asked = log.get_mut(place).unwrap();
        (asked.status, asked.answered) = (status, self.begin.elapsed());
    }
}

/// The next request's head; `None` at the end of the connection.
fn request(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        Some(line.trim_end().to_owned())
    };
    let path = line()?.split(' ').nth(1)?.to_owned();
    let mut fields = Vec::new();
    while let Some((name, value)) = line()?.split_once(':') {
        fields.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut request = Request { host: String::new(), path, before: 0, fields };
    let host = request.header("Host").unwrap_or_default();
    request.host = host.rsplit_once(':').map_or(host, |(name, _)| name).to_owned();
    Some(request)
}

fn bytes(response: &Response) -> Vec<u8> {
    let fields: String = response.fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "HTTP/1.1 {} As it is\r\n{fields}Content-Length: {}\r\n\r\n",
        response.status,
        response.body.len()
    );
    [head.as_bytes(), &response.body].concat()
}

/// Each host by its own answer; any other host is 404.
pub(crate) fn hosts<const N: usize>(hosts: [(&str, Answer); N]) -> Answer {
    let hosts: HashMap<String, Answer> =
        hosts.into_iter().map(|(name, answer)| (name.to_owned(), answer)).collect();
    Box::new(move |request| {
        hosts.get(&request.host).map_or_else(Response::not_found, |answer| answer(request))
    })
}

/// This robots.txt before anything else.
pub(crate) fn robots(text: &str, rest: Answer) -> Answer {
    let text = text.to_owned();
    Box::new(move |request| match request.bare() {
        "/robots.txt" => Response::new(200, "text/plain", &text),
        _ => rest(request),
    })
}

/// Every answer so late.
pub(crate) fn slow(latency: Duration, rest: Answer) -> Answer {
    Box::new(move |request| rest(request).after(latency))
}

/// What a `Retry-After` says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Retry {
    Unsaid,
    Seconds(u64),
    /// As a date, so many seconds from the answer.
    Date(u64),
}

/// After `burst` requests of a host, the next `refused` are answered with 429; then all is well again.
pub(crate) fn limited(burst: usize, refused: usize, retry: Retry, rest: Answer) -> Answer {
    Box::new(move |request| {
        if !(burst..burst + refused).contains(&request.before) {
            return rest(request);
        }
        let refusal = Response::new(429, "text/plain", "slower");
        match retry {
            Retry::Unsaid => refusal,
            Retry::Seconds(seconds) => refusal.field("Retry-After", &seconds.to_string()),
            Retry::Date(seconds) => refusal.field("Retry-After", &http_date(seconds)),
        }
    })
}

/// RFC 9110 §5.6.7, from now; rounded up to a whole second, so that no sooner is meant.
fn http_date(seconds: u64) -> String {
    let time = jiff::Timestamp::now() + Duration::from_secs(seconds + 1);
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Pages that a page of [`graph`] links ahead.
const FAN_OUT: usize = 4;
/// Different images of [`graph`].
const IMAGES: usize = 8;

/// A site of `pages` pages, all of them linked from `/`, each with a style, what that imports and shows, and an image.
pub(crate) fn graph(pages: usize) -> Answer {
    Box::new(move |request| match request.bare() {
        "/style.css" => {
            Response::new(200, "text/css", "@import 'more.css'; h1 { background: url(img/back.png) }")
        }
        "/more.css" => Response::new(200, "text/css", "p { color: black }"),
        path if path.starts_with("/img/") => Response::new(200, "image/png", image(path)),
        path => (0..pages)
            .find(|n| graph_path(*n) == path)
            .map_or_else(Response::not_found, |n| graph_page(n, pages)),
    })
}

/// Paths of the pages of `graph(pages)`.
pub(crate) fn graph_pages(pages: usize) -> Vec<String> {
    (0..pages).map(graph_path).collect()
}

/// Paths of all that the pages of `graph(pages)` need.
pub(crate) fn graph_requisites(pages: usize) -> Vec<String> {
    let images = (0..pages.min(IMAGES)).map(|n| format!("/img/{n}.png"));
    images.chain(["/style.css", "/more.css", "/img/back.png"].map(str::to_owned)).collect()
}

fn graph_path(number: usize) -> String {
    if number == 0 { "/".to_owned() } else { format!("/page/{number}.html") }
}

/// Links ahead as in a tree, back to the root, and across.
fn graph_page(number: usize, pages: usize) -> Response {
    let ahead = (number * FAN_OUT + 1..=number * FAN_OUT + FAN_OUT).filter(|n| *n < pages);
    let links: String = ahead
        .chain([0, (number * 7 + 3) % pages])
        .map(|n| format!("<li><a href=\"{}#part\">page {n}</a>", graph_path(n)))
        .collect();
    Response::html(format!(
        "<!DOCTYPE html><title>Page {number}</title><link rel=stylesheet href=/style.css><h1>Page {number}</h1>\
         <p>The text of page {number}, which is on no other.<img src=/img/{}.png alt=\"\"><ul>{links}</ul>",
        number % IMAGES
    ))
}

/// The start of a PNG, of other bytes for each path.
fn image(path: &str) -> Vec<u8> {
    [super::site::PNG, path.as_bytes()].concat()
}

/// A trap: every month links the one before and the one after, and so without end.
pub(crate) fn calendar() -> Answer {
    Box::new(|request| {
        let month = request.path.strip_prefix("/?month=").unwrap_or("2026-11");
        let Some((year, month)) = month
            .split_once('-')
            .and_then(|(year, month)| Some((year.parse::<i64>().ok()?, month.parse::<i64>().ok()?)))
        else {
            return Response::not_found();
        };
        let link =
            |months: i64| format!("/?month={:04}-{:02}", months.div_euclid(12), months.rem_euclid(12) + 1);
        let months = year * 12 + month - 1;
        Response::page(&format!("{year}-{month}"), [link(months - 1), link(months + 1)])
    })
}

/// A trap: so many pages, but each time one is shown its links carry a new session, in an argument of this name.
pub(crate) fn session(pages: usize, name: &str) -> Answer {
    let name = name.to_owned();
    let sessions = AtomicUsize::new(0);
    Box::new(move |request| {
        let session = sessions.fetch_add(1, Ordering::Relaxed);
        match request.bare() {
            "/robots.txt" => Response::not_found(),
            path => {
                // As random as such ids look.
                let id = format!(
                    "{:032x}",
                    (session as u128 + 1).wrapping_mul(0x9f8a_7b6c_5d4e_3f2a_1b0c_9d8e_7f6a_5b4d)
                );
                Response::page(path, (0..pages).map(|n| format!("/page{n}?{name}={id}")))
            }
        }
    })
}

/// A trap: each page links the next of a series that has no end.
pub(crate) fn series() -> Answer {
    Box::new(|request| {
        let number = request.path.strip_prefix("/next/").and_then(|n| n.parse::<u64>().ok());
        match (request.bare(), number) {
            ("/", _) => Response::page("start", ["/next/1".to_owned()]),
            (_, Some(n)) => Response::page(&format!("part {n}"), [format!("/next/{}", n + 1)]),
            _ => Response::not_found(),
        }
    })
}

/// A trap: every path is a page, with a relative link that leads one step deeper.
pub(crate) fn endless() -> Answer {
    Box::new(|request| match request.bare() {
        "/robots.txt" => Response::not_found(),
        path => Response::page(path, ["deeper/".to_owned()]),
    })
}

/// Head and body that a plain request gets.
#[cfg(test)]
fn get(stream: &mut BufReader<TcpStream>, host: &str, path: &str) -> (String, Vec<u8>) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}:1\r\n\r\n");
    stream.get_mut().write_all(request.as_bytes()).unwrap();
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut head).unwrap(), 0, "{head}");
    }
    let length = head.split("Content-Length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    std::io::Read::read_exact(stream, &mut body).unwrap();
    (head, body)
}

#[cfg(test)]
fn connect(sites: &Sites) -> BufReader<TcpStream> {
    BufReader::new(TcpStream::connect(sites.addr).unwrap())
}

#[test]
fn the_graph_is_all_linked_and_needs_what_it_says() {
    let sites = Sites::serve(hosts([("a.test", graph(40))]));
    let mut stream = connect(&sites);
    let (mut seen, mut waiting) = (std::collections::BTreeSet::new(), vec!["/".to_owned()]);
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let (head, body) = get(&mut stream, "a.test", &path);
        assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {head}");
        let text = String::from_utf8_lossy(&body).into_owned();
        let links =
            text.split(['"', '=', ' ', '>', '#']).filter(|part| part.starts_with('/')).map(str::to_owned);
        waiting.extend(links);
        if path == "/style.css" {
            waiting.extend(["/more.css".to_owned(), "/img/back.png".to_owned()]);
        }
    }
    let wanted: std::collections::BTreeSet<String> =
        graph_pages(40).into_iter().chain(graph_requisites(40)).collect();
    assert_eq!(seen, wanted);
    assert_eq!(sites.asked_of("a.test").len(), 51);
    assert!(get(&mut stream, "b.test", "/").0.starts_with("HTTP/1.1 404 "));
    assert!(sites.asked().iter().all(|asked| asked.connection == 0));
}

#[test]
fn what_is_asked_at_once_and_how_far_apart_is_counted_by_host() {
    let sites = Sites::serve_at(
        "127.0.0.9".parse().unwrap(),
        slow(Duration::from_millis(200), hosts([("a.test", graph(9)), ("b.test", endless())])),
    );
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| get(&mut connect(&sites), "a.test", "/"));
        }
        scope.spawn(|| {
            let mut stream = connect(&sites);
            get(&mut stream, "b.test", "/");
            get(&mut stream, "b.test", "/deeper/");
        });
    });
    assert_eq!(sites.most_at_once("a.test"), 3);
    assert_eq!(sites.most_at_once("b.test"), 1);
    assert_eq!(sites.paths("b.test"), ["/", "/deeper/"]);
    assert!(sites.least_gap("b.test").unwrap() >= Duration::from_millis(200));
    assert_eq!(sites.resolve(&["a.test"]), ["--resolve", "a.test:127.0.0.9"]);
}

#[test]
fn a_limited_host_refuses_after_its_burst_and_then_no_more() {
    let answer = robots("User-agent: *", limited(1, 2, Retry::Date(5), graph(3)));
    let sites = Sites::serve(answer);
    let mut stream = connect(&sites);
    let heads: Vec<String> = (0..4).map(|_| get(&mut stream, "a.test", "/").0).collect();
    let statuses: Vec<&str> = heads.iter().map(|head| &head[9..12]).collect();
    assert_eq!(statuses, ["200", "429", "429", "200"]);
    assert!(heads[1].contains("Retry-After: ") && heads[1].contains(" GMT\r\n"), "{}", heads[1]);
    assert!(sites.least_wait_after("a.test", 429).unwrap() < Duration::from_secs(5));
    assert_eq!(get(&mut stream, "a.test", "/robots.txt").1, b"User-agent: *");
}

#[test]
fn traps_have_no_end() {
    let sites =
        Sites::serve(hosts([("c.test", calendar()), ("s.test", session(3, "sid")), ("e.test", endless())]));
    let mut stream = connect(&sites);
    let mut page = |host, path| String::from_utf8(get(&mut stream, host, path).1).unwrap();
    assert!(page("c.test", "/?month=2026-12").contains("\"/?month=2027-01\""));
    assert_ne!(page("s.test", "/"), page("s.test", "/"));
    assert!(page("e.test", "/deeper/deeper/").contains("\"deeper/\""));
}
