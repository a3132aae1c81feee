//! The checks of the invariants: at every effect, whether the call, write or publication is permitted after everything that
//! happened before.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::arn::ProjectVersionArn;
use rekognition_model_copier::domain::failure;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::model::{ModelStatus, Version};
use rekognition_model_copier::domain::outbox::Outgoing;
use rekognition_model_copier::domain::record::{Ended, Outcome, Record, State};
use rekognition_model_copier::domain::request::CopyRequest;
use rekognition_model_copier::domain::status::Status;
use rekognition_model_copier::domain::times::Times;

use super::models::Models;
use super::table::Table;

/// The most that two clocks may differ.
pub const MAX_SKEW: Duration = Duration::from_secs(120);

/// The announcements of one request.
#[derive(Debug, Default)]
struct Announcements {
    /// The hash of each recorded announcement.
    recorded: BTreeMap<Status, u64>,
    /// The published statuses without repetitions, in the order of their first publication.
    published: Vec<Status>,
}

/// What happened so far, as far as a check needs it. Requests are known by their mark, a tag that no two requests share.
#[derive(Debug, Default)]
pub struct Watch {
    times: Times,
    announcements: HashMap<RecordKey, Announcements>,
    /// The announcement of each hash.
    hashes: HashMap<u64, (RecordKey, Status)>,
    keys: HashMap<String, RecordKey>,
    /// How many copy calls of a request are in progress or will still take effect.
    calls: HashMap<String, u32>,
    /// When a copy call of a request was first refused with each code.
    refusals: HashMap<String, BTreeMap<String, Timestamp>>,
    pub violations: Vec<String>,
    /// How many announcements were published, repetitions included.
    pub publications: u64,
    /// How long each request waited until its copy was started.
    pub waits: Vec<SignedDuration>,
    /// When each running copy was polled last.
    polled: HashMap<ProjectVersionArn, Timestamp>,
    /// How many copies were polled to their end.
    pub polled_to_end: u64,
    /// The longest time without a poll of one running copy.
    pub longest_without_poll: SignedDuration,
}

impl Watch {
    pub fn new(times: Times) -> Self {
        Self { times, ..Self::default() }
    }

