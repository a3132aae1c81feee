//! The record of one request: all that is remembered about it, and what is due next.
//!
//! ```text
//! begin ──▶ Starting{lease} ──accepted or adopted──▶ Copying{arn} ──looked at──▶ Ended
//!              │    ▲
//!  "not now"   ▼    │ due
//!           Waiting{due} ──deadline──▶ Ended
//! ```
//!
//! What leads from one state to the next is decided in [`decide`](super::decide); here are the states, and
//! what every transition has in common: an announcement goes with the state it speaks of.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::announcement::{self, Announcement, Status};
use super::arn::ProjectVersionArn;
use super::failure::Failure;
use super::id::RecordKey;
use super::model::ModelStatus;
use super::outbox::Outgoing;
use super::request::{Context, CopyRequest};
use super::times::{Times, after};

/// One request and how far it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Its name in the ledger.
    pub key: RecordKey,
    /// How often it was written. The ledger takes a write only if it knows the revision before it.
    pub revision: u64,
    /// What tells a redelivery from another request under the same id, see [`intake`](super::intake).
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
    /// What to copy; `None` for a request that was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<CopyRequest>,
    /// Whether it may hold a [grant](super::grant): one is asked for before the call, and withdrawn after the end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub grant: bool,
    /// When the request reached us.
    pub requested_at: Timestamp,
    /// How often a start took the lease.
    pub attempts: u32,
    /// When the present run of refusals for want of a permission began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_since: Option<Timestamp>,
    /// Where it stands.
    pub state: State,
    /// Every status that was announced or is about to be.
    pub announced: Vec<Status>,
    /// The announcements not known to be published, oldest first.
    pub outbox: Vec<Outgoing>,
}

/// Where a request stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "name")]
pub enum State {
    /// Somebody may be calling `CopyProjectVersion`, or may have called it.
    #[serde(rename_all = "camelCase")]
    Starting {
        /// Until when the record is theirs alone.
        lease: Lease,
        /// Whether the call was made and its answer is not known.
        unanswered: bool,
    },
    /// No call is under way, and none can land any more.
    #[serde(rename_all = "camelCase")]
    Waiting {
        /// When to try again.
        due: Timestamp,
        /// Why not now.
        reason: WaitReason,
        /// The refusal, as QUEUED and a later TIMED_OUT tell it.
        failure: Failure,
    },
    /// The copy is under way, or more.
    Copying(Copying),
    /// The request has its final answer.
    #[serde(rename_all = "camelCase")]
    Ended {
        /// The answer.
        status: Status,
        /// When we learned it.
        at: Timestamp,
        /// When the copy was accepted or adopted, where there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        started_at: Option<Timestamp>,
        /// Why, unless it was copied.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
        /// The copy, where there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project_version_arn: Option<ProjectVersionArn>,
    },
}

/// The right to call `CopyProjectVersion` for a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Until when nobody else may call.
    pub until: Timestamp,
    /// Whose it is: unlike any other holder, so that a holder knows its own write again.
    pub owner: String,
}

/// Why a start has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WaitReason {
    /// Too many calls a second.
    Throttled,
    /// Too many copies at once, or a quota that a person has to raise.
    Quota,
    /// A permission or a resource is missing.
    Permission,
    /// The source project's policy, or the project, has no room for one more grant.
    PolicyFull,
    /// A version of that name is being deleted, or is not visible yet.
    NameBusy,
    /// An error we don't know.
    Unknown,
}

impl WaitReason {
    /// The reason's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "Throttled",
            Self::Quota => "Quota",
            Self::Permission => "Permission",
            Self::PolicyFull => "PolicyFull",
            Self::NameBusy => "NameBusy",
            Self::Unknown => "Unknown",
        }
    }
}

/// A copy that has begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Copying {
    /// The copy.
    pub project_version_arn: ProjectVersionArn,
    /// Whether we found it instead of having been given it.
    pub adopted: bool,
    /// When it was accepted or adopted.
    pub started_at: Timestamp,
    /// Until when an unanswered call of ours could still land. No failure is recorded before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsettled_until: Option<Timestamp>,
    /// A reading that has to be seen twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
}

/// A reading that counts only when it is seen again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// What was read.
    pub of: DoubtOf,
    /// When it was first read.
    pub since: Timestamp,
}

/// What is doubted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DoubtOf {
    /// The version was not there.
    Absent,
    /// Its status spoke of hosting or age.
    Status(ModelStatus),
}

/// What a record needs next. Each is a queue of its own in the ledger's index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Its announcements are to be published.
    Publish,
    /// Its start got no answer, or was given up: find out what became of it.
    TakeOver,
    /// It is to be started.
    Start,
    /// Its copy is to be looked at.
    Look,
    /// It has ended, and its grant is to be withdrawn.
    Withdraw,
}

impl Step {
    /// In the order in which a sweep takes them.
    pub const ALL: [Self; 5] = [Self::Publish, Self::TakeOver, Self::Start, Self::Look, Self::Withdraw];

    /// The step's word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::TakeOver => "take-over",
            Self::Start => "start",
            Self::Look => "look",
            Self::Withdraw => "withdraw",
        }
    }
}

impl Record {
    /// What is next and from when on; `None` once all is said and done.
    pub fn next(&self) -> Option<(Step, Timestamp)> {
        match self.outbox.first() {
            Some(first) => Some((Step::Publish, first.time)),
            None => self.next_of_state(),
        }
    }

