//! Level 4: time-stamped collections and WACZs, whole and altered, and authorities that do not do their work.

use super::{Bench, codes, status, verify};
use crate::common::cli::{archive, fonds, fonds_reading};
use crate::common::proxy::Proxy;
use crate::common::site::{ok, serve};
use crate::common::tsa::{self, Authority, Shape, http, info, openssl};
use fonds::package::pack;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const NOTE: &str = "provenance/checkpoint";
const STAMP: &str = "provenance/checkpoint.tsr";

fn authority() -> Arc<Authority> {
    Arc::new(Authority::new(&Shape::default()))
}

/// Time-stamped by a new authority.
fn stamped() -> (Bench, Arc<Authority>) {
    let (bench, authority) = (Bench::new(), authority());
    stamp(bench.root(), &authority);
    (bench, authority)
}

fn stamp(path: &str, authority: &Arc<Authority>) {
    fonds(["stamp", path, "--tsa", &authority.serve()]).expect(0);
}

fn trusting(path: &Path, authority: &Authority) -> crate::common::cli::Run {
    verify(path, &["--trust", &authority.root()])
}

/// As authorities write it.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y%m%d%H%M%SZ").to_string()
}

/// `openssl ts -verify` of a time-stamp over these bytes.
fn openssl_verifies(authority: &Authority, response: &[u8], data: &[u8]) {
    fs::write(authority.at("checked.tsr"), response).unwrap();
    fs::write(authority.at("checked"), data).unwrap();
    let args = ["ts", "-verify", "-in", "checked.tsr", "-data", "checked", "-CAfile", "root.pem"];
    openssl(&authority.at(""), &args);
}

#[test]
fn only_a_root_that_was_named_convinces() {
    let (bench, authority) = stamped();
    let root = &bench.collection.root;
    let named = trusting(root, &authority).expect(0);
    assert_eq!((status(&named, 4).as_str(), codes(&named)), ("pass", vec![]));
    // Nobody signed it, so the ladder ends below; that it is asked for by --require shows.
    assert_eq!(named.json()["achieved"], 2);
    verify(root, &["--trust", &authority.root(), "--require", "4"]).expect(3);
    let stamp = &named.json()["stamps"][0];
    assert_eq!((&stamp["authority"], &stamp["root"]), (&"CN=Test stamps".into(), &"CN=Test root".into()));
    let before = named.json()["time_bounds"]["not_after"].as_str().unwrap().to_owned();
    let before: jiff::Timestamp = before.parse().unwrap();
    assert!((jiff::Timestamp::now() - before).get_seconds().abs() < 300, "{before}");
    // Whoever names none learns what is claimed, and no more.
    let nobody = verify(root, &[]).expect(0);
    assert_eq!((status(&nobody, 4).as_str(), codes(&nobody)), ("unchecked", vec!["stamp-untrusted".into()]));
    assert_eq!(nobody.json()["time_bounds"], serde_json::json!({}));
    let other = self::authority();
    let wrong = trusting(root, &other).expect(3);
    assert_eq!((status(&wrong, 4).as_str(), codes(&wrong)), ("absent", vec!["stamp-untrusted".into()]));
    let both = verify(root, &["--trust", &other.root(), "--trust", &authority.root()]).expect(0);
    assert_eq!(status(&both, 4), "pass");
    for nonsense in [bench.root().to_owned() + "/" + NOTE, "/no/such/file".to_owned()] {
        assert!(verify(root, &["--trust", &nonsense]).code > 1);
    }
}

