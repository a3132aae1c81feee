//! Counts of the states that requests entered in one batch, invocation or sweep.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::record::{Ended, Outcome, Record, State, WaitReason};

/// Counts of the states that requests entered.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Requests recorded for the first time.
    pub requests: usize,
    /// Copies accepted by Rekognition.
    pub started: usize,
    pub adopted: usize,
    /// How often starts had to wait, by reason.
    pub waiting: BTreeMap<&'static str, usize>,
    pub completed: usize,
    pub failed: usize,
    pub timed_out: usize,
    pub rejected: usize,
    /// Starts that had to wait because the source project's policies could not be read, or the copier's own policy
    /// could not be put.
    pub policy_errors: usize,
    /// Reads and writes of the ledger that failed.
    pub ledger_errors: usize,
    /// How long each completed copy took, in seconds.
    #[serde(skip)]
    pub copy_seconds: Vec<i64>,
}

impl Counts {
    /// Counts a record in the state that it has just entered. Call it once for each state.
    pub fn count(&mut self, record: &Record) {
        let accepted = match record {
            Record::Accepted(accepted) => accepted,
            Record::Rejected(_) => {
                self.rejected += 1;
                return;
            }
        };
        match &accepted.state {
            State::Starting { .. } => {}
            State::Waiting { reason, .. } => {
                *self.waiting.entry(reason.as_str()).or_default() += 1;
                let is_about_policy = matches!(reason, WaitReason::PolicyFull | WaitReason::PolicyNotPut);
                self.policy_errors += usize::from(is_about_policy);
            }
            State::Copying(copying) if copying.copy.adopted => self.adopted += 1,
            State::Copying(_) => self.started += 1,
            State::Ended(Ended { at, outcome: Outcome::Completed { copy, .. } }) => {
                self.completed += 1;
                self.copy_seconds.push(at.duration_since(copy.started_at).as_secs().max(0));
            }
            State::Ended(Ended { outcome: Outcome::Failed(_), .. }) => self.failed += 1,
            State::Ended(Ended { outcome: Outcome::TimedOut(_), .. }) => self.timed_out += 1,
        }
    }
}
