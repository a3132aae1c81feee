//! What the use cases run against when calls are counted: all four ports in memory and in virtual time, with what
//! each call would be billed as.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::admission::Admission;
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use rekognition_model_copier::domain::grant::{Grants, PolicyError};
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::model::{ModelStatus, Version};
use rekognition_model_copier::domain::outbox::Outgoing;
use rekognition_model_copier::domain::policy::{Change, Policy};
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::domain::refusal::CopyAnswer;
use rekognition_model_copier::domain::request::CopyRequest;
use rekognition_model_copier::domain::times::{Times, after};
use rekognition_model_copier::ports::{
    Bus, Clock, Created, Cursor, Entry, GrantsPage, Ledger, Page, Rekognition, Unavailable, Versions, Which,
};
use rekognition_model_copier::{Copier, Rules};
use tokio::time::{Instant, sleep};

use crate::billing::{entry_size, item_size, write_units};

/// What a call is taken to last. Assumed, not measured: nobody can measure AWS here.
pub(crate) const LEDGER: Duration = Duration::from_millis(5);
pub(crate) const DESCRIBE: Duration = Duration::from_millis(60);
pub(crate) const COPY: Duration = Duration::from_millis(200);
pub(crate) const EVENTS: Duration = Duration::from_millis(20);

/// Calls, and what DynamoDB would bill for them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Calls {
    pub(crate) describe: usize,
    pub(crate) copies: usize,
    pub(crate) queries: usize,
    pub(crate) reads: usize,
    pub(crate) writes: usize,
    pub(crate) put_events: usize,
    pub(crate) events: usize,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
}

#[derive(Default)]
struct State {
    records: BTreeMap<RecordKey, Record>,
    /// Newest first, as Rekognition lists them.
    versions: BTreeMap<ProjectArn, Vec<Version>>,
    calls: Calls,
}

/// The ports; clones are the same world.
#[derive(Clone)]
pub(crate) struct World {
    state: Arc<Mutex<State>>,
    began: Instant,
}

/// When the world begins.
fn epoch() -> Timestamp {
    after(Timestamp::UNIX_EPOCH, SignedDuration::from_hours(24 * 365 * 56))
}

impl World {
    /// An empty one, and a copier in it, which keeps to 5 calls a second.
    pub(crate) fn with_copier() -> (Self, Copier<Self, Self, Self, Self>) {
        let world = Self { state: Arc::default(), began: Instant::now() };
        let admission = Admission {
            partition: "aws".to_owned(),
            region: "us-east-1".to_owned(),
            account: "444455556666".to_owned(),
            source_accounts: ["111122223333".to_owned()].into(),
            output_buckets: None,
        };
        let rules = Rules {
            admission,
            times: Times::default(),
            event_source: "rekognition.model-copier".to_owned(),
            calls_per_second: 5,
            granting: Default::default(),
        };
        (world.clone(), Copier::new(world.clone(), world.clone(), world.clone(), world, rules))
    }

    pub(crate) fn calls(&self) -> Calls {
        self.lock().calls
    }

    pub(crate) fn forget_calls(&self) {
        self.lock().calls = Calls::default();
    }

    /// The records so far.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.lock().records.values().cloned().collect()
    }

    /// Puts a record in past all counting.
    pub(crate) fn put(&self, record: Record) {
        self.lock().records.insert(record.key.clone(), record);
    }

    /// Takes a record out again.
    pub(crate) fn forget(&self, key: &RecordKey) {
        self.lock().records.remove(key);
    }

    /// Adds a version to its project as the newest.
    pub(crate) fn add_version(&self, project: &ProjectArn, arn: ProjectVersionArn, status: ModelStatus) {
        let version = Version {
            arn,
            status,
            status_message: None,
            source_project_version_arn: None,
            s3_bucket: None,
            kms_key_id: None,
        };
        self.lock().versions.entry(project.clone()).or_default().insert(0, version);
    }

    /// Ends one in `every` of the copies that are under way.
    pub(crate) fn complete(&self, every: usize) {
        let mut state = self.lock();
        let versions = state.versions.values_mut().flatten();
        let copying = versions.filter(|version| version.status == ModelStatus::CopyingInProgress);
        copying.step_by(every).for_each(|version| version.status = ModelStatus::CopyingCompleted);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn count<T>(&self, lasts: Duration, happen: impl FnOnce(&mut State) -> T) -> T {
        sleep(lasts).await;
        happen(&mut self.lock())
    }
}

impl Ledger for World {
    async fn create(&self, record: &Record) -> Result<Created, Unavailable> {
        self.count(LEDGER, |state| {
            state.calls.writes += 1;
            state.calls.write_units += write_units(None, record);
            let record = Record { revision: 1, ..record.clone() };
            Ok(match state.records.get(&record.key) {
                Some(there) => Created::Exists(there.clone()),
                None => {
                    state.records.insert(record.key.clone(), record.clone());
                    Created::New(record)
                }
            })
        })
        .await
    }

