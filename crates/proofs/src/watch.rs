//! The invariants, checked at every effect: what a call, a write or a publication may be, given all that
//! happened before. What it finds is kept as a list of violations.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::failure;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::model::ModelStatus;
use rekognition_model_copier::domain::outbox::Outgoing;
use rekognition_model_copier::domain::record::{Ended, Outcome, Record, State};
use rekognition_model_copier::domain::status::Status;
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
            self.keys.insert(mark.to_owned(), record.header().key.clone());
        }
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
        match record.as_deref().and_then(state) {
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
        let key = &after.header().key;
        let announced = |record: &Record| record.header().announced.clone();
        self.must(announced(after).starts_with(&announced(before)), || {
            format!("{key}: {:?} became {:?}", announced(before), announced(after))
        });
        self.must(before.ended_at().is_none() || state(before) == state(after), || {
            format!("{key}: its end changed from {:?} to {:?}", state(before), state(after))
        });
        let content = |record: &Record| {
            (record.accepted().map(|accepted| accepted.copy.clone()), record.header().fingerprint.clone())
        };
        self.must(content(before) == content(after), || format!("{key}: became another request"));
        let known = |record: &Record| record.started_copy().map(|copy| copy.project_version_arn.clone());
        self.must(known(before).is_none() || known(before) == known(after), || {
            format!("{key}: {:?} became {:?}", known(before), known(after))
        });
        self.taken_out(before, after);
        self.note_letters(after);
        if state(before) != state(after) {
            self.entered(before, after, models, now);
        }
    }

    /// INVARIANT: marked after it was published.
    fn taken_out(&mut self, before: &Record, after: &Record) {
        let (key, left) = (&after.header().key, &after.header().outbox);
        for outgoing in before.header().outbox.iter().filter(|outgoing| !left.contains(outgoing)) {
            let published =
                self.requests.get(key).is_some_and(|seen| seen.published.contains(&outgoing.status));
            self.must(published, || format!("{key}: {:?} marked before published", outgoing.status));
        }
    }

    fn note_letters(&mut self, record: &Record) {
        let header = record.header();
        let key = &header.key;
        for outgoing in &header.outbox {
            let print = print(outgoing);
            let request = self.requests.entry(key.clone()).or_default();
            let first = *request.recorded.entry(outgoing.status).or_insert(print);
            self.must(first == print, || format!("{key}: two versions of {:?}", outgoing.status));
            self.letters.insert(print, (key.clone(), outgoing.status));
        }
        let finals = header.announced.iter().filter(|announced| announced.status.is_final()).count();
        self.must(finals == usize::from(record.ended_at().is_some()), || {
            format!("{key}: {:?} in {:?}", header.announced, state(record))
        });
    }

    fn entered(&mut self, before: &Record, after: &Record, models: &Models, now: Timestamp) {
        let Some(accepted) = after.accepted() else { return };
        let key = &accepted.header.key;
        if let (None, Some(copy)) = (before.started_copy(), after.started_copy()) {
            let source = models.get(&copy.project_version_arn).and_then(|model| model.source.clone());
            let wanted = Some(accepted.copy.source_project_version_arn.to_string());
            self.must(source.is_some() && source == wanted, || {
                format!("{key}: {} is of {source:?}, not of {wanted:?}", copy.project_version_arn)
            });
            self.waits.push(now.duration_since(accepted.header.requested_at));
        }
        match &accepted.state {
            State::Starting { .. } | State::Copying(_) => {}
            State::Waiting { .. } => self.nothing_can_land(after, models),
            State::Ended(Ended { outcome: Outcome::Completed { copy, .. }, .. }) => {
                let model = models.get(&copy.project_version_arn);
                let copied = model.is_some_and(|model| model.past(now).any(is_copied));
                self.must(copied, || format!("{key}: completed, and never was"));
            }
            State::Ended(Ended { outcome: Outcome::Failed(why) | Outcome::TimedOut(why), .. }) => {
                self.nothing_can_land(after, models);
                let holds = self.is_true(&why.failure.code, before, after, models, now);
                self.must(holds, || format!("{key}: {} is not so", why.failure.code));
            }
        }
    }

    /// INVARIANT: neither a failure nor another start while a call that might succeed is still possible.
    fn nothing_can_land(&mut self, record: &Record, models: &Models) {
        let Some(mark) = mark(record) else { return };
        let late = models.in_flight.iter().any(|(_, copy)| copy.tags.get("mark").is_some_and(|m| m == mark));
        let under_way = self.under_way.get(mark).copied().unwrap_or(0);
        // The one call that this write is the outcome of is over when its answer is there.
        self.must(!late && under_way == 0, || {
            format!(
                "{}: given up with a call that may land (late: {late}, at once: {under_way})",
                record.header().key
            )
        });
    }

    /// Whether what a failure says is so.
    fn is_true(&self, code: &str, before: &Record, after: &Record, models: &Models, now: Timestamp) -> bool {
        let version = after.started_copy().and_then(|copy| models.get(&copy.project_version_arn));
        let since = |time: Timestamp| now.duration_since(time) + SKEW;
        let refused = mark(after).and_then(|mark| self.refusals.get(mark));
        match code {
            failure::COPYING_FAILED => {
                version.is_some_and(|v| v.past(now).any(|status| *status == ModelStatus::CopyingFailed))
            }
            failure::VERSION_DELETED => {
                version.is_some_and(|v| !v.is_there(now) || *v.status(now) == ModelStatus::Deleting)
            }
            failure::VERSION_NAME_TAKEN => after.accepted().is_some_and(|accepted| {
                let copy = &accepted.copy;
                let mut all = models.named(&copy.destination_project_arn, &copy.version_name);
                let source = copy.source_project_version_arn.as_str();
                all.any(|v| v.source.as_deref() != Some(source))
            }),
            failure::CANCELLED => {
                before.accepted().is_some_and(|accepted| matches!(accepted.state, State::Waiting { .. }))
            }
            failure::START_TIMED_OUT => {
                version.is_none() && since(after.header().requested_at) >= self.times.start_timeout
            }
            failure::COPY_TIMED_OUT => {
                before.started_copy().is_some_and(|copy| since(copy.started_at) >= self.times.copy_timeout)
            }
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
            let header = record.header();
            let (key, published) = (&header.key, self.published_of(&header.key).to_vec());
            self.must(record.ended_at().is_some() && header.outbox.is_empty(), || {
                format!("{key}: still {:?} with {:?} unpublished", state(record), header.outbox.len())
            });
            let announced: Vec<Status> = header.announced.iter().map(|announced| announced.status).collect();
            self.must(published == announced, || {
                format!("{key}: published {published:?}, recorded {announced:?}")
            });
        }
    }
}

/// Where an accepted request stands.
fn state(record: &Record) -> Option<&State> {
    record.accepted().map(|accepted| &accepted.state)
}

/// What a record's request was marked with.
pub fn mark(record: &Record) -> Option<&str> {
    record.accepted()?.copy.tags.get("mark").map(String::as_str)
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
