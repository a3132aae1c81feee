//! The ledger's grants and the project's policy, with another process that acts between two of our steps.

use std::sync::Mutex;

use jiff::Timestamp;

use super::*;
use crate::domain::examples::{at, starting};
use crate::domain::id::RecordKey;
use crate::domain::outbox::Outgoing;
use crate::domain::policy::{Allows, Change, Policy};
use crate::domain::record::Step;
use crate::domain::refusal::CopyAnswer;
use crate::domain::request::CopyRequest;
use crate::ports::{Created, Cursor, GrantsPage, Page, Versions, Which};
use crate::settings::Settings;

const START: &str = "arn:aws:iam::444455556666:role/start-copy";

type Other = Box<dyn FnOnce(&mut State) + Send>;

/// A step of ours after which another process acts, and the how many-th of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    GrantsRead(usize),
    GrantsWritten(usize),
    PolicyRead(usize),
}

/// What there is, and what another process does to it.
#[derive(Default)]
pub(super) struct State {
    /// The time, in seconds after ten o'clock.
    pub(super) now: i64,
    pub(super) records: Vec<Record>,
    pub(super) grants: Option<Grants>,
    pub(super) policy: Option<Policy>,
    pub(super) changes: u64,
    reads: usize,
    writes: usize,
    looks: usize,
    pub(super) other: Option<(After, Other)>,
}

impl State {
    fn happened(&mut self, what: After) {
        if let Some((_, other)) = self.other.take_if(|(after, _)| *after == what) {
            other(self);
        }
    }

    /// What another process does to give `holder` its grant.
    pub(super) fn grant(&mut self, holder: Holder) {
        let grants = self.grants.take().unwrap();
        let Asked::Given(grants) = rules().granting.ask(grants, holder, at(0)) else { panic!("no room") };
        self.grants = Some(Grants { revision: grants.revision + 1, ..grants });
        self.align();
    }

    /// What another process does to withdraw the grant of `key`.
    pub(super) fn withdraw(&mut self, key: &RecordKey) {
        let grants = self.grants.take().unwrap().released(|held| held == key, at(0)).unwrap();
        self.grants = Some(Grants { revision: grants.revision + 1, ..grants });
        self.align();
    }

    pub(super) fn align(&mut self) {
        let allows = rules().granting.allows(self.grants.as_ref().unwrap());
        if let Some(change) = allows.change(self.policy.as_ref()) {
            self.change(&change).unwrap();
        }
    }

    fn change(&mut self, change: &Change) -> Result<(), PolicyError> {
        let present = self.policy.as_ref().map(|policy| policy.revision_id.clone());
        let (known, document) = match change {
            Change::Put { document, revision_id } => (revision_id.clone(), Some(document.clone())),
            Change::Delete { revision_id } => (Some(revision_id.clone()), None),
        };
        if known != present {
            return Err(PolicyError::Conflict);
        }
        self.changes += 1;
        let revision_id = self.changes.to_string();
        self.policy = document.map(|document| Policy { revision_id, document });
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct World(Mutex<State>);

impl World {
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap())
    }

    /// Has another process act after a step of ours.
    pub(super) fn after(&self, step: After, other: impl FnOnce(&mut State) + Send + 'static) {
        self.with(|state| state.other = Some((step, Box::new(other))));
    }

    pub(super) fn allowed(&self) -> Vec<String> {
        let read = |policy: &Policy| Allows::read(&policy.document).unwrap().resources;
        self.with(|state| state.policy.as_ref().map(read).into_iter().flatten().collect())
    }
}

fn not_asked<T>() -> Result<T, Unavailable> {
    Err(Unavailable("nobody should ask".to_owned()))
}

