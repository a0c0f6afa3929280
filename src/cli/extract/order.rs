//! Work handed to threads one piece at a time, and its results taken in the order in which it was handed out.
//!
//! A slow piece holds up no other one: whichever thread is free takes the next. What is under way, and what is done and
//! waits for a slow piece before it, is bounded in number and in bytes.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

/// Pieces under way a thread, and the bytes of all of them.
const PIECES: usize = 32;
const BYTES: usize = 64 << 20;

/// Takes a piece and what was made of it.
pub(super) type Sink<'a, J, M> = &'a mut dyn FnMut(J, M) -> anyhow::Result<()>;

type Done<J, M> = (u64, J, Result<M, Box<dyn Any + Send>>);

/// Where pieces are handed in.
pub(super) struct Queue<'a, J, M> {
    make: &'a (dyn Fn(&J) -> M + Sync),
    sink: Sink<'a, J, M>,
    threads: Option<Threads<J, M>>,
}

struct Threads<J, M> {
    todo: Sender<(u64, J)>,
    done: Receiver<Done<J, M>>,
    /// Done before their turn.
    early: BTreeMap<u64, (J, M)>,
    /// Bytes of each that has not been taken yet.
    weights: BTreeMap<u64, usize>,
    weight: usize,
    begun: u64,
    taken: u64,
    most: usize,
}

/// Runs `body`, which hands pieces in, with so many threads that make something of them; with one, all is done here.
pub(super) fn run<J: Send, M: Send, T>(
    jobs: usize,
    make: &(dyn Fn(&J) -> M + Sync),
    sink: Sink<'_, J, M>,
    body: impl FnOnce(&mut Queue<'_, J, M>) -> T,
) -> T {
    if jobs < 2 {
        return body(&mut Queue { make, sink, threads: None });
    }
    let (todo, waiting) = channel::<(u64, J)>();
    let (finished, done) = channel();
    let waiting = Mutex::new(waiting);
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (waiting, finished) = (&waiting, finished.clone());
            scope.spawn(move || work(waiting, make, &finished));
        }
        let (early, weights) = (BTreeMap::new(), BTreeMap::new());
        let threads =
            Threads { todo, done, early, weights, weight: 0, begun: 0, taken: 0, most: jobs * PIECES };
        // Dropping the queue ends the threads, should the body have left anything.
        body(&mut Queue { make, sink, threads: Some(threads) })
    })
}

fn work<J, M>(
    waiting: &Mutex<Receiver<(u64, J)>>,
    make: &(dyn Fn(&J) -> M + Sync),
    finished: &Sender<Done<J, M>>,
) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, piece)) = next else { return };
        let made = catch_unwind(AssertUnwindSafe(|| make(&piece)));
        if finished.send((number, piece, made)).is_err() {
            return;
        }
    }
}

impl<J, M> Queue<'_, J, M> {
    /// Hands in a piece that takes so many bytes; waits while there is too much under way.
    pub(super) fn push(&mut self, piece: J, bytes: usize) -> anyhow::Result<()> {
        let Some(threads) = &mut self.threads else {
            let made = (self.make)(&piece);
            return (self.sink)(piece, made);
        };
        while threads.is_full(bytes) {
            threads.wait(self.sink)?;
        }
        threads.begin(piece, bytes);
        while let Ok(done) = threads.done.try_recv() {
            threads.finish(done, self.sink)?;
        }
        Ok(())
    }

    /// Waits until all is done.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        if let Some(threads) = &mut self.threads {
            while threads.taken < threads.begun {
                threads.wait(self.sink)?;
            }
        }
        Ok(())
    }
}

impl<J, M> Threads<J, M> {
    fn is_full(&self, bytes: usize) -> bool {
        let under_way = self.weights.len();
        under_way > 0 && (under_way >= self.most || self.weight + bytes > BYTES)
    }

    fn begin(&mut self, piece: J, bytes: usize) {
        self.weights.insert(self.begun, bytes);
        self.weight += bytes;
        // The threads are there as long as the queue is.
        let _ = self.todo.send((self.begun, piece));
        self.begun += 1;
    }

    fn wait(&mut self, sink: Sink<'_, J, M>) -> anyhow::Result<()> {
        let done = self.done.recv()?;
        self.finish(done, sink)
    }

    fn finish(&mut self, (number, piece, made): Done<J, M>, sink: Sink<'_, J, M>) -> anyhow::Result<()> {
        let made = made.unwrap_or_else(|bug| resume_unwind(bug));
        self.early.insert(number, (piece, made));
        while let Some((piece, made)) = self.early.remove(&self.taken) {
            self.weight -= self.weights.remove(&self.taken).unwrap_or_default();
            self.taken += 1;
            sink(piece, made)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::Condvar;
    use std::time::Duration;

    #[test]
    fn results_come_in_order_however_long_each_takes() {
        for jobs in [1, 2, 7] {
            let mut seen = Vec::new();
            let make = |n: &u64| {
                std::thread::sleep(Duration::from_micros((n * 7919) % 300));
                n * 2
            };
            let mut sink = |n: u64, twice: u64| {
                assert_eq!(twice, n * 2);
                seen.push(n);
                Ok(())
            };
            run(jobs, &make, &mut sink, |queue| {
                (0..500).for_each(|n| queue.push(n, 1).unwrap());
                queue.finish().unwrap();
            });
            assert_eq!(seen, (0..500).collect::<Vec<_>>(), "{jobs}");
        }
    }

    #[test]
    fn a_slow_piece_holds_up_no_other_one() {
        let (others, changed) = (Mutex::new(0), Condvar::new());
        let make = |n: &u32| {
            if *n == 0 {
                // It ends only once nine others have been done beside it.
                let (count, late) = changed
                    .wait_timeout_while(others.lock().unwrap(), Duration::from_secs(60), |count| *count < 9)
                    .unwrap();
                assert!(!late.timed_out(), "{count} others");
            } else {
                *others.lock().unwrap() += 1;
                changed.notify_all();
            }
        };
        run(2, &make, &mut |_, ()| Ok(()), |queue| {
            (0..10).for_each(|n| queue.push(n, 1).unwrap());
            queue.finish().unwrap();
        });
    }

    #[test]
    fn what_is_under_way_is_bounded_in_bytes() {
        let (held, most) = (Mutex::new(0), Mutex::new(0));
        let make = |_: &usize| ();
        let mut sink = |bytes: usize, ()| {
            *held.lock().unwrap() -= bytes;
            Ok(())
        };
        run(2, &make, &mut sink, |queue| {
            for _ in 0..50 {
                *held.lock().unwrap() += BYTES / 3;
                queue.push(BYTES / 3, BYTES / 3).unwrap();
                let held = *held.lock().unwrap();
                let mut most = most.lock().unwrap();
                *most = held.max(*most);
            }
            queue.finish().unwrap();
        });
        assert!(*most.lock().unwrap() <= BYTES, "{most:?}");
        assert_eq!(*held.lock().unwrap(), 0);
    }

    #[test]
    fn an_error_of_the_sink_ends_it() {
        for jobs in [1, 3] {
            let mut sink = |n: u32, ()| if n == 3 { anyhow::bail!("full") } else { Ok(()) };
            let result = run(jobs, &|_: &u32| (), &mut sink, |queue| {
                (0..100).try_for_each(|n| queue.push(n, 1))?;
                queue.finish()
            });
            assert!(result.is_err());
        }
    }
}
