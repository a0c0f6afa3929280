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

/// An answer that leads nowhere is asked for again once it is this old.
const YOUNG: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, Default)]
pub(super) struct Resolver {
    given: HashMap<String, Vec<IpAddr>>,
    known: Arc<Mutex<HashMap<String, Slot>>>,
}

/// The answer for a name and since when; locked while it is asked for, so that nobody else asks meanwhile.
type Slot = Arc<tokio::sync::Mutex<Option<(Instant, Arc<Lookup>)>>>;

impl Resolver {
    pub(super) fn give(&mut self, host: &str, addresses: Vec<IpAddr>) {
        self.given.entry(host.to_ascii_lowercase()).or_default().extend(addresses);
    }

    pub(super) fn is_given(&self, host: &str) -> bool {
        self.given.contains_key(&host.to_ascii_lowercase())
    }

    /// The addresses of a name, or why there are none in plain words.
    pub(super) async fn look_up(
        &self,
        host: &str,
        limit: Duration,
        clock: &Clock,
    ) -> Result<Arc<Lookup>, String> {
        let host = host.to_ascii_lowercase();
        if let Some(answers) = self.given.get(&host).cloned() {
            return Ok(Arc::new(Lookup { host, answers, at: clock(), elapsed_ms: 0, given: true }));
        }
        let slot = self.slot(&host);
        let mut slot = slot.lock().await;
        if let Some((_, lookup)) = slot.as_ref().filter(|(since, _)| since.elapsed() < KEPT_FOR) {
            return Ok(lookup.clone());
        }
        let (at, started) = (clock(), Instant::now());
        let answers = ask(&host, limit).await?;
        let elapsed_ms = millis(started);
        let lookup = Arc::new(Lookup { host, answers, at, elapsed_ms, given: false });
        *slot = Some((Instant::now(), lookup.clone()));
        Ok(lookup)
    }

    /// None of a name's addresses could be reached: unless they are quite new, the next one asks again.
    pub(super) fn doubt(&self, host: &str) {
        if let Ok(mut slot) = self.slot(&host.to_ascii_lowercase()).try_lock()
            && slot.as_ref().is_some_and(|(since, _)| since.elapsed() > YOUNG)
        {
            *slot = None;
        }
    }

    fn slot(&self, host: &str) -> Slot {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT && !known.contains_key(host) {
            known.clear();
        }
        known.entry(host.to_owned()).or_default().clone()
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
    fn an_answer_is_shared_until_it_is_old_and_doubted() {
        let (resolver, clock) = (Resolver::default(), super::super::system_clock());
        let answers = vec![[127, 0, 0, 1].into()];
        let known = Lookup { host: "a.example".into(), answers, at: clock(), elapsed_ms: 3, given: false };
        let put =
            |since| *resolver.slot("a.example").try_lock().unwrap() = Some((since, Arc::new(known.clone())));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ask = || runtime.block_on(resolver.look_up("A.example", Duration::from_secs(1), &clock));
        put(Instant::now());
        assert!(Arc::ptr_eq(&ask().unwrap(), &ask().unwrap()));
        resolver.doubt("A.example");
        assert!(ask().is_ok(), "asking again so soon would not help");
        if let Some(since) = Instant::now().checked_sub(YOUNG * 2) {
            put(since);
            resolver.doubt("A.example");
            assert!(resolver.slot("a.example").try_lock().unwrap().is_none());
        }
    }
}