impl Ledger for &World {
    async fn create(&self, _: &Record) -> Result<Created, Unavailable> {
        not_asked()
    }
    async fn load(&self, key: &RecordKey) -> Result<Option<Record>, Unavailable> {
        Ok(self.with(|state| state.records.iter().find(|record| record.key == *key).cloned()))
    }
    async fn save(&self, _: Record) -> Result<Option<Record>, Unavailable> {
        not_asked()
    }
    async fn due(&self, _: Step, _: Timestamp, _: Option<Cursor>) -> Result<Page, Unavailable> {
        not_asked()
    }
    async fn grants(&self, _: &ProjectArn) -> Result<Option<Grants>, Unavailable> {
        // A call is where others get their turn.
        tokio::task::yield_now().await;
        self.with(|state| {
            let read = state.grants.clone();
            state.reads += 1;
            state.happened(After::GrantsRead(state.reads));
            Ok(read)
        })
    }
    async fn save_grants(&self, grants: Grants) -> Result<Option<Grants>, Unavailable> {
        self.with(|state| {
            if state.grants.as_ref().map_or(0, |present| present.revision) != grants.revision {
                return Ok(None);
            }
            let grants = Grants { revision: grants.revision + 1, ..grants };
            state.grants = Some(grants.clone());
            state.writes += 1;
            state.happened(After::GrantsWritten(state.writes));
            Ok(Some(grants))
        })
    }
    async fn grants_due(&self, _: Timestamp, _: Option<Cursor>) -> Result<GrantsPage, Unavailable> {
        not_asked()
    }
}

impl Rekognition for &World {
    async fn copy(&self, _: &CopyRequest) -> CopyAnswer {
        CopyAnswer::Unanswered { reason: "nobody should ask".to_owned() }
    }
    async fn versions(&self, _: &ProjectArn, _: Which<'_>) -> Result<Versions, Unavailable> {
        not_asked()
    }
    async fn policy(&self, _: &ProjectArn, _: &str) -> Result<Option<Policy>, PolicyError> {
        Ok(self.with(|state| {
            let read = state.policy.clone();
            state.looks += 1;
            state.happened(After::PolicyRead(state.looks));
            read
        }))
    }
    async fn change_policy(&self, _: &ProjectArn, _: &str, change: &Change) -> Result<(), PolicyError> {
        self.with(|state| state.change(change))
    }
}

impl Bus for &World {
    async fn publish(&self, _: &[&Outgoing]) -> Vec<Result<(), Unavailable>> {
        Vec::new()
    }
}

impl Clock for &World {
    fn now(&self) -> Timestamp {
        at(self.with(|state| state.now))
    }
}

pub(super) fn rules() -> crate::Rules {
    let settings = [
        ("AWS_REGION", "us-east-1"),
        ("LEDGER_TABLE", "ledger"),
        ("ACCOUNT_ID", "444455556666"),
        ("SOURCE_ACCOUNT_ROLES", "arn:aws:iam::111122223333:role/grants"),
        ("COPIER_ROLE_ARNS", START),
    ];
    let look_up =
        |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Settings::read(look_up).unwrap().rules
}

/// Request `n` for the version `v`.
pub(super) fn record(n: usize, v: usize) -> Record {
    let mut record = Record { grant: true, ..starting() };
    record.key.request_id = format!("request-{n}");
    record.copy.as_mut().unwrap().source_project_version_arn = version(v).try_into().unwrap();
    record
}

pub(super) fn holder(n: usize, v: usize) -> Holder {
    Holder { key: record(n, v).key, project_version_arn: version(v).try_into().unwrap() }
}

/// The project of every record here.
pub(super) fn project() -> ProjectArn {
    starting().copy.unwrap().source_project_arn
}

pub(super) fn version(v: usize) -> String {
    format!("arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.{v}/1762077600000")
}

/// A policy of ours for these versions.
pub(super) fn policy(revision_id: &str, versions: &[usize]) -> Policy {
    let resources = versions.iter().map(|v| version(*v)).collect();
    let allows = Allows { principals: rules().granting.principals, resources };
    Policy { revision_id: revision_id.to_owned(), document: allows.document() }
}