    /// What is next apart from publishing.
    pub fn next_of_state(&self) -> Option<(Step, Timestamp)> {
        match &self.state {
            // Only a first attempt may adopt before its lease ends, see `decide::name`.
            State::Starting { unanswered: true, .. } if self.attempts == 1 => {
                Some((Step::TakeOver, self.requested_at))
            }
            State::Starting { lease, .. } => Some((Step::TakeOver, lease.until)),
            State::Waiting { due, .. } => Some((Step::Start, *due)),
            State::Copying(copying) => Some((Step::Look, copying.started_at)),
            State::Ended { at, .. } => self.grant.then_some((Step::Withdraw, *at)),
        }
    }

    /// From when on a look at a version that is still copying has something to say: an overdue copy, a
    /// deadline, a doubt to settle. Before that nothing is read and nothing is written.
    pub fn check_at(&self, times: &Times) -> Option<Timestamp> {
        let State::Copying(copying) = &self.state else { return None };
        Some(match &copying.doubt {
            Some(doubt) => doubt.since,
            None if !self.announced.contains(&Status::Overdue) => {
                after(copying.started_at, times.overdue_after.min(times.copy_timeout))
            }
            None => after(copying.started_at, times.copy_timeout),
        })
    }

    /// The copy, once it is known.
    pub fn project_version_arn(&self) -> Option<&ProjectVersionArn> {
        match &self.state {
            State::Copying(copying) => Some(&copying.project_version_arn),
            State::Ended { project_version_arn, .. } => project_version_arn.as_ref(),
            State::Starting { .. } | State::Waiting { .. } => None,
        }
    }

    /// Where the request stands, in an announcement's words; STARTING while its first call is under way.
    pub fn status(&self) -> &'static str {
        match &self.state {
            State::Starting { .. } => "STARTING",
            State::Waiting { .. } => Status::Queued.as_str(),
            State::Copying(_) if self.announced.contains(&Status::Overdue) => Status::Overdue.as_str(),
            State::Copying(_) => Status::Started.as_str(),
            State::Ended { status, .. } => status.as_str(),
        }
    }

    /// Why it failed or waits.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.state {
            State::Waiting { failure, .. } => Some(failure),
            State::Ended { failure, .. } => failure.as_ref(),
            State::Starting { .. } | State::Copying(_) => None,
        }
    }

    /// Whether the request has its final answer.
    pub fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended { .. })
    }

    /// The same with `status` announced as of its present state, unless it was announced before.
    pub(super) fn announcing(
        self,
        status: Status,
        model_status: Option<ModelStatus>,
        now: Timestamp,
    ) -> Self {
        if self.announced.contains(&status) {
            return self;
        }
        self.announcing_as(status, now, |announcement| announcement.model_status = model_status)
    }

    /// The same with `status` announced, `complete` adding what the record does not keep.
    pub(super) fn announcing_as(
        mut self,
        status: Status,
        now: Timestamp,
        complete: impl FnOnce(&mut Announcement),
    ) -> Self {
        let mut announcement = self.announcement(status);
        complete(&mut announcement);
        self.announced.push(status);
        self.outbox.push(Outgoing::new(&announcement, now));
        self
    }

    /// The same, ended.
    pub(super) fn ending(
        mut self,
        status: Status,
        failure: Option<Failure>,
        model_status: Option<ModelStatus>,
        now: Timestamp,
    ) -> Self {
        let copying = match &self.state {
            State::Copying(copying) => Some(copying.clone()),
            _ => None,
        };
        let project_version_arn = copying.as_ref().map(|copying| copying.project_version_arn.clone());
        let started_at = copying.as_ref().map(|copying| copying.started_at);
        self.state = State::Ended { status, at: now, started_at, failure, project_version_arn };
        self.announcing_as(status, now, |announcement| {
            announcement.model_status = model_status;
            if let Some(copying) = copying {
                announcement.adopted = Some(copying.adopted);
                announcement.started_at = Some(copying.started_at);
                announcement.duration_seconds = Some(now.duration_since(copying.started_at).as_secs().max(0));
            }
        })
    }

    /// The same after the first `count` announcements were published.
    pub fn published(mut self, count: usize) -> Self {
        self.outbox.drain(..count.min(self.outbox.len()));
        self
    }

    /// The same without a grant.
    pub fn without_grant(self) -> Self {
        Self { grant: false, ..self }
    }

    fn announcement(&self, status: Status) -> Announcement {
        let copy = self.copy.as_ref();
        let copying = match &self.state {
            State::Copying(copying) => Some(copying),
            _ => None,
        };
        Announcement {
            version: announcement::VERSION.to_owned(),
            event_id: Uuid::new_v5(&self.event_namespace, status.as_str().as_bytes()),
            request_id: self.key.request_id.clone(),
            correlation_id: self.correlation_id.clone(),
            causation_id: self.causation_id.clone(),
            status,
            model_status: None,
            source_project_arn: copy.map(|copy| copy.source_project_arn.clone()),
            source_project_version_arn: copy.map(|copy| copy.source_project_version_arn.clone()),
            destination_project_arn: copy.map(|copy| copy.destination_project_arn.clone()),
            version_name: copy.map(|copy| copy.version_name.clone()),
            project_version_arn: self.project_version_arn().cloned(),
            adopted: copying.map(|copying| copying.adopted),
            requested_at: self.requested_at,
            started_at: copying.map(|copying| copying.started_at),
            ended_at: match self.state {
                State::Ended { at, .. } => Some(at),
                _ => None,
            },
            duration_seconds: None,
            failure: self.failure().cloned(),
            context: self.context.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
