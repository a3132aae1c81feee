//! The rate quota: the calls of one operation that an account may make in a second of sandbox time.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::answer::AwsError;

/// The calls of the last second, by account and operation.
#[derive(Debug, Default)]
pub(crate) struct Rates(HashMap<(String, String), Vec<Timestamp>>);

impl Rates {
    /// Counts the call, or refuses it after `limit` calls in the last second. Without a limit it counts nothing.
    pub(crate) fn admit(
        &mut self,
        limit: Option<u32>,
        account: &str,
        operation: &str,
        now: Timestamp,
    ) -> Result<(), AwsError> {
        let Some(limit) = limit else { return Ok(()) };
        // AWS gives the tagging operations twice the quota of the others.
        let limit = if operation.contains("Tag") { limit.saturating_mul(2) } else { limit };
        let calls = self.0.entry((account.to_owned(), operation.to_owned())).or_default();
        calls.retain(|at| now.duration_since(*at) < SignedDuration::from_secs(1));
        if calls.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
            return Err(AwsError::new(
                "ThrottlingException",
                format!("Rate exceeded: {limit} calls of {operation} a second"),
            ));
        }
        calls.push(now);
        Ok(())
    }
}