    /// Adds a violation unless `holds`.
    pub fn must(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(what());
        }
    }

    /// Returns the published statuses of a request without repetitions, in the order of their first publication.
    pub fn published_of(&self, key: &RecordKey) -> &[Status] {
        self.announcements.get(key).map(|all| all.published.as_slice()).unwrap_or_default()
    }

    /// Checks a new record.
    pub fn created(&mut self, record: &Record) {
        if let Some(mark) = mark(record) {
            self.keys.insert(mark.to_owned(), record.header().key.clone());
        }
        self.check_announcements(record);
    }

    pub fn call_began(&mut self, mark: &str) {
        *self.calls.entry(mark.to_owned()).or_default() += 1;
    }

    /// The call has an answer, its function was killed, or its late effect has taken place.
    pub fn call_ended(&mut self, mark: &str) {
        if let Some(count) = self.calls.get_mut(mark) {
            *count = count.saturating_sub(1);
        }
    }

    /// Checks a copy call that begins.
    ///
    /// INVARIANT: its record is starting, has no ARN and no outcome, and no other call for it can still take effect.
    pub fn called(&mut self, mark: &str, table: &Table, now: Timestamp) {
        self.call_began(mark);
        let calls = self.calls.get(mark).copied().unwrap_or(0);
        self.must(calls == 1, || format!("{mark}: {calls} calls at once"));
        let record = self.keys.get(mark).and_then(|key| table.get(key)).cloned();
        match record.as_deref().and_then(state) {
            Some(State::Starting { lease, unanswered: false }) => {
                self.must(now < lease.until, || format!("{mark}: called after its lease"));
            }
            state => self.must(false, || format!("{mark}: called in state {state:?}")),
        }
    }

    /// Notes a refused copy call.
    pub fn refused(&mut self, mark: &str, code: &str, now: Timestamp) {
        self.refusals.entry(mark.to_owned()).or_default().entry(code.to_owned()).or_insert(now);
    }

    /// Notes a poll of running copies.
    pub fn polled(&mut self, versions: &[Version], now: Timestamp) {
        for version in versions {
            let Some(last) = self.polled.get_mut(&version.arn) else { continue };
            self.longest_without_poll = self.longest_without_poll.max(now.duration_since(*last));
            *last = now;
            if version.status != ModelStatus::CopyingInProgress {
                self.polled.remove(&version.arn);
                self.polled_to_end += 1;
            }
        }
    }

    /// Checks a record that replaces an earlier revision.
    pub fn saved(&mut self, before: &Record, after: &Record, models: &Models, now: Timestamp) {
        let (old, new) = (before.header(), after.header());
        let arn = |record: &Record| record.started_copy().map(|copy| copy.project_version_arn.clone());
        for (what, is_kept) in [
            ("an announcement", new.announced.starts_with(&old.announced)),
            ("the end", before.ended_at().is_none() || state(before) == state(after)),
            ("the fingerprint", old.fingerprint == new.fingerprint),
            ("the request", before.accepted().map(|a| &a.copy) == after.accepted().map(|a| &a.copy)),
            ("the ARN", arn(before).is_none() || arn(before) == arn(after)),
        ] {
            self.must(is_kept, || format!("{}: {what} changed: {before:?} became {after:?}", new.key));
        }
        // INVARIANT: an announcement leaves the outbox after it was published.
        for outgoing in old.outbox.iter().filter(|outgoing| !new.outbox.contains(outgoing)) {
            let is_published = self.published_of(&new.key).contains(&outgoing.status);
            self.must(is_published, || {
                format!("{}: {:?} removed before published", new.key, outgoing.status)
            });
        }
        self.check_announcements(after);
        if state(before) != state(after) {
            self.check_transition(before, after, models, now);
        }
    }

    /// INVARIANT: an announcement's bytes never change, and only an ended record has a final announcement.
    fn check_announcements(&mut self, record: &Record) {
        let header = record.header();
        let key = &header.key;
        for outgoing in &header.outbox {
            let hash = hash(outgoing);
            let announcements = self.announcements.entry(key.clone()).or_default();
            let first = *announcements.recorded.entry(outgoing.status).or_insert(hash);
            self.must(first == hash, || format!("{key}: two versions of {:?}", outgoing.status));
            self.hashes.insert(hash, (key.clone(), outgoing.status));
        }
        let finals = header.announced.iter().filter(|announced| announced.status.is_final()).count();
        self.must(finals == usize::from(record.ended_at().is_some()), || {
            format!("{key}: {:?} in {:?}", header.announced, state(record))
        });
    }

    fn check_transition(&mut self, before: &Record, after: &Record, models: &Models, now: Timestamp) {
        let Some(accepted) = after.accepted() else { return };
        let key = &accepted.header.key;
        if let (None, Some(copy)) = (before.started_copy(), after.started_copy()) {
            let source = models.get(&copy.project_version_arn).and_then(|model| model.source.clone());
            let wanted = Some(accepted.copy.source_project_version_arn.to_string());
            self.must(source == wanted, || {
                format!("{key}: {} is of {source:?}, not of {wanted:?}", copy.project_version_arn)
            });
            self.waits.push(now.duration_since(accepted.header.requested_at));
            self.polled.insert(copy.project_version_arn.clone(), now);
        }
        match &accepted.state {
            State::Starting { .. } | State::Copying(_) => {}
            State::Waiting { .. } => self.check_no_call_in_progress(after),
            State::Ended(Ended { outcome: Outcome::Completed { copy, .. }, .. }) => {
                let model = models.get(&copy.project_version_arn);
                let is_true = model.is_some_and(|model| model.statuses_until(now).any(is_copied));
                self.must(is_true, || format!("{key}: completed without a completed copy"));
            }
            State::Ended(Ended { outcome: Outcome::Failed(why) | Outcome::TimedOut(why), .. }) => {
                self.check_no_call_in_progress(after);
                let holds = self.is_true(&why.failure.code, before, after, models, now);
                self.must(holds, || format!("{key}: the failure {} is wrong", why.failure.code));
            }
        }
    }

    /// INVARIANT: no failure and no wait is recorded while a call can still take effect.
    fn check_no_call_in_progress(&mut self, record: &Record) {
        let calls = mark(record).and_then(|mark| self.calls.get(mark)).copied().unwrap_or(0);
        let key = &record.header().key;
        self.must(calls == 0, || format!("{key}: given up while {calls} calls can take effect"));
    }

    /// Whether the world confirms the code of a failure.
    fn is_true(&self, code: &str, before: &Record, after: &Record, models: &Models, now: Timestamp) -> bool {
        let version = after.started_copy().and_then(|copy| models.get(&copy.project_version_arn));
        let since = |time: Timestamp| (now + MAX_SKEW).duration_since(time);
        let refused = mark(after).and_then(|mark| self.refusals.get(mark)?.get(code));
        match code {
            failure::COPYING_FAILED => version
                .is_some_and(|v| v.statuses_until(now).any(|status| *status == ModelStatus::CopyingFailed)),
            failure::VERSION_DELETED => {
                version.is_some_and(|v| v.status(now).is_none_or(|status| *status == ModelStatus::Deleting))
            }
            failure::VERSION_NAME_TAKEN => after.accepted().is_some_and(|accepted| {
                let copy = &accepted.copy;
                let mut all = models.with_name(&copy.destination_project_arn, &copy.version_name);
                let source = copy.source_project_version_arn.as_str();
                all.any(|v| v.source.as_deref() != Some(source))
            }),
            failure::CANCELLED => matches!(state(before), Some(State::Waiting { .. })),
            failure::START_TIMED_OUT => {
                version.is_none() && since(after.header().requested_at) >= self.times.start_timeout
            }
            failure::COPY_TIMED_OUT => {
                before.started_copy().is_some_and(|copy| since(copy.started_at) >= self.times.copy_timeout)
            }
            "AccessDeniedException" | "ResourceNotFoundException" => {
                refused.is_some_and(|first| since(*first) >= self.times.permission_timeout)
            }
            "InvalidParameterException" | "ValidationException" => refused.is_some(),
            _ => false,
        }
    }

    /// Checks a published announcement and returns its hash.
    pub fn published(&mut self, outgoing: &Outgoing) -> u64 {
        let hash = hash(outgoing);
        self.publications += 1;
        let Some((key, status)) = self.hashes.get(&hash).cloned() else {
            self.must(false, || format!("published before recorded: {}", outgoing.detail));
            return hash;
        };
        let published = &mut self.announcements.entry(key.clone()).or_default().published;
        if !published.contains(&status) {
            let has_ended = published.iter().any(|status| status.is_final());
            published.push(status);
            let order = published.clone();
            self.must(!has_ended && order.is_sorted(), || format!("{key}: announced {order:?}"));
        }
        hash
    }

    /// Checks at the end that every request has ended and that its announcements are published.
    pub fn check_end(&mut self, table: &Table) {
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

fn state(record: &Record) -> Option<&State> {
    record.accepted().map(|accepted| &accepted.state)
}

/// Returns the mark of an accepted request.
pub fn mark(record: &Record) -> Option<&str> {
    record.accepted().map(|accepted| mark_of(&accepted.copy))
}

pub fn mark_of(copy: &CopyRequest) -> &str {
    copy.tags.get("mark").map(String::as_str).unwrap_or_default()
}

/// Whether a copy with this status exists. This does not use the shipped code's own table.
fn is_copied(status: &ModelStatus) -> bool {
    use ModelStatus::{CopyingCompleted, Deprecated, Expired, Failed, Running, Starting, Stopped, Stopping};
    matches!(
        status,
        CopyingCompleted | Starting | Running | Stopping | Stopped | Failed | Deprecated | Expired
    )
}

fn hash(outgoing: &Outgoing) -> u64 {
    let mut hasher = DefaultHasher::new();
    (outgoing.detail.get(), &outgoing.resources, outgoing.time, outgoing.status.as_str()).hash(&mut hasher);
    hasher.finish()
}
