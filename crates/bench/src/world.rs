//! The world in which calls are counted: all four ports in memory and in virtual time. It adds up what DynamoDB bills for
//! each call.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::Copier;
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use rekognition_model_copier::domain::aws_answer::CopyAnswer;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::model::{ModelStatus, Version};
use rekognition_model_copier::domain::outbox::Outgoing;
use rekognition_model_copier::domain::project_policy::{PolicyError, ProjectPolicy};
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::domain::request::CopyRequest;
use rekognition_model_copier::domain::times::{Times, saturating_add};
use rekognition_model_copier::ports::{
    Bus, CallFailed, Clock, Created, Cursor, Entry, Ledger, Page, Ports, Rekognition, Unavailable, Which,
};
use rekognition_model_copier::settings::{BadSettings, Settings};
use tokio::time::{Instant, sleep};

use crate::billing::{Size, read_units, write_units};
use crate::stage::settings;

/// The assumed duration of each call: AWS cannot be measured here.
pub(crate) const LEDGER: Duration = Duration::from_millis(5);
pub(crate) const DESCRIBE: Duration = Duration::from_millis(60);
pub(crate) const COPY: Duration = Duration::from_millis(200);
pub(crate) const EVENTS: Duration = Duration::from_millis(20);

/// When the world begins: 2026-11-24T10:00:00Z.
const BEGINNING: Timestamp = Timestamp::constant(1_795_514_400, 0);
/// The most versions of a page of DescribeProjectVersions.
const VERSIONS_PER_PAGE: usize = 100;
/// The most bytes of a page of a query.
const BYTES_PER_PAGE: usize = 1_048_576;

/// Calls, and what DynamoDB bills for them.
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

/// Where the index has a record.
type Place = (Step, Timestamp, RecordKey);

struct Row {
    record: Record,
    size: Size,
    place: Option<Place>,
}

impl Row {
    fn of(record: Record) -> Result<Self, Unavailable> {
        let size = Size::of(&record)?;
        let place = record.next_step().map(|(step, due)| (step, due, record.header().key.clone()));
        Ok(Self { record, size, place })
    }
}

#[derive(Default)]
struct State {
    rows: BTreeMap<RecordKey, Row>,
    index: BTreeSet<Place>,
    /// Newest first, as Rekognition lists them.
    versions: BTreeMap<ProjectArn, Vec<Version>>,
    calls: Calls,
}

impl State {
    /// Puts a record in place of the one before; returns the units of the write.
    fn put(&mut self, record: Record) -> Result<f64, Unavailable> {
        let row = Row::of(record)?;
        let old = self.remove(&row.record.header().key);
        let old_size = old.as_ref().map(|old| old.size).unwrap_or_default();
        let keeps_place = old.is_some_and(|old| old.place == row.place);
        let units = write_units(old_size, row.size, keeps_place);
        self.index.extend(row.place.clone());
        self.rows.insert(row.record.header().key.clone(), row);
        Ok(units)
    }

    fn remove(&mut self, key: &RecordKey) -> Option<Row> {
        let row = self.rows.remove(key)?;
        if let Some(place) = &row.place {
            self.index.remove(place);
        }
        Some(row)
    }

    /// The page of the index after `place`, and its bytes.
    fn page_after(&self, place: Place, until: Timestamp) -> (Page<Entry>, usize) {
        let step = place.0;
        let (mut page, mut bytes) = (Page::default(), 0);
        let due = self.index.range((Excluded(place), Unbounded));
        for (_, due, key) in due.take_while(|(of, due, _)| *of == step && *due <= until) {
            if let Some(row) = self.rows.get(key) {
                bytes += row.size.entry;
                page.items.push(Entry::of(&row.record, *due, &Times::default()));
            }
            if bytes > BYTES_PER_PAGE {
                page.next = Some(Cursor(format!("{} {key}", due.as_millisecond())));
                break;
            }
        }
        (page, bytes)
    }
}

/// The place that a cursor names; the first one of the step without a cursor.
fn place_of(step: Step, cursor: Option<Cursor>) -> Place {
    let named = cursor.and_then(|Cursor(text)| {
        let (due, key) = text.split_once(' ')?;
        let due = Timestamp::from_millisecond(due.parse().ok()?).ok()?;
        Some((step, due, RecordKey::parse(key)?))
    });
    let first = RecordKey { requester: String::new(), request_id: String::new() };
    named.unwrap_or((step, Timestamp::MIN, first))
}

/// A world that counts; clones are the same world.
#[derive(Clone)]
pub(crate) struct World {
    state: Arc<Mutex<State>>,
    began: Instant,
}

/// A copier that has the world for each of its ports.
pub(crate) type CountedCopier = Copier<Ports<World, World, World, World>>;

impl World {
    /// An empty one, and a copier in it, which keeps to 5 calls a second.
    pub(crate) fn with_copier() -> Result<(Self, CountedCopier), BadSettings> {
        let world = Self { state: Arc::default(), began: Instant::now() };
        let settings = settings();
        let rules = Settings::read(|name| settings.get(name).cloned())?.rules;
        let ports = Ports {
            ledger: world.clone(),
            rekognition: world.clone(),
            bus: world.clone(),
            clock: world.clone(),
        };
        Ok((world, Copier::new(ports, rules)))
    }

