//! Decides when a copy may be started, and what an answer of CopyProjectVersion means.

use jiff::{SignedDuration, Timestamp};

use crate::domain::announcement::Status;
use crate::domain::failure::{self, Failure};
use crate::domain::record::{Lease, Record, State, WaitReason};
use crate::domain::refusal::{CopyAnswer, Meaning, Refusal};
use crate::domain::remedy;
use crate::domain::times::{CALL_BY, LEASE, Times, after, backoff};

use super::started;

/// What to do with a record that is due for starting.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// Write this record, then call.
    Call(Record),
    /// Write this record: it has ended.
    Ended(Record),
    /// Nothing: it isn't due, or not for this step.
    NotDue,
}

/// A new lease.
pub fn lease(owner: &str, now: Timestamp) -> Lease {
    Lease { until: after(now, LEASE), owner: owner.to_owned() }
}

/// Whether the holder of the record's lease may still send its call.
///
/// A holder that was frozen past this moment leaves the call to its successor: sent now, it could land
/// after the lease.
pub fn may_call(record: &Record, now: Timestamp) -> bool {
    match &record.state {
        State::Starting { lease, unanswered: false } => now < after(lease.until, CALL_BY - LEASE),
        _ => false,
    }
}

/// Starts a waiting record that is due, or gives it up.
pub fn start(record: Record, owner: &str, now: Timestamp, times: &Times) -> Start {
    let State::Waiting { due, failure, .. } = &record.state else { return Start::NotDue };
    if now >= after(record.requested_at, times.start_timeout) {
        let failure = timed_out(times, Some(failure));
        return Start::Ended(record.ending(Status::TimedOut, Some(failure), None, now));
    }
    if now < *due {
        return Start::NotDue;
    }
    Start::Call(taking(record, owner, now))
}

/// The record with a new lease, for another attempt.
pub(super) fn taking(record: Record, owner: &str, now: Timestamp) -> Record {
    Record {
        state: State::Starting { lease: lease(owner, now), unanswered: false },
        attempts: record.attempts.saturating_add(1),
        ..record
    }
}

/// The failure of a request that could not be started in time.
pub(super) fn timed_out(times: &Times, last: Option<&Failure>) -> Failure {
    let hours = times.start_timeout.as_secs() / 3600;
    let limit = if hours > 0 { format!("{hours} h") } else { format!("{} s", times.start_timeout.as_secs()) };
    let text = match last {
        Some(last) => {
            format!("the copy could not be started within {limit}: {}: {}", last.code, last.message)
        }
        None => format!("the copy could not be started within {limit}: no call was answered"),
    };
    let failure = Failure::new(failure::START_TIMED_OUT, text);
    match last.and_then(|last| last.remedy.clone()) {
        Some(remedy) => failure.with_remedy(remedy),
        None => failure,
    }
}

/// What an answer leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Answered {
    /// Write this record.
    Write(Record),
    /// The name is taken: look by whom, then decide with [`name::taken`](super::name::taken).
    LookUpName(Record),
}

/// Reads an answer for the holder of the record's lease.
pub fn answered(record: Record, answer: CopyAnswer, now: Timestamp, times: &Times) -> Answered {
    match answer {
        CopyAnswer::Accepted(arn) => Answered::Write(started(record, arn, false, now)),
        CopyAnswer::Unanswered { .. } => Answered::Write(unanswered(record)),
        CopyAnswer::Refused(refusal) => refused(record, &refusal, now, times),
    }
}

/// INVARIANT: a call without an answer may have worked or may still land. The record stays STARTING, and
/// nobody calls again before the lease ends.
fn unanswered(record: Record) -> Record {
    match record.state {
        State::Starting { lease, .. } => {
            Record { state: State::Starting { lease, unanswered: true }, ..record }
        }
        _ => record,
    }
}

fn refused(record: Record, refusal: &Refusal, now: Timestamp, times: &Times) -> Answered {
    let secs = SignedDuration::from_secs;
    let (reason, floor, most) = match Meaning::of(&refusal.code) {
        Meaning::NameTaken => return Answered::LookUpName(record),
        Meaning::Unanswered => return Answered::Write(unanswered(record)),
        Meaning::Invalid => {
            let failure = Failure::new(&refusal.code, &refusal.message);
            return Answered::Write(record.ending(Status::Failed, Some(failure), None, now));
        }
        Meaning::Permission => {
            let failure = missing_permission(&record, refusal);
            return Answered::Write(not_permitted(record, failure, now, times));
        }
        Meaning::Throttled => (WaitReason::Throttled, secs(5), secs(300)),
        Meaning::Limit => (WaitReason::Quota, secs(120), secs(1800)),
        Meaning::Quota => (WaitReason::Quota, secs(300), secs(3600)),
        Meaning::Unknown => (WaitReason::Unknown, secs(30), secs(900)),
    };
    let mut failure = Failure::new(&refusal.code, &refusal.message);
    if Meaning::of(&refusal.code) == Meaning::Quota {
        failure = failure.with_remedy(remedy::quota());
    }
    // Who meets a limit was let in: a later refusal begins anew.
    let refused_since = record.refused_since.filter(|_| reason != WaitReason::Quota);
    let record = Record { refused_since, ..record };
    Answered::Write(waiting(record, reason, failure, floor, most, now, times))
}

fn missing_permission(record: &Record, refusal: &Refusal) -> Failure {
    let Refusal { code, message } = refusal;
    let failure = Failure::new(code, message);
    let Some(copy) = &record.copy else { return failure };
    let account = copy.destination_project_arn.account();
    failure.with_remedy(remedy::permission(code, message, copy, account, record.grant))
}

/// Policies take time to be seen, so a refusal is final only when it has lasted. The first waits are short: a
/// policy that we have just put ourselves is seen soon.
pub(super) fn not_permitted(record: Record, failure: Failure, now: Timestamp, times: &Times) -> Record {
    let since = record.refused_since.unwrap_or(now);
    if now >= after(since, times.permission_timeout) {
        return record.ending(Status::Failed, Some(failure), None, now);
    }
    let record = Record { refused_since: Some(since), ..record };
    let secs = SignedDuration::from_secs;
    waiting(record, WaitReason::Permission, failure, secs(5), secs(120), now, times)
}

/// The record waiting, until its time to start ends at the latest; announced as QUEUED if it never was.
pub(super) fn waiting(
    record: Record,
    reason: WaitReason,
    failure: Failure,
    floor: SignedDuration,
    most: SignedDuration,
    now: Timestamp,
    times: &Times,
) -> Record {
    let again = after(now, backoff(floor, most, record.attempts, &record.key));
    let due = again.min(after(record.requested_at, times.start_timeout));
    Record { state: State::Waiting { due, reason, failure }, ..record }.announcing(Status::Queued, None, now)
}
