//! Decides the next state of a running copy from a poll. A copy is found by its ARN, because a version can be deleted
//! and its name used again.

use jiff::Timestamp;

use crate::domain::failure::{self, Failure};
use crate::domain::model::{ModelStatus, Progress, Version};
use crate::domain::record::{Accepted, Copying, Outcome, State, Unfulfilled};
use crate::domain::remedy;
use crate::domain::times::{DELETED_AFTER, Times, saturating_add};

/// What a poll found.
#[derive(Clone, Debug, PartialEq)]
pub enum PollResult {
    Version(Version),
    /// The project was read and did not show the version. A version with its name and another ARN counts as missing
    /// too, because a stale page may show a version that was deleted before this one was made.
    Missing,
    Unreadable,
}

/// The record after a poll; `None` where nothing changes.
pub fn poll(accepted: Accepted, found: &PollResult, now: Timestamp, times: &Times) -> Option<Accepted> {
    let State::Copying(copying) = &accepted.state else { return None };
    let copying = copying.clone();
    match found {
        PollResult::Version(version) => poll_version(accepted, copying, version, now, times),
        PollResult::Missing => poll_missing(accepted, copying, now),
        PollResult::Unreadable => poll_unreadable(accepted, &copying, now, times),
    }
}

fn poll_version(
    accepted: Accepted,
    copying: Copying,
    version: &Version,
    now: Timestamp,
    times: &Times,
) -> Option<Accepted> {
    let status = version.status.clone();
    let failure = match status.progress() {
        Progress::Copied => {
            let outcome = Outcome::Completed { copy: copying.copy, model_status: status };
            return Some(accepted.end(outcome, now));
        }
        Progress::Copying | Progress::Unknown => return keep_copying(accepted, copying, status, now, times),
        Progress::Failed => {
            let message = version.status_message.as_deref().unwrap_or("Rekognition gave no reason");
            Failure::new(failure::COPYING_FAILED, message).with_remedy(remedy::copy_failed())
        }
        Progress::Deleting => Failure::new(failure::VERSION_DELETED, "the version is being deleted")
            .with_remedy(remedy::send_again()),
        Progress::Trained => {
            let message = format!("`{}` is a model that was trained, not copied", version.arn);
            Failure::new(failure::VERSION_NAME_TAKEN, message).with_remedy(remedy::name_taken())
        }
    };
    is_settled(&copying, now).then(|| {
        let why = Unfulfilled { failure, copy: Some(copying.copy), model_status: Some(status) };
        accepted.end(Outcome::Failed(why), now)
    })
}

/// The version is still copying: it becomes overdue, then times out. If the last poll missed it, it counts as found
/// again.
///
/// [`Accepted::check_at`] has the same times: before them, a sweep does not read the record.
fn keep_copying(
    accepted: Accepted,
    copying: Copying,
    status: ModelStatus,
    now: Timestamp,
    times: &Times,
) -> Option<Accepted> {
    let running_for = now.duration_since(copying.copy.started_at);
    if running_for >= times.copy_timeout && is_settled(&copying, now) {
        let (limit, word) = (times.copy_timeout.as_secs(), status.as_str());
        let failure = copy_timed_out(format!(
            "the copy did not end within {limit} s: the version still has status `{word}`"
        ));
        let why = Unfulfilled { failure, copy: Some(copying.copy), model_status: Some(status) };
        return Some(accepted.end(Outcome::TimedOut(why), now));
    }
    let becomes_overdue = running_for >= times.overdue_after && !copying.is_overdue;
    if !becomes_overdue && copying.missing_since.is_none() {
        return None;
    }
    let copying = Copying {
        missing_since: None,
        is_overdue: copying.is_overdue || becomes_overdue,
        model_status: if becomes_overdue { Some(status) } else { copying.model_status },
        ..copying
    };
    Some(accepted.enter(State::Copying(copying), now))
}

/// A version counts as deleted only when it is missing twice, at least ten minutes apart.
fn poll_missing(accepted: Accepted, copying: Copying, now: Timestamp) -> Option<Accepted> {
    let Some(since) = copying.missing_since else {
        let copying = Copying { missing_since: Some(now), ..copying };
        return Some(accepted.enter(State::Copying(copying), now));
    };
    (now.duration_since(since) >= DELETED_AFTER && is_settled(&copying, now)).then(|| {
        let failure = Failure::new(failure::VERSION_DELETED, "the version is no longer in its project")
            .with_remedy(remedy::send_again());
        let why = Unfulfilled { failure, copy: Some(copying.copy), model_status: None };
        accepted.end(Outcome::Failed(why), now)
    })
}

/// An unreadable project proves nothing, so the copier waits the time-out once more before TIMED_OUT.
fn poll_unreadable(accepted: Accepted, copying: &Copying, now: Timestamp, times: &Times) -> Option<Accepted> {
    let deadline = saturating_add(copying.copy.started_at, times.copy_timeout);
    let give_up_at = saturating_add(deadline, times.copy_timeout);
    (now >= give_up_at && is_settled(copying, now)).then(|| {
        let message = "the destination project cannot be read, so it is not known whether the copy has ended";
        let failure = copy_timed_out(message);
        let why = Unfulfilled { failure, copy: Some(copying.copy.clone()), model_status: None };
        accepted.end(Outcome::TimedOut(why), now)
    })
}

/// INVARIANT: no failure is recorded while an unanswered call could still take effect.
fn is_settled(copying: &Copying, now: Timestamp) -> bool {
    copying.unsettled_until.is_none_or(|until| now >= until)
}

fn copy_timed_out(message: impl Into<String>) -> Failure {
    Failure::new(failure::COPY_TIMED_OUT, message).with_remedy(remedy::copy_timed_out())
}
