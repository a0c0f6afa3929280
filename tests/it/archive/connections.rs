//! Which connection carries what: kept ones, other addresses, IPv6.

use super::{assert_wire, capture, exchange};
use crate::common::cli::{archive, fonds};
use crate::common::collection::Collection;
use crate::common::server::{Server, Step};
use crate::common::site::{self, ok, serve};
use std::collections::HashMap;
use tempfile::tempdir;

#[test]
fn one_connection_carries_a_page_and_all_it_needs_from_its_host() {
    let server = serve(site::small());
    let dir = tempdir().unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&server.url("/")], &[], 0);
    assert_eq!(collection.log_of("connection").len(), 1);
    for path in ["/", "/style.css", "/a.png", "/b.png"] {
        assert_eq!(server.served(path)[0].connection, 0, "{path}");
    }
}

#[test]
fn a_kept_connection_that_closes_before_a_byte_is_replaced_once_and_the_try_noted() {
    let once = vec![Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec()), Step::Next];
    let server =
        serve(vec![("/1", once.clone()), ("/2", vec![Step::OnReuse(vec![Step::Drop]), once[0].clone()])]);
    let dir = tempdir().unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&server.url("/1"), &server.url("/2")], &[], 0);
    let served = server.served("/2");
    assert_eq!(served.iter().map(|s| s.connection).collect::<Vec<_>>(), [0, 1]);
    let (response, _) = exchange(&collection, &server.url("/2"));
    assert_eq!(response.block, served[1].sent);
    let notes = String::from_utf8(collection.one("metadata", &server.url("/2")).block).unwrap();
    assert!(notes.contains("attempt: http over a kept connection"), "{notes}");
}

#[test]
fn the_next_address_is_tried_where_one_refuses() {
    let server = serve(vec![("/", ok("text/plain", "x"))]);
    let dir = tempdir().unwrap();
    let out = dir.path().join("c");
    let options = [
        "--resolve",
        "localhost:127.0.0.9",
        "--resolve",
        "localhost:127.0.0.1",
        "--resolve",
        "localhost:::1",
    ];
    let mut args = vec!["archive", "-o", out.to_str().unwrap()];
    let url = server.url("/");
    args.extend(options);
    args.push(url.as_str());
    fonds(args).expect(0);
    let collection = Collection::new(&out);
    assert_eq!(collection.one("response", &url).field("WARC-IP-Address"), "127.0.0.1");
    let notes = String::from_utf8(collection.one("metadata", &url).block).unwrap();
    let refused = notes.find("127.0.0.9").unwrap();
    assert!(refused < notes.find("[::1]").unwrap(), "the families by turns: {notes}");
}

/// Connections to a listener that takes none, until one more hangs.
#[cfg(target_os = "linux")]
fn silent(addr: std::net::SocketAddr) -> Vec<Box<dyn std::any::Any>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let listener = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(addr).unwrap();
        socket.listen(1).unwrap()
    });
    let mut held: Vec<Box<dyn std::any::Any>> = vec![Box::new(runtime), Box::new(listener)];
    let limit = std::time::Duration::from_millis(300);
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&addr, limit) {
        held.push(Box::new(stream));
    }
    held
}

#[test]
#[cfg(target_os = "linux")]
fn an_address_that_does_not_answer_costs_one_wait() {
    let server = serve(vec![("/", ok("text/plain", "x"))]);
    let (dir, url) = (tempdir().unwrap(), server.url("/"));
    let _held = silent(([127, 0, 0, 9], server.addr.port()).into());
    let out = dir.path().join("c");
    let rules = ["--resolve", "localhost:127.0.0.9", "--resolve", "localhost:127.0.0.1", "--timeout", "1"];
    let args = ["archive", "-o", out.to_str().unwrap(), url.as_str()];
    fonds(args.iter().chain(&rules)).expect(0);
    let collection = Collection::new(&out);
    assert_eq!(collection.one("response", &url).field("WARC-IP-Address"), "127.0.0.1");
    let notes = String::from_utf8(collection.one("metadata", &url).block).unwrap();
    assert!(
        notes.contains(&format!("cannot connect to 127.0.0.9:{} within 1 s", server.addr.port())),
        "{notes}"
    );
}

#[test]
fn an_ipv6_address_is_reached_and_written_as_one() {
    let scripts = HashMap::from([
        ("/".to_owned(), ok("text/html", "<img src=a.png>")),
        ("/a.png".to_owned(), ok("image/png", "x")),
    ]);
    let Some(server) = Server::ipv6(scripts) else {
        println!("skipped: this machine has no ::1");
        return;
    };
    let url = url::Url::parse(&format!("http://[::1]:{}/", server.addr.port())).unwrap();
    let dir = tempdir().unwrap();
    let out = dir.path().join("c");
    archive(&out, &[&url], &[]).expect(0);
    let collection = Collection::new(&out);
    let (response, request) = exchange(&collection, &url);
    assert_wire(&server, "/", &response, &request);
    assert_eq!(response.field("WARC-IP-Address"), "::1");
    assert!(
        String::from_utf8_lossy(&request.block)
            .contains(&format!("\r\nHost: [::1]:{}\r\n", server.addr.port()))
    );
    exchange(&collection, &url.join("a.png").unwrap());
    assert_eq!(collection.log_of("connection")[0]["host"], "::1");
    fonds(["verify", "--strict", "--require", "2", out.to_str().unwrap()]).expect(0);
}
