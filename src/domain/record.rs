//! The record of one request: everything that the ledger keeps about it, and which step is due next.
//!
//! ```text
//! (none) ──put if absent──▶ Starting{lease} ──accepted or adopted──▶ Copying ──polled──▶ Ended
//!                              │    ▲
//!                    "not now" ▼    │ due
//!                           Waiting{due} ──deadline──▶ Ended
//! ```
//!
//! [`decisions`](super::decisions) decides every transition, and [`transition`](super::transition) makes it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};
use uuid::Uuid;

use super::arn::ProjectVersionArn;
use super::failure::Failure;
use super::id::RecordKey;
use super::model::ModelStatus;
use super::outbox::Outgoing;
use super::request::{Context, CopyRequest, ReadableFields};
use super::status::Status;
use super::times::{LEASE_DURATION, Times, saturating_add};

/// One request and its state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "almost every record is accepted")]
pub enum Record {
    Accepted(Accepted),
    Rejected(Rejected),
}

/// The part that every record has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    pub key: RecordKey,
    /// The number of writes so far. The ledger accepts revision n only while it holds revision n − 1.
    pub revision: u64,
    /// Tells a redelivery from another request under the same id, see [`fingerprint`](super::fingerprint).
    pub fingerprint: String,
    /// The namespace of the request's event ids.
    pub event_namespace: Uuid,
    /// See [`Announcement::correlation_id`].
    pub correlation_id: String,
    /// See [`Announcement::causation_id`].
    pub causation_id: String,
    /// See [`Announcement::context`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
    /// When the request reached start-copy.
    pub requested_at: Timestamp,
    /// Every status that was announced or is in the outbox, oldest first. A request has at most four: QUEUED, STARTED,
    /// OVERDUE and a final one.
    pub announced: Vec<Announced>,
    /// The announcements that are not known to be published, oldest first.
    pub outbox: Vec<Outgoing>,
}

/// A status that was announced, without the announcement's bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Announced {
    pub status: Status,
    pub at: Timestamp,
    /// The failure's code, where it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// An accepted request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    pub header: Header,
    pub copy: CopyRequest,
    /// The number of leases that starts have taken.
    pub attempts: u32,
    /// For each earlier start whose answer is not known: when it took its lease. Perhaps it never made its call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unanswered_starts: Vec<Timestamp>,
    /// When the current series of refusals for a missing permission began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_since: Option<Timestamp>,
    pub state: State,
}

/// A rejected request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rejected {
    pub header: Header,
    pub fields: ReadableFields,
    pub failure: Failure,
    pub at: Timestamp,
}

/// The state of an accepted request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// A call of CopyProjectVersion may be in progress, or may have been made.
    #[serde(rename_all = "camelCase")]
    Starting {
        /// Who may call, and until when nobody else may.
        lease: Lease,
        /// Whether the call was made and its answer is unknown.
        unanswered: bool,
    },
    /// No call is in progress, and none can take effect any more.
    #[serde(rename_all = "camelCase")]
    Waiting {
        due: Timestamp,
        reason: WaitReason,
        /// Why it waits, in detail. QUEUED and a later TIMED_OUT report it.
        failure: Failure,
    },
    /// Rekognition accepted the copy; it is running or already finished.
    Copying(Copying),
    Ended(Ended),
}

/// The right to call `CopyProjectVersion` for a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Until when nobody else may call.
    pub until: Timestamp,
    /// The start that has it. Unique, so that a start recognizes its own write.
    pub owner: String,
}

impl Lease {
    /// A new lease.
    pub fn new(owner: &str, now: Timestamp) -> Self {
        Self { until: saturating_add(now, LEASE_DURATION), owner: owner.to_owned() }
    }

    /// When it was taken.
    pub fn since(&self) -> Timestamp {
        saturating_add(self.until, -LEASE_DURATION)
    }
}

