//! Outside time in the log: while a capture runs, an authority time-stamps its checkpoint now and then, and the answer becomes an
//! entry. What stands behind that entry was written after that time, and what the checkpoint covers before it.

use super::{Archive, Error};
use crate::input::remote::Client;
use crate::manifest::{Anchor, Body};
use crate::vouch::stamp::{LONGEST, MEDIA_TYPE, Request};
use data_encoding::BASE64;
use jiff::Timestamp;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;
use url::Url;

/// An authority that is asked again and again.
#[derive(Debug)]
pub struct Anchors {
    client: Client,
    url: String,
    every: Duration,
    asked: Option<Timestamp>,
    waiting: Option<Waiting>,
}

/// A question that is out.
#[derive(Debug)]
struct Waiting {
    request: Request,
    checkpoint: Vec<u8>,
    answer: Receiver<Result<Vec<u8>, String>>,
}

impl Anchors {
    /// The authority at `url`, to be asked when the capture begins and then `every` so often.
    pub fn new(client: Client, url: &str, every: Duration) -> Self {
        Self { client, url: url.to_owned(), every, asked: None, waiting: None }
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let elapsed = |asked: Timestamp| now.duration_since(asked).unsigned_abs();
        self.waiting.is_none() && self.asked.is_none_or(|asked| elapsed(asked) >= self.every)
    }

    /// Asks on a thread of its own: an authority may be slow, and the capture does not wait.
    fn ask(&mut self, request: Request, checkpoint: Vec<u8>, now: Timestamp) {
        let (sender, answer) = channel();
        let (client, url, body) = (self.client.clone(), self.url.clone(), request.to_der());
        std::thread::spawn(move || {
            let answer = client.post(&url, MEDIA_TYPE, body, LONGEST as u64);
            // Where the run has ended nobody listens.
            let _ = sender.send(answer.map_err(|error| error.to_string()));
        });
        self.asked = Some(now);
        self.waiting = Some(Waiting { request, checkpoint, answer });
    }

    /// What has come back: an entry, or why there is none.
    fn answered(&mut self, wait: bool) -> Option<Result<Anchor, String>> {
        let waiting = self.waiting.take()?;
        let answer = match (wait, waiting.answer.try_recv()) {
            (_, Ok(answer)) => answer,
            (true, Err(TryRecvError::Empty)) => {
                waiting.answer.recv().unwrap_or_else(|_| Err("the question was lost".to_owned()))
            }
            (false, Err(TryRecvError::Empty)) => {
                self.waiting = Some(waiting);
                return None;
            }
            (_, Err(TryRecvError::Disconnected)) => Err("the question was lost".to_owned()),
        };
        let checked = answer.and_then(|response| match waiting.request.answered(&response) {
            Ok(_) => Ok(response),
            Err(problem) => Err(format!("{} gives no time-stamp: {problem}", self.url)),
        });
        Some(checked.map(|response| Anchor {
            checkpoint: String::from_utf8_lossy(&waiting.checkpoint).into_owned(),
            response: BASE64.encode(&response),
            tsa: bare(&self.url),
        }))
    }
}

/// Without user name and password, which stand in no log.
fn bare(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else { return String::new() };
    // Refused only where there is no host, and then no user either.
    let _ = (parsed.set_username(""), parsed.set_password(None));
    parsed.into()
}

impl Archive {
    /// Has the log anchored in outside time, and waits for the first answer: all that is captured comes after it. Gives why
    /// there is none, where the authority fails; it will be asked again.
    ///
    /// # Errors
    /// What the file system says.
    pub fn anchor_by(&mut self, anchors: Anchors) -> Result<Option<String>, Error> {
        self.anchors = Some(anchors);
        self.ask_for_anchor()?;
        self.take_anchor(true)
    }

    /// Now and then, between two captures: asks, and takes down what was answered. Gives what went wrong.
    pub(super) fn anchor(&mut self) -> Result<Option<String>, Error> {
        let problem = self.take_anchor(false)?;
        self.ask_for_anchor()?;
        Ok(problem)
    }

    fn ask_for_anchor(&mut self) -> Result<(), Error> {
        let now = self.world.now();
        if !self.anchors.as_ref().is_some_and(|anchors| anchors.is_due(now)) {
            return Ok(());
        }
        let checkpoint = self.checkpoint()?;
        let at = Error::at(self.layout.root());
        let request = Request::new(&checkpoint, self.world.as_ref()).map_err(at)?;
        if let Some(anchors) = &mut self.anchors {
            anchors.ask(request, checkpoint, now);
        }
        Ok(())
    }

    fn take_anchor(&mut self, wait: bool) -> Result<Option<String>, Error> {
        match self.anchors.as_mut().and_then(|anchors| anchors.answered(wait)) {
            None => Ok(None),
            Some(Ok(anchor)) => self.log(Body::Anchor(anchor)).map(|_| None),
            Some(Err(problem)) => Ok(Some(problem)),
        }
    }
}
