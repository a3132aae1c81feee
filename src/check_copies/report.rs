//! The counts of one sweep, for its answer and its metrics.

use jiff::Timestamp;
use serde::Serialize;

use crate::counts::Counts;

/// Counts of one sweep.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Announcements published.
    pub published: usize,
    #[serde(flatten)]
    pub counts: Counts,
    pub copying: usize,
    pub unknown_statuses: usize,
    /// Copies and unfinished starts whose version could not be looked up: the call failed, or there was no time for it.
    pub unreadable: usize,
    /// Records that another writer saved first.
    pub overtaken: usize,
    /// Entries that were due and that the sweep had no time for.
    pub left: usize,
    pub describe_calls: usize,
    /// Failed calls of DescribeProjectVersions for projects that the sweep before could not read either.
    pub describe_errors: usize,
    /// Age of the oldest request without a final answer among those that the sweep read, in seconds.
    pub oldest_unfinished_seconds: i64,
    /// Age of the oldest announcement that was not published, in seconds.
    pub oldest_unpublished_seconds: i64,
    /// How many seconds the function's clock is behind the ledger's (negative: ahead), if more than five minutes: then
    /// the sweep decides nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_skew_seconds: Option<i64>,
    pub sweep_milliseconds: u64,
}

impl Report {
    /// Notes the age of a request that has no final answer.
    pub(super) fn note_unfinished(&mut self, requested_at: Timestamp, now: Timestamp) {
        let age = now.duration_since(requested_at).as_secs();
        self.oldest_unfinished_seconds = self.oldest_unfinished_seconds.max(age);
    }

    /// Notes the age of an announcement that was not published.
    pub(super) fn note_unpublished(&mut self, since: Timestamp, now: Timestamp) {
        let age = now.duration_since(since).as_secs();
        self.oldest_unpublished_seconds = self.oldest_unpublished_seconds.max(age);
    }
}
