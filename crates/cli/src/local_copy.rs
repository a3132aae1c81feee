//! A copy on this machine: runs the functions' use cases in a loop, on a ledger of files.

use std::time::Duration;

use jiff::Timestamp;
use rekognition_model_copier::Copier;
use rekognition_model_copier::budget::Budget;
use rekognition_model_copier::domain::intake::{Message, WayIn};
use rekognition_model_copier::domain::record::{Accepted, Record, State};
use rekognition_model_copier::ports::{Clock, Ledger, World};
use tokio::time::Instant;
use uuid::Uuid;

use crate::announcer::{Announcer, NEW_ID};
use crate::confirm::Confirmation;
use crate::exit::{Exit, Failure};
use crate::file_ledger::FileLedger;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::request_text::RequestText;
use crate::waiting::Waiting;
use crate::when::write_duration;

/// How long a sweep or a start may take; the same as in check-copies.
const STEP_TIME: Duration = Duration::from_secs(70);
/// The longest time between two polls. A copy takes minutes to hours.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(10);
/// The time before the first poll. The time doubles with each poll.
const MIN_POLL_INTERVAL: Duration = Duration::from_secs(1);

/// What a copy needs apart from the copier's ports.
pub struct LocalCopy<'a> {
    /// The ledger of files, which the copier's ledger port is or wraps.
    pub files: &'a FileLedger,
    pub request: &'a RequestText,
    pub waiting: Waiting,
    pub interrupt: &'a Interrupt,
    pub output: &'a Output,
    pub announcer: &'a Announcer<'a>,
}

