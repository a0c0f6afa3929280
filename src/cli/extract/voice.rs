//! What is said to a person while pages go by, from wherever it is said.

use crate::cli::{Global, output};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// How often the line about progress is written anew.
const SHOWN: Duration = Duration::from_millis(250);

/// Lines on standard error, and, on a terminal, a last one that tells how far it is.
pub(super) struct Voice {
    verbose: bool,
    progress: RefCell<output::Progress>,
    shown: Cell<Instant>,
}

impl Voice {
    pub(super) fn new(global: Global) -> Self {
        let progress = RefCell::new(output::Progress::new(global.quiet));
        Self { verbose: global.verbose, progress, shown: Cell::new(Instant::now()) }
    }

    /// Something that went wrong.
    pub(super) fn problem(&self, message: &str) {
        self.clear();
        output::problem(message);
    }

    pub(super) fn line(&self, message: &str) {
        self.clear();
        output::line(message);
    }

    /// What only those want to know who asked for more.
    pub(super) fn detail(&self, message: impl FnOnce() -> String) {
        if self.verbose {
            self.line(&message());
        }
    }

    /// How far it is.
    pub(super) fn progress(&self, message: impl FnOnce() -> String) {
        if self.shown.get().elapsed() > SHOWN {
            self.shown.set(Instant::now());
            self.progress.borrow_mut().show(&message());
        }
    }

    pub(super) fn clear(&self) {
        self.progress.borrow_mut().clear();
    }
}
