//! What two processes do to each other's grants, one step in between at a time.

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

/// The ledger's grants and the project's policy, and what another process does after a reading of the grants.
#[derive(Default)]
struct State {
    grants: Option<Grants>,
    policy: Option<Policy>,
    changes: u64,
    readings: usize,
    other: Option<(usize, Other)>,
}

impl State {
    /// What another process does to give `holder` its grant.
    fn grant(&mut self, holder: Holder) {
        let grants = self.grants.take().unwrap();
        let Asked::Given(grants) = rules().granting.ask(grants, holder, at(0)) else { panic!("no room") };
        self.grants = Some(Grants { revision: grants.revision + 1, ..grants });
        self.align();
    }

    /// What another process does to withdraw the grant of `key`.
    fn withdraw(&mut self, key: &RecordKey) {
        let grants = self.grants.take().unwrap().released(|held| held == key, at(0)).unwrap();
        self.grants = Some(Grants { revision: grants.revision + 1, ..grants });
        self.align();
    }

    fn align(&mut self) {
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
struct World(Mutex<State>);

impl World {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap())
    }

    fn allowed(&self) -> Vec<String> {
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
    async fn load(&self, _: &RecordKey) -> Result<Option<Record>, Unavailable> {
        not_asked()
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
            state.readings += 1;
            let readings = state.readings;
            if let Some((_, other)) = state.other.take_if(|(at, _)| *at == readings) {
                other(state);
            }
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
        Ok(self.with(|state| state.policy.clone()))
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
        at(0)
    }
}

fn rules() -> crate::Rules {
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
fn record(n: usize, v: usize) -> Record {
    let mut record = Record { grant: true, ..starting() };
    record.key.request_id = format!("request-{n}");
    record.copy.as_mut().unwrap().source_project_version_arn = version(v).try_into().unwrap();
    record
}

fn holder(n: usize, v: usize) -> Holder {
    Holder { key: record(n, v).key, project_version_arn: version(v).try_into().unwrap() }
}

fn version(v: usize) -> String {
    format!("arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.{v}/1762077600000")
}

/// Grants request 1 its version 1, while another process does something after reading number `reading`.
async fn grant_while(world: &World, reading: usize, other: impl FnOnce(&mut State) + Send + 'static) {
    world.with(|state| state.other = Some((reading, Box::new(other))));
    let copier = Copier::new(world, world, world, world, rules());
    copier.grant(&record(1, 1)).await.unwrap();
    assert!(world.with(|state| state.other.is_none()), "reading {reading} never came");
}

#[tokio::test(start_paused = true)]
async fn two_who_grant_at_once_lose_nothing_whoever_is_faster() {
    for reading in [1, 2] {
        let world = World::default();
        let project = starting().copy.unwrap().source_project_arn;
        world.with(|state| state.grants = Some(Grants { revision: 1, ..Grants::none(project) }));
        grant_while(&world, reading, |state| state.grant(holder(2, 2))).await;
        assert_eq!(world.allowed(), [version(1), version(2)], "in between, after reading {reading}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_withdraws_meanwhile_is_not_put_back() {
    for reading in [1, 2] {
        let world = World::default();
        let project = starting().copy.unwrap().source_project_arn;
        world.with(|state| {
            state.grants = Some(Grants { revision: 1, ..Grants::none(project) });
            state.grant(holder(2, 2));
        });
        grant_while(&world, reading, |state| state.withdraw(&holder(2, 2).key)).await;
        assert_eq!(world.allowed(), [version(1)], "in between, after reading {reading}");
    }
}

#[tokio::test(start_paused = true)]
async fn ten_at_once_read_the_policy_once_and_change_it_once() {
    let world = World::default();
    let copier = Copier::new(&world, &world, &world, &world, rules());
    let records: Vec<Record> = (0..10).map(|n| record(n, n)).collect();
    let granted = futures_util::future::join_all(records.iter().map(|record| copier.grant(record))).await;
    assert!(granted.iter().all(Result::is_ok), "{granted:?}");
    assert_eq!(world.with(|state| state.changes), 1);
    assert_eq!(world.allowed(), (0..10).map(version).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_change_in_another_accounts_policy_follows_a_write_of_the_grants() {
    let world = World::default();
    let project = starting().copy.unwrap().source_project_arn;
    let rested = Grants {
        revision: 7,
        holders: vec![holder(1, 1)],
        settled_at: Some(at(-60)),
        ..Grants::none(project.clone())
    };
    world.with(|state| state.grants = Some(rested));
    let copier = Copier::new(&world, &world, &world, &world, rules());
    copier.grant(&record(1, 1)).await.unwrap();
    let grants = world.with(|state| state.grants.clone()).unwrap();
    assert_eq!((grants.revision, grants.settled_at, grants.changed_at), (8, None, at(0)));
    assert_eq!(world.allowed(), [version(1)]);
}