#[test]
fn with_signature_and_stamp_level_4_is_reached() {
    let (bench, authority) = (Bench::new(), authority());
    let key = bench.signed();
    stamp(bench.root(), &authority);
    let args = ["--key", &format!("{key}.pub"), "--trust", &authority.root(), "--require", "4"];
    let run = verify(&bench.collection.root, &args).expect(0);
    assert_eq!((run.json()["achieved"].as_u64(), codes(&run)), (Some(4), vec![]));
    assert!(!run.json()["not_proved"].to_string().contains("sign late"));
    let people = fonds([&["verify", bench.root()][..], &args].concat()).expect(0);
    for words in
        ["intact, level 4", "existed before", "Time-stamped ", "openssl ts -verify -in checkpoint.tsr"]
    {
        assert!(people.text().contains(words), "{words}: {}", people.text());
    }
    let (note, response) = (bench.collection.read(NOTE), bench.collection.read(STAMP));
    openssl_verifies(&authority, &response, &note);
    // Added after the time-stamp, a signature is not covered by it; all else still is.
    let second = bench.key("second");
    fonds(["sign", bench.root(), "--key", &second]).expect(0);
    let second = format!("{second}.pub");
    let args = [&args[..], &["--key", &second]].concat();
    let run = verify(&bench.collection.root, &args).expect(0);
    assert_eq!(
        (run.json()["achieved"].as_u64(), codes(&run)),
        (Some(4), vec!["stamp-before-signature".into()])
    );
    assert!(run.json()["not_proved"].to_string().contains("sign late"));
}

/// The commands that the report prints do what it says.
#[test]
fn what_the_report_says_to_repeat_openssl_does() {
    let (bench, authority) = (Bench::new(), authority());
    let repeat = || {
        let run = fonds(["verify", bench.root(), "--trust", &authority.root()]).expect(0);
        let commands = run.text().lines().filter_map(|line| line.split_once("unpacked WACZ: "));
        let commands: Vec<String> = commands.map(|(_, command)| command.to_owned()).collect();
        for command in &commands {
            fs::copy(authority.root(), bench.collection.root.join("provenance/ROOT.pem")).unwrap();
            let mut shell = std::process::Command::new("sh");
            let output = shell.args(["-c", command]).current_dir(&bench.collection.root).output().unwrap();
            assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
            fs::remove_file(bench.collection.root.join("provenance/ROOT.pem")).unwrap();
        }
        commands.len()
    };
    stamp(bench.root(), &authority);
    assert_eq!(repeat(), 1);
    fonds(["sign", bench.root(), "--key", &bench.key("one")]).expect(0);
    stamp(bench.root(), &authority);
    fonds(["sign", bench.root(), "--key", &bench.key("two")]).expect(0);
    assert_eq!(repeat(), 2);
    stamp(bench.root(), &authority);
    assert_eq!(repeat(), 3);
}

#[test]
fn a_later_stamp_renews_the_earlier_ones() {
    let (bench, first) = stamped();
    let (second, third) = (authority(), authority());
    // Two at once, neither of which is over the other.
    fonds(["stamp", bench.root(), "--tsa", &second.serve(), "--tsa", &third.serve()]).expect(0);
    let files = |root: &Path| {
        let names = fs::read_dir(root.join("provenance")).unwrap().map(|e| e.unwrap().file_name());
        let mut names: Vec<_> = names.filter(|name| name.to_str().unwrap().ends_with(".tsr")).collect();
        names.sort();
        names
    };
    assert_eq!(files(&bench.collection.root), ["checkpoint.2.tsr", "checkpoint.3.tsr", "checkpoint.tsr"]);
    for (authority, renews) in [(&first, 0), (&second, 1), (&third, 1)] {
        let run = trusting(&bench.collection.root, authority).expect(0);
        let stamps = run.json()["stamps"].as_array().unwrap().clone();
        let trusted: Vec<_> = stamps.iter().filter(|stamp| stamp["root"].is_string()).collect();
        assert_eq!((trusted.len(), &trusted[0]["stamps"]), (1, &renews.into()));
    }
    let note = [bench.collection.read(NOTE), bench.collection.read(STAMP)].concat();
    openssl_verifies(&second, &bench.collection.read("provenance/checkpoint.2.tsr"), &note);
    // Without what it renews it is over something else.
    let copy = bench.collection.copy(&bench.room("copy"));
    fs::rename(copy.root.join("provenance/checkpoint.2.tsr"), copy.root.join(STAMP)).unwrap();
    assert!(codes(&trusting(&copy.root, &second).expect(1)).contains(&"stamp-imprint".to_owned()));
    // Each time bound is that of the first that convinces.
    let all = ["--trust", &first.root(), "--trust", &third.root()];
    let run = verify(&bench.collection.root, &all).expect(0);
    let time =
        |run: &crate::common::cli::Run| run.json()["time_bounds"]["not_after"].as_str().unwrap().to_owned();
    assert_eq!(time(&run), time(&trusting(&bench.collection.root, &first)));
}

