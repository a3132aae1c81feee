//! Decides what becomes of a request whose copy is not known, from the version that has the requested name.
//!
//! A taken name does not mean failure: the version may come from an earlier call whose answer was lost, or from another
//! request for the same copy. INVARIANT: a version is adopted only if AWS shows that it was made from the same source,
//! or, where AWS does not show a source, if a call for this request can have made it.

use jiff::Timestamp;

use super::starting::{StartDecision, begin_copying, has_start_timed_out, start_timed_out, with_new_lease};
use super::waiting::wait;
use crate::domain::failure::{self, Failure};
use crate::domain::model::{Origin, Progress, Version};
use crate::domain::record::{Accepted, Outcome, State, WaitReason};
use crate::domain::remedy;
use crate::domain::times::{CLOCK_TOLERANCE, SEND_WITHIN, SIGNATURE_LIFETIME, Times, saturating_add};

/// After a definite "name taken": adopts, fails, or waits for the name to settle.
///
/// `holder` is the version that has the name. `None` if no version was found or the call failed: the version may not be
/// visible yet, or may be gone by now.
pub(super) fn name_taken(
    accepted: Accepted,
    holder: Option<&Version>,
    now: Timestamp,
    times: &Times,
) -> Accepted {
    // This call was refused, so only an earlier one can have made the version.
    match judge(&accepted, holder, &accepted.unanswered_starts) {
        Verdict::Adopt(version) => begin_copying(accepted, version.arn.clone(), true, now),
        Verdict::Conflict(failure) => accepted.end(Outcome::Failed(failure.into()), now),
        Verdict::Nothing => {
            let message =
                "a version of that name is being deleted, is not visible yet or could not be described";
            let failure = Failure::new("ResourceInUseException", message);
            wait(accepted, WaitReason::NameBusy, failure, (5, 300), now, times)
        }
    }
}

/// After a start whose outcome is unknown: adopts, fails, calls again, or gives up.
///
/// Before the lease ends, a call may still take effect. Until then the only possible decision is to adopt, and only
/// on a first attempt.
pub fn recover(
    accepted: Accepted,
    holder: Option<&Version>,
    lease_owner: &str,
    now: Timestamp,
    times: &Times,
) -> StartDecision {
    let State::Starting { lease, unanswered } = &accepted.state else { return StartDecision::NotDue };
    let has_lease_ended = now >= lease.until;
    let may_adopt = has_lease_ended || (*unanswered && accepted.attempts == 1);
    let starts = [&accepted.unanswered_starts[..], &[lease.since()]].concat();
    match judge(&accepted, holder, &starts) {
        Verdict::Adopt(version) if may_adopt => {
            StartDecision::Save(begin_copying(accepted, version.arn.clone(), true, now))
        }
        _ if !has_lease_ended => StartDecision::NotDue,
        Verdict::Conflict(failure) => StartDecision::Save(accepted.end(Outcome::Failed(failure.into()), now)),
        Verdict::Adopt(_) | Verdict::Nothing if has_start_timed_out(&accepted, now, times) => {
            let failure = start_timed_out(times, None);
            StartDecision::Save(accepted.end(Outcome::TimedOut(failure.into()), now))
        }
        Verdict::Adopt(_) | Verdict::Nothing => {
            StartDecision::Call(with_new_lease(accepted, lease_owner, now))
        }
    }
}

/// After a start whose outcome is unknown, while the project cannot be read. An unreadable project proves nothing, so
/// the copier gives up only after the start time-out and the copy time-out together.
pub fn recover_unreadable(accepted: Accepted, now: Timestamp, times: &Times) -> Option<Accepted> {
    let State::Starting { lease, .. } = &accepted.state else { return None };
    let give_up_at =
        saturating_add(saturating_add(accepted.header.requested_at, times.start_timeout), times.copy_timeout);
    if now < lease.until || now < give_up_at {
        return None;
    }
    let message = "the destination project cannot be read, so it is not known whether the copy has started";
    let failure = Failure::new(failure::START_TIMED_OUT, message);
    Some(accepted.end(Outcome::TimedOut(failure.into()), now))
}

enum Verdict<'a> {
    Adopt(&'a Version),
    Conflict(Failure),
    Nothing,
}

/// `starts`: the lease times of the starts whose calls may have made the version.
fn judge<'a>(accepted: &Accepted, holder: Option<&'a Version>, starts: &[Timestamp]) -> Verdict<'a> {
    let Some(version) = holder else { return Verdict::Nothing };
    if version.status.progress() == Progress::Deleting {
        return Verdict::Nothing;
    }
    let what = match version.origin(&accepted.copy) {
        Origin::Same => return Verdict::Adopt(version),
        Origin::NotShown if starts.iter().any(|start| may_have_made(*start, version)) => {
            return Verdict::Adopt(version);
        }
        Origin::NotShown => "and AWS does not show which model it was copied from".to_owned(),
        Origin::OtherBucketOrKey => "a copy of the same model with another bucket or key".to_owned(),
        Origin::OtherSource(source) => format!("a copy of `{source}`"),
        Origin::Trained => "a model that was trained there".to_owned(),
    };
    let name = &accepted.copy.version_name;
    let message = format!("`versionName` `{name}` belongs to `{}`, {what}", version.arn);
    Verdict::Conflict(Failure::new(failure::VERSION_NAME_TAKEN, message).with_remedy(remedy::name_taken()))
}

/// Whether the start that took its lease at `start` may have made the version: whether the version was created while
/// that start's call could take effect.
fn may_have_made(start: Timestamp, version: &Version) -> bool {
    let from = saturating_add(start, -CLOCK_TOLERANCE);
    let to = saturating_add(start, SEND_WITHIN + SIGNATURE_LIFETIME + CLOCK_TOLERANCE);
    version.created_at.is_some_and(|created_at| (from..=to).contains(&created_at))
}