/// Why a start has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr)]
pub enum WaitReason {
    Throttled,
    /// Too many copies at once, or a quota that a person has to raise.
    Quota,
    Permission,
    /// The source project has no room for the copier's policy.
    PolicyFull,
    /// The source project's policies could not be read, or the copier's could not be put.
    PolicyNotPut,
    /// A version of that name is being deleted, or is not visible yet.
    NameBusy,
    Unknown,
}

impl WaitReason {
    /// The reason's word.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A copy that Rekognition has accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StartedCopy {
    /// The copy.
    pub project_version_arn: ProjectVersionArn,
    /// Whether the copy already existed when the copier looked for it: for instance from another request, or from an
    /// earlier call whose answer was lost.
    pub adopted: bool,
    /// When the copy was accepted or adopted.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub started_at: Timestamp,
}

/// A copy that is running.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Copying {
    pub copy: StartedCopy,
    /// Until when an unanswered call could still take effect. No failure is recorded before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsettled_until: Option<Timestamp>,
    /// Since when the version has been missing, see [`DELETED_AFTER`](super::times::DELETED_AFTER).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_since: Option<Timestamp>,
    /// Whether it has taken longer than expected.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_overdue: bool,
    /// Rekognition's status when the copy became overdue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_status: Option<ModelStatus>,
}

/// The final answer of an accepted request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// When the copier learned it.
    pub at: Timestamp,
    pub outcome: Outcome,
}

/// How an accepted request ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    #[serde(rename_all = "camelCase")]
    Completed {
        copy: StartedCopy,
        model_status: ModelStatus,
    },
    Failed(Unfulfilled),
    TimedOut(Unfulfilled),
}

/// Why a request was not fulfilled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unfulfilled {
    pub failure: Failure,
    /// The copy, where one was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<StartedCopy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_status: Option<ModelStatus>,
}

impl From<Failure> for Unfulfilled {
    fn from(failure: Failure) -> Self {
        Self { failure, copy: None, model_status: None }
    }
}

/// What a record needs next. Each is a partition of the ledger's index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Step {
    Publish,
    /// Find out whether a start without an answer made a copy.
    Recover,
    Start,
    Poll,
}

impl Step {
    /// In the order of a sweep. The last three run concurrently.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The step's word in the ledger.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl Header {
    /// Whether this status was announced.
    pub fn has_announced(&self, status: Status) -> bool {
        self.announced.iter().any(|announced| announced.status == status)
    }
}

impl Record {
    /// The part that every record has.
    pub fn header(&self) -> &Header {
        match self {
            Self::Accepted(accepted) => &accepted.header,
            Self::Rejected(rejected) => &rejected.header,
        }
    }

    /// The part that every record has, mutable.
    pub fn header_mut(&mut self) -> &mut Header {
        match self {
            Self::Accepted(accepted) => &mut accepted.header,
            Self::Rejected(rejected) => &mut rejected.header,
        }
    }

    /// The accepted request; `None` for a rejected one.
    pub fn accepted(&self) -> Option<&Accepted> {
        match self {
            Self::Accepted(accepted) => Some(accepted),
            Self::Rejected(_) => None,
        }
    }

    /// The next step and the time when it becomes due; `None` once everything is done and published.
    pub fn next_step(&self) -> Option<(Step, Timestamp)> {
        match self.header().outbox.first() {
            Some(first) => Some((Step::Publish, first.time)),
            None => self.next_step_of_state(),
        }
    }

    /// The next step apart from publishing.
    pub fn next_step_of_state(&self) -> Option<(Step, Timestamp)> {
        self.accepted().and_then(Accepted::next_step)
    }

    /// The request's status; STARTING while a call may be in progress.
    pub fn status_word(&self) -> &'static str {
        match self {
            Self::Accepted(accepted) => accepted.status_word(),
            Self::Rejected(_) => Status::Rejected.as_str(),
        }
    }

    /// Why it failed, was rejected or waits.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Accepted(accepted) => accepted.failure(),
            Self::Rejected(rejected) => Some(&rejected.failure),
        }
    }

    /// When the request got its final answer; `None` if it has none.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Accepted(Accepted { state: State::Ended(ended), .. }) => Some(ended.at),
            Self::Accepted(_) => None,
            Self::Rejected(rejected) => Some(rejected.at),
        }
    }

    /// The copy, once it is known.
    pub fn started_copy(&self) -> Option<&StartedCopy> {
        self.accepted().and_then(Accepted::started_copy)
    }
}