#[test]
fn a_wacz_is_stamped_as_a_directory_is() {
    let (bench, authority) = (Bench::new(), authority());
    let wacz = bench.room("a.wacz");
    pack(&bench.collection.root, &wacz).unwrap();
    stamp(wacz.to_str().unwrap(), &authority);
    let run = trusting(&wacz, &authority).expect(0);
    assert_eq!((status(&run, 4).as_str(), codes(&run)), ("pass", vec![]));
    stamp(wacz.to_str().unwrap(), &authority);
    assert_eq!(trusting(&wacz, &authority).expect(0).json()["stamps"].as_array().unwrap().len(), 2);
}

#[test]
fn requests_and_responses_can_be_carried_by_hand() {
    let (bench, authority) = (Bench::new(), authority());
    let request = fonds(["stamp", bench.root(), "--export"]).expect(0).stdout;
    let response = authority.reply(&request);
    let import = |bytes: &[u8]| fonds_reading(bytes.to_vec(), &["stamp", bench.root(), "--import", "-"]);
    let before = bench.collection.files();
    for nonsense in [&b""[..], b"x", &[7; 100_000]] {
        assert!(import(nonsense).expect(2).one_line().contains("no time-stamp"));
    }
    assert!(import(&authority.over(b"another")).expect(4).one_line().contains("over something else"));
    let flawed = authority.forge(&info(&bench.collection.read(NOTE), &now()), &[]);
    assert!(import(&flawed).expect(4).one_line().contains("certificate"));
    assert_eq!(bench.collection.files(), before);
    import(&response).expect(0);
    assert_eq!(bench.collection.read(STAMP), response);
    assert!(import(&response).expect(0).stderr.contains("already"));
    assert_eq!(codes(&trusting(&bench.collection.root, &authority).expect(0)), Vec::<String>::new());
    fonds(["stamp", bench.root()]).expect(2).one_line();
    fonds(["stamp", bench.root(), "--tsa", "ftp://x/"]).expect(2).one_line();
}

