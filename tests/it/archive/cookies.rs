//! Cookies: taken, sent back, read from a file and written to one.

use super::capture;
use crate::common::cli::{archive, fonds};
use crate::common::server::{Server, Step};
use crate::common::site::{answer, moved, ok, serve};
use std::fs;
use tempfile::tempdir;

fn sent(server: &Server, path: &str) -> Option<String> {
    let request = String::from_utf8(server.served(path)[0].request.clone()).unwrap();
    request.lines().find_map(|line| line.strip_prefix("Cookie: ")).map(str::to_owned)
}

fn site() -> Server {
    let fields = "Content-Type: text/html\r\nSet-Cookie: id=fresh-1\r\nSet-Cookie: deep=2; Path=/sub; HttpOnly\r\n\
                  Set-Cookie: long=4; Max-Age=100000\r\nSet-Cookie: gone=5; Max-Age=0\r\n";
    let page = "<img src=a.png><img src=sub/b.png>";
    serve(vec![
        ("/", answer("200 OK", fields, page)),
        ("/a.png", ok("image/png", "x")),
        ("/sub/b.png", ok("image/png", "x")),
    ])
}

#[test]
fn what_a_server_sets_it_gets_back_where_it_belongs() {
    let (server, dir) = (site(), tempdir().unwrap());
    capture(&dir.path().join("a"), &[&server.url("/")], &[], 0);
    assert_eq!(sent(&server, "/"), None);
    assert_eq!(sent(&server, "/a.png").unwrap(), "id=fresh-1; long=4");
    assert_eq!(sent(&server, "/sub/b.png").unwrap(), "deep=2; id=fresh-1; long=4");
    let server = site();
    capture(&dir.path().join("b"), &[&server.url("/")], &["--no-cookies"], 0);
    assert_eq!(sent(&server, "/sub/b.png"), None);
}

#[test]
fn a_page_that_wants_its_cookie_back_before_it_shows_itself_is_captured() {
    let gate = Step::Unless("Cookie: pass=1".to_owned(), moved("/gate"));
    let page = std::iter::once(gate).chain(ok("text/html", "<title>Inside</title>")).collect();
    let set = || answer("302 Found", "Location: /\r\nSet-Cookie: pass=1\r\n", "");
    let server = serve(vec![("/", page), ("/gate", set())]);
    let (dir, url) = (tempdir().unwrap(), server.url("/"));
    let (collection, _) = capture(&dir.path().join("a"), &[&url], &[], 0);
    assert_eq!(collection.of("response", &url).len(), 2, "the redirect and the page");
    assert_eq!(collection.pages()[0]["title"], "Inside");
    let endless = serve(vec![("/", moved("/gate")), ("/gate", set())]);
    let (collection, _) = capture(&dir.path().join("b"), &[&endless.url("/")], &[], 1);
    assert!(collection.log_of("failure")[0]["error"].as_str().unwrap().contains("circle"));
    assert_eq!(endless.served("/gate").len(), 1);
}

#[test]
fn cookies_come_from_a_file_and_go_to_a_new_one() {
    let (server, dir) = (site(), tempdir().unwrap());
    let (given, saved) = (dir.path().join("in"), dir.path().join("out"));
    fs::write(
        &given,
        "# Netscape HTTP Cookie File\n#HttpOnly_localhost\tFALSE\t/\tFALSE\t0\tlogin\tsecret-0815\n\
                       other.example\tTRUE\t/\tFALSE\t0\tnot\there\n",
    )
    .unwrap();
    let options = ["--cookies", given.to_str().unwrap(), "--save-cookies", saved.to_str().unwrap()];
    let (collection, stderr) = capture(&dir.path().join("c"), &[&server.url("/")], &options, 0);
    assert_eq!(sent(&server, "/").unwrap(), "login=secret-0815");
    assert_eq!(sent(&server, "/a.png").unwrap(), "login=secret-0815; id=fresh-1; long=4");
    let text = fs::read_to_string(&saved).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "# Netscape HTTP Cookie File");
    assert!(lines.contains(&"#HttpOnly_localhost\tFALSE\t/\tFALSE\t0\tlogin\tsecret-0815"), "{text}");
    assert!(lines.contains(&"#HttpOnly_localhost\tFALSE\t/sub\tFALSE\t0\tdeep\t2"), "{text}");
    let long = lines.iter().find(|line| line.contains("\tlong\t4")).unwrap();
    assert!(long.split('\t').nth(4).unwrap().parse::<u64>().unwrap() > 1_000_000_000, "{long}");
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&saved).unwrap().permissions()) & 0o777,
        0o600
    );
    assert!(!stderr.contains("secret-0815"));
    for path in collection.files().iter().filter(|path| !path.starts_with("archive/")) {
        assert!(!String::from_utf8_lossy(&collection.read(path)).contains("secret-0815"), "{path}");
    }
    assert_eq!(collection.log()[0]["redacted"][0], "cookies");
    let run = archive(&dir.path().join("d"), &[&server.url("/")], &options).expect(4);
    assert!(run.one_line().contains(saved.to_str().unwrap()), "never over what is there: {}", run.stderr);
    assert_eq!(fs::read_to_string(&saved).unwrap(), text);
}

#[test]
fn a_header_and_the_jar_are_one_field() {
    let (server, dir) = (site(), tempdir().unwrap());
    capture(&dir.path().join("c"), &[&server.url("/")], &["--header", "Cookie: mine=0"], 0);
    assert_eq!(sent(&server, "/a.png").unwrap(), "mine=0; id=fresh-1; long=4");
}

#[test]
fn a_file_that_is_none_is_told_by_its_line_and_not_quoted() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("cookies");
    fs::write(&path, "# fine\n\nsession=secret\n").unwrap();
    let run = fonds(["archive", "--cookies", path.to_str().unwrap(), "http://localhost:1/"]).expect(4);
    assert!(run.one_line().contains("line 3") && !run.stderr.contains("secret"), "{}", run.stderr);
}
