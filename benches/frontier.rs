//! A frontier of many URLs: `cargo bench --bench frontier -- [MILLIONS [HOSTS]]` pushes them, each page's links to some that
//! are known and to new ones, then pops for a while, and prints rates and peak memory.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use fonds::crawl::{Frontier, Pushed, Role, Target, Turns};
use std::time::Instant;
use url::Url;

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown").to_owned()
}

fn url(number: u64, hosts: u64) -> Url {
    let host = number % hosts;
    Url::parse(&format!(
        "https://host{host}.example/section/{}/a-page-with-a-name-{number}.html",
        number % 97
    ))
    .unwrap()
}

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let total = numbers.first().copied().unwrap_or(10) * 1_000_000;
    let hosts = numbers.get(1).copied().unwrap_or(1000);
    let room = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut frontier = Frontier::create(room.path(), Turns::default()).unwrap();
    let began = Instant::now();
    for number in 0..total {
        let target = Target { needed: false, level: 1, ..Target::new(url(number, hosts), Role::Page) };
        assert_eq!(frontier.push(&target).unwrap(), Pushed::New);
    }
    let rate = total as f64 / began.elapsed().as_secs_f64();
    println!("{total} URLs on {hosts} hosts: {rate:.0} new ones a second, {}", peak());
    let began = Instant::now();
    for number in 0..100_000 {
        let target = Target::new(url(number * 31 % total, hosts), Role::Page);
        assert_eq!(frontier.push(&target).unwrap(), Pushed::Known);
    }
    println!("known ones: {:.0} a second", 100_000.0 / began.elapsed().as_secs_f64());
    let began = Instant::now();
    for _ in 0..100_000 {
        let target = frontier.pop(Instant::now()).unwrap().unwrap();
        frontier.done(&target.url, None).unwrap();
    }
    println!(
        "popped: {:.0} a second, {} left, {}",
        100_000.0 / began.elapsed().as_secs_f64(),
        frontier.waiting(),
        peak()
    );
}