/// Whatever an authority does, the archive is as it was, and the message says what.
#[test]
fn authorities_that_fail_are_told_and_leave_the_archive_alone() {
    let bench = Bench::new();
    let whole =
        || bench.collection.files().iter().map(|path| bench.collection.read(path)).collect::<Vec<_>>();
    let before = whole();
    let good = authority();
    let other = Arc::clone(&good);
    let rejection = tsa::der(0x30, &[&tsa::der(0x30, &[&tsa::der(2, &[&[2]]), &tsa::der(3, &[&[7, 0x80]])])]);
    let asked = [
        (tsa::serve(|_| http("500 Oops", b"")), "answers 500"),
        (tsa::serve(|_| http("200 OK", b"<html>no such thing</html>")), "gives no time-stamp"),
        (tsa::serve(|_| http("200 OK", b"")), "gives no time-stamp"),
        (tsa::serve(|_| http("200 OK", &vec![0x30; 1 << 20])), "more than 65536 bytes"),
        (tsa::serve(move |_| http("200 OK", &rejection)), "rejection: bad algorithm"),
        (tsa::serve(move |_| http("200 OK", &other.over(b"another"))), "nonce"),
        (tsa::serve(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx".to_vec()), "cannot read"),
        (
            tsa::serve(|_| {
                std::thread::sleep(Duration::from_secs(4));
                Vec::new()
            }),
            "cannot read",
        ),
        ("http://127.0.0.1:9/".to_owned(), "cannot read"),
    ];
    for (url, words) in &asked {
        let run = fonds(["stamp", bench.root(), "--tsa", url, "--tsa-timeout", "2"]).expect(4);
        assert!(run.one_line().contains(words), "{words}: {}", run.stderr);
        assert_eq!(whole(), before, "{words}");
    }
    // One that fails does not keep the other's away.
    let both = ["stamp", bench.root(), "--tsa", &asked[0].0, "--tsa", &good.serve()];
    assert!(fonds(both).expect(4).stderr.contains("is time-stamped"));
    assert_eq!(status(&trusting(&bench.collection.root, &good).expect(0), 4), "pass");
}

#[test]
fn archive_stamps_what_it_seals_and_says_where_it_could_not() {
    let bench = Bench::new();
    let (server, authority) = (serve(vec![("/", ok("text/plain", "Some text."))]), authority());
    let (key, tsa) = (bench.key("key"), authority.serve());
    let public = format!("{key}.pub");
    let named = ["--key", &public, "--trust", &authority.root(), "--require", "4"];
    for name in ["stamped", "stamped.wacz"] {
        archive(&bench.room(name), &[&server.url("/")], &["--sign", &key, "--tsa", &tsa]).expect(0);
        let run = verify(&bench.room(name), &named).expect(0);
        assert_eq!((run.json()["achieved"].as_u64(), codes(&run)), (Some(4), vec![]), "{name}");
    }
    for name in ["alone", "alone.wacz"] {
        let place = bench.room(name);
        let gone = ["--sign", &key, "--tsa", "http://127.0.0.1:9/"];
        let run = archive(&place, &[&server.url("/")], &gone).expect(4);
        for words in
            ["is sealed and intact, but not time-stamped", "fonds stamp", "--tsa http://127.0.0.1:9/"]
        {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
        let run = verify(&place, &["--key", &public]).expect(0);
        assert_eq!((run.json()["achieved"].as_u64(), status(&run, 4).as_str()), (Some(3), "absent"));
        verify(&place, &named).expect(3);
        stamp(place.to_str().unwrap(), &authority);
        verify(&place, &named).expect(0);
    }
    let run = archive(&bench.room("none"), &[&server.url("/")], &["--tsa", "nonsense"]).expect(2);
    assert!(run.one_line().contains("--tsa") && !bench.room("none").exists());
}

/// One of both clocks is wrong, and it is not known which: it is said, and the archive is whole.
#[test]
fn a_wrong_clock_is_told() {
    for (hours, now_words, later_codes) in
        [(2, "seconds behind", vec![]), (-2, "seconds ahead of", vec!["stamp-clock"])]
    {
        let (bench, authority) = (Bench::new(), authority());
        let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
        let time = time.strftime("%Y%m%d%H%M%SZ").to_string();
        let own = Arc::clone(&authority);
        let url =
            tsa::serve(move |query| http("200 OK", &own.forge(&tsa::info_for(query, &time), &["-cades"])));
        let run = fonds(["stamp", bench.root(), "--tsa", &url]).expect(0);
        assert!(run.stderr.contains(now_words), "{}", run.stderr);
        let run = trusting(&bench.collection.root, &authority).expect(0);
        assert_eq!(
            (status(&run, 4).as_str(), codes(&run)),
            ("pass", later_codes.iter().map(|c| c.to_string()).collect())
        );
    }
}

#[test]
fn an_authority_is_asked_through_a_proxy_where_one_is_named() {
    let (bench, authority) = (Bench::new(), authority());
    for scheme in ["http", "socks5", "socks5h"] {
        let proxy = if scheme == "http" { Proxy::http(None) } else { Proxy::socks(None) };
        let via = proxy.url(scheme, "");
        fonds(["stamp", bench.root(), "--tsa", &authority.serve(), "--proxy", &via]).expect(0);
        assert_eq!(proxy.asked().len(), 1, "{scheme}");
    }
    let none = ["stamp", bench.root(), "--tsa", &authority.serve(), "--proxy", "http://127.0.0.1:9/"];
    fonds(none).expect(4).one_line();
}

/// What an authority signed for one archive says nothing of another, and nothing of another state of the same.
#[test]
fn a_stamp_of_another_archive_is_told() {
    let (bench, authority) = stamped();
    let other = Bench::new();
    stamp(other.root(), &authority);
    fs::copy(other.collection.root.join(STAMP), bench.collection.root.join(STAMP)).unwrap();
    let run = trusting(&bench.collection.root, &authority).expect(1);
    assert!(codes(&run).contains(&"stamp-imprint".to_owned()), "{:?}", codes(&run));
    assert_eq!(status(&run, 4), "fail");
    // With the list of files made to fit, too.
    let change = [(STAMP.to_owned(), other.collection.read(STAMP))];
    fonds::package::amend::amend(&bench.collection.root, &change, &std::env::temp_dir()).unwrap();
    let run = trusting(&bench.collection.root, &authority).expect(1);
    assert_eq!(codes(&run), ["stamp-imprint"]);
    // Taken away with its line in the list, it is missed by who names its root.
    let copy = other.collection.copy(&bench.room("copy"));
    for name in [NOTE, "datapackage.json", "datapackage-digest.json"] {
        assert!(copy.root.join(name).exists());
    }
    fs::remove_file(copy.root.join(STAMP)).unwrap();
    trusting(&copy.root, &authority).expect(1);
}

/// Signed as it should be, by an authority whose certificates are flawed, and put into the list of files.
#[test]
fn flawed_stamps_have_their_codes_whatever_else_holds() {
    let bench = Bench::new();
    let note = bench.collection.read(NOTE);
    let now = now();
    let put = |authority: &Authority, response: Vec<u8>, expected: &str| {
        let copy = bench.collection.copy(&bench.room("copy"));
        let change = [(STAMP.to_owned(), response)];
        fonds::package::amend::amend(&copy.root, &change, &std::env::temp_dir()).unwrap();
        let run = trusting(&copy.root, authority);
        assert_eq!(codes(&run), if expected.is_empty() { vec![] } else { vec![expected.to_owned()] });
        let graded = match expected {
            "" => (0, "pass"),
            "stamp-untrusted" => (3, "absent"),
            "stamp-clock" => (0, "pass"),
            _ => (1, "fail"),
        };
        assert_eq!((run.code, status(&run, 4).as_str()), graded, "{expected}");
        fs::remove_dir_all(&copy.root).unwrap();
    };
    let expect = |shape: Shape, time: &str, options: &[&str], expected: &str| {
        let authority = Authority::new(&shape);
        put(&authority, authority.forge(&info(&note, time), options), expected);
    };
    let authority = authority();
    put(&authority, b"no time-stamp".to_vec(), "stamp-invalid");
    put(&authority, tsa::der(0x30, &[&tsa::der(0x30, &[&tsa::der(2, &[&[2]])])]), "stamp-refused");
    put(&authority, authority.over(b"something else"), "stamp-imprint");
    let plain = Shape::default;
    expect(plain(), &now, &["-cades"], "");
    expect(plain(), &now, &[], "stamp-certificate-id");
    expect(plain(), &now, &["-cades", "-nocerts"], "stamp-certificate");
    expect(plain(), &now, &["-cades", "-md", "sha1"], "stamp-algorithm");
    expect(plain(), &now, &["-cades", "-econtent_type", "1.2.840.113549.1.7.1"], "stamp-content");
    expect(Shape { usages: vec![tsa::CODE_SIGNING], ..plain() }, &now, &["-cades"], "stamp-eku");
    expect(Shape { valid: (2001, 2002), ..plain() }, &now, &["-cades"], "stamp-expired");
    expect(Shape { root: tsa::Ca { ca: false, ..tsa::CA }, ..plain() }, &now, &["-cades"], "stamp-path");
    expect(Shape { self_signed: true, ..plain() }, &now, &["-cades"], "stamp-untrusted");
    // A certificate that has expired since is none the worse at the time of the stamp; but the log is younger than that.
    expect(Shape { valid: (2001, 2003), ..plain() }, "20020101000000Z", &["-cades"], "stamp-clock");
}

#[test]
fn a_stamp_of_an_earlier_session_stays_checkable() {
    let (bench, authority) = stamped();
    let server = serve(vec![("/more", ok("text/plain", "More text."))]);
    let resume = ["archive", "--resume", bench.root(), server.url("/more").as_str()].map(str::to_owned);
    fonds(resume).expect(0);
    let run = trusting(&bench.collection.root, &authority).expect(3);
    assert_eq!((status(&run, 4).as_str(), codes(&run)), ("absent", vec![]));
    let stamp = run.json()["stamps"][0].clone();
    assert!(stamp["file"].as_str().unwrap().contains("checkpoint-") && stamp["root"].is_string(), "{stamp}");
    let lines = bench.collection.log().len() as u64;
    assert!(stamp["lines"].as_u64().unwrap() < lines);
    self::stamp(bench.root(), &authority);
    let run = trusting(&bench.collection.root, &authority).expect(0);
    assert_eq!((status(&run, 4).as_str(), run.json()["stamps"].as_array().unwrap().len()), ("pass", 2));
}

/// What is added to the log later, or taken out of the archive, leaves each time-stamp beside the checkpoint that it is over.
#[test]
fn stamps_stay_with_what_they_are_over() {
    let (bench, authority) = stamped();
    stamp(bench.root(), &authority);
    let proof = bench.room("proof.zip");
    let url = bench.collection.pages()[0]["url"].as_str().unwrap().to_owned();
    fonds(["prove", bench.root(), "--url", &url, "-o", proof.to_str().unwrap()]).expect(0);
    let checked =
        fonds(["check", "--format", "json", proof.to_str().unwrap(), "--trust", &authority.root()]).expect(0);
    assert_eq!((status(&checked, 4).as_str(), codes(&checked)), ("pass", vec![]));
    assert_eq!(checked.json()["stamps"].as_array().unwrap().len(), 2);
    let before = [STAMP, "provenance/checkpoint.2.tsr"].map(|name| bench.collection.read(name));
    let size = bench.collection.log().len();
    fonds(["log", "add", bench.root(), "--event", "annotation", "--note", "a word"]).expect(0);
    let after = ["", ".2"].map(|n| bench.collection.read(&format!("provenance/checkpoint-{size}{n}.tsr")));
    assert_eq!(before, after);
    let run = trusting(&bench.collection.root, &authority).expect(3);
    assert_eq!((status(&run, 4).as_str(), codes(&run)), ("absent", vec![]));
    assert!(
        run.json()["levels"][4]["detail"].as_str().unwrap().contains(&format!("first {size} lines existed"))
    );
    let people = fonds(["verify", bench.root(), "--trust", &authority.root()]).expect(3);
    assert!(
        people.text().contains(&format!("The log's first {size} lines: time-stamped ")),
        "{}",
        people.text()
    );
    let lines: Vec<_> = run.json()["stamps"].as_array().unwrap().iter().map(|s| s["lines"].clone()).collect();
    assert_eq!(lines, [size, size]);
}

/// However far a stamping came, it can be done again, and what is there verifies then.
#[test]
fn a_stamping_that_was_cut_is_mended_by_stamping_again() {
    let (bench, authority) = (Bench::new(), authority());
    let names = [STAMP, "datapackage-digest.json", "datapackage.json"];
    let unstamped = names[1..].iter().map(|name| bench.collection.read(name)).collect::<Vec<_>>();
    stamp(bench.root(), &authority);
    for done in 1..names.len() {
        for (number, bytes) in unstamped.iter().enumerate().filter(|(number, _)| number + 1 >= done) {
            fs::write(bench.collection.root.join(names[number + 1]), bytes).unwrap();
        }
        stamp(bench.root(), &authority);
        let run = trusting(&bench.collection.root, &authority).expect(0);
        assert_eq!(codes(&run), Vec::<String>::new(), "{done}");
        let more = bench.collection.root.join(format!("provenance/checkpoint.{}.tsr", done + 1));
        assert!(more.exists());
    }
}

/// Every byte of a time-stamp in a package is bound, if not by its signature, by the list of files.
#[test]
fn every_altered_byte_of_a_stamp_is_an_error_even_to_who_names_no_root() {
    let (bench, _) = stamped();
    bench.every_altered_byte_is_damage(STAMP);
}