impl LocalCopy<'_> {
    /// Begins or continues the request, until it has ended or the wait is over.
    ///
    /// # Errors
    /// If the ledger cannot be used, or the result cannot be written.
    pub async fn run<W: World>(&self, copier: &Copier<W>, confirmed: Confirmation) -> Result<Exit, Failure> {
        let begun = Instant::now();
        let key = self.request.key();
        let ledger = copier.world().ledger();
        if let Some(known) = ledger.load(&key).await?
            && let Some(rejected) = self.request.rejection(&known, copier.rules(), now(copier))?
        {
            return self.announcer.reject(&rejected, NEW_ID);
        }
        // INVARIANT: only the holder of a request's lock works on it. So a start that is in progress when the lock is taken
        // belongs to a process that died.
        let mut has_followed = false;
        let _lock = loop {
            let lock = self.files.try_hold(&key)?;
            if has_followed
                && let Some(ended) = ledger.load(&key).await?.filter(|record| record.ended_at().is_some())
            {
                return self.announcer.end(&ended);
            }
            if let Some(lock) = lock {
                break lock;
            }
            self.output.status_line("another process works on this request");
            if let Some(exit) = self.stop(begun, None)? {
                return Ok(exit);
            }
            has_followed = true;
            self.interrupt.wait_at_most(MIN_POLL_INTERVAL).await;
        };
        if let Some(known) = ledger.load(&key).await?
            && is_over(&known)
            && !self.request.is_id_given
        {
            self.files.put_aside(&known)?;
        }
        self.begin(copier, confirmed).await?;
        let mut interval = MIN_POLL_INTERVAL;
        let mut has_said_unanswered = false;
        loop {
            self.announcer.check()?;
            let Some(record) = copier.world().ledger().load(&key).await? else {
                return Err(Failure::Error(format!("the record of `{}` was deleted", self.request.id)));
            };
            if is_over(&record) {
                return self.announcer.end(&record);
            }
            if let Some(exit) = self.stop(begun, Some(&record))? {
                return Ok(exit);
            }
            if let Some(State::Starting { lease, .. }) = record.accepted().map(|accepted| &accepted.state)
                && !std::mem::replace(&mut has_said_unanswered, true)
            {
                let left = write_duration(lease.until.duration_since(now(copier)));
                self.output.note(&format!(
                    "it is not known whether the call worked: if there is a copy, the copier finds it; else the next call is in \
                     {left}"
                ));
            }
            let wait = next_wait(&record, now(copier), interval);
            self.wait(&record, copier, begun, wait).await;
            if self.interrupt.was_pressed() {
                continue;
            }
            interval = (interval * 2).min(MAX_POLL_INTERVAL);
            copier.sweep(&Uuid::new_v4().to_string(), Budget::for_sweep(STEP_TIME)).await;
        }
    }

    /// Records the request and makes the first try, unless the request is already recorded.
    async fn begin<W: World>(&self, copier: &Copier<W>, _: Confirmation) -> Result<(), Failure> {
        let ledger = copier.world().ledger();
        match ledger.load(&self.request.key()).await? {
            Some(Record::Accepted(mut accepted)) => {
                self.output.note("continuing a request that an earlier run began");
                if let State::Starting { unanswered, .. } = &mut accepted.state
                    && !*unanswered
                {
                    // The process that had the lease is dead. It may have made its call.
                    *unanswered = true;
                    ledger.save(accepted.into()).await?;
                }
                copier.sweep(&Uuid::new_v4().to_string(), Budget::for_sweep(STEP_TIME)).await;
            }
            Some(Record::Rejected(_)) => {}
            None => {
                // INVARIANT: unlike any other: it owns the lease.
                let id = Uuid::new_v4().to_string();
                let message = Message { text: &self.request.text(), id: &id, way_in: WayIn::Invocation };
                let (answer, _) = copier.start_invocation(message, &Budget::new(STEP_TIME)).await;
                answer.map_err(|error| Failure::Error(error.to_string()))?;
            }
        }
        Ok(())
    }

    /// Ends the wait if it is over. Returns the exit code.
    fn stop(&self, begun: Instant, record: Option<&Record>) -> Result<Option<Exit>, Failure> {
        let Some((why, exit)) = self.waiting.end(begun, record, self.interrupt) else { return Ok(None) };
        self.announcer.leave(record, exit)?;
        let id = &self.request.id;
        self.output.note(&format!("{why}; request `{id}` stays recorded, and the same command continues it"));
        Ok(Some(exit))
    }

    /// Waits for the next sweep. At a terminal, the status line is updated every second.
    async fn wait<W: World>(&self, record: &Record, copier: &Copier<W>, begun: Instant, wait: Duration) {
        let until = Instant::now() + wait;
        let until = self.waiting.timeout.map_or(until, |timeout| until.min(begun + timeout));
        while Instant::now() < until && !self.interrupt.was_pressed() {
            let elapsed = now(copier).duration_since(record.header().requested_at);
            self.output.status_line(&format!(
                "{} {}",
                write_duration(elapsed),
                describe_wait(record, now(copier))
            ));
            let left = until.saturating_duration_since(Instant::now());
            let step = if self.output.is_terminal() { Duration::from_secs(1) } else { left };
            self.interrupt.wait_at_most(left.min(step)).await;
        }
    }
}

fn now<W: World>(copier: &Copier<W>) -> Timestamp {
    copier.world().clock().now()
}

/// Whether the request has ended and its end was announced.
fn is_over(record: &Record) -> bool {
    record.next_step().is_none()
}

/// How long to wait before the next sweep.
fn next_wait(record: &Record, now: Timestamp, interval: Duration) -> Duration {
    match record.next_step() {
        Some((_, due)) if due > now => {
            let left = Duration::try_from(due.duration_since(now)).unwrap_or(interval);
            left.min(MAX_POLL_INTERVAL)
        }
        _ => interval,
    }
}

/// What a request waits for, in words.
fn describe_wait(record: &Record, now: Timestamp) -> String {
    let Some(Accepted { state, .. }) = record.accepted() else { return record.status_word().to_owned() };
    let left = |time: Timestamp| write_duration(time.duration_since(now));
    let what = match state {
        State::Starting { lease, .. } => {
            format!(
                "it is not known whether the call worked; next call in {} at the latest",
                left(lease.until)
            )
        }
        State::Waiting { due, failure, .. } => format!("{}: next try in {}", failure.code, left(*due)),
        State::Copying(_) => "Rekognition is copying the model".to_owned(),
        State::Ended(_) => "writing the result".to_owned(),
    };
    format!("{}  {what}", record.status_word())
}
