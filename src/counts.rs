//! What happened to requests in one unit of work: a batch, an invocation or a sweep.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Serialize;

use crate::domain::announcement::Status;
use crate::domain::record::{Record, State};

/// Counts of the states that requests entered.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Requests recorded for the first time.
    pub requests: usize,
    /// Copies accepted by Rekognition.
    pub started: usize,
    /// Copies found and adopted.
    pub adopted: usize,
    /// Starts that have to wait, by reason.
    pub waiting: BTreeMap<&'static str, usize>,
    /// Requests that ended COMPLETED.
    pub completed: usize,
    /// Requests that ended FAILED.
    pub failed: usize,
    /// Requests that ended TIMED_OUT.
    pub timed_out: usize,
    /// Requests that ended REJECTED.
    pub rejected: usize,
    /// Reads and writes of the ledger that failed.
    pub ledger_errors: usize,
    /// How long each completed copy took, in seconds.
    #[serde(skip)]
    pub copy_seconds: Vec<i64>,
}

impl Counts {
    /// Counts a record in the state it has just entered.
    pub fn count(&mut self, record: &Record) {
        match &record.state {
            State::Starting { .. } => {}
            State::Waiting { reason, .. } => *self.waiting.entry(reason.as_str()).or_default() += 1,
            // A copy enters its state once, with this announcement; later writes only settle doubts.
            State::Copying(copying)
                if record.outbox.iter().any(|letter| letter.status == Status::Started) =>
            {
                *(if copying.adopted { &mut self.adopted } else { &mut self.started }) += 1;
            }
            State::Copying(_) => {}
            State::Ended { status: Status::Completed, at, started_at, .. } => {
                self.completed += 1;
                self.copy_seconds
                    .extend(started_at.map(|started| at.duration_since(started).as_secs().max(0)));
            }
            State::Ended { status: Status::TimedOut, .. } => self.timed_out += 1,
            State::Ended { status: Status::Rejected, .. } => self.rejected += 1,
            State::Ended { .. } => self.failed += 1,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        for (reason, count) in other.waiting {
            *self.waiting.entry(reason).or_default() += count;
        }
        self.requests += other.requests;
        self.started += other.started;
        self.adopted += other.adopted;
        self.completed += other.completed;
        self.failed += other.failed;
        self.timed_out += other.timed_out;
        self.rejected += other.rejected;
        self.ledger_errors += other.ledger_errors;
        self.copy_seconds.extend(other.copy_seconds);
    }
}
