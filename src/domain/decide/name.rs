//! Decides what the version that has our name means, while the copy's ARN isn't known.
//!
//! A taken name is a question, not a failure: it may be our own call whose answer was lost, or another
//! request for the same copy. INVARIANT: a version is adopted only if it was made from the same source.

use jiff::{SignedDuration, Timestamp};

use crate::domain::announcement::Status;
use crate::domain::failure::{self, Failure};
use crate::domain::model::{Progress, Version};
use crate::domain::record::{Record, State, WaitReason};
use crate::domain::remedy;
use crate::domain::times::{Times, after};

use super::start::{Start, taking, timed_out, waiting};
use super::started;

/// After a definite "name taken": adopts, fails, or waits for the name to settle.
///
/// `seen` is the version that has the name, `None` if there is none or it could not be looked up: it may
/// be going away or not be visible yet.
pub fn taken(record: Record, seen: Option<&Version>, now: Timestamp, times: &Times) -> Record {
    match verdict(&record, seen) {
        Verdict::Adopt(version) => started(record, version.arn.clone(), true, now),
        Verdict::Conflict(failure) => record.ending(Status::Failed, Some(failure), None, now),
        Verdict::Nothing => {
            let text =
                "a version of that name is being deleted, is not visible yet or could not be looked up";
            let failure = Failure::new("ResourceInUseException", text);
            let secs = SignedDuration::from_secs;
            waiting(record, WaitReason::NameBusy, failure, secs(5), secs(300), now, times)
        }
    }
}

/// After a start whose outcome nobody knows: adopts, fails, calls again, or gives up.
///
/// Before the lease ends a call may still land, so that all one may do is adopt, and that on a first
/// attempt only.
pub fn take_over(
    record: Record,
    seen: Option<&Version>,
    owner: &str,
    now: Timestamp,
    times: &Times,
) -> Start {
    let State::Starting { lease, unanswered } = &record.state else { return Start::NotDue };
    let lease_ended = now >= lease.until;
    let may_adopt = lease_ended || (*unanswered && record.attempts == 1);
    match verdict(&record, seen) {
        Verdict::Adopt(version) if may_adopt => Start::Ended(started(record, version.arn.clone(), true, now)),
        _ if !lease_ended => Start::NotDue,
        Verdict::Conflict(failure) => Start::Ended(record.ending(Status::Failed, Some(failure), None, now)),
        Verdict::Adopt(_) | Verdict::Nothing if now >= after(record.requested_at, times.start_timeout) => {
            Start::Ended(record.ending(Status::TimedOut, Some(timed_out(times, None)), None, now))
        }
        Verdict::Adopt(_) | Verdict::Nothing => Start::Call(taking(record, owner, now)),
    }
}

/// After a start whose outcome could not even be looked up: gives up once that has lasted as long again as
/// a start and a copy may take. Until then nothing is known, so nothing is said.
pub fn take_over_blindly(record: Record, now: Timestamp, times: &Times) -> Option<Record> {
    let State::Starting { lease, .. } = &record.state else { return None };
    let give_up_at = after(after(record.requested_at, times.start_timeout), times.copy_timeout);
    if now < lease.until || now < give_up_at {
        return None;
    }
    Some(record.ending(Status::TimedOut, Some(timed_out(times, None)), None, now))
}

enum Verdict<'a> {
    Adopt(&'a Version),
    Conflict(Failure),
    Nothing,
}

fn verdict<'a>(record: &Record, seen: Option<&'a Version>) -> Verdict<'a> {
    let (Some(version), Some(copy)) = (seen, &record.copy) else { return Verdict::Nothing };
    match version.status.progress() {
        Progress::Deleting => Verdict::Nothing,
        _ if version.answers(copy) => Verdict::Adopt(version),
        _ => {
            let of = match &version.source_project_version_arn {
                Some(source) if *source == copy.source_project_version_arn.as_str() => {
                    "a copy of the same model with another bucket or key".to_owned()
                }
                Some(source) => format!("a copy of `{source}`"),
                None => "a model that was trained there".to_owned(),
            };
            let text = format!("`versionName` `{}` belongs to `{}`, {of}", copy.version_name, version.arn);
            Verdict::Conflict(
                Failure::new(failure::VERSION_NAME_TAKEN, text).with_remedy(remedy::name_taken()),
            )
        }
    }
}
