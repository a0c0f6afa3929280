//! Proxies as small as they can be, that lead everywhere to loopback and keep what they were asked.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A running proxy; it stops with the process.
pub(crate) struct Proxy {
    pub addr: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// An HTTP proxy; with a password it wants `Proxy-Authorization: Basic …` of that.
    pub(crate) fn http(password: Option<&str>) -> Self {
        let password = password.map(|text| data_encoding::BASE64.encode(text.as_bytes()));
        Self::start(move |stream, asked| http(stream, password.as_deref(), &[], asked))
    }

    /// An HTTP proxy that leads each of these ports to another one.
    pub(crate) fn of_ports<const N: usize>(ports: [(u16, u16); N]) -> Self {
        Self::start(move |stream, asked| http(stream, None, &ports, asked))
    }

    /// A SOCKS5 proxy, with or without name and password.
    pub(crate) fn socks(user: Option<(&'static str, &'static str)>) -> Self {
        Self::start(move |stream, asked| socks(stream, user, asked))
    }

    fn start(visit: impl Fn(TcpStream, &Mutex<Vec<String>>) -> Option<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (addr, asked) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let (visit, heard) = (Arc::new(visit), asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (visit, heard) = (visit.clone(), heard.clone());
                std::thread::spawn(move || visit(stream.unwrap(), &heard));
            }
        });
        Self { addr, asked }
    }

    pub(crate) fn url(&self, scheme: &str, user: &str) -> String {
        format!("{scheme}://{user}{}", self.addr)
    }

    /// Heads of requests, or `name HOST PORT` and `address IP PORT`, in the order asked.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn http(
    mut client: TcpStream,
    password: Option<&str>,
    ports: &[(u16, u16)],
    asked: &Mutex<Vec<String>>,
) -> Option<()> {
    let led =
        |port: u16| ports.iter().find(|(from, _)| *from == port).map_or(port, |(_, to)| *to).to_string();
    let head = head(&mut client)?;
    asked.lock().unwrap().push(head.clone());
    if password
        .is_some_and(|password| !head.contains(&format!("\r\nProxy-Authorization: Basic {password}\r\n")))
    {
        let answer = "HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"gate\"\r\nContent-Length: 2\r\n\r\nno";
        return client.write_all(answer.as_bytes()).ok();
    }
    let (method, rest) = head.split_once(' ')?;
    let (target, rest) = rest.split_once(' ')?;
    if method == "CONNECT" {
        let port = target.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let Some(server) = port.and_then(|port| local(&led(port))) else {
            return client.write_all(b"HTTP/1.1 502 No way there\r\nContent-Length: 0\r\n\r\n").ok();
        };
        client.write_all(b"HTTP/1.1 200 Go ahead\r\nVia: test\r\n\r\n").ok()?;
        return relay(client, server);
    }
    let url = url::Url::parse(target).ok()?;
    let mut server = local(&led(url.port_or_known_default()?))?;
    server.write_all(format!("{method} {} {rest}", url.path()).as_bytes()).ok()?;
    relay(client, server)
}

fn head(stream: &mut TcpStream) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// RFC 1928, RFC 1929.
fn socks(mut client: TcpStream, user: Option<(&str, &str)>, asked: &Mutex<Vec<String>>) -> Option<()> {
    let count = take(&mut client, 2)?[1];
    let methods = take(&mut client, count.into())?;
    let method = if user.is_some() { 2 } else { 0 };
    if !methods.contains(&method) {
        return client.write_all(&[5, 0xff]).ok();
    }
    client.write_all(&[5, method]).ok()?;
    if let Some(user) = user {
        let length = take(&mut client, 2)?[1];
        let name = take(&mut client, length.into())?;
        let length = take(&mut client, 1)?[0];
        let word = take(&mut client, length.into())?;
        let is_good = (name.as_slice(), word.as_slice()) == (user.0.as_bytes(), user.1.as_bytes());
        client.write_all(&[1, u8::from(!is_good)]).ok()?;
        is_good.then_some(())?;
    }
    let host = match take(&mut client, 4)?[3] {
        1 => {
            format!("address {}", std::net::Ipv4Addr::from(<[u8; 4]>::try_from(take(&mut client, 4)?).ok()?))
        }
        4 => format!(
            "address {}",
            std::net::Ipv6Addr::from(<[u8; 16]>::try_from(take(&mut client, 16)?).ok()?)
        ),
        _ => {
            let length = take(&mut client, 1)?[0];
            format!("name {}", String::from_utf8(take(&mut client, length.into())?).ok()?)
        }
    };
    let port = u16::from_be_bytes(take(&mut client, 2)?.try_into().ok()?);
    asked.lock().unwrap().push(format!("{host} {port}"));
    let server = local(&port.to_string());
    let code = if server.is_some() { 0 } else { 5 };
    client.write_all(&[5, code, 0, 1, 127, 0, 0, 1, 0, 0]).ok()?;
    relay(client, server?)
}

fn take(stream: &mut TcpStream, count: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn local(port: &str) -> Option<TcpStream> {
    TcpStream::connect(("127.0.0.1", port.parse::<u16>().ok()?)).ok()
}

fn relay(client: TcpStream, server: TcpStream) -> Option<()> {
    let (mut from, mut to) = (client.try_clone().ok()?, server.try_clone().ok()?);
    let up = std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (server, client);
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
    up.join().ok()
}