    pub(crate) fn calls(&self) -> Calls {
        self.lock().calls
    }

    pub(crate) fn forget_calls(&self) {
        self.lock().calls = Calls::default();
    }

    /// The records so far.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.lock().rows.values().map(|row| row.record.clone()).collect()
    }

    /// Puts a record in without counting it.
    pub(crate) fn put(&self, record: Record) -> Result<(), Unavailable> {
        self.lock().put(record).map(drop)
    }

    /// Takes a record out again.
    pub(crate) fn remove(&self, key: &RecordKey) {
        self.lock().remove(key);
    }

    /// Adds a version to its project as the newest.
    pub(crate) fn add_version(&self, project: &ProjectArn, arn: ProjectVersionArn, status: ModelStatus) {
        let version = Version {
            arn,
            status,
            status_message: None,
            source_project_version_arn: None,
            created_at: None,
            s3_bucket: None,
            kms_key_id: None,
        };
        self.lock().versions.entry(project.clone()).or_default().insert(0, version);
    }

    /// Completes every copy that is running.
    pub(crate) fn complete_copies(&self) {
        let mut state = self.lock();
        let versions = state.versions.values_mut().flatten();
        let copying = versions.filter(|version| version.status == ModelStatus::CopyingInProgress);
        copying.for_each(|version| version.status = ModelStatus::CopyingCompleted);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits as long as the call lasts, then does what it does.
    async fn call<T>(&self, lasts: Duration, act: impl FnOnce(&mut State) -> T) -> T {
        sleep(lasts).await;
        act(&mut self.lock())
    }
}

impl Ledger for World {
    async fn create(&self, record: &Record) -> Result<Created, Unavailable> {
        self.call(LEDGER, |state| {
            state.calls.writes += 1;
            if let Some(row) = state.rows.get(&record.header().key) {
                return Ok(Created::Exists(row.record.clone()));
            }
            state.calls.write_units += state.put(record.clone())?;
            Ok(Created::New(record.clone()))
        })
        .await
    }

    async fn load(&self, key: &RecordKey) -> Result<Option<Record>, Unavailable> {
        self.call(LEDGER, |state| {
            let row = state.rows.get(key);
            state.calls.reads += 1;
            state.calls.read_units += read_units(row.map_or(0, |row| row.size.item));
            Ok(row.map(|row| row.record.clone()))
        })
        .await
    }

    async fn save(&self, mut record: Record) -> Result<Option<Record>, Unavailable> {
        self.call(LEDGER, |state| {
            state.calls.writes += 1;
            let revision = state.rows.get(&record.header().key).map(|row| row.record.header().revision);
            if revision != Some(record.header().revision) {
                return Ok(None);
            }
            record.header_mut().revision += 1;
            state.calls.write_units += state.put(record.clone())?;
            Ok(Some(record))
        })
        .await
    }

    async fn due(
        &self,
        step: Step,
        until: Timestamp,
        after: Option<Cursor>,
    ) -> Result<Page<Entry>, Unavailable> {
        self.call(LEDGER, |state| {
            let (page, bytes) = state.page_after(place_of(step, after), until);
            state.calls.queries += 1;
            state.calls.read_units += read_units(bytes) / 2.0;
            Ok(page)
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

    async fn versions(&self, project: &ProjectArn, which: Which<'_>) -> Result<Page<Version>, Unavailable> {
        self.call(DESCRIBE, |state| {
            state.calls.describe += 1;
            let all = state.versions.get(project).map(Vec::as_slice).unwrap_or_default();
            Ok(match which {
                Which::Named(names) => {
                    let has_name =
                        |version: &&Version| names.iter().any(|name| name == version.arn.version_name());
                    Page { items: all.iter().filter(has_name).cloned().collect(), ..Page::default() }
                }
                Which::Page(cursor) => {
                    let from: usize = cursor.and_then(|cursor| cursor.0.parse().ok()).unwrap_or(0);
                    let items: Vec<_> = all.iter().skip(from).take(VERSIONS_PER_PAGE).cloned().collect();
                    let to = from + items.len();
                    let next = (to < all.len()).then(|| Cursor(to.to_string()));
                    Page { items, next, ..Page::default() }
                }
            })
        })
        .await
    }

    async fn policies(&self, _: &ProjectArn) -> Result<Vec<ProjectPolicy>, PolicyError> {
        Ok(Vec::new())
    }

    async fn put_policy(&self, _: &ProjectArn, _: &str, _: &str, _: Option<&str>) -> Result<(), PolicyError> {
        Ok(())
    }

    async fn delete_policy(&self, _: &ProjectArn, _: &str, _: &str) -> Result<(), PolicyError> {
        Ok(())
    }
}

impl Bus for World {
    async fn publish(&self, call: &[&Outgoing]) -> Result<Vec<Result<(), Unavailable>>, CallFailed> {
        self.call(EVENTS, |state| {
            state.calls.put_events += 1;
            state.calls.events += call.len();
            Ok(vec![Ok(()); call.len()])
        })
        .await
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        saturating_add(BEGINNING, SignedDuration::from_millis(passed))
    }
}