impl Accepted {
    /// The request's status; `None` while a call may be in progress.
    pub fn status(&self) -> Option<Status> {
        Some(match &self.state {
            State::Starting { .. } => return None,
            State::Waiting { .. } => Status::Queued,
            State::Copying(copying) if copying.is_overdue => Status::Overdue,
            State::Copying(_) => Status::Started,
            State::Ended(ended) => match ended.outcome {
                Outcome::Completed { .. } => Status::Completed,
                Outcome::Failed(_) => Status::Failed,
                Outcome::TimedOut(_) => Status::TimedOut,
            },
        })
    }

    /// The request's status; STARTING while a call may be in progress.
    pub fn status_word(&self) -> &'static str {
        self.status().map_or("STARTING", Status::as_str)
    }

    /// Why it failed or waits.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.state {
            State::Waiting { failure, .. } => Some(failure),
            State::Ended(Ended { outcome: Outcome::Failed(why) | Outcome::TimedOut(why), .. }) => {
                Some(&why.failure)
            }
            State::Starting { .. } | State::Copying(_) | State::Ended(_) => None,
        }
    }

    /// The copy, once it is known.
    pub fn started_copy(&self) -> Option<&StartedCopy> {
        match &self.state {
            State::Copying(copying) => Some(&copying.copy),
            State::Ended(Ended { outcome: Outcome::Completed { copy, .. }, .. }) => Some(copy),
            State::Ended(Ended { outcome: Outcome::Failed(why) | Outcome::TimedOut(why), .. }) => {
                why.copy.as_ref()
            }
            State::Starting { .. } | State::Waiting { .. } => None,
        }
    }

    /// Rekognition's status of the version, where the state has it.
    pub fn model_status(&self) -> Option<&ModelStatus> {
        match &self.state {
            State::Copying(copying) => copying.model_status.as_ref(),
            State::Ended(Ended { outcome: Outcome::Completed { model_status, .. }, .. }) => {
                Some(model_status)
            }
            State::Ended(Ended { outcome: Outcome::Failed(why) | Outcome::TimedOut(why), .. }) => {
                why.model_status.as_ref()
            }
            State::Starting { .. } | State::Waiting { .. } => None,
        }
    }

    fn next_step(&self) -> Option<(Step, Timestamp)> {
        match &self.state {
            // Only a first attempt may adopt before its lease ends, see `decisions::name_holder`.
            State::Starting { unanswered: true, .. } if self.attempts == 1 => {
                Some((Step::Recover, self.header.requested_at))
            }
            State::Starting { lease, .. } => Some((Step::Recover, lease.until)),
            State::Waiting { due, .. } => Some((Step::Start, *due)),
            State::Copying(copying) => Some((Step::Poll, copying.copy.started_at)),
            State::Ended(_) => None,
        }
    }

    /// When a poll that finds the version still copying has to read the record: when the copy becomes overdue or times
    /// out. If the last poll missed the version, the next poll has to read it. `None` if the copy is not running.
    pub fn check_at(&self, times: &Times) -> Option<Timestamp> {
        let State::Copying(Copying { copy, missing_since, is_overdue, .. }) = &self.state else {
            return None;
        };
        let limit = match is_overdue {
            false => times.overdue_after.min(times.copy_timeout),
            true => times.copy_timeout,
        };
        Some(missing_since.unwrap_or_else(|| saturating_add(copy.started_at, limit)))
    }
}

impl From<Accepted> for Record {
    fn from(accepted: Accepted) -> Self {
        Self::Accepted(accepted)
    }
}

#[cfg(test)]
mod tests;
