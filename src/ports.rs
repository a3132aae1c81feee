//! The ports: what the use cases need from the world. [`aws`](crate::aws) implements them for AWS, and the tests in
//! memory.

#![expect(async_fn_in_trait, reason = "a function runs on one thread, so its futures need not be `Send`")]

use jiff::{SignedDuration, Timestamp};

use crate::domain::arn::{ProjectArn, ProjectVersionArn};
use crate::domain::aws_answer::CopyAnswer;
use crate::domain::id::RecordKey;
use crate::domain::model::Version;
use crate::domain::outbox::Outgoing;
use crate::domain::project_policy::{PolicyError, ProjectPolicy};
use crate::domain::record::{Record, Step};
use crate::domain::request::CopyRequest;
use crate::domain::times::Times;

/// Why a call of a service failed. It is retried later, and nothing about a request is concluded from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// The ports of one world.
pub trait World {
    type Ledger: Ledger;
    type Rekognition: Rekognition;
    type Bus: Bus;
    type Clock: Clock;

    fn ledger(&self) -> &Self::Ledger;
    fn rekognition(&self) -> &Self::Rekognition;
    fn bus(&self) -> &Self::Bus;
    fn clock(&self) -> &Self::Clock;
}

/// A world made of four ports.
#[derive(Clone, Debug)]
pub struct Ports<L, R, B, C> {
    pub ledger: L,
    pub rekognition: R,
    pub bus: B,
    pub clock: C,
}

impl<L: Ledger, R: Rekognition, B: Bus, C: Clock> World for Ports<L, R, B, C> {
    type Ledger = L;
    type Rekognition = R;
    type Bus = B;
    type Clock = C;

    fn ledger(&self) -> &L {
        &self.ledger
    }
    fn rekognition(&self) -> &R {
        &self.rekognition
    }
    fn bus(&self) -> &B {
        &self.bus
    }
    fn clock(&self) -> &C {
        &self.clock
    }
}

/// The store of records.
pub trait Ledger {
    /// Writes the record as its first revision, unless its key exists.
    async fn create(&self, record: &Record) -> Result<Created, Unavailable>;

    /// The record, read consistently.
    async fn load(&self, key: &RecordKey) -> Result<Option<Record>, Unavailable>;

    /// Writes the record as its next revision, and returns it with that revision; `None` if another writer was
    /// faster.
    async fn save(&self, record: Record) -> Result<Option<Record>, Unavailable>;

    /// One page of the entries that are due for `step` by `until`, longest due first. The index may lag behind the
    /// records, so an entry is only a hint.
    async fn due(
        &self,
        step: Step,
        until: Timestamp,
        after: Option<Cursor>,
    ) -> Result<Page<Entry>, Unavailable>;

    /// How far the ledger's clock is ahead of the copier's, measured at the ledger's last answer.
    fn clock_skew(&self) -> SignedDuration {
        SignedDuration::ZERO
    }
}

/// The result of [`Ledger::create`].
#[derive(Clone, Debug, PartialEq)]
pub enum Created {
    New(Record),
    /// This record already has the key.
    Exists(Record),
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// How many items were left out because they cannot be read.
    pub unreadable: usize,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), unreadable: 0, next: None }
    }
}

/// Where a page ended. Only the service that made it understands it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub String);

/// An entry of the ledger's index: enough of a record to poll a running copy without reading the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: RecordKey,
    /// When it became due.
    pub due: Timestamp,
    pub requested_at: Timestamp,
    /// The copy that is asked for; `None` for a rejected request, which is only ever due for publishing.
    pub copy: Option<EntryCopy>,
}

/// The part of an [`Entry`] that only an accepted request has.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryCopy {
    pub source_project_arn: ProjectArn,
    pub destination_project_arn: ProjectArn,
    pub version_name: String,
    /// The copy, once it is known.
    pub project_version_arn: Option<ProjectVersionArn>,
    /// See [`Accepted::check_at`](crate::domain::record::Accepted::check_at).
    pub check_at: Option<Timestamp>,
}

impl Entry {
    /// The index entry of a record that is due at `due`.
    pub fn of(record: &Record, due: Timestamp, times: &Times) -> Self {
        let header = record.header();
        Self {
            key: header.key.clone(),
            due,
            requested_at: header.requested_at,
            copy: record.accepted().map(|accepted| EntryCopy {
                source_project_arn: accepted.copy.source_project_arn.clone(),
                destination_project_arn: accepted.copy.destination_project_arn.clone(),
                version_name: accepted.copy.version_name.clone(),
                project_version_arn: accepted.started_copy().map(|copy| copy.project_version_arn.clone()),
                check_at: accepted.check_at(times),
            }),
        }
    }
}

/// Rekognition Custom Labels, as far as a copy needs it.
pub trait Rekognition {
    /// Calls CopyProjectVersion once: a retry after a lost answer would read its own success as a conflict.
    async fn copy(&self, copy: &CopyRequest) -> CopyAnswer;

    /// Some versions of a project. A project that does not exist has none.
    async fn versions(&self, project: &ProjectArn, which: Which<'_>) -> Result<Page<Version>, Unavailable>;

    /// The policies of a source project, read in the account that owns it.
    async fn policies(&self, project: &ProjectArn) -> Result<Vec<ProjectPolicy>, PolicyError>;

    /// Puts a policy on a source project: a new one, or over the revision that was read.
    async fn put_policy(
        &self,
        project: &ProjectArn,
        name: &str,
        document: &str,
        revision_id: Option<&str>,
    ) -> Result<(), PolicyError>;

    /// Deletes the revision of a policy that was read.
    async fn delete_policy(
        &self,
        project: &ProjectArn,
        name: &str,
        revision_id: &str,
    ) -> Result<(), PolicyError>;
}

/// Which versions to describe. Either is one call of DescribeProjectVersions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which<'a> {
    /// The versions with these names, 1 to 10.
    Named(&'a [String]),
    /// A page of 100, newest first: the first page, or the page at the cursor.
    Page(Option<Cursor>),
}

/// The event bus.
pub trait Bus {
    /// Makes one PutEvents call. Returns for each announcement, in the same order, whether the bus accepted it.
    async fn publish(&self, call: &[&Outgoing]) -> Result<Vec<Result<(), Unavailable>>, CallFailed>;
}

/// Why a whole PutEvents call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallFailed {
    /// EventBridge refused the call, perhaps because of one announcement.
    #[error("{0}")]
    Refused(String),
    /// No answer, or an error of the service.
    #[error("{0}")]
    Unavailable(String),
}

/// The clock. The domain gets the time as an argument.
pub trait Clock: Send + Sync {
    /// The time now, in whole milliseconds.
    fn now(&self) -> Timestamp;
}
