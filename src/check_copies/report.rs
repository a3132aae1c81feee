//! What a sweep did: its answer, its log line and its metrics in one.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::announcement::Status;
use crate::domain::record::{Record, State, WaitReason};
use crate::ports::Page;

/// Counts of one sweep.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Announcements published.
    pub published: usize,
    /// Copies accepted by Rekognition.
    pub started: usize,
    /// Copies found and adopted.
    pub adopted: usize,
    /// Starts that have to wait, by reason.
    pub waiting: BTreeMap<&'static str, usize>,
    /// Copies that are still copying.
    pub copying: usize,
    /// Requests that ended COMPLETED.
    pub completed: usize,
    /// Requests that ended FAILED.
    pub failed: usize,
    /// Requests that ended TIMED_OUT.
    pub timed_out: usize,
    /// Statuses that nobody knows.
    pub unknown_statuses: usize,
    /// Copies whose project could not be read.
    pub unreadable: usize,
    /// Writes that somebody else was faster with.
    pub overtaken: usize,
    /// Reads and writes of the ledger that failed.
    pub ledger_errors: usize,
    /// Entries that were due and for which there was no time.
    pub left: usize,
    /// Requests whose grant was withdrawn.
    pub withdrawn: usize,
    /// Source projects whose policy could not be made to say what it should.
    pub policy_errors: usize,
    /// Calls of DescribeProjectVersions.
    pub describe_calls: usize,
    /// Age of the oldest request seen that has no final answer, in seconds.
    pub oldest_unfinished_seconds: i64,
    /// Age of the oldest announcement seen that was not published, in seconds.
    pub oldest_unpublished_seconds: i64,
    /// How long the sweep took.
    pub sweep_milliseconds: i64,
}

impl Report {
    /// Counts a record in the state it has just entered.
    pub(super) fn count(&mut self, record: &Record) {
        match &record.state {
            State::Starting { .. } => {}
            State::Waiting { reason, .. } => *self.waiting.entry(reason.as_str()).or_default() += 1,
            State::Copying(copying)
                if record.outbox.iter().any(|letter| letter.status == Status::Started) =>
            {
                if copying.adopted {
                    self.adopted += 1;
                } else {
                    self.started += 1;
                }
            }
            State::Copying(_) => self.copying += 1,
            State::Ended { status: Status::Completed, .. } => self.completed += 1,
            State::Ended { status: Status::TimedOut, .. } => self.timed_out += 1,
            State::Ended { .. } => self.failed += 1,
        }
    }

    /// Notes how old the requests of a page are.
    pub(super) fn see(&mut self, page: &Page, now: Timestamp) {
        for entry in &page.entries {
            let age = now.duration_since(entry.requested_at).as_secs();
            self.oldest_unfinished_seconds = self.oldest_unfinished_seconds.max(age);
        }
    }

    /// Every reason for waiting, those of which nobody waits as 0.
    pub fn waiting_by_reason(&self) -> impl Iterator<Item = (&'static str, usize)> + '_ {
        WaitReason::ALL
            .iter()
            .map(|reason| (reason.as_str(), self.waiting.get(reason.as_str()).copied().unwrap_or(0)))
    }
}

impl AddAssign for Report {
    fn add_assign(&mut self, other: Self) {
        for (reason, count) in other.waiting {
            *self.waiting.entry(reason).or_default() += count;
        }
        self.published += other.published;
        self.started += other.started;
        self.adopted += other.adopted;
        self.copying += other.copying;
        self.completed += other.completed;
        self.failed += other.failed;
        self.timed_out += other.timed_out;
        self.unknown_statuses += other.unknown_statuses;
        self.unreadable += other.unreadable;
        self.overtaken += other.overtaken;
        self.ledger_errors += other.ledger_errors;
        self.left += other.left;
        self.withdrawn += other.withdrawn;
        self.policy_errors += other.policy_errors;
        self.describe_calls += other.describe_calls;
        self.oldest_unfinished_seconds = self.oldest_unfinished_seconds.max(other.oldest_unfinished_seconds);
        self.oldest_unpublished_seconds =
            self.oldest_unpublished_seconds.max(other.oldest_unpublished_seconds);
        self.sweep_milliseconds = self.sweep_milliseconds.max(other.sweep_milliseconds);
    }
}
