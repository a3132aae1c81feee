//! A copy on this machine: runs the functions' use cases in a loop, on a ledger of files.

use std::time::Duration;

use jiff::Timestamp;
use rekognition_model_copier::Copier;
use rekognition_model_copier::budget::Budget;
use rekognition_model_copier::domain::intake::{Message, WayIn};
use rekognition_model_copier::domain::record::{Record, State};
use rekognition_model_copier::ports::{Clock, Ledger, World};
use uuid::Uuid;

use crate::announcer::NEW_ID;
use crate::confirm::Confirmation;
use crate::exit::{Exit, Failure};
use crate::file_ledger::FileLedger;
use crate::request_text::RequestText;
use crate::waiting::Wait;
use crate::when::write_duration;

/// How long a sweep or a start may take; the same as in check-copies.
const STEP_TIME: Duration = Duration::from_secs(70);
/// The longest time between two polls. A copy takes minutes to hours.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(10);
/// The time before the first poll. The time doubles with each poll.
const MIN_POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The parts of a local copy besides the copier.
pub struct LocalCopy<'a> {
    /// The ledger of files, which the copier's ledger port is or wraps.
    pub files: &'a FileLedger,
    pub request: &'a RequestText,
    pub wait: &'a Wait<'a>,
}

impl LocalCopy<'_> {
    /// Begins or continues the request, until it has ended or the wait is over.
    ///
    /// # Errors
    /// If the ledger cannot be used, or the result cannot be written.
    pub async fn run<W: World>(&self, copier: &Copier<W>, confirmed: Confirmation) -> Result<Exit, Failure> {
        let Self { files, request, wait } = self;
        let (announcer, ledger, key) = (&wait.announcer, copier.world().ledger(), request.key());
        if let Some(known) = ledger.load(&key).await?
            && let Some(rejected) = request.rejection(&known, copier.rules(), now(copier))?
        {
            return announcer.reject(&rejected, NEW_ID);
        }
        let next = || format!("request `{}` stays recorded, and the same command continues it", request.id);
        // INVARIANT: only the holder of a request's lock works on it. So a start that is in progress when the lock is taken
        // belongs to a process that died.
        let mut has_followed = false;
        let _lock = loop {
            let lock = files.try_hold(&key)?;
            if has_followed
                && let Some(ended) = ledger.load(&key).await?.filter(|record| record.ended_at().is_some())
            {
                return announcer.end(&ended);
            }
            if let Some(lock) = lock {
                break lock;
            }
            if let Some(exit) = wait.end(None, next)? {
                return Ok(exit);
            }
            has_followed = true;
            wait.pause(MIN_POLL_INTERVAL, || "another process works on this request".to_owned()).await;
        };
        if let Some(known) = ledger.load(&key).await?
            && is_over(&known)
            && !request.is_id_given
        {
            files.put_aside(&known)?;
        }
        self.begin(copier, confirmed).await?;
        let mut interval = MIN_POLL_INTERVAL;
        let mut has_said_unanswered = false;
        loop {
            announcer.check()?;
            let Some(record) = ledger.load(&key).await? else {
                return Err(Failure::Error(format!("the record of `{}` was deleted", request.id)));
            };
            if is_over(&record) {
                return announcer.end(&record);
            }
            if let Some(exit) = wait.end(Some(&record), next)? {
                return Ok(exit);
            }
            if let Some(State::Starting { lease, .. }) = record.accepted().map(|accepted| &accepted.state)
                && !std::mem::replace(&mut has_said_unanswered, true)
            {
                let left = write_duration(lease.until.duration_since(now(copier)));
                announcer.output.note(&format!(
                    "it is not known whether the call worked: if there is a copy, the copier finds it; else the next call is in \
                     {left}"
                ));
            }
            let time = next_wait(&record, now(copier), interval);
            wait.pause(time, || describe_wait(&record, now(copier))).await;
            if !wait.interrupt.was_pressed() {
                interval = (interval * 2).min(MAX_POLL_INTERVAL);
                sweep(copier).await;
            }
        }
    }

    /// Records the request and makes the first try, unless the request is already recorded.
    async fn begin<W: World>(&self, copier: &Copier<W>, _: Confirmation) -> Result<(), Failure> {
        let ledger = copier.world().ledger();
        match ledger.load(&self.request.key()).await? {
            Some(Record::Accepted(mut accepted)) => {
                self.wait.announcer.output.note("continuing a request that an earlier run began");
                if let State::Starting { unanswered, .. } = &mut accepted.state
                    && !*unanswered
                {
                    // The process that had the lease is dead. It may have made its call.
                    *unanswered = true;
                    ledger.save(accepted.into()).await?;
                }
                sweep(copier).await;
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
}

async fn sweep<W: World>(copier: &Copier<W>) {
    copier.sweep(&Uuid::new_v4().to_string(), Budget::for_sweep(STEP_TIME)).await;
}

fn now<W: World>(copier: &Copier<W>) -> Timestamp {
    copier.world().clock().now()
}

/// Whether the request has ended and its end was announced.
fn is_over(record: &Record) -> bool {
    record.next_step().is_none()
}

fn next_wait(record: &Record, now: Timestamp, interval: Duration) -> Duration {
    match record.next_step() {
        Some((_, due)) if due > now => {
            let left = Duration::try_from(due.duration_since(now)).unwrap_or(interval);
            left.min(MAX_POLL_INTERVAL)
        }
        _ => interval,
    }
}

/// How long a request has lasted, and what it waits for, in words.
fn describe_wait(record: &Record, now: Timestamp) -> String {
    let left = |time: Timestamp| write_duration(time.duration_since(now));
    let what = match record.accepted().map(|accepted| &accepted.state) {
        Some(State::Starting { lease, .. }) => {
            let left = left(lease.until);
            format!("it is not known whether the call worked; next call in {left} at the latest")
        }
        Some(State::Waiting { due, failure, .. }) => format!("{}: next try in {}", failure.code, left(*due)),
        Some(State::Copying(_)) => "Rekognition is copying the model".to_owned(),
        Some(State::Ended(_)) | None => "writing the result".to_owned(),
    };
    let elapsed = write_duration(now.duration_since(record.header().requested_at));
    format!("{elapsed} {}  {what}", record.status_word())
}
