//! A process that is killed, or interrupted, at any moment.

use super::{Outcome, outcome, pages, resume, seeds, site, verify};
use crate::common::cli::fonds;
use crate::common::server::Server;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Pages of the site; with what they need, some sixty URLs.
const PAGES: usize = 9;

fn start(args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_fonds"))
        .args(args)
        .env_clear()
        .env("TMPDIR", std::env::temp_dir())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A directory with the list of seeds, and what a straight run makes of it, in how long.
struct Case {
    dir: tempfile::TempDir,
    server: Server,
    outcome: Outcome,
    pages: Vec<String>,
    time: Duration,
}

impl Case {
    fn new() -> Self {
        let server = site(PAGES, Duration::from_millis(4));
        let dir = tempfile::tempdir().unwrap();
        let list: String = seeds(&server, PAGES).iter().map(|url| format!("{url}\n")).collect();
        std::fs::write(dir.path().join("seeds"), list).unwrap();
        let root = dir.path().join("straight");
        let mut case = Self { dir, server, outcome: Outcome::new(), pages: Vec::new(), time: Duration::ZERO };
        let began = Instant::now();
        // One seed leads in a circle.
        assert_eq!(case.begin(&root).wait().unwrap().code(), Some(1));
        case.time = began.elapsed();
        verify(&root).expect(0);
        (case.outcome, case.pages) = (outcome(&root), pages(&root));
        assert_eq!((case.outcome.len(), case.pages.len()), (PAGES * 6 + 6, PAGES));
        case
    }

    fn begin(&self, root: &Path) -> Child {
        let list = self.dir.path().join("seeds");
        let (list, root) = (list.to_str().unwrap(), root.to_str().unwrap());
        start(&["archive", "-q", "--resolve", "localhost:127.0.0.1", "-i", list, "-o", root])
    }

    #[track_caller]
    fn assert_same(&self, root: &Path, what: &str) {
        verify(root).expect(0);
        assert_eq!(outcome(root), self.outcome, "{what}");
        assert_eq!(pages(root), self.pages, "{what}");
        assert!(!root.join(".fonds").exists(), "{what}");
    }
}

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    /// From 0 to below 1.
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Kills it after some time; false where it had ended by itself.
fn kill_after(mut child: Child, time: Duration) -> bool {
    std::thread::sleep(time);
    let running = child.try_wait().unwrap().is_none();
    // SIGKILL.
    let _ = child.kill();
    child.wait().unwrap();
    running
}

#[test]
fn killed_anywhere_and_taken_up_again_it_comes_to_what_a_straight_run_does() {
    let wanted = std::env::var("FONDS_KILLS").map_or(12, |kills| kills.parse().unwrap());
    let (case, mut dice) = (Case::new(), Dice(7));
    let (mut kills, mut round, mut torn) = (0, 0, 0);
    while kills < wanted {
        let root = case.dir.path().join(format!("c{round}"));
        round += 1;
        let mut child = case.begin(&root);
        let mut what = "killed".to_owned();
        loop {
            let time = case.time.mul_f64(dice.roll());
            let killed = kill_after(child, time);
            kills += usize::from(killed);
            what = format!("{what} after {time:?}");
            if !killed {
                break;
            }
            let begun =
                std::fs::read(root.join("provenance/manifest.jsonl")).is_ok_and(|m| m.contains(&b'\n'));
            if !begun {
                break;
            }
            let found = fonds(["verify", "-v", root.to_str().unwrap()]).expect(0);
            torn += usize::from(found.text().contains("capture-torn"));
            // Sometimes what goes on is killed too.
            if dice.roll() < 0.4 {
                child = start(&["archive", "-q", "--resume", root.to_str().unwrap()]);
                continue;
            }
            let run = resume(&root, &["-q"]);
            assert_eq!(run.code, 1, "{what}: {}", run.stderr);
            break;
        }
        if root.join("datapackage.json").exists() {
            case.assert_same(&root, &what);
        }
        let _ = std::fs::remove_dir_all(&root);
    }
    println!("{kills} kills in {round} runs; {torn} left torn bytes");
}

fn interrupt(child: &Child, times: usize) {
    for _ in 0..times {
        let sent = Command::new("/bin/kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn interrupted_and_taken_up_again_it_comes_to_what_a_straight_run_does() {
    let case = Case::new();
    for round in 1..=4 {
        let root = case.dir.path().join(format!("c{round}"));
        // In the middle, whatever the machine is busy with.
        let page = format!("/p/{}", 2 * round - 1);
        let served = case.server.served(&page).len();
        let mut child = case.begin(&root);
        while case.server.served(&page).len() == served {
            std::thread::sleep(Duration::from_millis(1));
        }
        interrupt(&child, 1);
        assert_eq!(child.wait().unwrap().code(), Some(130));
        // Sealed: it can be verified and passed on as it is.
        verify(&root).expect(0);
        let before = outcome(&root);
        assert!(before.len() < case.outcome.len() && before.is_subset(&case.outcome));
        let run = resume(&root, &[]).expect(1);
        assert!(run.stderr.contains("responses"), "{}", run.stderr);
        case.assert_same(&root, "interrupted");
    }
}

#[test]
fn what_was_cut_by_the_second_interrupt_is_fetched_again() {
    use crate::common::server::Step;
    use crate::common::site::ok;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 40\r\n\r\n";
    let body = format!("{:40}", "<img src=/x.png>");
    let slow =
        vec![Step::Send(head.into()), Step::Drip(body.into_bytes(), Duration::from_millis(60)), Step::Next];
    let scripts = [("/slow", slow), ("/x.png", ok("image/png", "x"))];
    let server = Server::plain(scripts.into_iter().map(|(path, script)| (path.to_owned(), script)).collect());
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    let url = server.url("/slow");
    let mut child =
        start(&["archive", "--resolve", "localhost:127.0.0.1", "-o", root.to_str().unwrap(), url.as_str()]);
    while server.served("/slow").is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(300));
    interrupt(&child, 2);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    verify(&root).expect(0);
    assert!(pages(&root).is_empty(), "half a page is not listed");
    resume(&root, &[]).expect(0);
    verify(&root).expect(0);
    assert_eq!(pages(&root), [url.to_string()]);
    let all = super::all_records(&root);
    let of = |path: &str| {
        let url = server.url(path).to_string();
        let mine = all.iter().filter(move |r| r.is("response") && r.field("WARC-Target-URI") == url);
        mine.map(|record| record.get("WARC-Truncated").map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(of("/slow"), [Some("unspecified".to_owned()), None]);
    assert_eq!(of("/x.png"), [None]);
}
