//! The invariants, checked at every effect: what a call, a write or a publication may be, given all that
//! happened before. What it finds is kept as a list of violations.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::announcement::Status;
use rekognition_model_copier::domain::failure;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::model::ModelStatus;
use rekognition_model_copier::domain::outbox::Outgoing;
use rekognition_model_copier::domain::record::{Record, State};
use rekognition_model_copier::domain::times::Times;

use crate::world::models::Models;
use crate::world::table::Table;

/// How far apart two clocks may be.
pub const SKEW: SignedDuration = SignedDuration::from_secs(120);

#[derive(Debug, Default)]
struct Request {
    /// The bytes of each announcement that was ever recorded.
    recorded: BTreeMap<Status, u64>,
    /// What was published, in the order of the first time.
    published: Vec<Status>,
}

/// All that is remembered to judge by.
#[derive(Debug)]
pub struct Watch {
    times: Times,
    requests: HashMap<RecordKey, Request>,
    letters: HashMap<u64, (RecordKey, Status)>,
    keys: HashMap<String, RecordKey>,
    under_way: HashMap<String, u32>,
    refusals: HashMap<String, BTreeMap<String, Timestamp>>,
    /// What must never be.
    pub violations: Vec<String>,
    /// How many announcements were published, repetitions included.
    pub publications: u64,
    /// When each request's copy was started, from its request on.
    pub waits: Vec<SignedDuration>,
    /// How often each status was announced for the first time.
    pub statuses: BTreeMap<&'static str, u64>,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new(times: Times) -> Self {
        Self {
            times,
            requests: HashMap::new(),
            letters: HashMap::new(),
            keys: HashMap::new(),
            under_way: HashMap::new(),
            refusals: HashMap::new(),
            violations: Vec::new(),
            publications: 0,
            waits: Vec::new(),
            statuses: BTreeMap::new(),
        }
    }

    /// Notes a violation unless `holds`.
    pub fn must(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(what());
        }
    }

    /// What was published of a request, in the order of the first time.
    pub fn published_of(&self, key: &RecordKey) -> &[Status] {
        self.requests.get(key).map(|request| request.published.as_slice()).unwrap_or_default()
    }

    /// A record was created.
    pub fn created(&mut self, record: &Record) {
        if let Some(mark) = mark(record) {
            self.keys.insert(mark.to_owned(), record.key.clone());
        }
        self.must(record.copy.is_some() || record.is_ended(), || {
            format!("{}: a rejected request goes on", record.key)
        });
        self.note_letters(record);
    }

    /// A call of CopyProjectVersion begins.
    ///
    /// INVARIANT: only for a record that is being started, has no ARN and no outcome.
    pub fn called(&mut self, mark: &str, table: &Table, now: Timestamp) {
        *self.under_way.entry(mark.to_owned()).or_default() += 1;
        let at_once = self.under_way.get(mark).copied().unwrap_or(0);
        self.must(at_once == 1, || format!("{mark}: {at_once} calls at once"));
        let record = self.keys.get(mark).and_then(|key| table.get(key)).cloned();
        match record.as_ref().map(|record| &record.state) {
            Some(State::Starting { lease, unanswered: false }) => {
                self.must(now < lease.until, || format!("{mark}: called after its lease"));
            }
            state => self.must(false, || format!("{mark}: called in state {state:?}")),
        }
    }

    /// The call is over: answered, or its function is dead.
    pub fn call_over(&mut self, mark: &str) {
        if let Some(count) = self.under_way.get_mut(mark) {
            *count = count.saturating_sub(1);
        }
    }

    /// A call was refused.
    pub fn refused(&mut self, mark: &str, code: &str, now: Timestamp) {
        self.refusals.entry(mark.to_owned()).or_default().entry(code.to_owned()).or_insert(now);
    }

    /// A record was written again.
    pub fn saved(&mut self, before: &Record, after: &Record, models: &Models, now: Timestamp) {
        if before == after {
            return;
        }
        let key = &after.key;
        self.must(after.announced.starts_with(&before.announced), || {
            format!("{key}: {:?} became {:?}", before.announced, after.announced)
        });
        self.must(!before.is_ended() || before.state == after.state, || {
            format!("{key}: its end changed from {:?} to {:?}", before.state, after.state)
        });
        self.must(before.copy == after.copy && before.fingerprint == after.fingerprint, || {
            format!("{key}: became another request")
        });
        let known = |record: &Record| record.project_version_arn().cloned();
        self.must(known(before).is_none() || known(before) == known(after), || {
            format!("{key}: {:?} became {:?}", known(before), known(after))
        });
        self.taken_out(before, after);
        self.note_letters(after);
        if before.state != after.state {
            self.entered(before, after, models, now);
        }
    }

    /// INVARIANT: marked after it was published.
    fn taken_out(&mut self, before: &Record, after: &Record) {
        for letter in before.outbox.iter().filter(|letter| !after.outbox.contains(letter)) {
            let published =
                self.requests.get(&after.key).is_some_and(|seen| seen.published.contains(&letter.status));
            self.must(published, || format!("{}: {:?} marked before published", after.key, letter.status));
        }
    }

    fn note_letters(&mut self, record: &Record) {
        for letter in &record.outbox {
            let print = print(letter);
            let request = self.requests.entry(record.key.clone()).or_default();
            let first = *request.recorded.entry(letter.status).or_insert(print);
            self.must(first == print, || format!("{}: two versions of {:?}", record.key, letter.status));
            self.letters.insert(print, (record.key.clone(), letter.status));
        }
        let finals = record.announced.iter().filter(|status| status.is_final()).count();
        self.must(finals == usize::from(record.is_ended()), || {
            format!("{}: {:?} in {:?}", record.key, record.announced, record.state)
        });
    }

    fn entered(&mut self, before: &Record, after: &Record, models: &Models, now: Timestamp) {
        let key = &after.key;
        if let (None, Some(arn)) = (before.project_version_arn(), after.project_version_arn()) {
            let source = models.get(arn).and_then(|model| model.source.clone());
            let wanted = after.copy.as_ref().map(|copy| copy.source_project_version_arn.to_string());
            self.must(source.is_some() && source == wanted, || {
                format!("{key}: {arn} is of {source:?}, not of {wanted:?}")
            });
            self.waits.push(now.duration_since(after.requested_at));
        }
        if let State::Waiting { .. } = &after.state {
            self.nothing_can_land(after, models);
        }
        let State::Ended { status, failure, .. } = &after.state else { return };
        match status {
            Status::Completed => self.completed(after, models, now),
            Status::Failed | Status::TimedOut => {
                self.nothing_can_land(after, models);
                let code = failure.as_ref().map(|failure| failure.code.as_str()).unwrap_or_default();
                let holds = self.is_true(code, before, after, models, now);
                self.must(holds, || format!("{key}: {status:?} {code} is not so"));
            }
            other => self.must(false, || format!("{key}: ended as {other:?}")),
        }
    }

    fn completed(&mut self, record: &Record, models: &Models, now: Timestamp) {
        let model = record.project_version_arn().and_then(|arn| models.get(arn));
        let copied = model.is_some_and(|model| model.past(now).any(is_copied));
        self.must(copied, || format!("{}: completed, and never was", record.key));
    }

    /// INVARIANT: neither a failure nor another start while a call that might succeed is still possible.
    fn nothing_can_land(&mut self, record: &Record, models: &Models) {
        let Some(mark) = mark(record) else { return };
        let late = models.in_flight.iter().any(|(_, copy)| copy.tags.get("mark").is_some_and(|m| m == mark));
        let under_way = self.under_way.get(mark).copied().unwrap_or(0);
        // The one call that this write is the outcome of is over when its answer is there.
        self.must(!late && under_way == 0, || {
            format!("{}: given up with a call that may land (late: {late}, at once: {under_way})", record.key)
        });
    }

    /// Whether what a failure says is so.
    fn is_true(&self, code: &str, before: &Record, after: &Record, models: &Models, now: Timestamp) -> bool {
        let version = after.project_version_arn().and_then(|arn| models.get(arn));
        let since = |time: Timestamp| now.duration_since(time) + SKEW;
        let refused = mark(after).and_then(|mark| self.refusals.get(mark));
        match code {
            failure::COPYING_FAILED => {
                version.is_some_and(|v| v.past(now).any(|status| *status == ModelStatus::CopyingFailed))
            }
            failure::VERSION_DELETED => {
                version.is_some_and(|v| !v.is_there(now) || *v.status(now) == ModelStatus::Deleting)
            }
            failure::VERSION_NAME_TAKEN => after.copy.as_ref().is_some_and(|copy| {
                let mut all = models.named(&copy.destination_project_arn, &copy.version_name);
                let source = copy.source_project_version_arn.as_str();
                all.any(|v| v.source.as_deref() != Some(source))
            }),
            failure::START_TIMED_OUT => {
                version.is_none() && since(after.requested_at) >= self.times.start_timeout
            }
            failure::COPY_TIMED_OUT => match &before.state {
                State::Copying(copying) => since(copying.started_at) >= self.times.copy_timeout,
                _ => false,
            },
            "AccessDeniedException" | "ResourceNotFoundException" => {
                let first = refused.and_then(|codes| codes.get(code));
                first.is_some_and(|first| since(*first) >= self.times.permission_timeout)
            }
            "InvalidParameterException" | "ValidationException" => {
                refused.is_some_and(|codes| codes.contains_key(code))
            }
            _ => false,
        }
    }

    /// An announcement was published. Returns its fingerprint.
    pub fn published(&mut self, letter: &Outgoing) -> u64 {
        let print = print(letter);
        self.publications += 1;
        let Some((key, status)) = self.letters.get(&print).cloned() else {
            self.must(false, || format!("published before recorded: {}", letter.detail));
            return print;
        };
        let request = self.requests.entry(key.clone()).or_default();
        if request.published.contains(&status) {
            return print;
        }
        let ended = request.published.iter().any(|status| status.is_final());
        request.published.push(status);
        let order = request.published.clone();
        *self.statuses.entry(status.as_str()).or_default() += 1;
        self.must(!ended, || format!("{key}: announced {order:?}"));
        self.must(order.is_sorted_by_key(|status| rank(*status)), || format!("{key}: announced {order:?}"));
        print
    }

    /// Every request ended once, and said so.
    pub fn settled(&mut self, table: &Table) {
        for record in table.records() {
            let key = &record.key;
            let published = self.published_of(key).to_vec();
            self.must(record.is_ended() && record.outbox.is_empty(), || {
                format!("{key}: still {:?} with {:?} unpublished", record.state, record.outbox.len())
            });
            self.must(published == record.announced, || {
                format!("{key}: published {published:?}, recorded {:?}", record.announced)
            });
        }
    }
}

/// What a record's request was marked with.
pub fn mark(record: &Record) -> Option<&str> {
    record.copy.as_ref()?.tags.get("mark").map(String::as_str)
}

/// What a copy can read once it is there; told apart from the shipped reading.
fn is_copied(status: &ModelStatus) -> bool {
    use ModelStatus::{CopyingCompleted, Deprecated, Expired, Failed, Running, Starting, Stopped, Stopping};
    matches!(
        status,
        CopyingCompleted | Starting | Running | Stopping | Stopped | Failed | Deprecated | Expired
    )
}

fn rank(status: Status) -> u8 {
    match status {
        Status::Queued => 0,
        Status::Started => 1,
        Status::Overdue => 2,
        Status::Completed | Status::Failed | Status::TimedOut | Status::Rejected => 3,
    }
}

fn print(letter: &Outgoing) -> u64 {
    let mut hasher = DefaultHasher::new();
    (letter.detail.get(), &letter.resources, letter.time, letter.status.as_str()).hash(&mut hasher);
    hasher.finish()
}
