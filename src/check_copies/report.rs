//! What a sweep did: its answer, its log line and its metrics in one.

use std::ops::AddAssign;

use jiff::Timestamp;
use serde::Serialize;

use crate::counts::Counts;

/// Counts of one sweep.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Announcements published.
    pub published: usize,
    /// What happened to the requests.
    #[serde(flatten)]
    pub counts: Counts,
    /// Copies that are still copying.
    pub copying: usize,
    /// Statuses that nobody knows.
    pub unknown_statuses: usize,
    /// Copies that were looked for in vain: their project could not be read, or not in time.
    pub unreadable: usize,
    /// Writes that somebody else was faster with.
    pub overtaken: usize,
    /// Entries that were due and for which there was no time.
    pub left: usize,
    /// Requests whose grant was withdrawn.
    pub withdrawn: usize,
    /// Source projects whose policy could not be made to say what it should.
    pub policy_errors: usize,
    /// Calls of DescribeProjectVersions.
    pub describe_calls: usize,
    /// Those that failed: what is in a project could not be read.
    pub describe_errors: usize,
    /// Age of the oldest request seen that has no final answer, in seconds.
    pub oldest_unfinished_seconds: i64,
    /// Age of the oldest announcement seen that was not published, in seconds.
    pub oldest_unpublished_seconds: i64,
    /// How long the sweep took.
    pub sweep_milliseconds: i64,
}

impl Report {
    /// Notes how old a request is that has no final answer.
    pub(super) fn unfinished(&mut self, requested_at: Timestamp, now: Timestamp) {
        let age = now.duration_since(requested_at).as_secs();
        self.oldest_unfinished_seconds = self.oldest_unfinished_seconds.max(age);
    }

    /// Notes how old an announcement is that was not published.
    pub(super) fn unpublished(&mut self, since: Timestamp, now: Timestamp) {
        let age = now.duration_since(since).as_secs();
        self.oldest_unpublished_seconds = self.oldest_unpublished_seconds.max(age);
    }
}

impl AddAssign for Report {
    fn add_assign(&mut self, other: Self) {
        self.counts += other.counts;
        self.published += other.published;
        self.copying += other.copying;
        self.unknown_statuses += other.unknown_statuses;
        self.unreadable += other.unreadable;
        self.overtaken += other.overtaken;
        self.left += other.left;
        self.withdrawn += other.withdrawn;
        self.policy_errors += other.policy_errors;
        self.describe_calls += other.describe_calls;
        self.describe_errors += other.describe_errors;
        self.oldest_unfinished_seconds = self.oldest_unfinished_seconds.max(other.oldest_unfinished_seconds);
        self.oldest_unpublished_seconds =
            self.oldest_unpublished_seconds.max(other.oldest_unpublished_seconds);
        self.sweep_milliseconds = self.sweep_milliseconds.max(other.sweep_milliseconds);
    }
}
