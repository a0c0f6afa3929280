//! How long a host is left alone: the delay that was asked for, its own Crawl-delay, and longer where it says "not now".

use super::scope::authority;
use jiff::Timestamp;
use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};
use url::Url;

/// The first pause after an answer that says "not now" without saying when; each further one is twice as long.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);
/// A Retry-After is taken at its word up to a day.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Clocks and wires are not exact: what a server measures must not be shorter than what it asked for.
const MARGIN: Duration = Duration::from_millis(2);

/// What an answer says about when to come again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// 429 or 503.
    pub(super) not_now: bool,
    /// Retry-After, as a time from now.
    pub(super) retry_after: Option<Duration>,
}

impl Answer {
    /// From the status and the Retry-After field (RFC 9110 §10.2.3): seconds, or a date.
    pub(super) fn new(status: Option<u16>, retry_after: Option<&str>, now: Timestamp) -> Self {
        let not_now = matches!(status, Some(429 | 503));
        let retry_after = retry_after.filter(|_| not_now).and_then(|value| wait(value.trim(), now));
        Self { not_now, retry_after }
    }
}

fn wait(value: &str, now: Timestamp) -> Option<Duration> {
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Some(value.parse().map_or(DAY, Duration::from_secs).min(DAY));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    // A date has whole seconds; one in the past asks for no pause.
    let ahead = date.duration_since(SystemTime::from(now)).unwrap_or_default();
    Some(ahead.min(DAY))
}

/// What is known of the hosts that are not treated like any other.
#[derive(Debug)]
pub(super) struct Manners {
    /// From an answer of a host to the next request.
    pub(super) delay: Duration,
    /// How often in a row each host has said "not now".
    refusals: HashMap<String, u32>,
}

impl Manners {
    pub(super) fn new(delay: Duration) -> Self {
        Self { delay, refusals: HashMap::new() }
    }

    /// When a host may be asked again, after a request that it had at `began`. `own` is what its robots.txt asks for.
    pub(super) fn after(
        &mut self,
        url: &Url,
        began: Instant,
        answer: Answer,
        own: Option<Duration>,
    ) -> Option<Instant> {
        self.pace(began, own).max(self.pause(url, answer).map(|pause| Instant::now() + pause + MARGIN))
    }

    /// When the next request may follow one that begins at `began`, whatever the answer.
    pub(super) fn pace(&self, began: Instant, own: Option<Duration>) -> Option<Instant> {
        let delay = self.delay.max(own.unwrap_or_default());
        (!delay.is_zero()).then(|| began + delay + MARGIN)
    }

    fn pause(&mut self, url: &Url, answer: Answer) -> Option<Duration> {
        let host = authority(url);
        if !answer.not_now {
            self.refusals.remove(host);
            return None;
        }
        let refusals = self.refusals.entry(host.to_owned()).or_default();
        let doubled = FIRST.saturating_mul(1 << (*refusals).min(16)).min(LONGEST);
        *refusals += 1;
        Some(answer.retry_after.unwrap_or(doubled))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn now() -> Timestamp {
        "2026-11-27T12:00:00.4Z".parse().unwrap()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let cases = [
            ("0", Some(0.0)),
            ("120", Some(120.0)),
            ("99999999999999999999999", Some(86_400.0)),
            ("Fri, 27 Nov 2026 12:01:00 GMT", Some(59.6)),
            ("Friday, 27-Nov-26 12:01:00 GMT", Some(59.6)),
            ("Fri Nov 27 12:01:00 2026", Some(59.6)),
            ("Fri, 27 Nov 2020 12:01:00 GMT", Some(0.0)),
            ("soon", None),
            ("-5", None),
            ("", None),
        ];
        for (value, expected) in cases {
            let answer = Answer::new(Some(429), Some(value), now());
            assert_eq!(answer.retry_after.map(|wait| wait.as_secs_f64()), expected, "{value}");
            assert_eq!(Answer::new(Some(200), Some(value), now()), Answer::default());
        }
    }

    #[test]
    fn a_host_that_says_not_now_is_left_alone_longer_each_time_until_it_answers() {
        let (url, mut manners) = (Url::parse("http://a/").unwrap(), Manners::new(Duration::ZERO));
        let not_now = Answer { not_now: true, retry_after: None };
        let mut pause = |answer| {
            let before = Instant::now();
            let at = manners.after(&url, before, answer, None);
            at.map(|at| (at - before).as_secs_f64().round())
        };
        assert_eq!([pause(not_now), pause(not_now), pause(not_now)], [Some(1.0), Some(2.0), Some(4.0)]);
        let told = Answer { not_now: true, retry_after: Some(Duration::from_secs(60)) };
        assert_eq!(pause(told), Some(60.0));
        assert_eq!(pause(Answer::default()), None);
        assert_eq!(pause(not_now), Some(1.0));
    }

    #[test]
    fn the_longer_of_the_users_delay_and_the_hosts_own_holds() {
        let (url, mut manners) = (Url::parse("http://a/").unwrap(), Manners::new(Duration::from_secs(2)));
        let began = Instant::now();
        let mut delay = |own: Option<u64>| {
            let at = manners.after(&url, began, Answer::default(), own.map(Duration::from_secs)).unwrap();
            (at - began).as_secs()
        };
        assert_eq!((delay(None), delay(Some(1)), delay(Some(5))), (2, 2, 5));
    }
}
