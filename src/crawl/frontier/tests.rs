#![allow(clippy::unwrap_used)]

use super::*;
use std::time::Duration;

struct Case {
    frontier: Frontier,
    _dir: tempfile::TempDir,
}

impl std::ops::Deref for Case {
    type Target = Frontier;

    fn deref(&self) -> &Frontier {
        &self.frontier
    }
}

impl std::ops::DerefMut for Case {
    fn deref_mut(&mut self) -> &mut Frontier {
        &mut self.frontier
    }
}

fn with(turns: Turns, urls: &[&str]) -> Case {
    let dir = tempfile::tempdir().unwrap();
    let mut frontier = Frontier::create(dir.path(), turns).unwrap();
    for url in urls {
        frontier.push(&target(url)).unwrap();
    }
    Case { frontier, _dir: dir }
}

fn of(urls: &[&str]) -> Case {
    with(Turns::default(), urls)
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn target(text: &str) -> super::Target {
    super::Target::new(url(text), Role::Page)
}

fn link(text: &str, level: u32) -> super::Target {
    super::Target { needed: false, level, ..target(text) }
}

fn pop(case: &mut Case) -> Option<super::Target> {
    case.pop(Instant::now()).unwrap()
}

fn popped(case: &mut Case) -> String {
    pop(case).map_or_else(|| "-".to_owned(), |target| target.url.into())
}

#[test]
fn a_url_comes_once_whatever_its_fragment_and_session() {
    let mut case = of(&["http://a/x#1"]);
    for again in ["http://a/x#2", "http://A:80/x", "http://a/x;jsessionid=0123456789ABCDEF0123456789ABCDEF"] {
        assert_eq!(case.push(&target(again)).unwrap(), Pushed::Known, "{again}");
    }
    assert_eq!(case.push(&target("http://a/x?y")).unwrap(), Pushed::New);
    assert_eq!(case.waiting(), 2);
}

#[test]
fn the_url_that_is_fetched_is_the_one_that_came_first_as_it_was() {
    let mut case = of(&["http://a/x;jsessionid=0123456789ABCDEF0123456789ABCDEF"]);
    assert!(popped(&mut case).contains("jsessionid=0123456789ABCDEF"));
}

#[test]
fn a_busy_host_waits_and_others_go_on() {
    let mut case = of(&["http://a/1", "http://a/2", "http://b/1"]);
    let first = pop(&mut case).unwrap();
    assert_eq!((first.url.as_str(), popped(&mut case).as_str()), ("http://a/1", "http://b/1"));
    assert_eq!((popped(&mut case).as_str(), case.waiting()), ("-", 1));
    case.done(&first.url, None).unwrap();
    assert_eq!(popped(&mut case), "http://a/2");
}

#[test]
fn a_host_that_wants_a_pause_gets_it() {
    let mut case = of(&["http://a/1", "http://a/2"]);
    let first = pop(&mut case).unwrap();
    let later = Instant::now() + Duration::from_secs(60);
    case.done(&first.url, Some(later)).unwrap();
    assert_eq!((popped(&mut case).as_str(), case.wakes()), ("-", Some(later)));
    assert_eq!(case.pop(later).unwrap().unwrap().url.as_str(), "http://a/2");
}

#[test]
fn what_is_needed_comes_before_the_next_page_and_rules_before_everything() {
    let mut case = with(Turns { per_host: 9, ..Turns::default() }, &["http://a/seed"]);
    case.push(&link("http://a/2", 2)).unwrap();
    case.push(&link("http://a/1", 1)).unwrap();
    case.push(&super::Target::new(url("http://a/style"), Role::Requisite)).unwrap();
    case.push(&super::Target::new(url("http://a/robots.txt"), Role::Robots)).unwrap();
    let order: Vec<String> = (0..5).map(|_| popped(&mut case)).collect();
    assert_eq!(order, ["http://a/robots.txt", "http://a/style", "http://a/seed", "http://a/1", "http://a/2"]);
}

#[test]
fn while_a_host_is_held_only_its_rules_are_served() {
    let mut case = with(Turns { per_host: 9, ..Turns::default() }, &["http://a/1"]);
    case.hold(&url("http://a/")).unwrap();
    case.push(&super::Target::new(url("http://a/robots.txt"), Role::Robots)).unwrap();
    assert_eq!(popped(&mut case), "http://a/robots.txt");
    assert_eq!(popped(&mut case), "-");
    case.release(&url("http://a/robots.txt")).unwrap();
    assert_eq!(popped(&mut case), "http://a/1");
}

#[test]
fn what_was_left_out_and_turns_out_to_be_needed_is_fetched() {
    let mut case = of(&[]);
    assert!(case.leave_out(&link("http://a/x", 1), State::Skipped).unwrap());
    assert!(!case.leave_out(&link("http://a/x", 1), State::Skipped).unwrap(), "told once");
    assert_eq!(case.push(&super::Target::new(url("http://a/x"), Role::Requisite)).unwrap(), Pushed::New);
    assert_eq!(pop(&mut case).unwrap().role, Role::Requisite);
    assert!(!case.leave_out(&link("http://a/x", 1), State::Skipped).unwrap());
}

#[test]
fn a_link_that_waits_and_turns_out_to_be_needed_is_no_matter_for_robots() {
    let mut case = of(&[]);
    case.push(&link("http://a/x", 3)).unwrap();
    assert_eq!(case.push(&super::Target::new(url("http://a/x"), Role::Requisite)).unwrap(), Pushed::Known);
    let target = pop(&mut case).unwrap();
    assert!(target.needed && target.role == Role::Page);
    assert_eq!((case.waiting(), popped(&mut case).as_str()), (0, "-"));
}

#[test]
fn by_level_no_page_is_begun_before_those_nearer_have_landed() {
    let mut case = with(Turns { by_level: true, ..Turns::default() }, &["http://a/0", "http://b/0"]);
    let (a, b) = (pop(&mut case).unwrap(), pop(&mut case).unwrap());
    case.push(&link("http://a/1", 1)).unwrap();
    case.done(&a.url, None).unwrap();
    case.settle(&a, State::Captured).unwrap();
    assert_eq!(popped(&mut case), "-", "b has not landed");
    case.push(&link("http://a/0b", 0)).unwrap();
    let late = pop(&mut case).unwrap();
    assert_eq!(late.url.as_str(), "http://a/0b", "what is near enough is begun");
    for target in [&b, &late] {
        case.done(&target.url, None).unwrap();
        case.settle(target, State::Captured).unwrap();
    }
    assert_eq!(popped(&mut case), "http://a/1");
}

#[test]
fn what_is_taken_out_leaves_the_others_their_turn() {
    let mut case = of(&["http://a/1", "http://b/1", "http://b/2"]);
    let one = case.take(&url("http://a/1#x")).unwrap().unwrap();
    assert!(case.take(&one.url).unwrap().is_none());
    assert_eq!(case.push(&one).unwrap(), Pushed::Known);
    assert_eq!((popped(&mut case).as_str(), popped(&mut case).as_str()), ("http://b/1", "-"));
    case.again(&one).unwrap();
    assert_eq!((popped(&mut case).as_str(), case.waiting()), ("http://a/1", 1));
}

#[test]
fn a_target_comes_back_as_it_went_in() {
    let mut case = of(&["http://a/from"]);
    let from = pop(&mut case).unwrap();
    let there = super::Target {
        chain: vec![url("http://c/1"), url("http://c/2")],
        depth: 2,
        level: 3,
        run: 4,
        tries: 5,
        seed: 6,
        ..from.to(url("http://b/x"), Role::Requisite)
    };
    case.push(&there).unwrap();
    let back = pop(&mut case).unwrap();
    assert_eq!(back, super::Target { id: back.id, ..there });
    assert_eq!(back.hops(), "LLLEERR");
}

#[test]
fn what_ends_twice_counts_once_among_those_that_others_wait_for() {
    let mut case = with(Turns { by_level: true, ..Turns::default() }, &["http://a/0", "http://b/0"]);
    let (a, b) = (pop(&mut case).unwrap(), pop(&mut case).unwrap());
    case.push(&link("http://a/1", 1)).unwrap();
    // As when a log tells that it failed, and then that it was captured.
    for state in [State::Failed, State::Captured] {
        case.done(&a.url, None).unwrap();
        case.settle(&a, state).unwrap();
    }
    assert_eq!(popped(&mut case), "-", "b has not landed");
    case.settle(&b, State::Captured).unwrap();
    assert_eq!(popped(&mut case), "http://a/1");
}

#[test]
fn a_second_link_to_what_was_left_out_is_news_and_to_what_waits_is_not() {
    let mut case = of(&["http://a/1"]);
    case.leave_out(&link("http://a/2?x=1", 1), State::Skipped).unwrap();
    let (waits, out) = (url("http://a/1"), url("http://a/2?x=1"));
    assert!(case.came_lately(&waits) && case.has_taken(&waits).unwrap());
    assert!(!case.came_lately(&out) && !case.has_taken(&out).unwrap());
}

#[test]
fn no_more_hosts_are_asked_at_once_than_may_be_and_those_that_are_go_on() {
    let mut case =
        with(Turns { hosts: 1, per_host: 2, by_level: false }, &["http://a/1", "http://b/1", "http://a/2"]);
    assert_eq!([popped(&mut case), popped(&mut case), popped(&mut case)], ["http://a/1", "http://a/2", "-"]);
    case.done(&url("http://a/1"), None).unwrap();
    assert_eq!(popped(&mut case), "-");
    case.done(&url("http://a/2"), None).unwrap();
    assert_eq!(popped(&mut case), "http://b/1");
}

#[test]
fn a_host_rests_over_all_its_connections() {
    let mut case = with(Turns { per_host: 4, ..Turns::default() }, &["http://a/1", "http://a/2"]);
    let first = pop(&mut case).unwrap();
    let later = Instant::now() + Duration::from_secs(60);
    case.rest(&first.url, later).unwrap();
    assert_eq!((popped(&mut case).as_str(), case.wakes()), ("-", Some(later)));
    case.done(&first.url, None).unwrap();
    assert_eq!(popped(&mut case), "-");
    assert_eq!(case.pop(later).unwrap().unwrap().url.as_str(), "http://a/2");
}