    async fn load(&self, key: &RecordKey) -> Result<Option<Record>, Unavailable> {
        self.count(LEDGER, |state| {
            let record = state.records.get(key).cloned();
            state.calls.reads += 1;
            state.calls.read_units +=
                record.as_ref().map_or(1, |record| item_size(record).div_ceil(4096)) as f64;
            Ok(record)
        })
        .await
    }

    async fn save(&self, record: Record) -> Result<Option<Record>, Unavailable> {
        self.count(LEDGER, |state| {
            let old = state.records.get(&record.key);
            state.calls.writes += 1;
            state.calls.write_units += write_units(old, &record);
            if old.is_none_or(|old| old.revision != record.revision) {
                return Ok(None);
            }
            let record = Record { revision: record.revision + 1, ..record };
            state.records.insert(record.key.clone(), record.clone());
            Ok(Some(record))
        })
        .await
    }

    async fn due(&self, step: Step, now: Timestamp, after: Option<Cursor>) -> Result<Page, Unavailable> {
        /// 1 MB of entries.
        const PAGE: usize = 1_048_576;
        self.count(LEDGER, |state| {
            let from = after.and_then(|cursor| RecordKey::parse(&cursor.0));
            let mut page = Page::default();
            let mut bytes = 0;
            let later = |key: &RecordKey| from.as_ref().is_none_or(|from| key > from);
            for (key, record) in state.records.iter().filter(|(key, _)| later(key)) {
                let Some((_, due)) = record.next().filter(|(next, due)| *next == step && *due <= now) else {
                    continue;
                };
                bytes += entry_size(record);
                page.entries.push(Entry::of(record, due, &Times::default()));
                if bytes > PAGE {
                    page.next = Some(Cursor(key.to_string()));
                    break;
                }
            }
            state.calls.queries += 1;
            state.calls.read_units += 0.5 * bytes.max(1).div_ceil(4096) as f64;
            Ok(page)
        })
        .await
    }

    async fn grants(&self, _: &ProjectArn) -> Result<Option<Grants>, Unavailable> {
        Ok(None)
    }

    async fn save_grants(&self, _: Grants) -> Result<Option<Grants>, Unavailable> {
        Ok(None)
    }

    async fn grants_due(&self, _: Timestamp, _: Option<Cursor>) -> Result<GrantsPage, Unavailable> {
        self.count(LEDGER, |state| {
            state.calls.queries += 1;
            state.calls.read_units += 0.5;
            Ok(GrantsPage::default())
        })
        .await
    }
}

impl Rekognition for World {
    async fn copy(&self, copy: &CopyRequest) -> CopyAnswer {
        sleep(COPY).await;
        self.lock().calls.copies += 1;
        let project = &copy.destination_project_arn;
        let (head, _) = project.as_str().rsplit_once('/').unwrap_or_default();
        match ProjectVersionArn::parse(&format!("{head}/version/{}/1763978400000", copy.version_name)) {
            Ok(arn) => {
                self.add_version(project, arn.clone(), ModelStatus::CopyingInProgress);
                CopyAnswer::Accepted(arn)
            }
            Err(error) => CopyAnswer::Unanswered { reason: error.to_string() },
        }
    }

    async fn versions(&self, project: &ProjectArn, which: Which<'_>) -> Result<Versions, Unavailable> {
        self.count(DESCRIBE, |state| {
            state.calls.describe += 1;
            let all = state.versions.get(project).map(Vec::as_slice).unwrap_or_default();
            Ok(match which {
                Which::Named(names) => {
                    let is_asked =
                        |version: &&Version| names.iter().any(|name| name == version.arn.version_name());
                    Versions { versions: all.iter().filter(is_asked).cloned().collect(), next: None }
                }
                Which::Page(token) => {
                    let from: usize = token.and_then(|token| token.parse().ok()).unwrap_or(0);
                    let versions: Vec<Version> = all.iter().skip(from).take(100).cloned().collect();
                    let to = from + versions.len();
                    Versions { versions, next: (to < all.len()).then(|| to.to_string()) }
                }
            })
        })
        .await
    }

    async fn policy(&self, _: &ProjectArn, _: &str) -> Result<Option<Policy>, PolicyError> {
        Ok(None)
    }

    async fn change_policy(&self, _: &ProjectArn, _: &str, _: &Change) -> Result<(), PolicyError> {
        Ok(())
    }
}

impl Bus for World {
    async fn publish(&self, announcements: &[&Outgoing]) -> Vec<Result<(), Unavailable>> {
        for batch in announcements.chunks(10) {
            sleep(EVENTS).await;
            let calls = &mut self.lock().calls;
            calls.put_events += 1;
            calls.events += batch.len();
        }
        announcements.iter().map(|_| Ok(())).collect()
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.began.elapsed()).unwrap_or(SignedDuration::MAX);
        after(epoch(), SignedDuration::from_millis(passed.as_millis().try_into().unwrap_or(i64::MAX)))
    }
}
