//! What the use cases need from the world. Each port has two kinds of uses: the AWS adapters in
//! [`aws`](crate::aws), and the worlds of the tests.

use std::future::Future;

use jiff::Timestamp;

use crate::domain::arn::{ProjectArn, ProjectVersionArn};
use crate::domain::grant::{Grants, PolicyError};
use crate::domain::id::RecordKey;
use crate::domain::model::Version;
use crate::domain::outbox::Outgoing;
use crate::domain::policy::{Change, Policy};
use crate::domain::record::{Record, Step};
use crate::domain::refusal::CopyAnswer;
use crate::domain::request::CopyRequest;
use crate::domain::times::Times;

/// Why the world did not do what was asked. Whoever gets one tries again later: what it means for a
/// request is never decided from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// The memory: one record per request, and the grants of every source project.
pub trait Ledger: Send + Sync {
    /// Writes the record as its first revision, unless its key is there.
    fn create(&self, record: &Record) -> impl Future<Output = Result<Created, Unavailable>> + Send;

    /// The record, read consistently.
    fn load(&self, key: &RecordKey) -> impl Future<Output = Result<Option<Record>, Unavailable>> + Send;

    /// Writes the record as the revision after [`Record::revision`] and returns it so; `None` if somebody
    /// else was faster.
    fn save(&self, record: Record) -> impl Future<Output = Result<Option<Record>, Unavailable>> + Send;

    /// One page of what is due for `step` by `until`, longest due first. A hint: it may lag behind the records.
    fn due(
        &self,
        step: Step,
        until: Timestamp,
        after: Option<Cursor>,
    ) -> impl Future<Output = Result<Page, Unavailable>> + Send;

    /// The grants of a source project, read consistently; `None` if it never had any.
    fn grants(
        &self,
        project: &ProjectArn,
    ) -> impl Future<Output = Result<Option<Grants>, Unavailable>> + Send;

    /// Writes the grants as the revision after [`Grants::revision`] and returns them so; `None` if somebody else
    /// was faster.
    fn save_grants(&self, grants: Grants)
    -> impl Future<Output = Result<Option<Grants>, Unavailable>> + Send;

    /// One page of the source projects whose grants are [due](Grants::due) by `until`. A hint, as [`Ledger::due`].
    fn grants_due(
        &self,
        until: Timestamp,
        after: Option<Cursor>,
    ) -> impl Future<Output = Result<GrantsPage, Unavailable>> + Send;
}

/// What came of [`Ledger::create`].
#[derive(Clone, Debug, PartialEq)]
pub enum Created {
    /// The record is there now, as this revision.
    New(Record),
    /// The key was taken by this record.
    Exists(Record),
}

/// Where a page ended; known to the ledger only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub String);

/// Some of what is due.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Longest due first.
    pub entries: Vec<Entry>,
    /// How many entries were left out because they can't be read.
    pub unreadable: usize,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
}

/// Some of the source projects whose grants are due.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GrantsPage {
    /// Longest due first.
    pub projects: Vec<ProjectArn>,
    /// As in [`Page::unreadable`].
    pub unreadable: usize,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
}

/// What the ledger's index knows of a record: enough to look at a copy that is merely still copying
/// without reading the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The record.
    pub key: RecordKey,
    /// Since when it is due.
    pub due: Timestamp,
    /// When the request reached us.
    pub requested_at: Timestamp,
    /// Where the copy goes; `None` for a rejected request.
    pub destination_project_arn: Option<ProjectArn>,
    /// What it is called there; `None` for a rejected request.
    pub version_name: Option<String>,
    /// The copy, once it is known.
    pub project_version_arn: Option<ProjectVersionArn>,
    /// See [`Record::check_at`].
    pub check_at: Option<Timestamp>,
}

/// Custom Labels, as far as a copy needs it.
pub trait Rekognition: Send + Sync {
    /// Calls CopyProjectVersion, once: a retry after a lost answer would read its own success as a conflict.
    fn copy(&self, copy: &CopyRequest) -> impl Future<Output = CopyAnswer> + Send;

    /// Some versions of a project. A project that isn't there has none.
    fn versions(
        &self,
        project: &ProjectArn,
        which: Which<'_>,
    ) -> impl Future<Output = Result<Versions, Unavailable>> + Send;

    /// The policy of this name that a source project has, read in the account that owns the project.
    fn policy(
        &self,
        project: &ProjectArn,
        name: &str,
    ) -> impl Future<Output = Result<Option<Policy>, PolicyError>> + Send;

    /// Changes the policy of this name, if it still is what the change was made for.
    fn change_policy(
        &self,
        project: &ProjectArn,
        name: &str,
        change: &Change,
    ) -> impl Future<Output = Result<(), PolicyError>> + Send;
}

/// Which versions to describe. Either is one call of DescribeProjectVersions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which<'a> {
    /// Those of these names, 1 to 10.
    Named(&'a [String]),
    /// A page of 100, newest first; the first one or the one after a token.
    Page(Option<String>),
}

/// Some versions of a project.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Versions {
    /// What was asked for.
    pub versions: Vec<Version>,
    /// The token of the next page; `None` at the end.
    pub next: Option<String>,
}

/// The most announcements that the bus takes in one call.
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
pub const ANNOUNCEMENTS_PER_CALL: usize = 10;

/// The event bus.
pub trait Bus: Send + Sync {
    /// Publishes any number of announcements; tells for each, in the same order, whether it was taken.
    fn publish(
        &self,
        announcements: &[&Outgoing],
    ) -> impl Future<Output = Vec<Result<(), Unavailable>>> + Send;
}

/// The time. Everything below the use cases gets it as an argument.
pub trait Clock: Send + Sync {
    /// The time now, in whole milliseconds.
    fn now(&self) -> Timestamp;
}

impl Entry {
    /// What the index holds of a record that is due since `due`.
    pub fn of(record: &Record, due: Timestamp, times: &Times) -> Self {
        let copy = record.copy.as_ref();
        Self {
            key: record.key.clone(),
            due,
            requested_at: record.requested_at,
            destination_project_arn: copy.map(|copy| copy.destination_project_arn.clone()),
            version_name: copy.map(|copy| copy.version_name.clone()),
            project_version_arn: record.project_version_arn().cloned(),
            check_at: record.check_at(times),
        }
    }
}
