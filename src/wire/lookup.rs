//! Names to addresses, by the system's resolver, each answer kept as evidence and used again for a while.

use super::Clock;
use super::connect::{io_words, millis, seconds};
use super::facts::Lookup;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// The resolver does not tell how long an answer holds; connections of a run share it for this long.
const KEPT_FOR: Duration = Duration::from_secs(300);
/// Names kept at a time.
const KEPT: usize = 4096;

#[derive(Clone, Debug, Default)]
pub(super) struct Resolver {
    given: HashMap<String, Vec<IpAddr>>,
    known: Arc<Mutex<Known>>,
}

/// Answers by name, and since when.
type Known = HashMap<String, (Instant, Arc<Lookup>)>;

impl Resolver {
    pub(super) fn give(&mut self, host: &str, addresses: Vec<IpAddr>) {
        self.given.entry(host.to_ascii_lowercase()).or_default().extend(addresses);
    }

    /// The addresses of a name, or why there are none in plain words.
    pub(super) async fn look_up(
        &self,
        host: &str,
        limit: Duration,
        clock: &Clock,
    ) -> Result<Arc<Lookup>, String> {
        let host = host.to_ascii_lowercase();
        let at = clock();
        if let Some(answers) = self.given.get(&host).filter(|given| !given.is_empty()) {
            let answers = answers.clone();
            return Ok(Arc::new(Lookup { host, answers, at, elapsed_ms: 0, given: true }));
        }
        if let Some(lookup) = self.known(&host) {
            return Ok(lookup);
        }
        let started = Instant::now();
        let answers = ask(&host, limit).await?;
        let elapsed_ms = millis(started);
        let lookup = Arc::new(Lookup { host: host.clone(), answers, at, elapsed_ms, given: false });
        self.keep(host, lookup.clone());
        Ok(lookup)
    }

    /// None of a name's addresses could be reached: the next one asks again.
    pub(super) fn forget(&self, host: &str) {
        self.lock().remove(&host.to_ascii_lowercase());
    }

    fn known(&self, host: &str) -> Option<Arc<Lookup>> {
        let known = self.lock();
        let (since, lookup) = known.get(host)?;
        (since.elapsed() < KEPT_FOR).then(|| lookup.clone())
    }

    fn keep(&self, host: String, lookup: Arc<Lookup>) {
        let mut known = self.lock();
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(host, (Instant::now(), lookup));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ask(host: &str, limit: Duration) -> Result<Vec<IpAddr>, String> {
    match timeout(limit, tokio::net::lookup_host((host, 0))).await {
        Err(_) => Err(format!("{host} did not resolve within {}", seconds(limit))),
        Ok(Err(error)) => Err(format!("{host} does not resolve: {}", io_words(&error))),
        Ok(Ok(found)) => {
            let mut answers: Vec<IpAddr> = Vec::new();
            for address in found.map(|address| address.ip()) {
                if !answers.contains(&address) {
                    answers.push(address);
                }
            }
            if answers.is_empty() { Err(format!("{host} has no address")) } else { Ok(answers) }
        }
    }
}

/// The first answer's family first, then by turns, so that one family that leads nowhere costs one wait
/// (after RFC 8305 §4).
pub(super) fn by_turns(answers: &[IpAddr]) -> Vec<IpAddr> {
    let first = answers.first().is_some_and(IpAddr::is_ipv6);
    let (mut one, mut other): (Vec<_>, Vec<_>) = answers.iter().copied().partition(|a| a.is_ipv6() == first);
    one.reverse();
    other.reverse();
    let mut order = Vec::with_capacity(answers.len());
    while !one.is_empty() || !other.is_empty() {
        order.extend(one.pop());
        order.extend(other.pop());
    }
    order
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn families_come_by_turns_and_nothing_is_lost() {
        let addresses = |list: &[&str]| list.iter().map(|a| a.parse().unwrap()).collect::<Vec<IpAddr>>();
        let cases = [
            (vec!["::1", "::2", "1.1.1.1", "::3"], vec!["::1", "1.1.1.1", "::2", "::3"]),
            (vec!["1.1.1.1", "2.2.2.2", "::1"], vec!["1.1.1.1", "::1", "2.2.2.2"]),
            (vec!["1.1.1.1"], vec!["1.1.1.1"]),
            (vec![], vec![]),
        ];
        for (given, expected) in cases {
            assert_eq!(by_turns(&addresses(&given)), addresses(&expected));
        }
    }

    #[test]
    fn an_answer_is_shared_until_it_is_forgotten() {
        let (resolver, clock) = (Resolver::default(), super::super::system_clock());
        let answers = vec![[127, 0, 0, 1].into()];
        let known = Lookup { host: "a.example".into(), answers, at: clock(), elapsed_ms: 3, given: false };
        resolver.keep("a.example".into(), Arc::new(known));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ask = || runtime.block_on(resolver.look_up("A.example", Duration::from_secs(1), &clock));
        assert!(Arc::ptr_eq(&ask().unwrap(), &ask().unwrap()));
        resolver.forget("A.example");
        assert!(resolver.known("a.example").is_none());
    }
}
