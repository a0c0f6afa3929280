//! What a run does now and then, whatever else happens: settings that were edited, anchors, progress, pauses that are told.

use super::{Event, Run, TICK};
use crate::crawl::scope::authority;
use crate::crawl::{Error, Target, live};
use std::io;
use std::time::{Duration, Instant};
use url::Url;

/// Hosts named in a tick.
const NAMED: usize = 5;

/// A pause that is told of.
const LONG_PAUSE: Duration = Duration::from_secs(60);

impl Run<'_> {
    /// Nobody is to wonder why nothing happens.
    pub(super) fn tell_pause(&mut self, url: &Url, pause: Duration, why: &str) {
        if pause >= LONG_PAUSE {
            let host = authority(url);
            let note = format!("{host} asks for a pause of {} s ({why}), and gets it", pause.as_secs());
            (self.on_event)(Event::Problem(&note));
        }
    }

    /// A host that has no rules to show, and so is left alone, though it answers.
    pub(super) fn tell_closed(&mut self, target: &Target, status: Option<u16>) -> io::Result<()> {
        if let Some(status) = status
            && self.plan.is_without_rules(target)?
        {
            let host = authority(target.chain.first().unwrap_or(&target.url));
            let note = format!(
                "{host} answers {status} for its robots.txt, which forbids all (RFC 9309 §2.3.1.4): links there are not \
                 followed; --resume asks again, --robots ignore does not ask"
            );
            (self.on_event)(Event::Problem(&note));
        }
        Ok(())
    }

    /// What is done now and then.
    pub(super) fn tick(&mut self) -> Result<(), Error> {
        let at = self.at();
        self.plan.frontier.breathe().map_err(at)?;
        if self.ticked.elapsed() < TICK {
            return Ok(());
        }
        self.ticked = Instant::now();
        match self.watch.changed() {
            Some(Ok(settings)) => {
                (self.on_event)(Event::Note(&live::describe(&settings)));
                self.manners.delay = settings.delay.unwrap_or(self.job.delay);
                self.plan.exclude(settings.exclude);
            }
            Some(Err(error)) => {
                (self.on_event)(Event::Problem(&format!("{error}; the settings stay as they were")))
            }
            None => {}
        }
        if let Some(problem) = self.ledger.anchor()? {
            (self.on_event)(Event::Problem(&format!("no anchor: {problem}; it will be asked for again")));
        }
        let hosts = self.plan.frontier.asked(NAMED).map_err(self.at())?;
        (self.on_event)(Event::Tick { waiting: self.plan.frontier.waiting(), hosts: &hosts });
        Ok(())
    }
}
